// max pooling: the largest number of every window.
//
//   (1)  y_ij = max_ab x_(i s + a - p)(j s + b - p)    over the positions that lie in the image
//        0 <= a < kernel height, 0 <= b < kernel width; s = stride and p = padding of their axis
//   (2)  dx at the position that won += dy_ij          of equal numbers the first wins; NaN beats
//                                                      numbers, and the last NaN wins
//   (3)  max_ab max(0, x) = max(0, max_ab x)           so a ReLU in front costs nothing: zero takes
//                                                      part in (1), and where it wins (2) is void
//
// x: (N, C, H, W), y: (N, C, out_h, out_w). Forward keeps one byte an output: the position within
// the window. With (3) nothing of x's size is kept, nor passed over twice.
// Notation: docs/math/notation.md.
#pragma once

#include <glimpse/autograd/variable.hpp>
#include <glimpse/core/parallel.hpp>
#include <glimpse/ops/kernel/max_pool2d.hpp>

namespace glimpse::inline v0 {

namespace kernel {

/// (1), with Relu (3).
template <bool Relu, class T>
void max_pool2d_forward(const Pool2dGeometry& g, Index planes, const T* x, T* y,
                        WindowIndex* argmax) {
  parallel_blocks(planes, planes_per_block(g.h * g.w), g.h * g.w, [&](Index begin, Index end) {
    const Index in = begin * g.h * g.w, out = begin * g.out_h * g.out_w;
    simd::dispatch<detail::MaxPoolForward<Relu>>(g, end - begin, x + in, y + out, argmax + out);
  });
}

/// (2). dx is written where `fresh`, else added to.
template <class T>
void max_pool2d_backward(const Pool2dGeometry& g, Index planes, const T* dy,
                         const WindowIndex* argmax, T* dx, bool fresh) {
  parallel_blocks(planes, planes_per_block(g.h * g.w), g.h * g.w, [&](Index begin, Index end) {
    const Index in = begin * g.h * g.w, out = begin * g.out_h * g.out_w;
    if (fresh) {
      simd::dispatch<detail::MaxPoolBackward<true>>(g, end - begin, dy + out, argmax + out,
                                                    dx + in);
    } else {
      simd::dispatch<detail::MaxPoolBackward<false>>(g, end - begin, dy + out, argmax + out,
                                                     dx + in);
    }
  });
}

template <bool Relu, class T>
Variable<T> max_pool2d(std::string_view op, const Variable<T>& x, const Pool2dOptions& options) {
  const Pool2dGeometry g = pool2d_geometry(op, x.shape(), options);
  check_window_size(op, g);
  const Index planes = x.size(0) * x.size(1);
  const Tensor<T> dense = x.value().contiguous();
  Tensor<T> y(Shape{x.size(0), x.size(1), g.out_h, g.out_w});
  Tensor<WindowIndex> argmax(y.shape());
  max_pool2d_forward<Relu>(g, planes, dense.data(), y.data(), argmax.data());
  return record(op, y, {x}, [g, planes, argmax](const Tensor<T>& dy, Gradients<T>& d) {
    const bool fresh = d.first(0);
    T* dx = fresh ? d.fresh(0).data() : d[0].data();
    max_pool2d_backward(g, planes, dy.data(), argmax.data(), dx, fresh);
  });
}

}  // namespace kernel

/// The maximum of every window of x (N, C, H, W); windows may overlap, reach into padding and
/// differ by axis. Padding never wins; NaN does. Throws ShapeError where x has another rank or no
/// window fits, ValueError for options out of range or a window of more than 255 positions.
template <class T>
Variable<T> max_pool2d(const Variable<T>& x, const Pool2dOptions& options = {}) {
  return kernel::max_pool2d<false>("max_pool2d", x, options);
}

/// max_pool2d(relu(x)) in one pass each way. Throws as max_pool2d.
template <class T>
Variable<T> relu_max_pool2d(const Variable<T>& x, const Pool2dOptions& options = {}) {
  return kernel::max_pool2d<true>("relu_max_pool2d", x, options);
}

}  // namespace glimpse::inline v0
