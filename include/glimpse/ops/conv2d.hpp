// conv2d: a bank of filters slides over pictures.
//
//   (1)  y[n, o, y, x] = b[o] + sum_{c, r, s} w[o, c, r, s] x[n, c, y stride + r dilation - pad, ...]
//   (2)  dx  each input position gathers w dy from every window that saw it: a convolution of dy with the
//            filters turned by 180 degrees
//   (3)  dw[o, c, r, s] = sum_{n, y, x} dy[n, o, y, x] x[n, c, y stride + r dilation - pad, ...]
//   (4)  db[o] = sum_{n, y, x} dy[n, o, y, x]
//
// x: (N, C, H, W), w: (O, C / groups, h, w), y: (N, O, H', W'); H' = floor((H + 2 pad - dilation (h - 1) - 1)
// / stride) + 1. The kernels: kernel/conv2d_windows.hpp for (1) and (2), kernel/conv2d_weights.hpp for (3).
// The plain loops they are tested against: kernel/conv2d_reference.hpp.
#pragma once

#include <glimpse/autograd/variable.hpp>
#include <glimpse/ops/kernel/conv2d_reference.hpp>

namespace glimpse::inline v0 {

/// x: (N, C, H, W), w: (O, C / groups, h, w), bias: (O) or undefined.  Returns (N, O, H', W').
/// Throws ShapeError where channels, groups or sizes do not fit, ValueError for options out of range.
/// Source: LeCun et al. 1989.
template <class T>
Variable<T> conv2d(const Variable<T>& x, const Variable<T>& w, const Variable<T>& bias = {},
                   const Conv2dOptions& options = {}) {
  const Tensor<T> xv = x.value().contiguous(), wv = w.value().contiguous();
  Tensor<T> y = reference::conv2d(xv, wv, bias.value(), options);
  return record("conv2d", y, {x, w, bias}, [xv, wv, options](const Tensor<T>& dy, Gradients<T>& d) {
    Tensor<T> dx = zeros_like(xv), dw = zeros_like(wv), db;
    if (d.wants(2)) db = zeros<T>({wv.size(0)});
    reference::conv2d_backward(xv, wv, dy, options, dx, dw, db);
    if (d.wants(0)) d.add(0, dx);
    if (d.wants(1)) d.add(1, dw);
    if (d.wants(2)) d.add(2, db);
  });
}

}  // namespace glimpse::inline v0
