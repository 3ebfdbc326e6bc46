// bfloat16: matrix products of operands rounded to bfloat16, with sums in float. A bfloat16 is the
// upper half of a float: 8 bits of exponent, 8 of mantissa, rounded to nearest even. The relative
// error of each factor is at most 2^-9.
//
//   (1)  c_ij += a_i,2q b_2q,j + a_i,2q+1 b_2q+1,j        one instruction for a vector of j
//
// Two neighbors along k form a pair of 32 bits. A row of A is a sequence of pairs, and the kernel
// broadcasts one pair at a time. Row q of a panel of B holds the pairs of its columns. The tile
// then works as in micro_kernel.hpp, with twice the multiply-adds for each instruction. AVX512_BF16
// computes (1) as VDPBF16PS. Other CPUs convert the halves back to floats and multiply those. This
// form is slower than float, but gives the same result up to the rounding of sums. Every machine
// can therefore test and measure the effect of the rounding.
// Notation: docs/math/notation.md.
#pragma once

#include <algorithm>
#include <utility>

#include <glimpse/simd/blocked_gemm.hpp>
#include <glimpse/simd/precision.hpp>

namespace glimpse::inline v0::simd {

/// True if the CPU multiplies bfloat16 itself and the current instruction set allows AVX-512.
inline bool has_bfloat16() {
#if defined(__x86_64__)
  return isa() == Isa::avx512 && __builtin_cpu_supports("avx512bf16");
#else
  return false;
#endif
}

namespace detail {

/// Rounds each float to nearest even; the result is in the lower half of the lane.
/// A NaN keeps its sign and becomes quiet, because rounding could carry its mantissa to infinity.
template <class V, class I>
[[gnu::always_inline]] inline void round_to_bfloat16(I& y, const V& x) {
  I u;
  bits(u, x);
  const I rounded = (u + 0x7fff + ((u >> 16) & 1)) >> 16, nan = (u >> 16) | 0x40;
  y = (x != x ? nan : rounded) & 0xffff;
}

/// dst[q * width + j] = the pair (src[2q][j], src[2q + 1][j]); rows past `depth` count as zero.
struct PairRows {
  template <int Bytes>
  [[gnu::always_inline]] static inline void run(int* dst, const float* src, Index width,
                                                Index depth) {
    using V = Vec<float, Bytes>;
    using I = Vec<int, Bytes>;
    for (Index p = 0; p < depth; p += 2) {
      for (Index j = 0; j < width; j += lanes<V>) {
        V x, y{};
        load(x, src + p * width + j);
        if (p + 1 < depth) load(y, src + (p + 1) * width + j);
        I u, v;
        round_to_bfloat16(u, x);
        round_to_bfloat16(v, y);
        store(dst + p / 2 * width + j, I(u | (v << 16)));
      }
    }
  }
};

/// dst[q] = the pair (src[2q], src[2q + 1]); an element past `count` counts as zero.
struct PairNeighbors {
  template <int Bytes>
  [[gnu::always_inline]] static inline void run(int* dst, const float* src, Index count) {
    using V = Vec<float, Bytes>;
    using I = Vec<int, Bytes>;
    Index p = 0;
    for (; p + 2 * lanes<V> <= count; p += 2 * lanes<V>) {
      V x, y;
      load(x, src + p);
      load(y, src + p + lanes<V>);
      pair<V, I>(dst + p / 2, x, y, std::make_integer_sequence<int, int{lanes<V>}>{});
    }
    for (; p < count; p += 2) {
      V x{};
      I u;
      x[0] = src[p];
      x[1] = p + 1 < count ? src[p + 1] : 0.0f;
      round_to_bfloat16(u, x);
      dst[p / 2] = u[0] | (u[1] << 16);
    }
  }

