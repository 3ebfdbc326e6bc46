// conv2d_reference: convolution by its definition, forward and backward, with one nest of loops.
//
//   (1)  y[n, o, i, j]  = b[o] + sum_{c, r, s} w[o, c, r, s] x[n, c', k, l]
//   (2)  dx[n, c', k, l]  += w[o, c, r, s] dy[n, o, i, j]
//   (3)  dw[o, c, r, s]   += x[n, c', k, l] dy[n, o, i, j]
//   (4)  db[o]            += dy[n, o, i, j]
//
// (k, l) as in conv2d_geometry.hpp (2), c' as in ops/conv2d.hpp; the value outside of the image is
// zero. Tests compare the fast kernels with these loops.
// Notation: docs/math/notation.md.
#pragma once

#include <glimpse/ops/kernel/conv2d_geometry.hpp>

namespace glimpse::inline v0::reference {

namespace detail {

/// Calls f(weight index, input index, output index) for every product in (1).
template <class F>
void each_product(const kernel::ConvGeometry& g, F&& f) {
  const Index in = g.group_in(), out = g.group_out();
  for (Index n = 0; n < g.n; ++n)
    for (Index o = 0; o < g.oc; ++o)
      for (Index c = 0; c < in; ++c)
        for (Index r = 0; r < g.kh; ++r)
          for (Index s = 0; s < g.kw; ++s)
            for (Index y = 0; y < g.oh; ++y)
              for (Index x = 0; x < g.ow; ++x) {
                const Index iy = y * g.stride[0] + r * g.dilation[0] - g.padding[0];
                const Index ix = x * g.stride[1] + s * g.dilation[1] - g.padding[1];
                if (iy < 0 || iy >= g.h || ix < 0 || ix >= g.w) continue;
                f(((o * in + c) * g.kh + r) * g.kw + s,
                  ((n * g.c + o / out * in + c) * g.h + iy) * g.w + ix,
                  ((n * g.oc + o) * g.oh + y) * g.ow + x);
              }
}

}  // namespace detail

/// (1). Tensors are contiguous; an undefined bias counts as zero. Returns (N, O, H', W').
template <class T>
Tensor<T> conv2d(const Tensor<T>& x, const Tensor<T>& w, const Tensor<T>& bias,
                 const Conv2dOptions& options = {}) {
  const kernel::ConvGeometry g = kernel::conv_geometry("conv2d", x, w, bias, options);
  Tensor<T> y = zeros<T>(g.output());
  detail::each_product(
      g, [&](Index k, Index i, Index o) { y.data()[o] += w.data()[k] * x.data()[i]; });
  if (bias.defined())
    for (Index i = 0; i < y.size(); ++i) y.data()[i] += bias.data()[i / (g.oh * g.ow) % g.oc];
  return y;
}

/// (2), (3), (4): adds to dx, dw and, if it is defined, db.
template <class T>
void conv2d_backward(const Tensor<T>& x, const Tensor<T>& w, const Tensor<T>& dy,
                     const Conv2dOptions& options, Tensor<T>& dx, Tensor<T>& dw, Tensor<T>& db) {
  const kernel::ConvGeometry g = kernel::conv_geometry("conv2d", x, w, Tensor<T>(), options);
  detail::each_product(g, [&](Index k, Index i, Index o) {
    dx.data()[i] += w.data()[k] * dy.data()[o];
    dw.data()[k] += x.data()[i] * dy.data()[o];
  });
  if (db.defined())
    for (Index i = 0; i < dy.size(); ++i) db.data()[i / (g.oh * g.ow) % g.oc] += dy.data()[i];
}

}  // namespace glimpse::inline v0::reference
