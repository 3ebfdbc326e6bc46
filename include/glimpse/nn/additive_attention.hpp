// AdditiveAttention: the attention weights over a sequence, and their glimpse (context vector).
//
//   e_i = w^T tanh(W s + V h_i + b),   a = softmax(e),   g = sum_i a_i h_i
//
// W, b: `query`; V: `key`; w: `score`. V h does not depend on the state; `keys` therefore computes
// it once for a sequence.
#pragma once

#include <cmath>
#include <span>
#include <string>

#include <glimpse/nn/linear.hpp>
#include <glimpse/ops/additive_attention.hpp>

namespace glimpse::inline v0 {

/// Additive attention over a sequence (N, T, C), with A attention units.
template <class T = float>
struct AdditiveAttention {
  Linear<T> query, key;
  Variable<T> score;  // (A)
  std::string path;

  AdditiveAttention() = default;
  /// state: width S of s; sequence: width C of h; width: A.
  AdditiveAttention(Index state, Index sequence, Index width, Random& rng)
      : query(state, width, rng),
        key(sequence, width, rng, false),
        score(detail::uniform_parameter<T>({width}, rng,
                                           1 / std::sqrt(static_cast<double>(width)))) {}

  /// V h. h: (N, T, C). Returns (N, T, A).
  Variable<T> keys(const Variable<T>& h) const { return key(h); }

  /// One attention step. s: (N, S); k: (N, T, A) from `keys`; h: (N, T, C); lengths: N numbers, or
  /// empty. Returns glimpse (N, C) and weights (N, T); positions past a length have weight 0.
  Glimpse<T> operator()(const Variable<T>& s, const Variable<T>& k, const Variable<T>& h,
                        std::span<const Index> lengths = {}) const {
    const Variable<T> q = query(s);
    const ModuleScope scope(path);
    Glimpse<T> g = additive_attention(q, k, score, h, lengths);
    const Index positions = k.size(0) * k.size(1);
    observe(this, "AdditiveAttention", g.glimpse, score.size(),
            positions * (k.size(2) + h.size(2)));
    return g;
  }

  template <class F>
  void visit(F&& f) {
    f("query", query);
    f("key", key);
    f("score", score);
  }
};

}  // namespace glimpse::inline v0
