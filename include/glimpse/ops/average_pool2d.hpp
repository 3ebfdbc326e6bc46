// average_pool2d: the mean of every window.
//
//   (1)  y_ij = 1/n_ij sum_ab x_(i s + a - p)(j s + b - p)      padding adds nothing
//        a, b, s, p as in max_pool2d.hpp
//        n_ij: with count_padding the number of window positions up to the end of the padding,
//        otherwise only the positions inside the image
//   (2)  dx at every position of the window += dy_ij / n_ij
//
// x: (N, C, H, W), y: (N, C, out_h, out_w). Forward first adds the rows of a window, in vectors
// over the width, then neighboring columns. Backward runs in the reverse order.
// Notation: docs/math/notation.md.
#pragma once

#include <algorithm>

#include <glimpse/autograd/variable.hpp>
#include <glimpse/core/parallel.hpp>
#include <glimpse/ops/kernel/deinterleave.hpp>
#include <glimpse/ops/kernel/pool2d.hpp>
#include <glimpse/simd/reduce.hpp>

namespace glimpse::inline v0 {

namespace kernel {

/// The part [begin, end) of a window that is inside the image, and the number of positions counted.
struct PoolSpan {
  Index begin, end, counted;

  PoolSpan(Index out, Index kernel, Index stride, Index pad, Index in, bool count_padding) {
    const Index at = out * stride - pad;
    begin = std::max<Index>(at, 0);
    end = std::min(at + kernel, in);
    counted = count_padding ? std::min(at + kernel, in + pad) - at : end - begin;
  }
};

/// One row of outputs from the sum of its input rows, and its reverse. Vector code for windows of
/// width 2 without padding; scalar code for the rest of a row.
struct PairMeans {
  template <int Bytes, class T>
  [[gnu::always_inline]] static inline void run(Index n, const T* row, T scale, T* y) {
    using V = simd::Vec<T, Bytes>;
    constexpr Index w = simd::lanes<V>;
    Index j = 0;
    for (; j + w <= n; j += w) {
      V a, b, even, odd;
      simd::load(a, row + 2 * j);
      simd::load(b, row + 2 * j + w);
      detail::split_pairs(even, odd, a, b, detail::PairOrder<V>{});
      const V mean = (even + odd) * scale;
      simd::store(y + j, mean);
    }
    for (; j < n; ++j) y[j] = (row[2 * j] + row[2 * j + 1]) * scale;
  }
};
struct PairShares {
  template <int Bytes, class T>
  [[gnu::always_inline]] static inline void run(Index n, const T* dy, T scale, T* row) {
    using V = simd::Vec<T, Bytes>;
    constexpr Index w = simd::lanes<V>;
    Index j = 0;
    for (; j + w <= n; j += w) {
      V share, a, b;
      simd::load(share, dy + j);
      share *= scale;
      detail::join_pairs(a, b, share, share, detail::PairOrder<V>{});
      simd::store(row + 2 * j, a);
      simd::store(row + 2 * j + w, b);
    }
    for (; j < n; ++j) row[2 * j] = row[2 * j + 1] = dy[j] * scale;
  }
};

/// True if every row of a plane belongs to a window.
inline bool pool_covers(const Pool2dGeometry& g) {
  return g.stride_h <= g.kernel_h && (g.out_h - 1) * g.stride_h - g.pad_h + g.kernel_h >= g.h;
}
/// True if every window covers two columns of its own.
inline bool in_pairs(const Pool2dGeometry& g) {
  return g.kernel_w == 2 && g.stride_w == 2 && g.pad_w == 0 && 2 * g.out_w <= g.w;
}

template <class T>
void average_pool2d_forward(const Pool2dGeometry& g, bool count_padding, Index planes, const T* x,
                            T* y) {
  parallel_blocks(planes, planes_per_block(g.h * g.w), g.h * g.w, [&](Index begin, Index end) {
    Tensor<T> mixed(Shape{g.w});
    T* const row = mixed.data();
    for (Index i = begin * g.out_h; i < end * g.out_h; ++i) {
      const PoolSpan rows(i % g.out_h, g.kernel_h, g.stride_h, g.pad_h, g.h, count_padding);
      const T* const plane = x + i / g.out_h * g.h * g.w;
      T* const out = y + i * g.out_w;
      if (rows.begin >= rows.end) std::fill_n(row, g.w, T(0));
      for (Index r = rows.begin; r < rows.end; ++r) {
        if (r == rows.begin)
          std::copy_n(plane + r * g.w, g.w, row);
        else
          simd::add<T>(g.w, row, plane + r * g.w);
      }
      if (in_pairs(g)) {
        simd::dispatch<PairMeans>(g.out_w, static_cast<const T*>(row),
                                  T(1) / static_cast<T>(2 * rows.counted), out);
        continue;
      }
      for (Index j = 0; j < g.out_w; ++j) {
        const PoolSpan cols(j, g.kernel_w, g.stride_w, g.pad_w, g.w, count_padding);
        T sum = 0;
        for (Index c = cols.begin; c < cols.end; ++c) sum += row[c];
        out[j] = sum / static_cast<T>(rows.counted * cols.counted);  // (1)
      }
    }
  });
}

/// Writes dx if `fresh`, which requires that windows do not overlap vertically; otherwise adds.
template <class T>
void average_pool2d_backward(const Pool2dGeometry& g, bool count_padding, Index planes, const T* dy,
                             T* dx, bool fresh) {
  parallel_blocks(planes, planes_per_block(g.h * g.w), g.h * g.w, [&](Index begin, Index end) {
    Tensor<T> shares(Shape{g.w});
    T* const row = shares.data();
    std::fill_n(row, g.w, T(0));
    if (fresh && !pool_covers(g))
      std::fill_n(dx + begin * g.h * g.w, (end - begin) * g.h * g.w, T(0));
    for (Index i = begin * g.out_h; i < end * g.out_h; ++i) {
      const PoolSpan rows(i % g.out_h, g.kernel_h, g.stride_h, g.pad_h, g.h, count_padding);
      const T* const from = dy + i * g.out_w;
      T* const plane = dx + i / g.out_h * g.h * g.w;
      if (in_pairs(g)) {
        simd::dispatch<PairShares>(g.out_w, from, T(1) / static_cast<T>(2 * rows.counted), row);
      } else {
        std::fill_n(row, g.w, T(0));
        for (Index j = 0; j < g.out_w; ++j) {
          const PoolSpan cols(j, g.kernel_w, g.stride_w, g.pad_w, g.w, count_padding);
          const T share = from[j] / static_cast<T>(rows.counted * cols.counted);  // (2)
          for (Index c = cols.begin; c < cols.end; ++c) row[c] += share;
        }
      }
      for (Index r = rows.begin; r < rows.end; ++r) {
        if (fresh)
          std::copy_n(row, g.w, plane + r * g.w);
        else
          simd::add<T>(g.w, plane + r * g.w, row);
      }
    }
  });
}

}  // namespace kernel

/// The mean of every window of x (N, C, H, W). Returns (N, C, out_h, out_w).
/// Throws ShapeError if x has another rank or no window fits, ValueError if an option is out of
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
                  const bool fresh = d.first(0) && g.stride_h >= g.kernel_h;
                  T* dx = fresh ? d.fresh(0).data() : d[0].data();
                  kernel::average_pool2d_backward(g, count_padding, planes, dy.data(), dx, fresh);
                });
}

}  // namespace glimpse::inline v0
