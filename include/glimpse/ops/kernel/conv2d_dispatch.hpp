// conv2d_dispatch: convolution forward and backward on plain pointers, by the fastest kernel that
// applies, or by the one that the caller chose.
//
// Gradients are added to the output, or written if the caller says so.
#pragma once

#include <glimpse/ops/kernel/conv2d_implicit_gemm.hpp>
#include <glimpse/ops/kernel/conv2d_weight_gradient.hpp>
#include <glimpse/ops/kernel/conv2d_winograd.hpp>
#include <glimpse/ops/kernel/winograd_weight_gradient.hpp>

namespace glimpse::inline v0::kernel {

/// The fastest algorithm, by measurements of benchmarks/ops/conv2d.cpp. All passes use the same
/// one.
///
///   channels in, out   filters   outputs n H' W'   maps
///   16 or more         3x3       64 or more        higher and wider than 2   F(4x6, 3x3)
///                                                  others                    F(2x2, 3x3)
///                      2x2       64 or more        all                       F(1x5, 2x2)
///   else                                                                     direct
inline ConvAlgorithm fastest(const ConvGeometry& g) {
  using enum ConvAlgorithm;
  if (g.c < 16 || g.oc < 16 || g.n * g.oh * g.ow < 64) return direct;
  if (can_compute(winograd_1x5, g)) return winograd_1x5;
  if (!can_compute(winograd_4x6, g)) return direct;
  return g.oh > 2 && g.ow > 2 ? winograd_4x6 : winograd_2x2;
}

inline ConvAlgorithm chosen(const ConvGeometry& g) {
  return g.algorithm == ConvAlgorithm::automatic ? fastest(g) : g.algorithm;
}

namespace winograd {

/// The plan of an algorithm for images (n, in, h, w) and `out` filters.
template <class T>
Plan<T> plan(ConvAlgorithm a, Index n, Index in, Index out, Index h, Index w, Index pad_h,
             Index pad_w) {
  const auto with = [&](const Line<T>& rows, const Line<T>& cols) {
    return Plan<T>(rows, cols, n, in, out, h, w, pad_h, pad_w);
  };
  switch (a) {
    case ConvAlgorithm::winograd_2x2:
      return with(line<T, CookToom<2, 3>>(), line<T, CookToom<2, 3>>());
    case ConvAlgorithm::winograd_4x4:
      return with(line<T, CookToom<4, 3>>(), line<T, CookToom<4, 3>>());
    case ConvAlgorithm::winograd_1x5:
      if (h == 1 && pad_h == 1) return with(line<T, ZeroInsert>(), line<T, CookToom<5, 2>>());
      return with(line<T, CookToom<1, 2>>(), line<T, CookToom<5, 2>>());
    default:
      return with(line<T, CookToom<4, 3>>(), line<T, CookToom<6, 3>>());
  }
}

}  // namespace winograd

/// y = conv(x, w) + bias, followed by ReLU if `relu`. bias may be null.
template <class T>
void conv2d_forward(const ConvGeometry& g, const T* x, const T* w, const T* bias, bool relu, T* y) {
  const ConvAlgorithm a = chosen(g);
  if (a == ConvAlgorithm::direct) return direct_forward(g, x, w, bias, relu, y);
  const auto p = winograd::plan<T>(a, g.n, g.c, g.oc, g.h, g.w, g.padding[0], g.padding[1]);
  const Index taps = g.taps(), filter = g.c * taps;
  winograd::convolve<T>(p, x, {w, w + g.oc * filter, taps, filter, false}, {y, bias, relu, false});
}

/// dx = or += (`add`) the gradient of the input: dy convolved with filters rotated by 180 degrees.
template <class T>
void conv2d_backward_data(const ConvGeometry& g, const T* w, const T* dy, bool add, T* dx) {
  const ConvAlgorithm a = chosen(g);
  if (a == ConvAlgorithm::direct) return direct_backward_data(g, w, dy, add, dx);
  const auto p = winograd::plan<T>(a, g.n, g.oc, g.c, g.oh, g.ow, g.kh - 1 - g.padding[0],
                                   g.kw - 1 - g.padding[1]);
  const Index taps = g.taps(), filter = g.c * taps;
  winograd::convolve<T>(p, dy, {w, w + g.oc * filter, filter, taps, true},
                        {dx, nullptr, false, add});
}

/// dw += the gradient of the filters.
template <class T>
void conv2d_backward_weight(const ConvGeometry& g, const T* x, const T* dy, T* dw) {
  const ConvAlgorithm a = chosen(g);
  if (a == ConvAlgorithm::direct) return direct_backward_weight(g, x, dy, dw);
  const auto p = winograd::plan<T>(a, g.n, g.c, g.oc, g.h, g.w, g.padding[0], g.padding[1]);
  winograd::weight_gradient(p, x, dy, dw);
}

/// db[o] += sum of dy over images and pixels, (4) of ops/conv2d.hpp.
template <class T>
void conv2d_backward_bias(const ConvGeometry& g, const T* dy, T* db) {
  const Index pixels = g.oh * g.ow;
  parallel_for(g.oc, g.n * pixels / 4, [&](Index o) {
    for (Index n = 0; n < g.n; ++n) db[o] += simd::sum<T>(pixels, dy + (n * g.oc + o) * pixels);
  });
}

}  // namespace glimpse::inline v0::kernel
