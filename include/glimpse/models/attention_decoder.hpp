// attention decoder: predicts the symbols of a word from frames, one attention step for each
// symbol.
//
//   (1)  e_ti = w^T tanh(W s_t-1 + V h_i + b),   a_t = softmax(e_t)       attention weights
//   (2)  g_t  = sum_i a_ti h_i                                            the glimpse
//   (3)  s_t  = GRU([y_t-1, g_t], s_t-1),        s_0 = 0            y_t-1 one-hot: a row of a table
//   (4)  p_t  = softmax(U s_t + b_p)                             over characters and the end symbol
//        GRU: both of its sums have a bias, as in gru.hpp
//
// The product of a matrix with a one-hot vector is a table look-up, so the input weights of (3) are
// stored in two parts. The end symbol also serves as the start symbol y_0. V h_i is computed once a
// word. In training the symbols are known, and all steps are one operation (ops/attention_gru.hpp).
// `step` computes a single step from basic operations. Inference: incremental_decoder.hpp.
// Sources: Bahdanau, Cho, Bengio 2015; Shi et al. 2016.
// Notation: docs/math/notation.md.
#pragma once

#include <algorithm>
#include <span>
#include <vector>

#include <glimpse/models/config.hpp>
#include <glimpse/nn/init.hpp>
#include <glimpse/nn/linear.hpp>
#include <glimpse/ops/additive_attention.hpp>
#include <glimpse/ops/arithmetic.hpp>
#include <glimpse/ops/attention_gru.hpp>
#include <glimpse/ops/cross_entropy.hpp>
#include <glimpse/ops/embedding.hpp>
#include <glimpse/ops/gru.hpp>
#include <glimpse/ops/shape_ops.hpp>
#include <glimpse/ops/softmax.hpp>

namespace glimpse::inline v0 {

template <class T = float>
struct AttentionDecoder {
  /// The values that are constant over the steps of a word.
  struct Memory {
    Variable<T> frames;  // h: (N, T, C)
    Variable<T> keys;    // V h: (N, T, A)
  };
  /// The results of one step.
  struct Step {
    Variable<T> state;    // s_t: (N, H)
    Variable<T> weights;  // a_t: (N, T)
  };

  Linear<T> key, query;  // V; W with b
  Variable<T> score;     // w: (A)
  Variable<T> symbol;    // input weights of the one-hot symbol: (symbols, 3H)
  Linear<T> glimpse;     // input weights of the glimpse: (3H, C)
  Variable<T> w_h, b_h;  // recurrent weights: (3H, H), (3H)
  Linear<T> output;      // U
  std::string path;

  AttentionDecoder() = default;
  AttentionDecoder(Index frame_size, Index attention, Index hidden, Index symbols, Random& random)
      : key(frame_size, attention, random, false),
        query(hidden, attention, random),
        score(parameter(empty<T>({attention}))),
        symbol(parameter(empty<T>({symbols, 3 * hidden}))),
        glimpse(frame_size, 3 * hidden, random),
        w_h(parameter(empty<T>({3 * hidden, hidden}))),
        b_h(parameter(zeros<T>({3 * hidden}))),
        output(hidden, symbols, random) {
    const auto uniform = [&](Variable<T>& v, Index fan) {
      const double bound = 1 / std::sqrt(static_cast<double>(fan));
      for (T& x : v.mutable_value().span()) x = static_cast<T>(random.uniform(-bound, bound));
    };
    uniform(score, attention), uniform(symbol, hidden), uniform(w_h, hidden),
        uniform(glimpse.weight, hidden);
  }

  Index symbols() const { return symbol.size(0); }
  /// The symbol that ends a word; it is also the start symbol.
  Index end_symbol() const { return symbols() - 1; }
  Index hidden() const { return w_h.size(1); }

  /// The memory of frames (T, N, C), the encoder's output.
  Memory encode_memory(const Variable<T>& frames) {
    const Variable<T> h = permute(frames, {1, 0, 2});
    return {h, key(h)};
  }

  Variable<T> start(Index batch) const { return constant(zeros<T>({batch, hidden()})); }

  /// (1) to (3) for a batch. previous: N symbols; state: (N, H).
  Step step(const Memory& memory, std::span<const Index> previous, const Variable<T>& state) {
    const Glimpse<T> attended = additive_attention(query(state), memory.keys, score, memory.frames);
    const Variable<T> gates =
        glimpse(attended.glimpse) + embedding(symbol, previous, Shape{state.size(0)});
    return {gru_cell(gates, state, w_h, b_h), attended.weights};
  }

  /// The weights of (1) to (3), without V and the table of symbols.
  AttentionGruWeights<T> weights() const {
    return {query.weight, query.bias, score, glimpse.weight, glimpse.bias, w_h, b_h};
  }

  /// Scores (rows, symbols) of states (rows, H); their softmax is (4).
  Variable<T> scores(const Variable<T>& states) { return output(states); }

  /// Teacher forcing: mean of -ln p over all symbols of all words, the end symbols included.
  /// frames: (T, N, C); labels: N words as symbol numbers, without the end symbol.
  /// right: if given, receives the number of words whose every symbol is the argmax, given the true
  /// symbols before it.
  Variable<T> loss(const Variable<T>& frames, std::span<const std::vector<Index>> labels,
                   T label_smoothing = 0, Index* right = nullptr) {
    const Index n = frames.size(1);
    if (static_cast<Index>(labels.size()) != n)
      fail<ShapeError>("attention_decoder", labels.size(), " labels for a batch of ", n);
    std::size_t longest = 0;
    for (const std::vector<Index>& label : labels) {
      longest = std::max(longest, label.size());
      for (const Index c : label)
        if (c < 0 || c >= end_symbol())
          fail("attention_decoder", "label holds symbol ", c, " of ", end_symbol());
    }
    // (steps N), step by step: input symbols and targets; target -1: masked.
    std::vector<Index> previous(labels.size(), end_symbol()), targets;
    for (std::size_t t = 0; t <= longest; ++t)
      for (const std::vector<Index>& label : labels) {
        targets.push_back(t < label.size() ? label[t] : t == label.size() ? end_symbol() : -1);
        if (t < longest) previous.push_back(std::max<Index>(targets.back(), 0));
      }
    const Index steps = static_cast<Index>(longest) + 1;
    const Memory memory = encode_memory(frames);
    const Variable<T> given = embedding(symbol, previous, Shape{steps, n});
    const Variable<T> states = attention_gru(memory.frames, memory.keys, given, weights());
    const Variable<T> all = scores(reshape(states, {steps * n, hidden()}));
    if (right) *right = count_right(all.value(), targets, n);
    return cross_entropy(all, targets, {.ignore = -1, .label_smoothing = label_smoothing});
  }

  template <class F>
  void visit(F&& f) {
    f("key", key), f("query", query), f("score", score), f("symbol", symbol), f("glimpse", glimpse);
    f("w_h", w_h), f("b_h", b_h), f("output", output);
  }

 private:
  static Index count_right(const Tensor<T>& scores, const std::vector<Index>& targets, Index n) {
    std::vector<char> ok(static_cast<std::size_t>(n), 1);
    const Matrix<const T> rows = rows_of(scores);
    for (Index r = 0; r < rows.rows(); ++r) {
      const Index target = targets[static_cast<std::size_t>(r)];
      const std::span<const T> row = rows.row(r);
      if (target >= 0 && std::max_element(row.begin(), row.end()) - row.begin() != target)
        ok[static_cast<std::size_t>(r % n)] = 0;
    }
    return std::count(ok.begin(), ok.end(), 1);
  }
};

}  // namespace glimpse::inline v0
