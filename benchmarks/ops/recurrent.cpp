// recurrent: LSTM, GRU and the attention decoder with its loss, forward and backward.
// T 26, 512 inputs, 256 cells; 12 steps of the decoder. Batch 1 is inference: without gradients.
//
//   bench_recurrent [threads]        prints  op  pass  threads  batch  ms   (medians, tab separated)
//
// benchmarks/baselines/torch_recurrent.py prints the same table for PyTorch.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <vector>

#include <glimpse/core/random.hpp>
#include <glimpse/models/attention_decoder.hpp>
#include <glimpse/nn/bidirectional.hpp>
#include <glimpse/nn/gru.hpp>
#include <glimpse/nn/lstm.hpp>
#include <glimpse/nn/module.hpp>

#include "../timing.hpp"

using namespace glimpse;

namespace {

constexpr Index steps = 26, inputs = 512, cells = 256, symbols = 37, letters = 11;

using bench::median, bench::now;

void table(const char* op, Index batch, const std::function<Variable<float>()>& forward) {
  std::vector<double> there, back;
  for (int i = 0; i < 14; ++i) {
    const double t0 = now();
    const Variable<float> y = forward();
    const double t1 = now();
    if (y.requires_grad()) y.backward(full<float>(y.shape(), 1));
    const double t2 = now();
    if (i >= 3) there.push_back(t1 - t0), back.push_back(t2 - t1);
    if (i == 13) {
      const auto row = [&](const char* pass, double ms) {
        std::printf("%s\t%s\t%d\t%td\t%.3f\n", op, pass, num_threads(), batch, ms);
      };
      row("forward", median(there));
      if (y.requires_grad()) row("backward", median(back));
    }
  }
}

/// Runs f after every gradient is dropped, as an optimizer does between steps.
template <class Module, class F>
void rows(const char* op, Index batch, Module& module, Variable<float>& x, F&& f) {
  table(op, batch, [&] {
    zero_grad(module);
    x.zero_grad();
    return f();
  });
}

void measure(Index batch) {
  Random random(1);
  Tensor<float> numbers({steps, batch, inputs});
  for (float& v : numbers.span()) v = static_cast<float>(random.normal());
  Variable<float> x = parameter(numbers);
  Lstm<float> lstm(inputs, cells, random);
  Bidirectional<Lstm<float>> both(inputs, cells, random);
  Gru<float> gru(inputs, cells, random);
  AttentionDecoder<float> decoder(inputs, cells, cells, symbols, random);
  std::vector<std::vector<Index>> labels(static_cast<std::size_t>(batch),
                                         std::vector<Index>(letters));
  for (std::vector<Index>& label : labels)
    for (Index& c : label) c = random.uniform_int(symbols - 1);
  rows("lstm", batch, lstm, x, [&] { return lstm(x); });
  rows("blstm", batch, both, x, [&] { return both(x); });
  rows("gru", batch, gru, x, [&] { return gru(x); });
  rows("attention_decoder", batch, decoder, x, [&] { return decoder.loss(x, labels); });
}

}  // namespace

int main(int argc, char** argv) {
  const ThreadScope threads(argc > 1 ? std::atoi(argv[1]) : 2);
  std::printf("op\tpass\tthreads\tbatch\tms\n");
  measure(64);
  const NoGrad reading;
  measure(1);
}
