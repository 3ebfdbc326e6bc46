// max pooling: the largest number of every window.
//
//   (1)  y_ij = max_ab x_(i s + a - p)(j s + b - p)    over the places that lie in the picture
//   (2)  dx at the place that won += dy_ij             of equal numbers the first wins
//
// x: (N, C, H, W), y: (N, C, out_h, out_w). Forward keeps one byte an output: the place within the
// window.
#pragma once

#include <glimpse/autograd/variable.hpp>
#include <glimpse/core/parallel.hpp>
#include <glimpse/ops/kernel/max_pool2d.hpp>

namespace glimpse::inline v0 {

namespace kernel {

template <class T>
void max_pool2d_forward(const Pool2dGeometry& g, Index planes, const T* x, T* y, PoolPlace* place) {
  parallel_blocks(planes, planes_per_block(g.h * g.w), g.h * g.w, [&](Index begin, Index end) {
    const Index in = begin * g.h * g.w, out = begin * g.out_h * g.out_w;
    simd::dispatch<detail::MaxPoolForward>(g, end - begin, x + in, y + out, place + out);
  });
}

/// dx is written where `fresh`, else added to.
template <class T>
void max_pool2d_backward(const Pool2dGeometry& g, Index planes, const T* dy, const PoolPlace* place,
                         T* dx, bool fresh) {
  parallel_blocks(planes, planes_per_block(g.h * g.w), g.h * g.w, [&](Index begin, Index end) {
    const Index in = begin * g.h * g.w, out = begin * g.out_h * g.out_w;
    if (fresh) {
      simd::dispatch<detail::MaxPoolBackward<true>>(g, end - begin, dy + out, place + out, dx + in);
    } else {
      simd::dispatch<detail::MaxPoolBackward<false>>(g, end - begin, dy + out, place + out,
                                                     dx + in);
    }
  });
}

}  // namespace kernel

/// The maximum of every window of x (N, C, H, W); windows may overlap, reach into padding and
/// differ by axis. Padding never wins; NaN does. Throws ShapeError where x has another rank or no
/// window fits, ValueError for options out of range or a window of more than 256 places.
template <class T>
Variable<T> max_pool2d(const Variable<T>& x, const Pool2dOptions& options = {}) {
  const kernel::Pool2dGeometry g = kernel::pool2d_geometry("max_pool2d", x.shape(), options);
  if (g.kernel_h * g.kernel_w > 256)
    fail<ValueError>("max_pool2d", "window ", g.kernel_h, " x ", g.kernel_w,
                     " has more than 256 places");
  const Index planes = x.size(0) * x.size(1);
  const Tensor<T> dense = x.value().contiguous();
  Tensor<T> y(Shape{x.size(0), x.size(1), g.out_h, g.out_w});
  Tensor<kernel::PoolPlace> place(y.shape());
  kernel::max_pool2d_forward(g, planes, dense.data(), y.data(), place.data());
  return record("max_pool2d", y, {x}, [g, planes, place](const Tensor<T>& dy, Gradients<T>& d) {
    const bool fresh = d.first(0);
    T* dx = fresh ? d.fresh(0).data() : d[0].data();
    kernel::max_pool2d_backward(g, planes, dy.data(), place.data(), dx, fresh);
  });
}

}  // namespace glimpse::inline v0
