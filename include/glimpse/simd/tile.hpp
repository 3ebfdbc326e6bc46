// tile: the innermost product of GEMM and of convolution, held in registers.
//
//   (1)  out(i, j) (+)= alpha sum_s sum_p  a[s, i, p] b[s, p, j]      i < rows, j < 2 vectors
//
//   a[s, i, p] = a[s * a_segment + i * a_row + p * a_step]            one number, spread over a
//   vector b[s, p, j] = b_v[s * b_segment + offset[p] + j mod lanes]         v = j / lanes: two
//   vectors
//
// Rows of b are found through a table of offsets, so they may be packed (offset[p] = 2 lanes p),
// lie in a matrix (offset[p] = ldb p), or be the shifted windows of a picture, which makes
// convolution a product without a column buffer. The two vectors start wherever they like. Sums
// over p run in order, whatever the number of rows, so an element's value does not depend on how a
// matrix is cut into tiles.
//
// On AVX-512, 14 rows x 2 vectors = 28 sums, two vectors of b: 30 of 32 registers, and the
// multiply-adds in flight cover their latency. AVX2 has 16 registers: 6 x 2. Sixteen-byte vectors:
// 4 x 2 (NEON: 12 x 2).
#pragma once

#include <utility>

#include <glimpse/simd/dispatch.hpp>
#include <glimpse/simd/vec.hpp>

namespace glimpse::inline v0::simd {

/// One call of the micro-kernel, equation (1).
template <class T>
struct Tile {
  const T* a;
  Index a_row, a_step, a_segment;
  const T* b[2];
  const Index* offset;
  Index b_segment;
  Index k, segments;
  T* out;
  Index out_row;
  T alpha;
  bool add;  // out += rather than out =, which never reads out
};

/// Rows of the largest tile at a level.
constexpr int tile_rows(Isa level) {
#if defined(__aarch64__)
  constexpr int small = 12;
#else
  constexpr int small = 4;
#endif
  return level == Isa::avx512 ? 14 : level == Isa::avx2 ? 6 : small;
}

namespace detail {

template <class T, int Rows>
struct TileKernel {
  template <int Bytes>
  [[gnu::always_inline]] static inline void run(const Tile<T>* tile) {
    using V = Vec<T, Bytes>;
    constexpr int groups = (Rows + 2) / 3;  // x86 reaches rows 0, 1, 2 of a group from one pointer
    const Tile<T>& t = *tile;
    V sum[Rows][2];
#pragma GCC unroll 16
    for (int i = 0; i < Rows; ++i) sum[i][0] = sum[i][1] = V{};
    for (Index s = 0; s < t.segments; ++s) {
      const T* row[groups];
#pragma GCC unroll 16
      for (int g = 0; g < groups; ++g) row[g] = t.a + s * t.a_segment + 3 * g * t.a_row;
      const T* const b0 = t.b[0] + s * t.b_segment;
      const T* const b1 = t.b[1] + s * t.b_segment;
      for (Index p = 0; p < t.k; ++p) {
        V x, y;
        load(x, b0 + t.offset[p]);
        load(y, b1 + t.offset[p]);
#pragma GCC unroll 16
        for (int i = 0; i < Rows; ++i) {
          const T a = row[i / 3][(i % 3) * t.a_row];
          sum[i][0] += a * x;
          sum[i][1] += a * y;
        }
#pragma GCC unroll 16
        for (int g = 0; g < groups; ++g) row[g] += t.a_step;
      }
    }
#pragma GCC unroll 16
    for (int i = 0; i < Rows; ++i) {
#pragma GCC unroll 2
      for (int j = 0; j < 2; ++j) {
        T* const out = t.out + i * t.out_row + j * lanes<V>;
        V v = sum[i][j] * t.alpha;
        if (t.add) {
          V old;
          load(old, out);
          v += old;
        }
        store(out, v);
      }
    }
  }
};

}  // namespace detail

/// The micro-kernels of one level: run[rows - 1] computes a tile of that many rows and `cols`
/// columns.
template <class T>
struct TileSet {
  int rows, cols;
  void (*run[14])(const Tile<T>*);
};

/// The micro-kernels of a level: of the one in use, where none is named.
template <class T>
const TileSet<T>& tiles(Isa wanted = isa()) {
  constexpr auto make = []<int... I>(Isa level, std::integer_sequence<int, I...>) {
    TileSet<T> set{tile_rows(level), 2 * vector_bytes(level) / static_cast<int>(sizeof(T)), {}};
    ((set.run[I] = entry<detail::TileKernel<T, I + 1>, const Tile<T>*>(level)), ...);
    return set;
  };
  static const TileSet<T> baseline =
      make(Isa::baseline, std::make_integer_sequence<int, tile_rows(Isa::baseline)>{});
#if defined(__x86_64__) || defined(__i386__)
  static const TileSet<T> avx2 =
      make(Isa::avx2, std::make_integer_sequence<int, tile_rows(Isa::avx2)>{});
  static const TileSet<T> avx512 =
      make(Isa::avx512, std::make_integer_sequence<int, tile_rows(Isa::avx512)>{});
  if (wanted == Isa::avx512) return avx512;
  if (wanted == Isa::avx2) return avx2;
#else
  (void)wanted;
#endif
  return baseline;
}

}  // namespace glimpse::inline v0::simd
