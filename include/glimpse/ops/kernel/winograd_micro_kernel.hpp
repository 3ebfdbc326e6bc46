// winograd_micro_kernel: the products of Winograd's convolutions, with one tile of sums in
// registers.
//
//   (1)  M[i][j] (+)= sum_g sum_l  V[g][i][l] U[g][l][j]       i: tiles, j: 2 L filters,
//                                                              c = g L + l: input channels
//   (2)  dU[i][j] (+)= sum_t  D[t][i] V_j[t]                   i: filters, j: 2 L input channels,
//                                                              t: tiles
//
// Works as simd/micro_kernel.hpp, on the layouts of winograd_plan.hpp. V is larger than the
// second-level cache, and its runs are too short for the hardware prefetcher. While the kernel sums
// one tile, it therefore prefetches the lines of the next.
// Notation: docs/math/notation.md.
#pragma once

#include <algorithm>
#include <utility>

#include <glimpse/ops/kernel/winograd_transforms.hpp>
#include <glimpse/simd/micro_kernel.hpp>

namespace glimpse::inline v0::kernel::winograd {

/// Arguments of one call of (1) or (2).
template <class T>
struct WinogradGemmArgs {
  const T* a;
  Index a_step;      // (1): distance between groups, (2): between tiles
  const T* b[2];     // (1): the second is unused
  const T* ahead;    // `a` of the next call, to prefetch
  const T* b_ahead;  // the part of b to prefetch next, in steps of a cache line
  Index count;       // (1): groups, (2): tiles
  T* out;
  Index out_row;
  bool add;
};

template <class V, int Rows>
[[gnu::always_inline]] inline void put(const WinogradGemmArgs<simd::Scalar<V>>& s,
                                       const V (&sum)[Rows][2]) {
#pragma GCC unroll 16
  for (int i = 0; i < Rows; ++i) {
#pragma GCC unroll 2
    for (int j = 0; j < 2; ++j) {
      auto* const at = s.out + i * s.out_row + j * simd::lanes<V>;
      V v = sum[i][j];
      if (s.add) {
        V old;
        simd::load(old, at);
        v += old;
      }
      simd::store(at, v);
    }
  }
}

/// (1) for `Rows` tiles.
template <class T, int Rows>
struct ForwardSum {
  template <int Bytes>
  [[gnu::always_inline]] static inline void run(const WinogradGemmArgs<T>* s) {
    using V = simd::Vec<T, Bytes>;
    constexpr Index w = simd::lanes<V>;
    V sum[Rows][2];
#pragma GCC unroll 16
    for (int i = 0; i < Rows; ++i) sum[i][0] = sum[i][1] = V{};
    const T *a = s->a, *b = s->b[0], *ahead = s->ahead, *b_ahead = s->b_ahead;
    for (Index g = 0; g < s->count; ++g, a += s->a_step, ahead += s->a_step) {
      for (Index l = 0; l < w; ++l, b += 2 * w) {
        V x, y;
        simd::load(x, b);
        simd::load(y, b + w);
        __builtin_prefetch(ahead + l * w);
        __builtin_prefetch(b_ahead, 0, 2);
        b_ahead += w;
#pragma GCC unroll 16
        for (int i = 0; i < Rows; ++i) {
          const T v = a[i * w + l];
          sum[i][0] += v * x;
          sum[i][1] += v * y;
        }
      }
    }
    put(*s, sum);
  }
};

/// (2) for `Rows` filters.
template <class T, int Rows>
struct WeightSum {
  template <int Bytes>
  [[gnu::always_inline]] static inline void run(const WinogradGemmArgs<T>* s) {
    using V = simd::Vec<T, Bytes>;
    constexpr Index w = simd::lanes<V>;
    V sum[Rows][2];
#pragma GCC unroll 16
    for (int i = 0; i < Rows; ++i) sum[i][0] = sum[i][1] = V{};
    const T *a = s->a, *b0 = s->b[0], *b1 = s->b[1], *ahead = s->ahead, *b_ahead = s->b_ahead;
    for (Index t = 0; t < s->count; ++t, a += w, b0 += w, b1 += w, ahead += w, b_ahead += w) {
      __builtin_prefetch(ahead, 0, 2);
      __builtin_prefetch(b_ahead, 0, 2);
      V x, y;
      simd::load(x, b0);
      simd::load(y, b1);
#pragma GCC unroll 16
      for (int i = 0; i < Rows; ++i) {
        const T v = a[i];
        sum[i][0] += v * x;
        sum[i][1] += v * y;
      }
    }
    put(*s, sum);
  }
};

/// The products of the current level. forward[rows - 1] handles up to `rows` tiles, weight handles
/// `filters` filters.
template <class T>
struct WinogradMicroKernels {
  using Run = void (*)(const WinogradGemmArgs<T>*);
  int rows, filters;
  Run forward[14];
  Run weight;
};

template <class T>
WinogradMicroKernels<T> sums() {
  return at_level([](auto level) {
    constexpr simd::Isa isa = level();
    constexpr int lanes = simd::vector_bytes(isa) / static_cast<int>(sizeof(T));
    constexpr bool many = lanes > 8 || isa == simd::Isa::avx512;  // enough registers for 8 x 2 sums
    constexpr int filters = std::min(lanes, many ? 8 : 4);
    WinogradMicroKernels<T> set{simd::tile_rows(isa), filters, {}, nullptr};
    [&]<int... I>(std::integer_sequence<int, I...>) {
      ((set.forward[I] = simd::entry<isa, ForwardSum<T, I + 1>, const WinogradGemmArgs<T>*>()),
       ...);
    }
    (std::make_integer_sequence<int, simd::tile_rows(isa)>{});
    set.weight = simd::entry<isa, WeightSum<T, filters>, const WinogradGemmArgs<T>*>();
    return set;
  });
}

}  // namespace glimpse::inline v0::kernel::winograd
