// recurrent: LSTM and GRU over a whole sequence, and the attention decoder's step, forward and backward.
//
//   bench_recurrent [threads]            T 26, batch 64, 512 inputs, 256 cells; medians of 15 runs after 2
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <vector>

#include <glimpse/core/random.hpp>
#include <glimpse/models/attention_decoder.hpp>
#include <glimpse/ops/gru.hpp>
#include <glimpse/ops/lstm.hpp>

using namespace glimpse;

namespace {

double now() {
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

double median(std::vector<double> v) {
  std::sort(v.begin(), v.end());
  return v[v.size() / 2];
}

Variable<float> uniform(const Shape& shape, Random& random) {
  Tensor<float> x(shape);
  for (float& v : x.span()) v = static_cast<float>(random.uniform(-0.1, 0.1));
  return parameter(x);
}

/// gflop: of one forward pass; a backward pass takes twice as much.
void row(const char* name, double gflop, const std::function<Variable<float>()>& forward) {
  std::vector<double> there, back;
  for (int i = 0; i < 17; ++i) {
    const double t0 = now();
    const Variable<float> y = forward();
    const double t1 = now();
    y.backward(full<float>(y.shape(), 1));
    const double t2 = now();
    if (i >= 2) there.push_back(t1 - t0), back.push_back(t2 - t1);
  }
  std::printf("%-34s %8.2f ms %8.2f ms %8.0f %8.0f GFLOP/s\n", name, median(there), median(back),
              1e3 * gflop / median(there), 2e3 * gflop / median(back));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc > 1) set_num_threads(std::atoi(argv[1]));
  constexpr Index steps = 26, batch = 64, inputs = 512, cells = 256;
  Random random(1);
  const Variable<float> x = uniform({steps, batch, inputs}, random);
  std::printf("%-34s %11s %11s %8s %8s   (%d threads)\n", "", "forward", "backward", "forward", "backward",
              num_threads());
  for (const Index gates : {Index{4}, Index{3}}) {
    const Variable<float> wx = uniform({gates * cells, inputs}, random), wh = uniform({gates * cells, cells}, random);
    const Variable<float> bx = uniform({gates * cells}, random), bh = uniform({gates * cells}, random);
    const double gflop = 2e-9 * static_cast<double>(steps * batch * gates * cells * (inputs + cells));
    if (gates == 4) row("LSTM, 512 to 256, T 26, batch 64", gflop, [&] { return lstm(x, wx, wh, bx, bh); });
    else row("GRU, 512 to 256, T 26, batch 64", gflop, [&] { return gru(x, wx, wh, bx, bh); });
  }
  AttentionDecoder<float> decoder(inputs, cells, cells, 37, random);
  std::vector<std::vector<Index>> labels(batch, std::vector<Index>(11));
  for (auto& label : labels)
    for (Index& c : label) c = random.below(36);
  const double step = 2.0 * static_cast<double>(batch) * (cells * cells + 3 * cells * inputs + 3 * cells * cells + cells * 37);
  row("attention decoder, 12 steps, loss", 1e-9 * (12 * step + 2.0 * static_cast<double>(batch * steps * inputs * cells)),
      [&] { return decoder.loss(x, labels); });
}
