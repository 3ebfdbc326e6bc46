// Attention: one attention step. This module covers all forms; they differ by what they add:
//
//   (1)  additive      e_i = w^T tanh(W s + V h_i + b)
//   (2)  dot, scaled   e_i = <W s + b, V h_i>,  divided by sqrt(A) if scaled
//   (3)  heads         (2) on each of K parts of W s + b, V h_i and a third projection of h_i,
//                      divided by sqrt(A/K) if scaled; one more matrix maps the concatenated
//                      glimpses. This matrix and the third projection have a bias
//   (4)  location      + U f_i inside the tanh of (1); f: filters over the previous step's weights
//   (5)  sigmoid       a_i = sigma(e_i) / sum_j sigma(e_j) in place of the softmax
//   (6)  window        only positions within `window` of the median position of the previous step
//   (7)  gate          g = beta sum_i a_i h_i,  beta = sigma(w_g^T s + b_g)
//
// Sources: (1) Bahdanau, Cho, Bengio 2015; (2) Luong, Pham, Manning 2015; (3) Vaswani et al. 2017;
// (4) to (6) Chorowski et al. 2015; (7) Xu et al. 2015.
//
// For an image, the positions are those of its feature map, row by row: `flatten_spatial`.
// s: (N, S), h: (N, T, C), a: (N, T), g: (N, C).
// Notation: docs/math/notation.md.
#pragma once

#include <cmath>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <glimpse/nn/linear.hpp>
#include <glimpse/ops/additive_attention.hpp>
#include <glimpse/ops/attention_weights.hpp>
#include <glimpse/ops/dot_product_attention.hpp>
#include <glimpse/ops/location_features.hpp>

namespace glimpse::inline v0 {

/// Scores by (1), by (2), or by (2) divided by the square root of the width.
enum class ScoreForm { additive, dot, scaled_dot };

/// Sizes and forms of an Attention.
struct AttentionConfig {
  Index state = 0, sequence = 0, width = 0;  // S, C, A: widths of s and h, and of the scores
  ScoreForm score = ScoreForm::additive;
  Index heads = 1;              // above 1: (3); a divisor of width and sequence
  Index filters = 0, taps = 0;  // above 0: (4)
  AttentionNormalization weights = AttentionNormalization::softmax;  // (5)
  Index window = 0;                                                  // above 0: (6)
  bool gate = false;                                                 // (7)
};

/// An encoded sequence, with V h computed once for all steps.
template <class T>
struct AttentionMemory {
  Variable<T> frames;          // the vectors that glimpses average: (N K, T, C / K)
  Variable<T> keys;            // (N K, T, A / K)
  std::vector<Index> lengths;  // N, or empty: all T positions count
  Index heads = 1;

  Index batch() const { return frames.size(0) / heads; }
  Index positions() const { return frames.size(1); }
};

/// The positions of a feature map (N, C, H, W), row by row: (N, H W, C).
/// Throws ShapeError if x has another rank.
template <class T>
Variable<T> flatten_spatial(const Variable<T>& x) {
  require(x.rank() == 4, "flatten_spatial", "wants a map (N, C, H, W)", x);
  return transpose(reshape(x, {x.size(0), x.size(1), x.size(2) * x.size(3)}), 1, 2);
}

/// An attention module in the forms that its configuration selects.
template <class T = float>
struct Attention {
  AttentionConfig config;
  Linear<T> query, key;                                    // W with b, V
  Variable<T> score;                                       // w of (1): (A)
  Variable<T> filter;                                      // of (4): (filters, taps)
  std::optional<Linear<T>> location, value, output, gate;  // U; of (3); of (7)
  std::string path;

