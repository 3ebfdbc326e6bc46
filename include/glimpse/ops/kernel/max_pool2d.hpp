// max_pool2d: max pooling over planes. Forward stores the argmax of each window as one byte;
// backward adds the gradient at this position.
//
//   argmax = a kernel_w + b  for row a, column b of the window
//   The first of equal numbers wins. A NaN beats all numbers, and the last NaN wins. With a
//   preceding ReLU the maximum starts at zero: a window without a positive number gives 0 and
//   `no_index`, and no gradient goes back.
//
// Two kinds of windows have vector code, with narrower vectors if a row has few windows. Other
// windows use scalar loops.
//   stride 1 across   neighboring outputs read neighboring inputs. Backward gathers: dx at (r, c)
//                     sums dy of every window that contains it, if its argmax is (r, c)
//   2 across, no pad  the even and odd columns of two vectors are the left and right columns of one
//                     vector of windows
#pragma once

#include <limits>

#include <glimpse/ops/kernel/pool_argmax.hpp>
#include <glimpse/simd/dispatch.hpp>
#include <glimpse/simd/vec.hpp>

namespace glimpse::inline v0::kernel {

namespace detail {

template <bool Relu>
struct MaxPoolForward {
  template <int Bytes, class T>
  [[gnu::always_inline]] static inline void run(Pool2dGeometry g, Index planes, const T* x, T* y,
                                                WindowIndex* argmax) {
    for (Index p = 0; p < planes; ++p) {
      for (Index i = 0; i < g.out_h; ++i) {
        row<simd::Vec<T, Bytes>>(g, i, x + p * g.h * g.w, y + (p * g.out_h + i) * g.out_w,
                                 argmax + (p * g.out_h + i) * g.out_w);
      }
    }
  }

 private:
  template <class V, class T = simd::Scalar<V>>
  [[gnu::always_inline]] static inline void row(const Pool2dGeometry& g, Index i, const T* x, T* y,
                                                WindowIndex* argmax) {
    const Index top = i * g.stride_h - g.pad_h;
    const Index a0 = top < 0 ? -top : 0;
    const Index a1 = g.h - top < g.kernel_h ? g.h - top : g.kernel_h;
    // Windows [begin, end) are inside the row and fill vectors; the last vector may overlap the one
    // before.
    const bool pairs = g.stride_w == 2 && g.kernel_w == 2 && g.pad_w == 0;
    const Index begin = g.pad_w < g.out_w ? g.pad_w : g.out_w;
    const Index whole = g.stride_w == 1 ? g.w - g.kernel_w + 1 + g.pad_w : pairs ? g.w / 2 : 0;
    Index end = whole < g.out_w ? whole : g.out_w;
    if (!windows<V>(g, pairs, top, a0, a1, begin, end, x, y, argmax)) end = begin;
    for (Index j = 0; j < begin; ++j) one(g, top, a0, a1, j, x, y, argmax);
    for (Index j = end; j < g.out_w; ++j) one(g, top, a0, a1, j, x, y, argmax);
  }

  /// Windows [begin, end) of a row; returns false if they do not fill the narrowest vector.
  template <class V, class T = simd::Scalar<V>>
  [[gnu::always_inline]] static inline bool windows(const Pool2dGeometry& g, bool pairs, Index top,
                                                    Index a0, Index a1, Index begin, Index end,
                                                    const T* x, T* y, WindowIndex* argmax) {
    constexpr Index w = simd::lanes<V>;
    if (end - begin < w) {
      if constexpr (sizeof(V) > 16)
        return windows<HalfVec<V>>(g, pairs, top, a0, a1, begin, end, x, y, argmax);
      return false;
    }
    for (Index next = begin; next < end; next += w) {
      const Index j = next + w <= end ? next : end - w;
      V best, u, v, even, odd;
      simd::Mask<V> winner{}, nan{};
      simd::broadcast(best, defender<T>());
      winner += static_cast<simd::Scalar<simd::Mask<V>>>(
          Relu ? no_index : a0 * g.kernel_w);  // if all are -infinity, the index still is inside
      for (Index a = a0; a < a1; ++a) {
        const T* from = x + (top + a) * g.w + j * g.stride_w - g.pad_w;
        if (pairs) {
          simd::load(u, from);
          simd::load(v, from + w);
          split_pairs(even, odd, u, v, PairOrder<V>{});
          select_max(best, winner, nan, even, 2 * a);
          select_max(best, winner, nan, odd, 2 * a + 1);
        } else {
          for (Index b = 0; b < g.kernel_w; ++b) {
            simd::load(v, from + b);
            select_max(best, winner, nan, v, a * g.kernel_w + b);
          }
        }
      }
      settle(best, winner, nan);
      simd::store(y + j, best);
      store_indices<V>(argmax + j, winner);
    }
    return true;
  }

