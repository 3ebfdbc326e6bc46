// average pooling: the mean of every window.
//
//   (1)  y_ij = 1/n_ij sum_ab x_(i s + a - p)(j s + b - p)      padding adds nothing
//        n_ij: places of the window, with those in the padding (but not beyond it) where
//        count_padding, else without
//   (2)  dx at every place of the window += dy_ij / n_ij
//
// x: (N, C, H, W), y: (N, C, out_h, out_w).
#pragma once

#include <glimpse/autograd/variable.hpp>
#include <glimpse/core/parallel.hpp>
#include <glimpse/ops/kernel/pool2d.hpp>

namespace glimpse::inline v0 {

namespace kernel {

/// The part of a window [at, at + kernel) that lies in the picture, and how many places count.
struct PoolSpan {
  Index begin, end, counted;

  PoolSpan(Index out, Index kernel, Index stride, Index pad, Index in, bool count_padding) {
    const Index at = out * stride - pad;
    begin = std::max<Index>(at, 0);
    end = std::min(at + kernel, in);
    counted = count_padding ? std::min(at + kernel, in + pad) - at : end - begin;
  }
};

/// f(in plane, out plane) for every window: rows, cols and the reciprocal of n.
template <class T, class F>
void for_each_window(const Pool2dGeometry& g, bool count_padding, F&& f) {
  for (Index i = 0; i < g.out_h; ++i) {
    const PoolSpan rows(i, g.kernel_h, g.stride_h, g.pad_h, g.h, count_padding);
    for (Index j = 0; j < g.out_w; ++j) {
      const PoolSpan cols(j, g.kernel_w, g.stride_w, g.pad_w, g.w, count_padding);
      f(i * g.out_w + j, rows, cols, T(1) / static_cast<T>(rows.counted * cols.counted));
    }
  }
}

template <class T>
void average_pool2d_forward(const Pool2dGeometry& g, bool count_padding, Index planes, const T* x,
                            T* y) {
  parallel_blocks(planes, planes_per_block(g.h * g.w), g.h * g.w, [&](Index begin, Index end) {
    for (Index p = begin; p < end; ++p) {
      const T* px = x + p * g.h * g.w;
      T* py = y + p * g.out_h * g.out_w;
      for_each_window<T>(g, count_padding,
                         [&](Index out, const PoolSpan& rows, const PoolSpan& cols, T scale) {
                           T sum = 0;
                           for (Index r = rows.begin; r < rows.end; ++r)
                             for (Index c = cols.begin; c < cols.end; ++c) sum += px[r * g.w + c];
                           py[out] = sum * scale;
                         });
    }
  });
}

template <class T>
void average_pool2d_backward(const Pool2dGeometry& g, bool count_padding, Index planes, const T* dy,
                             T* dx) {
  parallel_blocks(planes, planes_per_block(g.h * g.w), g.h * g.w, [&](Index begin, Index end) {
    for (Index p = begin; p < end; ++p) {
      const T* pdy = dy + p * g.out_h * g.out_w;
      T* pdx = dx + p * g.h * g.w;
      for_each_window<T>(g, count_padding,
                         [&](Index out, const PoolSpan& rows, const PoolSpan& cols, T scale) {
                           const T share = pdy[out] * scale;  // (2)
                           for (Index r = rows.begin; r < rows.end; ++r)
                             for (Index c = cols.begin; c < cols.end; ++c)
                               pdx[r * g.w + c] += share;
                         });
    }
  });
}

}  // namespace kernel

/// The mean of every window of x (N, C, H, W).
/// Throws ShapeError where x has another rank or no window fits, ValueError for options out of
/// range.
template <class T>
Variable<T> average_pool2d(const Variable<T>& x, const Pool2dOptions& options = {}) {
  const kernel::Pool2dGeometry g = kernel::pool2d_geometry("average_pool2d", x.shape(), options);
  const Index planes = x.size(0) * x.size(1);
  const bool count_padding = options.count_padding;
  const Tensor<T> dense = x.value().contiguous();
  Tensor<T> y(Shape{x.size(0), x.size(1), g.out_h, g.out_w});
  kernel::average_pool2d_forward(g, count_padding, planes, dense.data(), y.data());
  return record("average_pool2d", y, {x},
                [g, planes, count_padding](const Tensor<T>& dy, Gradients<T>& d) {
                  kernel::average_pool2d_backward(g, count_padding, planes, dy.data(), d[0].data());
                });
}

}  // namespace glimpse::inline v0
