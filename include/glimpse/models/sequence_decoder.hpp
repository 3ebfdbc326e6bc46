// sequence decoder: predicts a sequence of symbols from a sequence of frames, with one attention
// step for each symbol. Sentences, sounds and images all use it; nn/attention.hpp has the forms of
// attention.
//
//   (1)  s_0 = tanh(W_0 mean_i h_i + b_0)                       the mean over a sequence's length;
//                                                               with heads, of their values W_v h_i
//   (2)  g_t, a_t = attention(s_t-1, h, a_t-1)                  glimpse and attention weights
//   (3)  s_t = GRU([y_t-1, g_t], s_t-1)
//   (4)  r_t = max over pairs of (U [s_t, g_t] + b_r + y_t-1)   maxout
//   (5)  p_t = softmax(W r_t + b_p)                             over the symbols, the end last
//
// A symbol enters (3) and (4) as a row of a table, because this is the product of a matrix and a
// one-hot vector. Each has its own table. The end symbol also serves as the start symbol.
//
//   (6)  loss = 1 / (sum_n S_n) sum_n sum_t -ln p_nt(y_nt), labels smoothed,
//               + coverage / N sum_n sum_i (1 - c_ni)^2             doubly_stochastic.hpp (2)
//        S_n: number of symbols of sequence n, the end included
//
// By (6), a long sequence has more weight than a short one.
//
//   scheduled sampling: y_t-1 is the model's own choice with probability `sampling`, else the label
//
// Sources: Bahdanau, Cho, Bengio 2015; (1) as in Xu et al. 2015; sampling: Bengio et al. 2015.
// Notation: docs/math/notation.md.
#pragma once

#include <algorithm>
#include <cmath>
#include <optional>
#include <span>
#include <vector>

#include <glimpse/nn/attention.hpp>
#include <glimpse/nn/dropout.hpp>
#include <glimpse/nn/module.hpp>
#include <glimpse/ops/cross_entropy.hpp>
#include <glimpse/ops/doubly_stochastic.hpp>
#include <glimpse/ops/embedding.hpp>
#include <glimpse/ops/gru.hpp>
#include <glimpse/ops/reductions.hpp>
#include <glimpse/ops/shape_ops.hpp>
#include <glimpse/text/beam.hpp>

namespace glimpse::inline v0 {

struct SequenceDecoderConfig {
  Index symbols = 0;              // characters and the end
  Index hidden = 0, readout = 0;  // widths of s and r
  AttentionConfig attention{};    // its state and sequence are set from this config
  Index frame = 0;                // width of h
  double dropout = 0;             // of [s_t, g_t] in (4)
  double state_dropout = 0;       // probability that (4) has no s_t and depends only on the glimpse
};

/// Terms and sampling of the loss.
struct SequenceLossOptions {
  double label_smoothing = 0;
  double sampling = 0;       // probability of the model's own choice as input
  double coverage = 0;       // factor of the doubly stochastic penalty
  Random* random = nullptr;  // for the sampling, which requires it
};

/// The predicted sequence.
template <class T>
struct SequenceReading {
  std::vector<Index> symbols;         // without the end
  std::vector<double> probabilities;  // of each symbol, and of the end
  Tensor<T> attention;                // (symbols and end, T)
  double confidence = 0;              // product of the probabilities
};

template <class T = float>
struct SequenceDecoder {
  struct State {
    Variable<T> s, weights;  // (N, H), (N, T)
  };

  SequenceDecoderConfig config;
  Attention<T> attention;
  Linear<T> first;                 // W_0
  Variable<T> symbol, symbol_out;  // tables of (3) and (4): (symbols, 3H), (symbols, 2R)
  Linear<T> glimpse;               // input weights of the glimpse in (3)
  Variable<T> w_h, b_h;            // recurrent weights
  Linear<T> readout, output;       // U, W
  Dropout<T> dropout, state_dropout;

  SequenceDecoder() = default;
  SequenceDecoder(SequenceDecoderConfig c, Random& rng) : config(c) {
    AttentionConfig attended = c.attention;
    attended.state = c.hidden, attended.sequence = c.frame;
    config.attention = attended;
    attention = Attention<T>(attended, rng);
    first = Linear<T>(c.frame, c.hidden, rng);
    const double bound = 1 / std::sqrt(static_cast<double>(c.hidden));
    symbol = detail::uniform_parameter<T>({c.symbols, 3 * c.hidden}, rng, bound);
    symbol_out = detail::uniform_parameter<T>({c.symbols, 2 * c.readout}, rng, bound);
    glimpse = Linear<T>(c.frame, 3 * c.hidden, rng);
    w_h = parameter(empty<T>({3 * c.hidden, c.hidden}));
    orthogonal(w_h, rng, 1, 3);
    b_h = parameter(zeros<T>({3 * c.hidden}));
    readout = Linear<T>(c.hidden + c.frame, 2 * c.readout, rng);
    output = Linear<T>(c.readout, c.symbols, rng);
    dropout = Dropout<T>(c.dropout, rng);
    if (c.state_dropout > 0) state_dropout = Dropout<T>(c.state_dropout, rng);
    state_dropout.p = c.state_dropout;
  }