  /// Start value of the maximum.
  template <class T>
  static constexpr T defender() {
    return Relu ? T(0) : -std::numeric_limits<T>::infinity();
  }

  template <class T>
  [[gnu::always_inline]] static inline void one(const Pool2dGeometry& g, Index top, Index a0,
                                                Index a1, Index j, const T* x, T* y,
                                                WindowIndex* argmax) {
    const Index left = j * g.stride_w - g.pad_w;
    const Index b0 = left < 0 ? -left : 0;
    const Index b1 = g.w - left < g.kernel_w ? g.w - left : g.kernel_w;
    T best = defender<T>();
    Index winner = Relu ? no_index : a0 * g.kernel_w + b0;
    for (Index a = a0; a < a1; ++a) {
      for (Index b = b0; b < b1; ++b) {
        const T v = x[(top + a) * g.w + left + b];
        if (!beats(v, best)) continue;
        best = v;
        winner = a * g.kernel_w + b;
      }
    }
    y[j] = best;
    argmax[j] = static_cast<WindowIndex>(winner);
  }
};

/// Writes dx if Fresh, otherwise adds.
template <bool Fresh>
struct MaxPoolBackward {
  template <int Bytes, class T>
  [[gnu::always_inline]] static inline void run(Pool2dGeometry g, Index planes, const T* dy,
                                                const WindowIndex* argmax, T* dx) {
    using V = simd::Vec<T, Bytes>;
    const bool pairs = g.stride_w == 2 && g.kernel_w == 2 && g.pad_w == 0 &&
                       g.kernel_h <= g.stride_h && g.pad_h == 0;
    for (Index p = 0; p < planes; ++p) {
      const Index out = p * g.out_h * g.out_w, in = p * g.h * g.w;
      if (g.stride_w == 1) {
        gather<V>(g, dy + out, argmax + out, dx + in);
      } else if (pairs) {
        expand<V>(g, dy + out, argmax + out, dx + in);
      } else {
        scatter(g, dy + out, argmax + out, dx + in);
      }
    }
  }

 private:
  template <class T>
  [[gnu::always_inline]] static inline void put(T* dx, const T& value) {
    if constexpr (Fresh) {
      *dx = value;
    } else {
      *dx += value;
    }
  }
  template <class V>
  [[gnu::always_inline]] static inline void put_vector(simd::Scalar<V>* dx, const V& value) {
    V sum = value;
    if constexpr (!Fresh) {
      V before;
      simd::load(before, dx);
      sum += before;
    }
    simd::store(dx, sum);
  }

  /// Stride 1 across: every input sums over the windows that contain it.
  template <class V, class T = simd::Scalar<V>>
  [[gnu::always_inline]] static inline void gather(const Pool2dGeometry& g, const T* dy,
                                                   const WindowIndex* argmax, T* dx) {
    constexpr Index w = simd::lanes<V>;
    for (Index r = 0; r < g.h; ++r) {
      const Index below = r + g.pad_h;  // a = below - i stride_h
      const Index first = below < g.kernel_h ? 0 : (below - g.kernel_h) / g.stride_h + 1;
      const Index last = below / g.stride_h < g.out_h ? below / g.stride_h : g.out_h - 1;
      // Columns [begin, end) belong to kernel_w windows each and fill vectors. If dx is written,
      // the last vector may overlap.
      const Index begin = g.kernel_w - 1 - g.pad_w, whole = g.out_w - g.pad_w;
      Index end = whole < g.w ? whole : g.w;
      if (end - begin < w) end = begin;
      if constexpr (!Fresh) end = begin + (end - begin) / w * w;
      for (Index next = begin; next < end; next += w) {
        const Index c = next + w <= end ? next : end - w;
        V sum{}, v;
        simd::Mask<V> winner;
        for (Index i = first; i <= last; ++i) {
          for (Index b = 0; b < g.kernel_w; ++b) {
            const Index at = i * g.out_w + c + g.pad_w - b;
            const auto here =
                static_cast<simd::Scalar<simd::Mask<V>>>((below - i * g.stride_h) * g.kernel_w + b);
            load_indices<V>(winner, argmax + at);
            simd::load(v, dy + at);
            sum += winner == here ? v : V{};
          }
        }
        put_vector(dx + r * g.w + c, sum);
      }
      for (Index c = 0; c < g.w; ++c) {
        if (c == begin && end > begin) c = end;
        if (c >= g.w) break;
        T sum = 0;
        for (Index i = first; i <= last; ++i) {
          for (Index b = 0; b < g.kernel_w; ++b) {
            const Index j = c + g.pad_w - b, at = i * g.out_w + j;
            if (j >= 0 && j < g.out_w && argmax[at] == (below - i * g.stride_h) * g.kernel_w + b)
              sum += dy[at];
          }
        }
        put(dx + r * g.w + c, sum);
      }
    }
  }

