// micro_kernel: the innermost product of GEMM and of convolution, with its sums in registers.
//
//   (1)  out(i, j) (+)= alpha sum_s sum_p  a[s, i, p] b[s, p, j]      i < rows, j < 2 vectors
//
//   a[s, i, p] = a[s a_segment + i a_row + p a_step]                  one element, broadcast
//   b[s, p, j] = b_v[s b_segment + offset[p] + j mod lanes]           v = j / lanes: two vectors
//
// The kernel finds the rows of b by a table of offsets. The rows may be packed (offset[p] = 2 lanes
// p), belong to a matrix (offset[p] = ldb p), or be shifted windows of an image. With shifted
// windows a convolution is a product without im2col. The two vectors of b are independent of each
// other. Sums over p run in order, for any number of rows. The value of an element therefore does
// not depend on the division of the matrix into tiles.
//
// AVX-512: 14 rows x 2 vectors = 28 sums, plus two vectors of b, use 30 of 32 registers. At two
// multiply-adds a cycle, 8 independent sums cover a latency of 4 cycles; 28 leave ample slack. AVX2
// has 16 registers: 6 x 2. Vectors of 16 bytes: 4 x 2 (NEON: 12 x 2, because it has 32 registers).
// Narrow tiles hold one vector instead of two, for the last columns.
// Notation: docs/math/notation.md.
#pragma once

#include <utility>

#include <glimpse/simd/dispatch.hpp>
#include <glimpse/simd/vec.hpp>

namespace glimpse::inline v0::simd {

/// Arguments of one call of the micro-kernel, equation (1). Strides are in elements.
template <class T>
struct MicroKernelArgs {
  const T* a;
  Index a_row, a_step, a_segment;
  const T* b[2];
  const Index* offset;
  Index b_segment;
  Index k, segments;
  T* out;
  Index out_row;
  T alpha;
  bool add;  // true: out += ...; false: out = ..., and out is not read
};

/// Number of rows of the largest tile at a level.
constexpr int tile_rows(Isa level) {
#if defined(__aarch64__)
  constexpr int small = 12;
#else
  constexpr int small = 4;
#endif
  return level == Isa::avx512 ? 14 : level == Isa::avx2 ? 6 : small;
}

namespace detail {

template <class T, int Rows, int Vectors>
struct MicroKernel {
  template <int Bytes>
  [[gnu::always_inline]] static inline void run(const MicroKernelArgs<T>* tile) {
    using V = Vec<T, Bytes>;
    constexpr int groups = (Rows + 2) / 3;  // x86 reaches rows 0, 1, 2 of a group from one pointer
    const MicroKernelArgs<T>& t = *tile;
    V sum[Rows][Vectors];
#pragma GCC unroll 16
    for (int i = 0; i < Rows; ++i) {
#pragma GCC unroll 2
      for (int j = 0; j < Vectors; ++j) sum[i][j] = V{};
    }
    for (Index s = 0; s < t.segments; ++s) {
      const T* row[groups];
#pragma GCC unroll 16
      for (int g = 0; g < groups; ++g) row[g] = t.a + s * t.a_segment + 3 * g * t.a_row;
      const T* const b0 = t.b[0] + s * t.b_segment;
      [[maybe_unused]] const T* const b1 = t.b[1] + s * t.b_segment;
      for (Index p = 0; p < t.k; ++p) {
        V x;
        [[maybe_unused]] V y;
        load(x, b0 + t.offset[p]);
        if constexpr (Vectors == 2) load(y, b1 + t.offset[p]);
#pragma GCC unroll 16
        for (int i = 0; i < Rows; ++i) {
          const T a = row[i / 3][(i % 3) * t.a_row];
          sum[i][0] += a * x;
          if constexpr (Vectors == 2) sum[i][1] += a * y;
        }
#pragma GCC unroll 16
        for (int g = 0; g < groups; ++g) row[g] += t.a_step;
      }
    }
    const T alpha = t.alpha;
    if (alpha != T(1)) {
#pragma GCC unroll 16
      for (int i = 0; i < Rows; ++i) {
#pragma GCC unroll 2
        for (int j = 0; j < Vectors; ++j) sum[i][j] *= alpha;
      }
    }
    if (t.add) {
      put<true>(t.out, t.out_row, sum);
    } else {
      put<false>(t.out, t.out_row, sum);
    }
  }

 private:
  template <bool Add, class V>
  [[gnu::always_inline]] static inline void put(T* out, Index out_row, V (&sum)[Rows][Vectors]) {
#pragma GCC unroll 16
    for (int i = 0; i < Rows; ++i, out += out_row) {
#pragma GCC unroll 2
      for (int j = 0; j < Vectors; ++j) {
        if constexpr (Add) {
          V old;
          load(old, out + j * lanes<V>);
          sum[i][j] += old;
        }
        store(out + j * lanes<V>, sum[i][j]);
      }
    }
  }
};

}  // namespace detail

/// The micro-kernels of one level. run[r - 1] computes a tile of r <= rows rows and `cols` columns,
/// which are two vectors. narrow[r - 1] computes r rows and one vector.
template <class T>
struct MicroKernels {
  int rows, cols;
  void (*run[14])(const MicroKernelArgs<T>*);
  void (*narrow[14])(const MicroKernelArgs<T>*);
};

namespace detail {

template <class T, Isa level>
const MicroKernels<T>& micro_kernels_at() {
  static const MicroKernels<T> set = []<int... I>(std::integer_sequence<int, I...>) {
    return MicroKernels<T>{
        tile_rows(level),
        2 * vector_bytes(level) / static_cast<int>(sizeof(T)),
        {entry<level, MicroKernel<T, I + 1, 2>, const MicroKernelArgs<T>*>()...},
        {entry<level, MicroKernel<T, I + 1, 1>, const MicroKernelArgs<T>*>()...}};
  }
  (std::make_integer_sequence<int, tile_rows(level)>{});
  return set;
}

}  // namespace detail

/// The micro-kernels of a level (default: the current one).
template <class T>
const MicroKernels<T>& micro_kernels(Isa level = isa()) {
#if defined(__x86_64__) || defined(__i386__)
  if (level == Isa::avx512) return detail::micro_kernels_at<T, Isa::avx512>();
  if (level == Isa::avx2) return detail::micro_kernels_at<T, Isa::avx2>();
#else
  (void)level;
#endif
  return detail::micro_kernels_at<T, Isa::baseline>();
}

}  // namespace glimpse::inline v0::simd