  Index end_symbol() const { return config.symbols - 1; }

  /// frames: (T, N, C), an encoder's output; lengths: N, or empty.
  AttentionMemory<T> encode_memory(const Variable<T>& frames,
                                   std::span<const Index> lengths = {}) const {
    return attention.encode_memory(permute(frames, {1, 0, 2}), lengths);
  }

  /// The initial state (1): s (N, H) and no attention weights.
  State start(const AttentionMemory<T>& memory) const {
    if (memory.batch() < 1) fail("sequence_decoder", "wants at least one sequence");
    const Index rows = memory.frames.size(0), positions = memory.positions();
    Tensor<T> even = zeros<T>({rows, positions});
    for (Index r = 0; r < rows; ++r) {
      const Index n = memory.lengths.empty()
                          ? positions
                          : memory.lengths[static_cast<std::size_t>(r / memory.heads)];
      for (Index i = 0; i < n; ++i) even(r, i) = T(1) / static_cast<T>(n);
    }
    const Variable<T> middle =
        reshape(attend(constant(even), memory.frames), {memory.batch(), config.frame});
    return {tanh(first(middle)), attention.start(memory)};
  }

  /// (2) and (3) for N previous symbols. Returns the next state and [s_t, g_t].
  std::pair<State, Variable<T>> step(const AttentionMemory<T>& memory,
                                     std::span<const Index> previous, const State& state) const {
    const Glimpse<T> attended = attention(state.s, memory, state.weights);
    const Variable<T> sums =
        glimpse(attended.glimpse) + embedding(symbol, previous, Shape{std::ssize(previous)});
    const Variable<T> s = gru_cell(sums, state.s, w_h, b_h);
    return {{s, attended.weights}, concatenate<T>({s, attended.glimpse}, 1)};
  }

  /// (4) and (5) without the softmax: scores (rows, symbols) for rows of [s_t, g_t] and their
  /// previous symbols.
  Variable<T> scores(const Variable<T>& seen, std::span<const Index> previous) {
    const Index rows = seen.size(0);
    const Variable<T> pairs =
        readout(dropout(without_states(seen))) + embedding(symbol_out, previous, Shape{rows});
    return output(max(reshape(pairs, {rows, config.readout, 2}), {2}));
  }

  /// The loss (6). memory: N sequences, from `encode_memory`, or from `attention.encode_memory` for
  /// positions (N, T, C); labels: N, without the end. right: if given, receives the number of
  /// sequences whose every symbol is the argmax, given the true symbols before it.
  Variable<T> loss(const AttentionMemory<T>& memory, std::span<const std::vector<Index>> labels,
                   const SequenceLossOptions& options = {}, Index* right = nullptr) {
    const Index n = memory.batch();
    check_labels(labels, n);
    if (options.sampling > 0 && !options.random)
      fail("sequence_decoder", "wants a generator for scheduled sampling (.random)");
    State state = start(memory);
    std::size_t longest = 0;
    for (const auto& label : labels) longest = std::max(longest, label.size());
    std::vector<Variable<T>> seen, step_weights;
    std::vector<Index> previous(static_cast<std::size_t>(n), end_symbol()), before, targets;
    for (std::size_t t = 0; t <= longest; ++t) {
      auto [next, both] = step(memory, previous, state);
      state = next;
      seen.push_back(both);
      if (options.coverage > 0) step_weights.push_back(state.weights);
      before.insert(before.end(), previous.begin(), previous.end());
      const std::vector<Index> own =
          options.sampling > 0 && t < longest ? choices(both, previous) : std::vector<Index>();
      for (std::size_t i = 0; i < labels.size(); ++i) {
        const auto& label = labels[i];
        const Index now = t < label.size() ? label[t] : t == label.size() ? end_symbol() : -1;
        targets.push_back(now);
        const bool sampled = !own.empty() && options.random->bernoulli(options.sampling);
        previous[i] = now < 0 ? end_symbol() : sampled ? own[i] : now;
      }
    }
    const Variable<T> all =
        scores(concatenate(seen, 0), before);  // (steps N, symbols), step by step
    if (right) *right = count_right(all.value(), targets, n);
    Variable<T> total =  // (6)
        cross_entropy(all, targets, {.ignore = -1, .label_smoothing = options.label_smoothing});
    if (options.coverage > 0) {
      std::vector<Index> steps;
      for (const auto& label : labels) steps.push_back(static_cast<Index>(label.size()) + 1);
      total = total +
              static_cast<T>(options.coverage) *
                  doubly_stochastic_penalty(stack(step_weights, 0), steps);
    }
    return total;
  }

