// pack: copies a block of a matrix into the order that the micro-kernel reads.
//
//   copied      dst[p][j] = src[p][j]      p < depth, j < width, zeros where j >= cols
//   transposed  dst[p][j] = src[j][p]
//
// The transposed copy works on squares of L x L elements in L registers. For h = L/2, ..., 2, 1 it
// exchanges the off-diagonal quarters of every 2h x 2h block. This transposes the square in log2 L
// rounds:
//
//   | A B |      | A C |
//   | C D |  ->  | B D |      row i and row i + h exchange lanes t with t & h
#pragma once

#include <utility>

#include <glimpse/simd/dispatch.hpp>
#include <glimpse/simd/vec.hpp>

namespace glimpse::inline v0::simd {

namespace detail {

/// One round for one pair of rows: exchanges lanes as shown above.
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
    if (cols == 2 * lanes<V> && width == cols) {  // the usual panel; needs no inner loop
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

struct PanelPack {
  template <int Bytes, class T>
  [[gnu::always_inline]] static inline void run(T* dst, Index width, const T* src, Index stride,
                                                Index depth, Index cols) {
    using V = Vec<T, Bytes>;
    const Index whole = cols - cols % (2 * lanes<V>);
    for (Index p = 0; p < depth; ++p) {
      V u, v;
      T* to = dst + p * width;
      for (Index j = 0; j < whole; j += 2 * lanes<V>, to += depth * width) {
        load(u, src + p * stride + j);
        load(v, src + p * stride + j + lanes<V>);
        store(to, u);
        store(to + lanes<V>, v);
      }
    }
    if (whole < cols)
      CopyPack::run<Bytes>(dst + whole * depth, width, src + whole, stride, depth, cols - whole);
  }
};

struct StripPack {
  template <int Bytes, class T>
  [[gnu::always_inline]] static inline void run(T* dst, Index width, const T* src, Index stride,
                                                Index depth, Index strips, const Index* start,
                                                Index end) {
    using V = Vec<T, Bytes>;
    Index whole = strips;  // a vector of the last strips may pass the end: CopyPack
    while (whole > 0 && start[whole - 1] + width > end) --whole;
    for (Index p = 0; p < depth; ++p) {
      for (Index s = 0; s < whole; ++s) {
        for (Index j = 0; j < width; j += lanes<V>) {
          V v;
          load(v, src + p * stride + start[s] + j);
          store(dst + (s * depth + p) * width + j, v);
        }
      }
    }
    for (Index s = whole; s < strips; ++s)
      CopyPack::run<Bytes>(dst + s * depth * width, width, src + start[s], stride, depth,
                           end - start[s] < width ? end - start[s] : width);
  }
};

struct TransposePack {
  template <int Bytes, class T>
  [[gnu::always_inline]] static inline void run(T* dst, Index row, Index width, const T* src,
                                                Index stride, Index depth, Index cols,
                                                Index readable) {
    using V = Vec<T, Bytes>;
    constexpr Index w = lanes<V>;
    for (Index j = 0; j < width; j += w) {
      if (j + w >
          width) {  // width is not a multiple of the vector: single columns at the end
        for (Index p = 0; p < depth; ++p)
          for (Index c = j; c < width; ++c)
            dst[p * row + c] = c < cols ? src[c * stride + p] : T(0);
        break;
      }
      const Index filled = cols - j < w ? cols - j : w;
      for (Index p = 0; p < depth; p += w) {
        V v[w];
        const Index count = readable - p < w ? readable - p : w;
#pragma GCC unroll 16
        for (Index i = 0; i < w; ++i) {
          if (i >= filled) {
            v[i] = V{};
          } else if (count == w) {
            load(v[i], src + (j + i) * stride + p);
          } else {
            load_partial(v[i], src + (j + i) * stride + p, count);
          }
        }
        transpose_rounds<static_cast<int>(w / 2)>(v);
        if (p + w <= depth) {
#pragma GCC unroll 16
          for (Index i = 0; i < w; ++i) store(dst + (p + i) * row + j, v[i]);
        } else {
#pragma GCC unroll 16
          for (Index i = 0; i < w; ++i)
            if (p + i < depth) store(dst + (p + i) * row + j, v[i]);
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

/// Packs the panels of op(B), each [depth][width], one after another. Panel q holds the columns
/// from q * width of src, (depth, cols). Reads whole rows, because memory then delivers lines in
/// order.
/// width: two vectors of the current level.
template <class T>
void pack_panels(T* dst, Index width, const T* src, Index stride, Index depth, Index cols) {
  dispatch<detail::PanelPack>(dst, width, src, stride, depth, cols);
}

/// Packs the strips of A^T. Strip s, [depth][width], holds the columns from start[s] of src,
/// (depth, end). Columns beyond the strip's own are copied too and ignored. width: a multiple of
/// the vector.
template <class T>
void pack_strips(T* dst, Index width, const T* src, Index stride, Index depth, Index strips,
                 const Index* start, Index end) {
  dispatch<detail::StripPack>(dst, width, src, stride, depth, strips, start, end);
}

/// dst[p * width + j] = src[j * stride + p] for p < depth, j < cols; zero for cols <= j < width.
template <class T>
void pack_transposed(T* dst, Index width, const T* src, Index stride, Index depth, Index cols) {
  dispatch<detail::TransposePack>(dst, width, width, src, stride, depth, cols, depth);
}

/// dst (cols, rows) = src^T, src: (rows, cols). dst_row, src_row: distance between rows in
/// elements. May read the elements between cols and src_row.
template <class T>
void transpose(T* dst, Index dst_row, const T* src, Index src_row, Index rows, Index cols) {
  dispatch<detail::TransposePack>(dst, dst_row, rows, src, src_row, cols, rows, src_row);
}

/// pack_panels for a transposed matrix, src: (cols, depth).
template <class T>
void pack_transposed_panels(T* dst, Index width, const T* src, Index stride, Index depth,
                            Index cols) {
  for (Index j = 0; j < cols; j += width) {
    const Index filled = cols - j < width ? cols - j : width;
    pack_transposed<T>(dst + j * depth, width, src + j * stride, stride, depth, filled);
  }
}

}  // namespace glimpse::inline v0::simd
