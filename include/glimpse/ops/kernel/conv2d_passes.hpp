// conv2d_passes: convolution forward and backward on plain pointers, by the fastest kernel that
// fits.
//
// 3x3 filters over enough channels and tiles go through Winograd's transforms, everything else
// through the direct product over windows. Gradients are added to what is there, or written where
// the caller says so.
#pragma once

#include <glimpse/ops/kernel/conv2d_weights.hpp>
#include <glimpse/ops/kernel/conv2d_windows.hpp>
#include <glimpse/ops/kernel/conv2d_winograd.hpp>

namespace glimpse::inline v0::kernel {

/// y = conv(x, w) + bias, then ReLU if asked for.  bias may be null.
template <class T>
void conv2d_forward(const ConvGeometry& g, const T* x, const T* w, const T* bias, bool relu, T* y) {
  if (!winograd::pays(g)) return direct_forward(g, x, w, bias, relu, y);
  const winograd::Plan plan(g.n, g.c, g.oc, g.h, g.w, g.padding[0], g.padding[1],
                            simd::tiles<T>().cols);
  winograd::forward<T>(plan, x, w, 9, g.c * 9, false, bias, relu, false, y);
}

/// dx = or += the gradient of the input: dy convolved with the filters turned by 180 degrees.
template <class T>
void conv2d_backward_data(const ConvGeometry& g, const T* w, const T* dy, bool add, T* dx) {
  if (!winograd::pays(g)) return direct_backward_data(g, w, dy, add, dx);
  const winograd::Plan plan(g.n, g.oc, g.c, g.oh, g.ow, 2 - g.padding[0], 2 - g.padding[1],
                            simd::tiles<T>().cols);
  winograd::forward<T>(plan, dy, w, g.c * 9, 9, true, nullptr, false, add, dx);
}

/// dw += the gradient of the filters.
template <class T>
void conv2d_backward_weight(const ConvGeometry& g, const T* x, const T* dy, T* dw) {
  if (!winograd::pays(g)) return direct_backward_weight(g, x, dy, dw);
  const winograd::Plan plan(g.n, g.c, g.oc, g.h, g.w, g.padding[0], g.padding[1],
                            simd::tiles<T>().cols);
  winograd::backward_weight(plan, x, dy, dw);
}

/// db[o] += sum of dy over pictures and pixels.
template <class T>
void conv2d_backward_bias(const ConvGeometry& g, const T* dy, T* db) {
  const Index pixels = g.oh * g.ow;
  parallel_for(g.oc, g.n * pixels / 4, [&](Index o) {
    for (Index n = 0; n < g.n; ++n) db[o] += simd::sum<T>(pixels, dy + (n * g.oc + o) * pixels);
  });
}

}  // namespace glimpse::inline v0::kernel