 private:
  template <class V, class I, int... Lane>
  [[gnu::always_inline]] static inline void pair(int* dst, const V& x, const V& y,
                                                 std::integer_sequence<int, Lane...>) {
    I u, v;
    round_to_bfloat16(u, x);
    round_to_bfloat16(v, y);
    const I even = __builtin_shufflevector(u, v, (2 * Lane)...);
    const I odd = __builtin_shufflevector(u, v, (2 * Lane + 1)...);
    store(dst, I(even | (odd << 16)));
  }
};

/// One tile of (1). a: rows of pairs, a_row apart; b: a panel of pairs; k: number of pairs.
struct PairTile {
  const int* a;
  Index a_row;
  const int* b;
  Index k;
  float* out;
  Index out_row;
  float alpha;
  bool add;
};

template <class V, int Rows>
[[gnu::always_inline]] inline void put_pair_tile(const PairTile* t, V (&sum)[Rows][2]) {
  const float alpha = t->alpha;
  const bool add = t->add;
  float* out = t->out;
  const Index out_row = t->out_row;
#pragma GCC unroll 16
  for (int i = 0; i < Rows; ++i, out += out_row) {
#pragma GCC unroll 2
    for (int j = 0; j < 2; ++j) {
      V v = sum[i][j] * alpha, old{};
      if (add) load(old, out + j * lanes<V>);
      store(out + j * lanes<V>, V(v + old));
    }
  }
}

template <int Rows>
struct PairTileKernel {
  template <int Bytes>
  [[gnu::always_inline]] static inline void run(const PairTile* t) {
    using V = Vec<float, Bytes>;
    using I = Vec<int, Bytes>;
    V sum[Rows][2];
#pragma GCC unroll 16
    for (int i = 0; i < Rows; ++i) sum[i][0] = sum[i][1] = V{};
    const int* b = t->b;
    for (Index p = 0; p < t->k; ++p, b += 2 * lanes<V>) {
#pragma GCC unroll 2
      for (int j = 0; j < 2; ++j) {
        I pairs;
        V first, second, x, y;
        load(pairs, b + j * lanes<V>);
        halves(first, second, pairs);
#pragma GCC unroll 16
        for (int i = 0; i < Rows; ++i) {
          const I a = t->a[i * t->a_row + p] - I{};
          halves(x, y, a);
          sum[i][j] += x * first;
          sum[i][j] += y * second;
        }
      }
    }
    put_pair_tile(t, sum);
  }

