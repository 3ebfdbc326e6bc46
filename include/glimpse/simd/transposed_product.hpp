// transposed_product: computes a product by its transpose if that is cheaper.
//
//   (1)  C^T = op(B)^T op(A)^T
//
// Columns of C are processed in whole vectors, rows are not. For example, 37 columns need three
// vectors of 16, and 11 of 48 lanes are idle. The kernel then computes C^T and transposes the
// result in cache. The form also helps y = x w^T for a small batch x: as w x^T it reads w in place
// and packs only x.
// Notation: docs/math/notation.md.
#pragma once

#include <algorithm>

#include <glimpse/simd/blocked_gemm.hpp>

namespace glimpse::inline v0::simd::detail {

/// The arguments of (1) as a product; its C is scratch memory.
template <class T>
GemmArgs<T> swap_operands(const GemmArgs<T>& x) {
  const Index a_row = x.b_transposed ? x.b_stride : 1, a_step = x.b_transposed ? 1 : x.b_stride;
  const bool lies = x.a_step != 1;  // A^T as stored is then the B of the other product
  return {x.n,   x.m,     x.k, x.alpha, x.b, a_row, a_step, x.a, lies ? x.a_step : x.a_row,
          !lies, nullptr, 0};
}

/// Estimated cost of one step of k, in multiply-adds of vectors: the tiles, plus packing. Weights
/// are the cost for each packed element. B^T (0.35) costs more than B (0.1), because it is
/// transposed in registers. A^T (0.3) is packed again for every block of 512 columns.
template <class T>
double cost_of(const GemmArgs<T>& x) {
  const Index lanes = micro_kernels<T>(x.level).cols / 2;
  const double pack_b = x.b_transposed ? 0.35 : 0.1;
  const double pack_a = x.a_step == 1 ? 0 : 0.3 * static_cast<double>(ceil_div(x.n, 512));
  return static_cast<double>(x.m * ceil_div(x.n, lanes)) + pack_b * static_cast<double>(x.n) +
         pack_a * static_cast<double>(x.m);
}

/// True if (1) is cheaper. Transposing C costs 0.5 for each element once, shared by the k steps.
/// Below k = 64 this cost would dominate. The factor 0.97 keeps the direct form if the estimates
/// nearly tie.
template <class T>
bool is_cheaper_transposed(const GemmArgs<T>& x) {
  if (x.k < 64) return false;
  const double transposition = 0.5 * static_cast<double>(x.m * x.n) / static_cast<double>(x.k);
  return cost_of(swap_operands(x)) + transposition < 0.97 * cost_of(x);
}

/// C = epilogue(alpha A B + beta C), computed by (1).
template <class T>
void transposed_product(const GemmArgs<T>& whole, T beta, const Epilogue<T>& epilogue) {
  constexpr Index batch = 64;  // rows of C^T that are transposed in one pass
  const GemmArgs<T> x = swap_operands(whole);
  split_gemm(x, [&](Index m0, Index m1, Index n0, Index n1) {
    const Index rows = m1 - m0, cols = n1 - n0,
                stride = round_up(cols, micro_kernels<T>(x.level).cols);
    const bool straight = beta == T(0);
    const Storage memory(
        static_cast<std::size_t>(rows * stride + (straight ? 0 : cols * 2 * batch)) * sizeof(T));
    T* const scratch = static_cast<T*>(memory.data());
    T* const back = scratch + rows * stride;
    GemmArgs<T> block = x;
    block.m = rows, block.n = cols, block.a += m0 * x.a_row;
    block.b += x.b_transposed ? n0 * x.b_stride : n0;
    block.c = scratch, block.c_stride = stride;
    Index transposed_rows = 0;
    gemm_block(block, 0, rows, 0, cols, false, [&](Index i, Index count) {
      const Index done = i + count - transposed_rows;
      if (done < batch && i + count < rows) return;
      const Index now = i + count < rows ? done / 16 * 16 : done;
      const T* const from = scratch + transposed_rows * stride;
      T* const c = whole.c + n0 * whole.c_stride + m0 + transposed_rows;
      const Epilogue<T> e = shifted(epilogue, n0, m0 + transposed_rows);
      if (straight) {
        transpose(c, whole.c_stride, from, stride, now, cols);
        if (!e.none()) apply_epilogue<T>({c, whole.c_stride, nullptr, 0, cols, now, T(1), e});
      } else {
        transpose(back, 2 * batch, from, stride, now, cols);
        apply_epilogue<T>({c, whole.c_stride, back, 2 * batch, cols, now, beta, e});
      }
      transposed_rows += now;
    });
  });
}

}  // namespace glimpse::inline v0::simd::detail
