// pack: copies a block of a matrix into the order in which the micro-kernel reads it.
//
//   copied      dst[p][j] = src[p][j]      p < depth, j < width, zeros where j >= cols
//   transposed  dst[p][j] = src[j][p]
//
// The transposed copy works on squares of L x L numbers held in L registers. For h = L/2, ..., 2, 1
// it exchanges the off-diagonal quarters of every 2h x 2h block, which transposes the whole in log2
// L rounds:
//
//   | A B |      | A C |
//   | C D |  ->  | B D |      row i and row i + h exchange lanes t with t & h
#pragma once

#include <utility>

#include <glimpse/simd/dispatch.hpp>
#include <glimpse/simd/vec.hpp>

namespace glimpse::inline v0::simd {

namespace detail {

/// One round for one pair of rows.
template <int H, class V, int... Lane>
[[gnu::always_inline]] inline void exchange(V& a, V& b, std::integer_sequence<int, Lane...>) {
  constexpr int w = static_cast<int>(sizeof...(Lane));
  const V x = a, y = b;
  a = __builtin_shufflevector(x, y, ((Lane & H) ? w + Lane - H : Lane)...);
  b = __builtin_shufflevector(x, y, ((Lane & H) ? w + Lane : Lane + H)...);
}

template <int H, class V>
[[gnu::always_inline]] inline void transpose_rounds(V* row) {
  if constexpr (H > 0) {
#pragma GCC unroll 16
    for (int i = 0; i < static_cast<int>(lanes<V>); ++i) {
      if ((i & H) == 0) {
        exchange<H>(row[i], row[i + H],
                    std::make_integer_sequence<int, static_cast<int>(lanes<V>)>{});
      }
    }
    transpose_rounds<H / 2>(row);
  }
}

struct CopyPack {
  template <int Bytes, class T>
  [[gnu::always_inline]] static inline void run(T* dst, Index width, const T* src, Index stride,
                                                Index depth, Index cols) {
    using V = Vec<T, Bytes>;
    V v;
    if (cols == 2 * lanes<V> && width == cols) {  // the common panel, without an inner loop
      V u;
      for (Index p = 0; p < depth; ++p, dst += width, src += stride) {
        load(u, src);
        load(v, src + lanes<V>);
        store(dst, u);
        store(dst + lanes<V>, v);
      }
      return;
    }
    for (Index p = 0; p < depth; ++p, dst += width, src += stride) {
      Index j = 0;
      for (; j + lanes<V> <= cols; j += lanes<V>) {
        load(v, src + j);
        store(dst + j, v);
      }
      for (; j < cols; ++j) dst[j] = src[j];
      for (; j < width; ++j) dst[j] = 0;
    }
  }
};

struct TransposePack {
  template <int Bytes, class T>
  [[gnu::always_inline]] static inline void run(T* dst, Index width, const T* src, Index stride,
                                                Index depth, Index cols) {
    using V = Vec<T, Bytes>;
    constexpr Index w = lanes<V>;
    for (Index j = 0; j < width; j += w) {
      if (j + w >
          width) {  // a width that is no multiple of the vector: the last columns one by one
        for (Index p = 0; p < depth; ++p)
          for (Index c = j; c < width; ++c)
            dst[p * width + c] = c < cols ? src[c * stride + p] : T(0);
        break;
      }
      const Index filled = cols - j < w ? cols - j : w;
      for (Index p = 0; p < depth; p += w) {
        V row[w];
        const Index count = depth - p < w ? depth - p : w;
#pragma GCC unroll 16
        for (Index i = 0; i < w; ++i) {
          if (i >= filled) {
            row[i] = V{};
          } else if (count == w) {
            load(row[i], src + (j + i) * stride + p);
          } else {
            load_part(row[i], src + (j + i) * stride + p, count);
          }
        }
        transpose_rounds<static_cast<int>(w / 2)>(row);
        if (p + w <= depth) {
#pragma GCC unroll 16
          for (Index i = 0; i < w; ++i) store(dst + (p + i) * width + j, row[i]);
        } else {
#pragma GCC unroll 16
          for (Index i = 0; i < w; ++i)
            if (p + i < depth) store(dst + (p + i) * width + j, row[i]);
        }
      }
    }
  }
};

}  // namespace detail

/// dst[p * width + j] = src[p * stride + j] for p < depth, j < cols; zero for cols <= j < width.
template <class T>
void pack_copied(T* dst, Index width, const T* src, Index stride, Index depth, Index cols) {
  dispatch<detail::CopyPack>(dst, width, src, stride, depth, cols);
}

/// dst[p * width + j] = src[j * stride + p] for p < depth, j < cols; zero for cols <= j < width.
template <class T>
void pack_transposed(T* dst, Index width, const T* src, Index stride, Index depth, Index cols) {
  dispatch<detail::TransposePack>(dst, width, src, stride, depth, cols);
}

}  // namespace glimpse::inline v0::simd