  /// Windows 2 across without overlap: every input belongs to at most one window.
  template <class V, class T = simd::Scalar<V>>
  [[gnu::always_inline]] static inline void expand(const Pool2dGeometry& g, const T* dy,
                                                   const WindowIndex* argmax, T* dx) {
    for (Index r = 0; r < g.h; ++r) {
      const Index i = r / g.stride_h, a = r % g.stride_h;
      T* row = dx + r * g.w;
      if (i >= g.out_h || a >= g.kernel_h) {
        for (Index c = 0; c < g.w; ++c) put(row + c, T(0));
        continue;
      }
      const Index at = i * g.out_w;
      const Index end = expand_row<V>(g.w / 2 < g.out_w ? g.w / 2 : g.out_w, 2 * a, dy + at,
                                      argmax + at, row);
      for (Index c = 2 * end; c < g.w; ++c) {
        const bool won = c / 2 < g.out_w && argmax[at + c / 2] == 2 * a + c % 2;
        put(row + c, won ? dy[at + c / 2] : T(0));
      }
    }
  }

  /// Both columns of the first windows of a row. left: window index of the left column. Returns the
  /// number of windows that were processed, of `end`.
  template <class V, class T = simd::Scalar<V>>
  [[gnu::always_inline]] static inline Index expand_row(Index end, Index left, const T* dy,
                                                        const WindowIndex* argmax, T* row) {
    constexpr Index w = simd::lanes<V>;
    if (end < w) {
      if constexpr (sizeof(V) > 16) return expand_row<HalfVec<V>>(end, left, dy, argmax, row);
      return 0;
    }
    if constexpr (!Fresh) end = end / w * w;
    const auto left_index = static_cast<simd::Scalar<simd::Mask<V>>>(left);
    for (Index next = 0; next < end; next += w) {
      const Index j = next + w <= end ? next : end - w;
      V v, first, second;
      simd::Mask<V> winner;
      load_indices<V>(winner, argmax + j);
      simd::load(v, dy + j);
      const V even = winner == left_index ? v : V{};
      const V odd = winner == left_index + 1 ? v : V{};
      join_pairs(first, second, even, odd, PairOrder<V>{});
      put_vector(row + 2 * j, first);
      put_vector(row + 2 * j + w, second);
    }
    return end;
  }

  template <class T>
  [[gnu::always_inline]] static inline void scatter(const Pool2dGeometry& g, const T* dy,
                                                    const WindowIndex* argmax, T* dx) {
    if constexpr (Fresh) {
      for (Index k = 0; k < g.h * g.w; ++k) dx[k] = 0;
    }
    for (Index i = 0; i < g.out_h; ++i) {
      for (Index j = 0; j < g.out_w; ++j) {
        const Index winner = argmax[i * g.out_w + j];
        if (winner == no_index) continue;
        const Index r = i * g.stride_h - g.pad_h + winner / g.kernel_w;
        const Index c = j * g.stride_w - g.pad_w + winner % g.kernel_w;
        dx[r * g.w + c] += dy[i * g.out_w + j];
      }
    }
  }
};

}  // namespace detail

}  // namespace glimpse::inline v0::kernel
