// MultiHeadAttention: attention of many queries to one sequence, with K heads.
//
//   (1)  q, k, v = W_q x + b_q, W_k h + b_k, W_v h + b_v in K parts each
//   (2)  g_j = softmax(q_j k_j^T / sqrt(A/K)) v_j,   y = W_o [g_1 ... g_K] + b_o
//
// With x = h it is self-attention. Source: Vaswani et al. 2017. For one query at a time use
// nn/attention.hpp.
// Notation: docs/math/notation.md.
#pragma once

#include <span>
#include <string>

#include <glimpse/nn/linear.hpp>
#include <glimpse/ops/dot_product_attention.hpp>

namespace glimpse::inline v0 {

/// Multi-head attention of width A.
template <class T = float>
struct MultiHeadAttention {
  Linear<T> query, key, value, output;
  Index heads = 1;
  std::string path;

  MultiHeadAttention() = default;
  /// width: A, the width of x, h and y. Throws ValueError if `head_count` does not divide it.
  MultiHeadAttention(Index width, Index head_count, Random& rng)
      : query(width, width, rng),
        key(width, width, rng),
        value(width, width, rng),
        output(width, width, rng),
        heads(head_count) {
    if (heads < 1 || width % heads != 0)
      fail("MultiHeadAttention", heads, " heads do not split ", width);
  }

  /// x: (N, Q, A); h: (N, T, A); lengths: N numbers of positions, or empty. Returns (N, Q, A).
  Variable<T> operator()(const Variable<T>& x, const Variable<T>& h,
                         std::span<const Index> lengths = {}) const {
    const ModuleScope scope(path);  // (1), (2)
    return output(dot_product_attention(query(x), key(h), value(h), lengths, heads));
  }

  template <class F>
  void visit(F&& f) {
    f("query", query), f("key", key), f("value", value), f("output", output);
  }
};

}  // namespace glimpse::inline v0
