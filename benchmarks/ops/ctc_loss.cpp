// ctc_loss: the loss of a CRNN's training step, forward and backward, softmax included.
//
//   bench_ctc_loss        rows of tabs: op, pass, threads, ms (median of 201)
//
// 26 frames, 37 classes; labels of 3 to 12 symbols, the same as in baselines/torch_ctc.py.
#include <algorithm>
#include <cstdio>
#include <functional>
#include <vector>

#include <glimpse/core/random.hpp>
#include <glimpse/ops/ctc_loss.hpp>

#include "../timing.hpp"

using namespace glimpse;

using bench::median, bench::now;

int main() {
  constexpr Index steps = 26, classes = 37;
  std::printf("op\tpass\tthreads\tms\n");
  for (const int threads : {1, 2})
    for (const Index batch : {16, 64}) {
      const ThreadScope scope(threads);
      Random random(1);
      Tensor<float> scores({steps, batch, classes});
      for (float& v : scores.span()) v = static_cast<float>(random.uniform(-3, 3));
      std::vector<std::vector<Index>> labels;
      for (Index n = 0; n < batch; ++n) {
        labels.emplace_back();
        for (Index i = 0; i < 3 + 7 * n % 10; ++i) labels.back().push_back((5 * n + 3 * i) % 36);
      }
      const Variable<float> x = parameter(scores);
      const Tensor<float> seed = full<float>({batch}, 1);
      std::vector<double> forward, backward;
      for (int i = 0; i < 221; ++i) {
        Variable<float> leaf = x;
        leaf.zero_grad();
        const double t0 = now();
        const Variable<float> loss = ctc_loss(leaf, labels);
        const double t1 = now();
        loss.backward(seed);
        const double t2 = now();
        if (i >= 20) forward.push_back(t1 - t0), backward.push_back(t2 - t1);
      }
      std::printf("ctc_loss batch %td\tforward\t%d\t%.4f\n", batch, threads, median(forward));
      std::printf("ctc_loss batch %td\tbackward\t%d\t%.4f\n", batch, threads, median(backward));
    }
}
