// gemm: the matrix product, row-major.
//
//   (1)  C = epilogue(alpha op(A) op(B) + beta C)       op(A): (m, k), op(B): (k, n), C: (m, n)
//
// How it runs. B is cut into blocks that stay in the second-level cache, packed as panels [k][two
// vectors] (blocked_gemm.hpp); a small B, or one that few rows meet, is read where it lies. So is
// A, one number spread over a vector at a time (micro_kernel.hpp), save A^T, whose numbers would
// each come from another cache line. Rows are balanced over the tiles: 64 rows are 13 + 13 + 13 +
// 13 + 12, not 14 + 14 + 14 + 14 + 8; columns that do not fill two vectors are left to a tile of
// one. Where that is cheaper, C^T = op(B)^T op(A)^T is computed (transposed_product.hpp). Where C
// has hardly any rows, B is read just once (skinny_gemm.hpp); a B that many products share is
// packed once for all (packed.hpp).
//
// Threads split the columns, or the rows where there are more; each packs what it needs, so no
// thread waits for another. An element is always summed in the same order, whatever the split. The
// epilogue is equation (1) of epilogue.hpp. Where bfloat16 was asked for, it multiplies
// (bfloat16.hpp).
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

/// Whether a matrix enters a product as it lies in memory or transposed.
enum class Trans : bool { no = false, yes = true };

/// C = epilogue(alpha op(A) op(B) + beta C), row-major, equation (1).
/// op(A): (m, k), op(B): (k, n), C: (m, n). lda, ldb, ldc: distance between rows as they lie in
/// memory, so A is (m, k) for Trans::no and (k, m) for Trans::yes. With beta = 0 C is never read.
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

/// `count` products of the same shape; matrix i of each operand begins i strides after the first.
/// A stride of 0 shares an operand. C must not be shared.
template <class T>
void gemm_batched(Index count, Trans trans_a, Trans trans_b, Index m, Index n, Index k, T alpha,
                  const T* a, Index lda, Index stride_a, const T* b, Index ldb, Index stride_b,
                  T beta, T* c, Index ldc, Index stride_c, const Epilogue<T>& epilogue = {}) {
  const auto one = [&](Index i) {
    gemm<T>(trans_a, trans_b, m, n, k, alpha, a + i * stride_a, lda, b + i * stride_b, ldb, beta,
            c + i * stride_c, ldc, epilogue);
  };
  if (count < num_threads()) {  // few and large: the threads share each product
    for (Index i = 0; i < count; ++i) one(i);
  } else {
    parallel_blocks(count, 1, m * n * k / 64 + 1, [&](Index i, Index) { one(i); });
  }
}

/// The same by the definition (1): the reference that tests hold gemm against.
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
