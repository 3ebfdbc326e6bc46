// conv2d: the three passes of the recogniser's layers, in milliseconds and GFLOP/s of the defining
// sum, best of several runs.  conv2d [batch]
#include <chrono>
#include <cstdio>
#include <cstdlib>

#include <glimpse/ops/conv2d.hpp>

namespace {

using namespace glimpse;

template <class F>
double best_ms(int runs, F&& f) {
  double best = 1e9;
  for (int r = 0; r < runs; ++r) {
    const auto start = std::chrono::steady_clock::now();
    f();
    best = std::min(
        best, std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start)
                  .count());
  }
  return best;
}

void row(Index n, Index in, Index out, Index h, Index w, Index k, Index pad, int threads) {
  const ThreadScope scope(threads);
  const Tensor<float> x = full<float>({n, in, h, w}, 0.5f), f = full<float>({out, in, k, k}, 0.25f);
  const Conv2dOptions options{.padding = {pad, pad}};
  const kernel::ConvGeometry g = kernel::conv_geometry("conv2d", x, f, Tensor<float>(), options);
  Tensor<float> y = empty<float>(g.output()), dx = empty_like(x), dw = zeros_like(f);
  const Tensor<float> dy = full<float>(g.output(), 0.125f);
  const double work = 2e-6 * static_cast<double>(y.size() * in * k * k);
  const int runs = work > 3e3 ? 7 : 15;
  const double forward = best_ms(runs, [&] {
    kernel::conv2d_forward<float>(g, x.data(), f.data(), nullptr, false, y.data());
  });
  const double data = best_ms(
      runs, [&] { kernel::conv2d_backward_data<float>(g, f.data(), dy.data(), false, dx.data()); });
  const double weight = best_ms(
      runs, [&] { kernel::conv2d_backward_weight<float>(g, x.data(), dy.data(), dw.data()); });
  std::printf("%3td -> %3td  %tdx%td at %2td x %3td  %7d   %7.2f %7.2f %7.2f   %6.0f %6.0f %6.0f\n",
              in, out, k, k, h, w, threads, forward, data, weight, work / forward, work / data,
              work / weight);
}

}  // namespace

int main(int count, char** argument) {
  const Index n = count > 1 ? std::atoi(argument[1]) : 64;
  std::printf("batch %td, %s\n", n, simd::name(simd::isa()));
  std::printf("layer                       threads   forward  d-data d-weights  GFLOP/s each\n");
  for (int threads = 1; threads <= std::min(2, num_threads()); ++threads) {
    row(n, 1, 64, 32, 100, 3, 1, threads);
    row(n, 1, 32, 32, 100, 3, 1, threads);
    row(n, 64, 128, 16, 50, 3, 1, threads);
    row(n, 128, 256, 8, 25, 3, 1, threads);
    row(n, 256, 256, 8, 25, 3, 1, threads);
    row(n, 256, 512, 4, 26, 3, 1, threads);
    row(n, 512, 512, 4, 26, 3, 1, threads);
    row(n, 512, 512, 2, 27, 2, 0, threads);
  }
}