  /// The likeliest sequences, by beam search. Runs in evaluation mode and restores the mode.
  /// options.end and options.begin are set here.
  std::vector<SequenceReading<T>> read(const AttentionMemory<T>& memory, BeamOptions options = {}) {
    const NoGrad no_grad;
    const EvalScope mode(*this);
    AttentionMemory<T> rows_memory = memory;
    State state = start(memory);
    std::vector<Index> items;
    std::vector<Tensor<T>> step_weights;
    for (Index i = 0; i < memory.batch(); ++i) items.push_back(i);
    options.end = options.begin = end_symbol();
    const auto batched = [&](const BeamRows& rows) {
      if (!std::equal(rows.item.begin(), rows.item.end(), items.begin(), items.end())) {
        items.assign(rows.item.begin(), rows.item.end());
        rows_memory = gathered(memory, items);
      }
      const State from{gather_rows(state.s, rows.parent), gather_rows(state.weights, rows.parent)};
      auto [next, both] = step(rows_memory, rows.symbol, from);
      state = next;
      step_weights.push_back(state.weights.value());
      return log_softmax(scores(both, rows.symbol)).value();
    };
    std::vector<SequenceReading<T>> readings;
    for (std::vector<Hypothesis>& found : beam_search(batched, memory.batch(), options)) {
      Hypothesis& best = found.front();
      SequenceReading<T> r;
      r.attention = Tensor<T>(Shape{std::ssize(best.rows), memory.positions()});
      for (std::size_t t = 0; t < best.rows.size(); ++t)
        r.attention.select(0, static_cast<Index>(t))
            .copy_from(step_weights[t].select(0, best.rows[t]));
      r.confidence = best.confidence();
      r.symbols = std::move(best.symbols), r.probabilities = std::move(best.probabilities);
      readings.push_back(std::move(r));
    }
    return readings;
  }

  template <class F>
  void visit(F&& f) {
    f("attention", attention), f("first", first), f("symbol", symbol), f("symbol_out", symbol_out);
    f("glimpse", glimpse), f("w_h", w_h), f("b_h", b_h), f("readout", readout), f("output", output);
    f("dropout", dropout), f("state_dropout", state_dropout);
  }

 private:
  /// In training, rows of [s_t, g_t] of which some have lost s_t. For these the prediction depends
  /// only on the current attention step, because information from earlier steps is in s_t.
  Variable<T> without_states(const Variable<T>& seen) {
    if (!(state_dropout.p > 0) || !state_dropout.training) return seen;
    const Index rows = seen.size(0);
    const Variable<T> kept = state_dropout(constant(full<T>({rows, 1}, T(1)))) *
                             static_cast<T>(1 - state_dropout.p);  // 0 or 1
    return concatenate<T>(
        {slice(seen, 1, 0, config.hidden) * kept, slice(seen, 1, config.hidden, seen.size(1))}, 1);
  }

  void check_labels(std::span<const std::vector<Index>> labels, Index n) const {
    if (std::ssize(labels) != n)
      fail<ShapeError>("sequence_decoder", labels.size(), " labels for a batch of ", n);
    for (const auto& label : labels)
      for (const Index c : label)
        if (c < 0 || c >= end_symbol())
          fail("sequence_decoder", "label holds symbol ", c, " of ", end_symbol());
  }

  /// The likeliest symbol of each row, without gradient.
  std::vector<Index> choices(const Variable<T>& seen, std::span<const Index> previous) {
    const NoGrad no_grad;
    const Tensor<T> y = scores(seen.detach(), previous).value();
    std::vector<Index> best;
    for (Index r = 0; r < y.size(0); ++r) {
      const T* row = y.data() + r * y.size(1);
      best.push_back(std::max_element(row, row + y.size(1)) - row);
    }
    return best;
  }

  static AttentionMemory<T> gathered(const AttentionMemory<T>& m, const std::vector<Index>& items) {
    AttentionMemory<T> some;
    some.heads = m.heads;
    std::vector<Index> rows;
    for (const Index i : items) {
      for (Index k = 0; k < m.heads; ++k) rows.push_back(i * m.heads + k);
      if (!m.lengths.empty()) some.lengths.push_back(m.lengths[static_cast<std::size_t>(i)]);
    }
    some.frames = gather_rows(m.frames, rows), some.keys = gather_rows(m.keys, rows);
    return some;
  }

  static Index count_right(const Tensor<T>& scores, const std::vector<Index>& targets, Index n) {
    std::vector<char> ok(static_cast<std::size_t>(n), 1);
    const Index symbols = scores.size(1);
    for (std::size_t r = 0; r < targets.size(); ++r) {
      const T* row = scores.data() + static_cast<Index>(r) * symbols;
      if (targets[r] >= 0 && std::max_element(row, row + symbols) - row != targets[r])
        ok[r % static_cast<std::size_t>(n)] = 0;
    }
    return std::count(ok.begin(), ok.end(), 1);
  }
};

}  // namespace glimpse::inline v0
