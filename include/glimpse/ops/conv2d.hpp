// conv2d: convolution of images with a bank of filters.
//
//   Output (i, j) and tap (r, s) read the input (k, l), which is zero outside of the image:
//        k = i stride_h + r dilation_h - pad_h,   l = j stride_w + s dilation_w - pad_w
//   Filter o of O reads channel c of its group: c' = floor(o / (O / groups)) C / groups + c
//
//   (1)  y[n, o, i, j] = b[o] + sum_{c, r, s} w[o, c, r, s] x[n, c', k, l]
//   (2)  dx[n, c', k, l] = sum of w[o, c, r, s] dy[n, o, i, j] over all o of the group, (r, s) and
//        (i, j) that read (k, l). With stride 1 it is a convolution of dy with the filters
//        rotated by 180 degrees; otherwise one such convolution for each remainder of the stride
//   (3)  dw[o, c, r, s] = sum_{n, i, j} dy[n, o, i, j] x[n, c', k, l]
//   (4)  db[o] = sum_{n, i, j} dy[n, o, i, j]
//   (5)  conv2d_relu: y = max(0, z) with z of (1);   dz = dy [y > 0] replaces dy in (2) to (4)
//
// x: (N, C, H, W), w: (O, C / groups, h, w), y: (N, O, H', W'),
// H' = floor((H + 2 pad - dilation (h - 1) - 1) / stride) + 1.
//
// The kernels: kernel/conv2d_implicit_gemm.hpp and conv2d_weight_gradient.hpp compute the sums
// directly. conv2d_winograd.hpp saves up to seven of nine products for 3x3 filters.
// kernel/conv2d_dispatch.hpp chooses; Conv2dOptions::algorithm overrides it. Tests compare all of
// them with the plain loops of kernel/conv2d_reference.hpp.
// Notation: docs/math/notation.md.
#pragma once

#include <glimpse/autograd/variable.hpp>
#include <glimpse/ops/kernel/conv2d_dispatch.hpp>
#include <glimpse/ops/kernel/conv2d_reference.hpp>
#include <glimpse/ops/kernel/prepared_filters.hpp>

namespace glimpse::inline v0 {

namespace kernel {

/// dz of (5).
struct WherePositive {
  template <class V>
  [[gnu::always_inline]] static void apply(V& y, const V& dy, const V& open) {
    y = open > 0 ? dy : V{};
  }
};

}  // namespace kernel

namespace detail {

/// The op with or without the ReLU of (5). Backward passes the gradient where y > 0.
template <class T>
Variable<T> conv2d(const char* op, const Variable<T>& x, const Variable<T>& w,
                   const Variable<T>& bias, const Conv2dOptions& options, bool relu,
                   const kernel::PreparedFilters<T>* prepared) {
  const kernel::ConvGeometry g =
      kernel::conv_geometry(op, x.value(), w.value(), bias.value(), options);
  const Tensor<T> xv = x.value().contiguous(), wv = w.value().contiguous();
  const Tensor<T> bv = bias.defined() ? bias.value().contiguous() : Tensor<T>();
  Tensor<T> y = empty<T>(g.output());
  const T* const b = bv.defined() ? std::as_const(bv).data() : nullptr;
  if (!prepared || !prepared->forward(g, xv.data(), wv, b, relu, y.data()))
    kernel::conv2d_forward<T>(g, xv.data(), wv.data(), b, relu, y.data());  // (1)
  return record(op, y, {x, w, bias},
                [g, xv, wv, y = relu ? y : Tensor<T>()](const Tensor<T>& dy, Gradients<T>& d) {
                  Tensor<T> dz = dy;
                  if (y.defined()) {
                    dz = empty_like(dy);
                    parallel_blocks(dy.size(), 16384, 1, [&](Index begin, Index end) {
                      simd::map(kernel::WherePositive{}, end - begin, dz.data() + begin,
                                dy.data() + begin, y.data() + begin);
                    });
                  }
                  const T* const from = std::as_const(dz).data();
                  if (d.wants(0)) {
                    const bool first = d.first(0);
                    kernel::conv2d_backward_data<T>(g, wv.data(), from, !first,
                                                    (first ? d.fresh(0) : d[0]).data());  // (2)
                  }
                  if (d.wants(1))
                    kernel::conv2d_backward_weight<T>(g, xv.data(), from, d[1].data());   // (3)
                  if (d.wants(2)) kernel::conv2d_backward_bias<T>(g, from, d[2].data());  // (4)
                });
}

}  // namespace detail

/// Convolution. x: (N, C, H, W), w: (O, C / groups, h, w), bias: (O) or undefined.
/// Returns (N, O, H', W').
/// prepared: w already transformed, for inference; null: not prepared.
/// Throws ShapeError if channels, groups or sizes do not fit. Throws ValueError if an option is out
/// of range or the chosen algorithm does not support this convolution. Source: LeCun et al. 1989.
template <class T>
Variable<T> conv2d(const Variable<T>& x, const Variable<T>& w, const Variable<T>& bias = {},
                   const Conv2dOptions& options = {},
                   const kernel::PreparedFilters<T>* prepared = nullptr) {
  return detail::conv2d("conv2d", x, w, bias, options, false, prepared);
}

/// max(0, conv2d(...)) in one pass over the result: for inference, or if no operation comes between
/// convolution and ReLU.
template <class T>
Variable<T> conv2d_relu(const Variable<T>& x, const Variable<T>& w, const Variable<T>& bias = {},
                        const Conv2dOptions& options = {},
                        const kernel::PreparedFilters<T>* prepared = nullptr) {
  return detail::conv2d("conv2d_relu", x, w, bias, options, true, prepared);
}

}  // namespace glimpse::inline v0