  Attention() = default;
  /// Throws ValueError if `heads` does not divide width and sequence, or if forms do not combine.
  Attention(const AttentionConfig& c, Random& rng)
      : config(c), query(c.state, c.width, rng), key(c.sequence, c.width, rng, false) {
    const bool additive = c.score == ScoreForm::additive;
    if (c.heads < 1 || c.width % c.heads != 0 || c.sequence % c.heads != 0)
      fail("Attention", c.heads, " heads do not split width ", c.width, " and sequence ",
           c.sequence);
    if (additive ? c.heads > 1 : c.filters > 0)
      fail("Attention", additive ? "heads" : "location features", " do not go with this score");
    if (c.filters > 0 && c.taps < 1) fail("Attention", "location features want at least one tap");
    const double bound = 1 / std::sqrt(static_cast<double>(c.width));
    if (additive) score = detail::uniform_parameter<T>({c.width}, rng, bound);
    if (c.filters > 0) {
      filter = detail::uniform_parameter<T>({c.filters, c.taps}, rng,
                                            1 / std::sqrt(static_cast<double>(c.taps)));
      location.emplace(c.filters, c.width, rng, false);
    }
    if (c.heads > 1)
      value.emplace(c.sequence, c.sequence, rng), output.emplace(c.sequence, c.sequence, rng);
    if (c.gate) gate.emplace(c.state, 1, rng);
  }

  /// Encodes h (N, T, C). lengths: N numbers of positions, 1 to T, or empty.
  AttentionMemory<T> encode_memory(const Variable<T>& h,
                                   std::span<const Index> lengths = {}) const {
    const ModuleScope scope(path);
    const Index k = config.heads;
    return {detail::split_heads(value ? (*value)(h) : h, k),
            detail::split_heads(key(h), k),
            {lengths.begin(), lengths.end()},
            k};
  }

  /// The weights before the first step: 1 at the first position. (N, T).
  Variable<T> start(const AttentionMemory<T>& memory) const {
    Tensor<T> a = zeros<T>({memory.batch(), memory.positions()});
    for (Index n = 0; n < a.size(0); ++n) a(n, 0) = 1;
    return constant(a);
  }

  /// One attention step. s: (N, S); before: weights of the previous step (N, T), used only by (4)
  /// and (6). Returns glimpse (N, C) and weights (N, T); with (3) their mean over the heads.
  Glimpse<T> operator()(const Variable<T>& s, const AttentionMemory<T>& memory,
                        const Variable<T>& before) const {
    const Variable<T> q = query(s);
    const ModuleScope scope(path);
    const Variable<T> a =
        attention_weights(scores(q, memory, before), positions(memory, before), config.weights);
    Variable<T> g = attend(a, memory.frames), seen = a;
    if (config.heads > 1) {
      g = (*output)(reshape(g, {memory.batch(), g.size(0) * g.size(1) / memory.batch()}));
      seen = mean(reshape(a, {memory.batch(), config.heads, memory.positions()}), {1});
    }
    if (gate) g = g * sigmoid((*gate)(s));
    return {g, seen};
  }

  template <class F>
  void visit(F&& f) {
    f("query", query), f("key", key), f("score", score), f("filter", filter);
    f("location", location), f("value", value), f("output", output), f("gate", gate);
  }

 private:
  Variable<T> scores(const Variable<T>& q, const AttentionMemory<T>& m,
                     const Variable<T>& before) const {
    if (config.score == ScoreForm::additive) {
      if (!location) return additive_scores(q, m.keys, score);
      return additive_scores(q, m.keys + (*location)(location_features(before, filter)), score);
    }
    const Index rows = m.keys.size(0), part = m.keys.size(2);
    const double scale =  // (2), (3)
        config.score == ScoreForm::dot ? 1 : 1 / std::sqrt(static_cast<double>(part));
    return reshape(dot_scores(reshape(q, {rows, 1, part}), m.keys, scale), {rows, m.positions()});
  }

  /// (6) and the lengths of the sequences; empty if neither limits the step.
  std::vector<PositionRange> positions(const AttentionMemory<T>& m,
                                       const Variable<T>& before) const {
    std::vector<PositionRange> all;
    if (m.lengths.empty() && config.window == 0) return all;
    const std::vector<Index> middle =
        config.window > 0 ? median_positions(before.value()) : std::vector<Index>();
    for (Index n = 0; n < m.batch(); ++n) {
      const auto i = static_cast<std::size_t>(n);
      PositionRange p{0, m.lengths.empty() ? m.positions() : m.lengths[i]};
      if (config.window > 0)
        p = {std::clamp<Index>(middle[i] - config.window, 0, p.end - 1),
             std::min(p.end, middle[i] + config.window + 1)};
      all.insert(all.end(), static_cast<std::size_t>(config.heads), p);
    }
    return all;
  }
};

}  // namespace glimpse::inline v0