 private:
  template <class V, class I>
  [[gnu::always_inline]] static inline void halves(V& first, V& second, const I& pairs) {
    bits(first, I(pairs << 16));
    bits(second, I(pairs & ~0xffff));
  }
};

#if defined(__x86_64__)
/// The tile with VDPBF16PS. Uses assembly because compilers disagree on the operand types of their
/// built-in functions. A function with its own target attribute, because Clang checks the target
/// here.
template <int Rows>
[[gnu::target("avx512f,avx512vl,avx512bw,avx512dq,avx512bf16,fma")]] inline void native_pair_tile(
    const PairTile* t) {
  using V = Vec<float, 64>;
  using I = Vec<int, 64>;
  V sum[Rows][2];
#pragma GCC unroll 16
  for (int i = 0; i < Rows; ++i) sum[i][0] = sum[i][1] = V{};
  const int* b = t->b;
  for (Index p = 0; p < t->k; ++p, b += 2 * lanes<V>) {
    I x, y;
    load(x, b);
    load(y, b + lanes<V>);
#pragma GCC unroll 16
    for (int i = 0; i < Rows; ++i) {
      const I a = t->a[i * t->a_row + p] - I{};
      asm("vdpbf16ps %2, %1, %0" : "+v"(sum[i][0]) : "v"(a), "v"(x));
      asm("vdpbf16ps %2, %1, %0" : "+v"(sum[i][1]) : "v"(a), "v"(y));
    }
  }
  put_pair_tile(t, sum);
}
#endif

using PairTileFunction = void (*)(const PairTile*);

/// The kernel for a tile of `rows` rows at the current instruction set.
inline PairTileFunction pair_tile(Index rows) {
  const auto pick = [&]<int... I>(std::integer_sequence<int, I...>) {
    PairTileFunction found = nullptr;
#if defined(__x86_64__)
    if (has_bfloat16()) {
      ((rows == I + 1 ? void(found = &native_pair_tile<I + 1>) : void()), ...);
      return found;
    }
#endif
    const Isa level = isa();
    ((rows == I + 1 ? void(found = entry<PairTileKernel<I + 1>, const PairTile*>(level)) : void()),
     ...);
    return found;
  };
  return pick(std::make_integer_sequence<int, tile_rows(Isa::avx512)>{});
}

/// Rows [m0, m1) and columns [n0, n1) of the product; arguments as in gemm_block.
template <class Done>
void bfloat16_block(const GemmArgs<float>& x, Index m0, Index m1, Index n0, Index n1, bool add,
                    Done&& done) {
  const MicroKernels<float>& set = micro_kernels<float>();
  const Index cols = set.cols, width = n1 - n0, wide = round_up(width, cols);
  // 512 rows of B as in rows_of_block. `loose`: a panel of B or a strip of A before rounding.
  const Index depth = round_up(std::min<Index>(x.k, 512), 2), pairs = depth / 2;
  const Index strips = ceil_div(m1 - m0, set.rows), rows_most = ceil_div(m1 - m0, strips);
  const Index loose = std::max(cols, round_up(rows_most, cols)) * depth;
  const Storage memory(
      static_cast<std::size_t>(pairs * (wide + rows_most) + loose + rows_most * cols) *
      sizeof(float));
  int* const b = static_cast<int*>(memory.data());
  int* const a = b + pairs * wide;
  float* const floats = static_cast<float*>(memory.data()) + pairs * (wide + rows_most);
  float* const tile = floats + loose;
  for (Index k0 = 0; k0 < x.k; k0 += depth) {
    const Index k = std::min(depth, x.k - k0), half = ceil_div(k, 2);
    for (Index j = 0; j < width; j += cols) {
      const Index filled = std::min(cols, width - j);
      const float* const from =
          x.b + (x.b_transposed ? (n0 + j) * x.b_stride + k0 : k0 * x.b_stride + n0 + j);
      (x.b_transposed ? pack_transposed<float> : pack_copied<float>)(floats, cols, from, x.b_stride,
                                                                     k, filled);
      dispatch<PairRows>(b + j * half, static_cast<const float*>(floats), cols, k);
    }
    for (Index s = 0; s < strips; ++s) {
      const Index i = m0 + s * (m1 - m0) / strips, rows = m0 + (s + 1) * (m1 - m0) / strips - i;
      const float* from = x.a + i * x.a_row + k0 * x.a_step;
      Index stride = x.a_row;
      if (x.a_step != 1) {
        pack_transposed(floats, k, from, x.a_step, rows, k);  // reads only these columns
        from = floats, stride = k;
      }
      for (Index r = 0; r < rows; ++r) dispatch<PairNeighbors>(a + r * half, from + r * stride, k);
      const PairTileFunction run = pair_tile(rows);
      for (Index j = 0; j < width; j += cols) {
        float* const c = x.c + i * x.c_stride + n0 + j;
        const bool adds = add || k0 > 0;
        PairTile t{a, half, b + j * half, half, c, x.c_stride, x.alpha, adds};
        if (j + cols <= width) {
          run(&t);
        } else {
          t.out = tile, t.out_row = cols, t.add = false;
          run(&t);
          apply_epilogue<float>({c, x.c_stride, tile, cols, rows, width - j, float(adds), {}});
        }
      }
      if (k0 + k == x.k) done(i, rows);
    }
  }
}

/// True if the product uses bfloat16: if the user asked for it and it can be faster. A product with
/// few rows or columns gains nothing, because memory bandwidth limits it. For k below 16 the
/// conversion of the operands would cost as much as the product saves.
template <class T>
bool goes_through_bfloat16(const GemmArgs<T>& x) {
  if constexpr (std::is_same_v<T, float>) {
    return precision() == Precision::bfloat16 && x.packed == nullptr && x.m >= 8 && x.n >= 8 &&
           x.k >= 16;
  } else {
    return false;
  }
}

/// C = epilogue(alpha A B + beta C) with A and B rounded to bfloat16.
inline void bfloat16_product(const GemmArgs<float>& x, float beta,
                             const Epilogue<float>& epilogue) {
  split_gemm(x, [&](Index m0, Index m1, Index n0, Index n1) {
    float* const c = x.c + m0 * x.c_stride + n0;
    if (beta != 0 && beta != 1)
      apply_epilogue<float>({c, x.c_stride, nullptr, 0, m1 - m0, n1 - n0, beta, {}});
    bfloat16_block(x, m0, m1, n0, n1, beta != 0, [&](Index i, Index rows) {
      if (epilogue.none()) return;
      apply_epilogue<float>({x.c + i * x.c_stride + n0, x.c_stride, nullptr, 0, rows, n1 - n0, 1.0f,
                             shifted(epilogue, i, n0)});
    });
  });
}

}  // namespace detail

}  // namespace glimpse::inline v0::simd
