// grid_sample: bilinear sampling inside the border, 64 positions at a time, in three steps.
//
//   positions  in vectors: from (g_x, g_y) the pixel up and left of the position, and the offset
//   corners    scalar: the four pixels around each position, two of a row with one load
//   blend      in vectors: equations (2) to (4) of ops/grid_sample.hpp
//
// The upper left pixel is at most the last but one, because all four pixels must be in the image. A
// position on the last pixel has the offset 1. Images have at least 2 x 2 pixels.
#pragma once

#include <limits>

#include <glimpse/ops/kernel/deinterleave.hpp>
#include <glimpse/simd/dispatch.hpp>
#include <glimpse/simd/vec.hpp>

namespace glimpse::inline v0::kernel {

/// Extents of a call: `count` images with `channels` channels, h x w to out_h x out_w.
struct SampleGeometry {
  Index count, channels, h, w, out_h, out_w;

  Index in() const { return h * w; }
  Index out() const { return out_h * out_w; }
};

namespace detail {

inline constexpr Index sample_chunk = 64;

/// Up to 64 positions of one image. Their arrays stay in the first-level cache.
template <class V>
struct SampleChunk {
  using T = simd::Scalar<V>;
  using Int = simd::Scalar<simd::Mask<V>>;
  static constexpr Index w = simd::lanes<V>;

  Int at[sample_chunk];                                  // index of the pixel up and left
  T a[sample_chunk], b[sample_chunk];                    // offset from it, across and down
  T slope_x[sample_chunk], slope_y[sample_chunk];        // d position / d g
  T top[2 * sample_chunk], bottom[2 * sample_chunk];     // corners: left, right, left, right, ...

  [[gnu::always_inline]] inline void positions(const SampleGeometry& g, const T* grid,
                                               Index count) {
    T padded[2 * sample_chunk];
    for (Index i = 0; i < 2 * sample_chunk && count < sample_chunk; ++i)
      padded[i] = i < 2 * count ? grid[i] : T(0);
    const T* from = count < sample_chunk ? padded : grid;
    for (Index i = 0; i < sample_chunk; i += w) {
      V first, second, gx, gy, fraction;
      simd::Mask<V> col, row;
      simd::load(first, from + 2 * i);
      simd::load(second, from + 2 * i + w);
      split_pairs(gx, gy, first, second, PairOrder<V>{});
      axis(col, fraction, first, gx, static_cast<T>(g.w));
      simd::store(a + i, fraction);
      simd::store(slope_x + i, first);
      axis(row, fraction, first, gy, static_cast<T>(g.h));
      simd::store(b + i, fraction);
      simd::store(slope_y + i, first);
      const simd::Mask<V> position = row * static_cast<Int>(g.w) + col;
      __builtin_memcpy(at + i, &position, sizeof(position));
    }
  }

  [[gnu::always_inline]] inline void corners(const SampleGeometry& g, const T* plane, Index count) {
    for (Index i = 0; i < count; ++i) {
      __builtin_memcpy(top + 2 * i, plane + at[i], 2 * sizeof(T));
      __builtin_memcpy(bottom + 2 * i, plane + at[i] + g.w, 2 * sizeof(T));
    }
  }

  /// Corners of the positions from i.
  [[gnu::always_inline]] inline void corners_of(Index i, V& x00, V& x01, V& x10, V& x11) const {
    V first, second;
    simd::load(first, top + 2 * i);
    simd::load(second, top + 2 * i + w);
    split_pairs(x00, x01, first, second, PairOrder<V>{});
    simd::load(first, bottom + 2 * i);
    simd::load(second, bottom + 2 * i + w);
    split_pairs(x10, x11, first, second, PairOrder<V>{});
  }

