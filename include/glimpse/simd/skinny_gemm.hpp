// skinny_gemm: products C = alpha A op(B) in which C has few rows: one word, one step of a
// recurrent layer, a matrix times a vector. Memory bandwidth limits them, therefore nothing is
// packed.
//
//   axpy form, B  (k, n):  c_i += sum over 8 / M rows p of B of  a_ip b_p      for M rows i at once
//   dot form, B^T (n, k):  c_ij = sum_p a_ip b_jp,  in lanes, the lanes added at the end
//
// Both forms read B in memory order, once for every M = 4, 2 or 1 rows of C. The eight sums of a
// step (axpy form: eight elements of A) fit the registers of every instruction set. The value of an
// element depends neither on M nor on the first column of a thread's block.
#pragma once

#include <algorithm>
#include <utility>

#include <glimpse/core/parallel.hpp>
#include <glimpse/core/storage.hpp>
#include <glimpse/simd/blocked_gemm.hpp>

namespace glimpse::inline v0::simd::detail {

/// m rows of A times a block of columns of op(B): out = alpha A op(B). Strides are in elements.
template <class T>
struct SkinnyGemmArgs {
  Index m, n, k;
  T alpha;
  const T* a;
  Index a_row;
  const T* b;  // first column of the block; of B^T, its first row
  Index b_row;
  T* out;
  Index out_row;
};

/// Loads `count` lanes; without a branch if Whole, when count is the full vector.
template <bool Whole, class V>
[[gnu::always_inline]] inline void load_lanes(V& v, const Scalar<V>* p, Index count) {
  if constexpr (Whole) {
    load(v, p);
  } else {
    load_partial(v, p, count);
  }
}

/// One round for a pair of vectors: lanes t of the result with t & H = 0 hold a_t + a_t+H, the
/// others b_t-H + b_t.
template <int H, class V, int... Lane>
[[gnu::always_inline]] inline void add_halves(V& a, const V& b,
                                              std::integer_sequence<int, Lane...>) {
  constexpr int w = static_cast<int>(sizeof...(Lane));
  const V x = a, y = b;
  a = __builtin_shufflevector(x, y, ((Lane & H) ? w + Lane - H : Lane)...) +
      __builtin_shufflevector(x, y, ((Lane & H) ? w + Lane : Lane + H)...);
}

/// Sums the lanes of `Count` vectors at once, each in the order of sum_lanes. Vectors are merged in
/// pairs while there are two; then the lanes of each vector are added.
template <int Count, int H, class V>
[[gnu::always_inline]] inline void merge_lanes(V* v) {
  if constexpr (H > 0) {
    constexpr int left = Count > 1 ? Count / 2 : 1;
#pragma GCC unroll 4
    for (int i = 0; i < left; ++i)
      add_halves<H>(v[i], v[Count > 1 ? i + left : i],
                    std::make_integer_sequence<int, static_cast<int>(lanes<V>)>{});
    merge_lanes<left, H / 2>(v);
  }
}

template <class V>
[[gnu::always_inline]] inline void sum_lanes_of_8(Scalar<V>* total, V* v) {
  constexpr int w = static_cast<int>(lanes<V>), merged = w < 8 ? w : 8, left = 8 / merged;
  merge_lanes<8, w / 2>(v);
  Scalar<V> lane[left][w];
#pragma GCC unroll 4
  for (int i = 0; i < left; ++i) store(lane[i], v[i]);
#pragma GCC unroll 8
  for (int c = 0; c < 8; ++c) total[c] = lane[c % left][c / left * (w / merged)];
}

struct SkinnyGemmDotForm {
  template <int Bytes, class T>
  [[gnu::always_inline]] static inline void run(const SkinnyGemmArgs<T>* f) {
    using V = Vec<T, Bytes>;
    Index j = 0;
    for (; j + 8 <= f->n; j += 8) rows<V, 8>(*f, j);
    for (; j < f->n; ++j) rows<V, 1>(*f, j);
  }

 private:
  /// All rows of A times `Columns` rows of B^T, which stay in the first-level cache meanwhile.
  /// Columns = 8 is divided into 4 x 2, 2 x 4 or 1 x 8 (rows x columns): always eight sums, because
  /// two multiply-adds a cycle with a latency of 4 cycles need eight independent sums.
  template <class V, int Columns>
  [[gnu::always_inline]] static inline void rows(const SkinnyGemmArgs<Scalar<V>>& f, Index j) {
    Index i = 0;
    for (; i + 4 <= f.m; i += 4) {
#pragma GCC unroll 4
      for (int c = 0; c < (Columns + 1) / 2; ++c) sums<V, 4, Columns == 1 ? 1 : 2>(f, i, j + 2 * c);
    }
    for (; i + 2 <= f.m; i += 2) {
#pragma GCC unroll 2
      for (int c = 0; c < (Columns + 3) / 4; ++c) sums<V, 2, Columns == 1 ? 1 : 4>(f, i, j + 4 * c);
    }
    if (i < f.m) sums<V, 1, Columns>(f, i, j);
  }

