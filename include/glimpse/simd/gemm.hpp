// gemm: the matrix product, row-major.
//
//   (1)  C = epilogue(alpha op(A) op(B) + beta C)       op(A): (m, k), op(B): (k, n), C: (m, n)
//
// How it runs. B is cut into blocks of some 512 rows and at most 256 columns, which stay in the
// second-level cache, packed as panels [k][two vectors] (product.hpp). A is read where it lies, one
// number spread over a vector at a time (tile.hpp), save A^T, whose numbers would each come from
// another cache line. Rows are balanced over the tiles: 64 rows are 13 + 13 + 13 + 13 + 12, not
// 14 + 14 + 14 + 14 + 8. Where B^T is large and C has few rows, as in y = x W^T for a batch,
// C^T = B A^T is computed instead: W is then read in place and only x is packed. Where C has hardly
// any rows, B is read just once, as it lies (few_rows.hpp). Threads split the columns, or the rows
// where columns are few; each packs what it needs, so no thread waits for another. An element is
// always summed in the same order, whatever the split. A B that many products share is packed
// once for all of them (packed.hpp). The epilogue is equation (1) of epilogue.hpp.
//
// Structure after Goto, van de Geijn, "Anatomy of High-Performance Matrix Multiplication", 2008.
#pragma once

#include <algorithm>

#include <glimpse/core/parallel.hpp>
#include <glimpse/core/storage.hpp>
#include <glimpse/simd/epilogue.hpp>
#include <glimpse/simd/few_rows.hpp>
#include <glimpse/simd/product.hpp>

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
  const bool plain = epilogue.none();
  if (k <= 0) return finish<T>({c, ldc, nullptr, 0, m, n, beta, epilogue});
  const bool ta = trans_a == Trans::yes, tb = trans_b == Trans::yes;
  const Product<T> x{m, n, k, alpha, a, ta ? 1 : lda, ta ? lda : 1, b, ldb, tb, c, ldc};
  if (has_few_rows(x)) return few_rows_product(x, beta, epilogue);
  if (has_one_column(x)) return one_column_product(x, beta, epilogue);
  const Index cols = tiles<T>().cols;

  if (tb && !ta && m <= 128 && 2 * m <= k && 8 * (round_up(m, cols) - m) <= m) {  // C^T = B A^T
    const Index row = round_up(m, cols);
    const Product<T> turned{n, m, k, alpha, b, ldb, 1, a, lda, true, nullptr, row};
    const Index chunk = std::min<Index>(n_block, round_up(ceil_div(n, num_threads()), cols));
    parallel_blocks(n, chunk, m * k / 64 + 1, [&](Index j0, Index j1) {
      const Storage scratch(static_cast<std::size_t>((j1 - j0) * row + m * (j1 - j0)) * sizeof(T));
      Product<T> part = turned;
      part.m = j1 - j0, part.a = b + j0 * ldb, part.c = static_cast<T*>(scratch.data());
      product_block(part, 0, part.m, 0, m, false, [](Index, Index) {});
      T* const back = part.c + part.m * row;
      const bool direct = plain && beta == T(0);
      if (direct && ldc == part.m) return pack_transposed<T>(c, part.m, part.c, row, m, part.m);
      pack_transposed<T>(back, part.m, part.c, row, m, part.m);
      finish<T>({c + j0, ldc, back, part.m, m, part.m, beta, shifted(epilogue, 0, j0)});
    });
    return;
  }

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
