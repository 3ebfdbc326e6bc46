// conv2d: the three passes of the recognizer's layers, in milliseconds and GFLOP/s of the defining
// sum (2 N O H' W' C h w), medians.
//
//   conv2d [--tsv] [batch] [threads]       without threads: both 1 and 2
//
// --tsv prints  layer  pass  algorithm  threads  batch  milliseconds  line by line, as
// benchmarks/baselines/onednn_conv.cpp does.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#include <glimpse/ops/conv2d.hpp>

#include "../conv_layers.hpp"
#include "../timing.hpp"

namespace {

using namespace glimpse;

using bench::median_ms;
using Layer = bench::ConvLayer;

Tensor<float> filled(const Shape& shape) {
  Tensor<float> t = empty<float>(shape);
  for (Index i = 0; i < t.size(); ++i) t.data()[i] = 0.25f - 0.001f * static_cast<float>(i % 499);
  return t;
}

void run(const Layer& l, Index n, int threads, bool tsv) {
  const ThreadScope scope(threads);
  const Tensor<float> x = filled({n, l.in, l.h, l.w});
  const Tensor<float> w = filled({l.out, l.in, l.kernel, l.kernel});
  const Conv2dOptions options{.padding = {l.pad, l.pad}};
  const kernel::ConvGeometry g = kernel::conv_geometry("conv2d", x, w, Tensor<float>(), options);
  Tensor<float> y = empty<float>(g.output()), dx = empty_like(x), dw = zeros_like(w);
  const Tensor<float> dy = filled(g.output());
  const double ms[] = {
      median_ms([&] {
        kernel::conv2d_forward<float>(g, x.data(), w.data(), nullptr, false, y.data());
      }),
      median_ms([&] {
        kernel::conv2d_backward_data<float>(g, w.data(), dy.data(), false, dx.data());
      }),
      median_ms([&] {
        kernel::conv2d_backward_weight<float>(g, x.data(), dy.data(), dw.data());
      }),
  };
  if (tsv) {
    const char* const pass[] = {"forward", "data", "weights"};
    for (int i = 0; i < 3; ++i)
      std::printf("%s\t%s\tautomatic\t%d\t%td\t%.4f\n", l.name, pass[i], threads, n, ms[i]);
    return;
  }
  const double work = 2e-6 * static_cast<double>(y.size() * l.in * l.kernel * l.kernel);
  std::printf("%-16s %7d   %8.2f %8.2f %8.2f   %6.0f %6.0f %6.0f\n", l.name, threads, ms[0], ms[1],
              ms[2], work / ms[0], work / ms[1], work / ms[2]);
}

}  // namespace

int main(int count, char** argument) {
  const bool tsv = count > 1 && std::strcmp(argument[1], "--tsv") == 0;
  if (tsv) --count, ++argument;
  const Index n = count > 1 ? std::atoi(argument[1]) : 64;
  const int only = count > 2 ? std::atoi(argument[2]) : 0;
  if (!tsv) {
    std::printf("batch %td, %s\n", n, simd::name(simd::isa()));
    std::printf("layer            threads    forward     data  weights   GFLOP/s each\n");
  }
  for (const int threads : {1, 2}) {
    if (only != 0 && threads != only) continue;
    for (const Layer& l : bench::conv_layers) run(l, n, threads, tsv);
  }
}