  template <class V, int M, int N>
  [[gnu::always_inline]] static inline void sums(const SkinnyGemmArgs<Scalar<V>>& f, Index i,
                                                 Index j) {
    V sum[M][N];
#pragma GCC unroll 8
    for (int r = 0; r < M; ++r) {
#pragma GCC unroll 8
      for (int c = 0; c < N; ++c) sum[r][c] = V{};
    }
    const Scalar<V>* const a = f.a + i * f.a_row;
    const Scalar<V>* const b = f.b + j * f.b_row;
    Index p = 0;
    for (; p + lanes<V> <= f.k; p += lanes<V>) step<true>(f, a + p, b + p, lanes<V>, sum);
    if (p < f.k) step<false>(f, a + p, b + p, f.k - p, sum);
    if constexpr (M * N == 8) {
      Scalar<V> total[8];
      sum_lanes_of_8(total, &sum[0][0]);
      for (int r = 0; r < M; ++r) {
        for (int c = 0; c < N; ++c) f.out[(i + r) * f.out_row + j + c] = f.alpha * total[r * N + c];
      }
    } else {
      for (int r = 0; r < M; ++r) f.out[(i + r) * f.out_row + j] = f.alpha * sum_lanes(sum[r][0]);
    }
  }

  template <bool Whole, class V, int M, int N>
  [[gnu::always_inline]] static inline void step(const SkinnyGemmArgs<Scalar<V>>& f,
                                                 const Scalar<V>* a, const Scalar<V>* b,
                                                 Index count, V (&sum)[M][N]) {
    V x[M], y;
#pragma GCC unroll 8
    for (int r = 0; r < M; ++r) load_lanes<Whole>(x[r], a + r * f.a_row, count);
#pragma GCC unroll 8
    for (int c = 0; c < N; ++c) {
      load_lanes<Whole>(y, b + c * f.b_row, count);
#pragma GCC unroll 8
      for (int r = 0; r < M; ++r) sum[r][c] += x[r] * y;
    }
  }
};

struct SkinnyGemmAxpyForm {
  template <int Bytes, class T>
  [[gnu::always_inline]] static inline void run(const SkinnyGemmArgs<T>* f) {
    using V = Vec<T, Bytes>;
    for (Index i = 0; i < f->m; ++i) {
      for (Index j = 0; j < f->n; ++j) f->out[i * f->out_row + j] = 0;
    }
    Index p = 0;
    for (; p + 8 <= f->k; p += 8) rows<V, 8>(*f, p);
    for (; p < f->k; ++p) rows<V, 1>(*f, p);
  }

 private:
  template <class V, int Depth>
  [[gnu::always_inline]] static inline void rows(const SkinnyGemmArgs<Scalar<V>>& f, Index p) {
    Index i = 0;
    for (; i + 4 <= f.m; i += 4) {
      for (int d = 0; d < Depth; d += 2) add<V, 4, Depth == 1 ? 1 : 2>(f, i, p + d);
    }
    for (; i + 2 <= f.m; i += 2) {
      for (int d = 0; d < Depth; d += 4) add<V, 2, Depth == 1 ? 1 : 4>(f, i, p + d);
    }
    if (i < f.m) add<V, 1, Depth>(f, i, p);
  }

