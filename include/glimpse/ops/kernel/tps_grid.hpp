// tps_grid: the products of every image: A D forward and A^T dgrid backward, in vectors along the
// pixels of a grid, x and y interleaved.
//
//   grid    x0 y0 x1 y1 ...        one vector of the result for one image:
//   A_k     a0 a0 a1 a1 ...          grid += A_k . D_k        for the fiducials k
//   D_k     dx dy dx dy ...          sum_k += A_k . dgrid     even lanes are dx, odd lanes dy
//   ".": lane by lane; here (dx, dy) = c_k - c'_k are offsets of a point, not gradients
//
// Four images share each load of A. Backward sums runs of 1024 elements in vectors, then adds the
// lanes in double, always in the same order.
#pragma once

#include <algorithm>

#include <glimpse/core/parallel.hpp>
#include <glimpse/core/tensor.hpp>
#include <glimpse/simd/dispatch.hpp>
#include <glimpse/simd/vec.hpp>

namespace glimpse::inline v0::kernel {

/// A (pixels, K) as rows A_k, each element twice, padded with zeros to a whole vector.
template <class T>
struct TpsRows {
  static constexpr Index lanes = 16;  // lanes of the widest vector of float
  Index points, size, stride;         // elements of a grid; distance between rows
  Tensor<T> rows;

  TpsRows(Index k, Index pixels, const T* a)
      : points(k),
        size(2 * pixels),
        stride((size + lanes - 1) / lanes * lanes),
        rows(zeros<T>({k, stride})) {
    T* const to = rows.data();
    parallel_blocks(pixels, 64, 4 * k, [&](Index begin, Index end) {
      for (Index p = begin; p < end; ++p)
        for (Index i = 0; i < points; ++i)
          to[i * stride + 2 * p] = to[i * stride + 2 * p + 1] = a[p * points + i];
    });
  }
};

namespace detail {

/// Elements [begin, end) of the grids of all images. offsets: (count, points, lanes) as D_k.
struct TpsForward {
  template <int Bytes, class T>
  [[gnu::always_inline]] static inline void run(Index count, Index points, Index size, Index stride,
                                                const T* rows, const T* base, const T* offsets,
                                                Index begin, Index end, T* grid) {
    using V = simd::Vec<T, Bytes>;
    Index n = 0;
    for (; n + 4 <= count; n += 4)
      images<V, 4>(n, points, size, stride, rows, base, offsets, begin, end, grid);
    for (; n < count; ++n)
      images<V, 1>(n, points, size, stride, rows, base, offsets, begin, end, grid);
  }

 private:
  template <class V, int Count, class T = simd::Scalar<V>>
  [[gnu::always_inline]] static inline void images(Index n, Index points, Index size, Index stride,
                                                   const T* rows, const T* base, const T* offsets,
                                                   Index begin, Index end, T* grid) {
    constexpr Index w = simd::lanes<V>, lanes = TpsRows<T>::lanes;
    for (Index i = begin; i < end; i += w) {
      V sum[Count], a, d;
      for (int c = 0; c < Count; ++c) simd::load(sum[c], base + i);
      for (Index k = 0; k < points; ++k) {
        simd::load(a, rows + k * stride + i);
#pragma GCC unroll 4
        for (int c = 0; c < Count; ++c) {
          simd::load(d, offsets + ((n + c) * points + k) * lanes);
          sum[c] += a * d;
        }
      }
      for (int c = 0; c < Count; ++c) {
        if (i + w <= size) {
          simd::store(grid + (n + c) * size + i, sum[c]);
        } else {
          simd::store_partial(grid + (n + c) * size + i, sum[c], size - i);
        }
      }
    }
  }
};

/// sums (count, points, 2) += A_k . dgrid, for `count` images.
struct TpsBackward {
  template <int Bytes, class T>
  [[gnu::always_inline]] static inline void run(Index count, Index points, Index size, Index stride,
                                                const T* rows, const T* dgrid, double* sums) {
    using V = simd::Vec<T, Bytes>;
    constexpr Index piece = 1024;
    for (Index i = 0; i < size; i += piece) {
      const Index end = i + piece < size ? i + piece : size;
      Index k = 0;
      for (; k + 8 <= points; k += 8)
        for (Index n = 0; n < count; ++n)
          fiducials<V, 8>(i, end, size, stride, rows + k * stride, dgrid + n * size,
                          sums + 2 * (n * points + k));
      for (; k < points; ++k)
        for (Index n = 0; n < count; ++n)
          fiducials<V, 1>(i, end, size, stride, rows + k * stride, dgrid + n * size,
                          sums + 2 * (n * points + k));
    }
  }

 private:
  template <class V, int Count, class T = simd::Scalar<V>>
  [[gnu::always_inline]] static inline void fiducials(Index begin, Index end, Index size,
                                                      Index stride, const T* rows, const T* dgrid,
                                                      double* sums) {
    constexpr Index w = simd::lanes<V>;
    V sum[Count]{}, a, d;
    for (Index i = begin; i < end; i += w) {
      if (i + w <= size) {
        simd::load(d, dgrid + i);
      } else {
        simd::load_partial(d, dgrid + i, size - i);
      }
#pragma GCC unroll 8
      for (int k = 0; k < Count; ++k) {
        simd::load(a, rows + k * stride + i);
        sum[k] += a * d;
      }
    }
    for (int k = 0; k < Count; ++k) {
      T lane[w];
      simd::store(lane, sum[k]);
      for (Index l = 0; l < w; ++l) sums[2 * k + l % 2] += static_cast<double>(lane[l]);
    }
  }
};

}  // namespace detail

}  // namespace glimpse::inline v0::kernel