 private:
  /// One axis of n pixels: neighbor, offset and slope.
  [[gnu::always_inline]] static inline void axis(simd::Mask<V>& low, V& fraction, V& slope,
                                                 const V& g, T n) {
    const T last = n - 1;
    V u = ((g + T(1)) * n - T(1)) * T(0.5), zero{}, one, end, half;
    simd::broadcast(end, last);
    simd::broadcast(one, last - 1);
    simd::broadcast(half, n / 2);
    u = u > zero ? u : zero;  // 0 also for NaN
    u = u < end ? u : end;
    const V up = u + T(0.5);
    const simd::Mask<V> nearest = __builtin_convertvector(up, simd::Mask<V>);
    const V whole = __builtin_convertvector(nearest, V);
    const V off = u > whole ? u - whole : whole - u;
    u = off <= n * std::numeric_limits<T>::epsilon() ? whole : u;
    slope = u > zero ? half : zero;
    slope = u < end ? slope : zero;
    const V start = u < one ? u : one;
    low = __builtin_convertvector(start, simd::Mask<V>);
    fraction = u - __builtin_convertvector(low, V);
  }
};

/// `count` positions of one image from `grid`, all channels. x: its planes; y: the first output.
struct SampleForward {
  template <int Bytes, class T>
  [[gnu::always_inline]] static inline void run(SampleGeometry g, const T* x, const T* grid,
                                                Index count, T* y) {
    using V = simd::Vec<T, Bytes>;
    SampleChunk<V> chunk;
    for (Index from = 0; from < count; from += sample_chunk) {
      const Index n = count - from < sample_chunk ? count - from : sample_chunk;
      chunk.positions(g, grid + 2 * from, n);
      for (Index c = 0; c < g.channels; ++c) {
        chunk.corners(g, x + c * g.in(), n);
        for (Index i = 0; i < n; i += simd::lanes<V>) {
          V x00, x01, x10, x11, a, b;
          chunk.corners_of(i, x00, x01, x10, x11);
          simd::load(a, chunk.a + i);
          simd::load(b, chunk.b + i);
          const V left = T(1) - a, above = T(1) - b;
          const V upper = left * x00 + a * x01, lower = left * x10 + a * x11;
          const V value = above * upper + b * lower;  // (2)
          T* const to = y + c * g.out() + from + i;
          if (i + simd::lanes<V> <= n) {
            simd::store(to, value);
          } else {
            simd::store_partial(to, value, n - i);
          }
        }
      }
    }
  }
};

/// All positions of one image. Adds to dx and dgrid; either may be null.
struct SampleBackward {
  template <int Bytes, class T>
  [[gnu::always_inline]] static inline void run(SampleGeometry g, const T* x, const T* grid,
                                                const T* dy, T* dx, T* dgrid) {
    using V = simd::Vec<T, Bytes>;
    constexpr Index w = simd::lanes<V>;
    SampleChunk<V> chunk;
    T du[sample_chunk], dv[sample_chunk], fraction[4][sample_chunk];
    for (Index from = 0; from < g.out(); from += sample_chunk) {
      const Index n = g.out() - from < sample_chunk ? g.out() - from : sample_chunk;
      chunk.positions(g, grid + 2 * from, n);
      for (Index i = 0; i < sample_chunk; ++i) du[i] = dv[i] = 0;
      for (Index c = 0; c < g.channels; ++c) {
        if (dgrid) chunk.corners(g, x + c * g.in(), n);
        for (Index i = 0; i < n; i += w) {
          V share, a, b;
          const T* const shares = dy + c * g.out() + from + i;
          if (i + w <= n) {
            simd::load(share, shares);
          } else {
            simd::load_partial(share, shares, n - i);
          }
          simd::load(a, chunk.a + i);
          simd::load(b, chunk.b + i);
          if (dgrid) pull(chunk, i, share, a, b, du + i, dv + i);
          if (!dx) continue;
          const V lower = b * share, upper = share - lower;  // (3)
          const V lower_right = a * lower, upper_right = a * upper;
          simd::store(fraction[0] + i, upper - upper_right);
          simd::store(fraction[1] + i, upper_right);
          simd::store(fraction[2] + i, lower - lower_right);
          simd::store(fraction[3] + i, lower_right);
        }
        if (!dx) continue;
        T* const plane = dx + c * g.in();
        for (Index i = 0; i < n; ++i) {
          T* const to = plane + chunk.at[i];
          to[0] += fraction[0][i], to[1] += fraction[1][i];
          to[g.w] += fraction[2][i], to[g.w + 1] += fraction[3][i];
        }
      }
      if (!dgrid) continue;
      for (Index i = 0; i < n; ++i) {
        dgrid[2 * (from + i)] += chunk.slope_x[i] * du[i];
        dgrid[2 * (from + i) + 1] += chunk.slope_y[i] * dv[i];
      }
    }
  }

 private:
  /// (4), added to du and dv.
  template <class V, class T = simd::Scalar<V>>
  [[gnu::always_inline]] static inline void pull(const SampleChunk<V>& chunk, Index i,
                                                 const V& share, const V& a, const V& b, T* du,
                                                 T* dv) {
    V x00, x01, x10, x11, u, v;
    chunk.corners_of(i, x00, x01, x10, x11);
    simd::load(u, du);
    simd::load(v, dv);
    const V left = T(1) - a, above = T(1) - b;
    u += share * (above * (x01 - x00) + b * (x11 - x10));
    v += share * (left * (x10 - x00) + a * (x11 - x01));
    simd::store(du, u);
    simd::store(dv, v);
  }
};

}  // namespace detail

}  // namespace glimpse::inline v0::kernel