  /// out_i += sum of `Depth` rows of B, each scaled by its element of A. M * Depth = 8 as above.
  template <class V, int M, int Depth>
  [[gnu::always_inline]] static inline void add(const SkinnyGemmArgs<Scalar<V>>& f, Index i,
                                                Index p) {
    using T = Scalar<V>;
    T a[M][Depth];
#pragma GCC unroll 8
    for (int r = 0; r < M; ++r) {
#pragma GCC unroll 8
      for (int d = 0; d < Depth; ++d) a[r][d] = f.alpha * f.a[(i + r) * f.a_row + p + d];
    }
    const T* const b = f.b + p * f.b_row;
    T* const out = f.out + i * f.out_row;
    Index j = 0;
    for (; j + lanes<V> <= f.n; j += lanes<V>) {
      V sum[M], x;
#pragma GCC unroll 8
      for (int r = 0; r < M; ++r) load(sum[r], out + r * f.out_row + j);
#pragma GCC unroll 8
      for (int d = 0; d < Depth; ++d) {
        load(x, b + d * f.b_row + j);
#pragma GCC unroll 8
        for (int r = 0; r < M; ++r) sum[r] += a[r][d] * x;
      }
#pragma GCC unroll 8
      for (int r = 0; r < M; ++r) store(out + r * f.out_row + j, sum[r]);
    }
    for (; j < f.n; ++j) {
      for (int r = 0; r < M; ++r) {
        T sum = out[r * f.out_row + j];
        for (int d = 0; d < Depth; ++d) sum += a[r][d] * b[d * f.b_row + j];
        out[r * f.out_row + j] = sum;
      }
    }
  }
};

/// True if C has few rows. Measured: with more rows, reuse of a packed B outweighs its packing.
template <class T>
bool is_skinny(const GemmArgs<T>& x) {
  return x.m <= (x.b_transposed ? 6 : 2);
}

template <class T>
void skinny_gemm(const GemmArgs<T>& x, T beta, const Epilogue<T>& epilogue) {
  const bool straight = beta == T(0) && epilogue.none();
  const Storage rows(x.a_step == 1 ? 0 : static_cast<std::size_t>(x.m * x.k) * sizeof(T));
  SkinnyGemmArgs<T> f{x.m, x.n, x.k, x.alpha, x.a, x.a_row, x.b, x.b_stride, x.c, x.c_stride};
  if (x.a_step != 1) {
    T* const a = static_cast<T*>(rows.data());
    for (Index i = 0; i < x.m; ++i) {
      for (Index p = 0; p < x.k; ++p) a[i * x.k + p] = x.a[i * x.a_row + p * x.a_step];
    }
    f.a = a, f.a_row = x.k;
  }
  // Axpy form: 2048 columns, because the sums of a block must fit the first-level cache.
  // Dot form: sums stay in registers, and 128 columns only set the size of a task.
  const Index share = round_up(ceil_div(x.n, num_threads()), 64);
  const Index block = std::min<Index>(share, x.b_transposed ? 128 : 2048);
  parallel_blocks(x.n, block, x.m * x.k / 16 + 1, [&](Index j0, Index j1) {
    const Index width = j1 - j0;
    const Storage sums(straight ? 0 : static_cast<std::size_t>(x.m * width) * sizeof(T));
    SkinnyGemmArgs<T> partial = f;
    partial.n = width, partial.b += x.b_transposed ? j0 * x.b_stride : j0, partial.out += j0;
    if (!straight) partial.out = static_cast<T*>(sums.data()), partial.out_row = width;
    if (x.b_transposed) {
      dispatch<SkinnyGemmDotForm, const SkinnyGemmArgs<T>*>(&partial);
    } else {
      dispatch<SkinnyGemmAxpyForm, const SkinnyGemmArgs<T>*>(&partial);
    }
    if (straight) return;
    apply_epilogue<T>(
        {x.c + j0, x.c_stride, partial.out, width, x.m, width, beta, shifted(epilogue, 0, j0)});
  });
}

/// True for a matrix times a column, y = alpha A b. The dot form computes it with b as its only
/// row.
template <class T>
bool is_gemv(const GemmArgs<T>& x) {
  return x.n == 1 && x.a_step == 1 && (x.b_transposed || x.b_stride == 1);
}

template <class T>
void gemv(const GemmArgs<T>& x, T beta, const Epilogue<T>& e) {
  const T bias = e.column_bias != nullptr ? e.column_bias[0] : T(0);
  parallel_blocks(x.m, 128, x.k / 16 + 1, [&](Index i0, Index i1) {
    T sums[128];
    const SkinnyGemmArgs<T> partial{1,       i1 - i0, x.k,    x.alpha, x.b, x.k, x.a + i0 * x.a_row,
                                    x.a_row, sums,    i1 - i0};
    dispatch<SkinnyGemmDotForm, const SkinnyGemmArgs<T>*>(&partial);
    for (Index i = i0; i < i1; ++i) {
      T& c = x.c[i * x.c_stride];
      const T old = beta == T(0) ? T(0) : beta * c;
      c = sums[i - i0] + old + (e.row_bias != nullptr ? e.row_bias[i] : T(0)) + bias;
      if (e.relu && c < T(0)) c = 0;
    }
  });
}

}  // namespace glimpse::inline v0::simd::detail
