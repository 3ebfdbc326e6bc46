// gemm: the matrix product of row-major matrices.
//
//   (1)  C = epilogue(alpha op(A) op(B) + beta C)       op(A): (m, k), op(B): (k, n), C: (m, n)
//
// Blocks. B is divided into blocks that fit the second-level cache and packed as panels [k][two
// vectors] (blocked_gemm.hpp). B is not packed if it is small or if C has few rows. A is not
// packed: the micro-kernel broadcasts one element at a time (micro_kernel.hpp). The exception is
// A^T, where each element lies on a different cache line.
// Edges. Rows are balanced over the tiles: 64 rows are 13 + 13 + 13 + 13 + 12, not 14 + 14 + 14 +
// 14 + 8. Columns that fill at most one vector use a tile of one vector.
// Other forms. If C^T = op(B)^T op(A)^T is cheaper, it is computed (transposed_product.hpp). If C
// has very few rows, B is read only once (skinny_gemm.hpp). If many products share B, it is packed
// once (packed.hpp). If the user asked for bfloat16, bfloat16.hpp multiplies.
//
// Threads share the columns, or the rows if there are more of them. Each thread packs what it
// needs, and no thread waits for another. An element is always summed in the same order, for any
// split. The epilogue is equation (1) of epilogue.hpp.
//
// Structure after Goto, van de Geijn, "Anatomy of High-Performance Matrix Multiplication", 2008.
// Notation: docs/math/notation.md.
#pragma once

#include <algorithm>
#include <type_traits>

#include <glimpse/core/parallel.hpp>
#include <glimpse/simd/bfloat16.hpp>
#include <glimpse/simd/blocked_gemm.hpp>
#include <glimpse/simd/epilogue.hpp>
#include <glimpse/simd/skinny_gemm.hpp>
#include <glimpse/simd/transposed_product.hpp>

namespace glimpse::inline v0::simd {

/// Whether a product uses a matrix as stored or transposed.
enum class Trans : bool { no = false, yes = true };

/// C = epilogue(alpha op(A) op(B) + beta C), row-major, equation (1).
/// op(A): (m, k), op(B): (k, n), C: (m, n). lda, ldb, ldc: distance between the rows in memory, in
/// elements. A is stored as (m, k) for Trans::no, as (k, m) for Trans::yes; B likewise.
/// If beta = 0, C is never read.
template <class T>
void gemm(Trans trans_a, Trans trans_b, Index m, Index n, Index k, T alpha, const T* a, Index lda,
          const T* b, Index ldb, T beta, T* c, Index ldc, const Epilogue<T>& epilogue = {}) {
  using namespace detail;
  if (m <= 0 || n <= 0) return;
  if (k <= 0) return apply_epilogue<T>({c, ldc, nullptr, 0, m, n, beta, epilogue});
  const bool ta = trans_a == Trans::yes, tb = trans_b == Trans::yes;
  const GemmArgs<T> x{m, n, k, alpha, a, ta ? 1 : lda, ta ? lda : 1, b, ldb, tb, c, ldc};
  if (is_skinny(x)) return skinny_gemm(x, beta, epilogue);
  if (is_gemv(x)) return gemv(x, beta, epilogue);
  if constexpr (std::is_same_v<T, float>) {
    if (goes_through_bfloat16(x)) return bfloat16_product(x, beta, epilogue);
  }
  if (is_cheaper_transposed(x)) return transposed_product(x, beta, epilogue);
  blocked_product(x, beta, epilogue);
}

/// `count` products of one shape. Matrix i of an operand begins i * stride elements after the
/// first. A stride of 0 shares the operand between all products; C must not be shared.
template <class T>
void gemm_batched(Index count, Trans trans_a, Trans trans_b, Index m, Index n, Index k, T alpha,
                  const T* a, Index lda, Index stride_a, const T* b, Index ldb, Index stride_b,
                  T beta, T* c, Index ldc, Index stride_c, const Epilogue<T>& epilogue = {}) {
  const auto one = [&](Index i) {
    gemm<T>(trans_a, trans_b, m, n, k, alpha, a + i * stride_a, lda, b + i * stride_b, ldb, beta,
            c + i * stride_c, ldc, epilogue);
  };
  if (count < num_threads()) {  // few large products: the threads share each product
    for (Index i = 0; i < count; ++i) one(i);
  } else {
    parallel_blocks(count, 1, m * n * k / 64 + 1, [&](Index i, Index) { one(i); });
  }
}

/// The product by definition (1): the reference that tests compare gemm with.
template <class T>
void reference_gemm(Trans trans_a, Trans trans_b, Index m, Index n, Index k, T alpha, const T* a,
                    Index lda, const T* b, Index ldb, T beta, T* c, Index ldc,
                    const Epilogue<T>& epilogue = {}) {
  for (Index i = 0; i < m; ++i) {
    for (Index j = 0; j < n; ++j) {
      T sum = 0;
      for (Index p = 0; p < k; ++p) {
        sum += (trans_a == Trans::yes ? a[p * lda + i] : a[i * lda + p]) *
               (trans_b == Trans::yes ? b[j * ldb + p] : b[p * ldb + j]);
      }
      T y = alpha * sum + (beta == T(0) ? T(0) : beta * c[i * ldc + j]);
      if (epilogue.row_bias != nullptr) y += epilogue.row_bias[i];
      if (epilogue.column_bias != nullptr) y += epilogue.column_bias[j];
      c[i * ldc + j] = epilogue.relu && y < T(0) ? T(0) : y;
    }
  }
}

}  // namespace glimpse::inline v0::simd
