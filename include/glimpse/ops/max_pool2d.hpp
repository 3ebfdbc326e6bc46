// max_pool2d: the maximum of every window.
//
//   (1)  y_ij = max_ab x_(i s + a - p)(j s + b - p)    over the positions inside the image
//        0 <= a < kernel height, 0 <= b < kernel width; s = stride and p = padding of their axis
//   (2)  dx at the position of the maximum += dy_ij    the first of equal numbers; a NaN beats all
//                                                      numbers, the last NaN beats earlier ones
//   (3)  max_ab max(0, x) = max(0, max_ab x)           a preceding ReLU is therefore free: 0 takes
//                                                      part in (1); if 0 wins, (2) adds nothing
//
// x: (N, C, H, W), y: (N, C, out_h, out_w). Forward keeps one byte for each output: the position in
// the window. With (3) the ReLU needs no tensor of the size of x and no extra pass.
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

/// (2). Writes dx if `fresh`, otherwise adds.
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

/// The maximum of every window of x (N, C, H, W). Returns (N, C, out_h, out_w). Windows may
/// overlap, extend into the padding, and differ by axis. Padding is never the maximum; a NaN always
/// is.
/// Throws ShapeError if x has another rank or no window fits. Throws ValueError if an option is out
/// of range or a window has more than 255 positions.
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
