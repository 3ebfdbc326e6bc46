// dot_product_attention: scores are inner products of queries and keys.
//
//   (1)  e_mi = s <q_m, k_i>                  s = 1: dot product;  s = 1/sqrt(A): scaled, because
//                                             scores then have one size for any width A
//   (2)  a_m  = softmax(e_m),   g_m = sum_i a_mi v_i
//
//   (3)  heads: (1) and (2) on each of K parts of q, k and v; the glimpses are concatenated. A part
//        has the width A/K, and s = 1/sqrt(A/K)
//
//   (4)  dq_m = s sum_i de_mi k_i,   dk_i = s sum_m de_mi q_m        for every batch entry
//   (5)  da_mi = <dg_m, v_i>,        dv_i = sum_m a_mi dg_m;         de from da by softmax.hpp (3)
//
// q: (N, Q, A), k: (N, T, A), v: (N, T, C); e, a: (N, Q, T), g: (N, Q, C).
// Sources: Luong, Pham, Manning 2015; Vaswani et al. 2017 for scale and heads.
// Notation: docs/math/notation.md.
#pragma once

#include <cmath>
#include <span>
#include <vector>

#include <glimpse/ops/matmul.hpp>
#include <glimpse/ops/softmax.hpp>

namespace glimpse::inline v0 {

/// The scores (1). q: (N, Q, A); k: (N, T, A). Returns (N, Q, T).
/// Throws ShapeError if batches or widths differ.
template <class T>
Variable<T> dot_scores(const Variable<T>& q, const Variable<T>& k, double scale = 1) {
  require(q.rank() == 3 && k.rank() == 3 && q.size(0) == k.size(0) && q.size(2) == k.size(2),
          "dot_scores", "wants queries (N, Q, A) and keys (N, T, A)", q, k);
  using simd::Trans;
  const Index n = q.size(0), queries = q.size(1), positions = k.size(1), width = q.size(2);
  const Tensor<T> qv = q.value().contiguous(), kv = k.value().contiguous();
  const T s = static_cast<T>(scale);
  Tensor<T> e({n, queries, positions});
  simd::gemm_batched<T>(n, Trans::no, Trans::yes, queries, positions, width, s, qv.data(), width,
                        queries * width, kv.data(), width, positions * width, T(0), e.data(),
                        positions, queries * positions);
  return record(
      "dot_scores", e, {q, k},
      [n, queries, positions, width, qv, kv, s](const Tensor<T>& de, Gradients<T>& d) {
        if (d.wants(0))  // (4)
          simd::gemm_batched<T>(n, Trans::no, Trans::no, queries, width, positions, s, de.data(),
                                positions, queries * positions, kv.data(), width, positions * width,
                                T(1), d[0].data(), width, queries * width);
        if (d.wants(1))
          simd::gemm_batched<T>(n, Trans::yes, Trans::no, positions, width, queries, s, de.data(),
                                positions, queries * positions, qv.data(), width, queries * width,
                                T(1), d[1].data(), width, positions * width);
      });
}

namespace detail {

/// (N, T, K c) to (N K, T, c): each head becomes a batch entry.
template <class T>
Variable<T> split_heads(const Variable<T>& x, Index heads) {
  const Index n = x.size(0), t = x.size(1), c = x.size(2) / heads;
  if (heads == 1) return x;
  return reshape(permute(reshape(x, {n, t, heads, c}), {0, 2, 1, 3}), {n * heads, t, c});
}
/// (N K, T, c) to (N, T, K c).
template <class T>
Variable<T> join_heads(const Variable<T>& x, Index heads) {
  const Index n = x.size(0) / heads, t = x.size(1), c = x.size(2);
  if (heads == 1) return x;
  return reshape(permute(reshape(x, {n, heads, t, c}), {0, 2, 1, 3}), {n, t, heads * c});
}

}  // namespace detail

/// Scaled dot-product attention, (1) and (2), on each of `heads` parts of the last axis: (3).
/// q: (N, Q, A); k: (N, T, A); v: (N, T, C); lengths: N numbers of positions, or empty.
/// Returns (N, Q, C). Throws ValueError if `heads` does not divide A and C.
template <class T>
Variable<T> dot_product_attention(const Variable<T>& q, const Variable<T>& k, const Variable<T>& v,
                                  std::span<const Index> lengths = {}, Index heads = 1) {
  if (heads < 1 || q.size(-1) % heads != 0 || v.size(-1) % heads != 0)
    fail("dot_product_attention", heads, " heads do not split ", q, " and ", v);
  const double scale = 1 / std::sqrt(static_cast<double>(q.size(-1) / heads));
  const Variable<T> e =
      dot_scores(detail::split_heads(q, heads), detail::split_heads(k, heads), scale);
  std::vector<Index> each;  // a length for each row of scores
  for (const Index length : lengths)
    each.insert(each.end(), static_cast<std::size_t>(heads * q.size(1)), length);
  // (2), and (5) by the backward of matmul
  return detail::join_heads(matmul(softmax(e, each), detail::split_heads(v, heads)), heads);
}

}  // namespace glimpse::inline v0
