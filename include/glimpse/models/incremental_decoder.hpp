// incremental decoder: the attention decoder for inference. It has no tape and no copies of the
// memory: one fused step computes all hypotheses of all words (ops/attention_gru.hpp).
#pragma once

#include <algorithm>

#include <glimpse/models/attention_decoder.hpp>
#include <glimpse/text/beam.hpp>

namespace glimpse::inline v0 {

template <class T = float>
class IncrementalDecoder {
 public:
  /// frames: (columns, N, C), the encoder's output.
  IncrementalDecoder(AttentionDecoder<T>& decoder, const Variable<T>& frames)
      : decoder_(decoder),
        memory_(decoder.encode_memory(frames)),
        cell_(decoder.weights(), frames.size(0), frames.size(1)) {}

  /// Resets to the state before the first symbol.
  void start() { state_ = Tensor<T>(); }

  /// Log-probabilities (rows, symbols) of the next symbol. weights_out: if given, receives the
  /// attention weights (rows, columns).
  Tensor<T> operator()(const BeamRows& rows, Tensor<T>* weights_out = nullptr) {
    constexpr Index chunk = 1024;  // rows that share the scratch memory of a step
    const Index n = rows.size(), hidden = cell_.hidden, columns = cell_.size.positions;
    const Index rows_at_once = std::min(n, chunk), width = 3 * hidden;
    const Tensor<T> before = state_.defined() ? gather_rows(state_, rows.parent) : Tensor<T>();
    const Tensor<T> symbols = decoder_.symbol.value().contiguous();
    Tensor<T> after({n, hidden}), weights({n, columns}), sums({rows_at_once, width}),
        u({rows_at_once, width});
    Tensor<T> q({rows_at_once, cell_.size.attention}), g({rows_at_once, cell_.size.frame});
    for (Index begin = 0; begin < n; begin += rows_at_once) {
      const Index part = std::min(rows_at_once, n - begin);
      const auto of = [&](std::span<const Index> all, Index r) {
        return all[static_cast<std::size_t>(begin + r)];
      };
      for (Index r = 0; r < part; ++r)
        std::copy_n(&symbols(of(rows.symbol, r), 0), width, &sums(r, 0));
      cell_.step(
          part, [&](Index r) { return of(rows.item, r); }, memory_.frames.value().data(),
          memory_.keys.value().data(),
          {q.data(), &weights(begin, 0), g.data(), sums.data(), u.data()},
          before.defined() ? &before(begin, 0) : nullptr, &after(begin, 0));
    }
    state_ = after;
    if (weights_out) *weights_out = weights;
    return log_softmax(decoder_.scores(constant(after))).value();
  }

 private:
  AttentionDecoder<T>& decoder_;
  typename AttentionDecoder<T>::Memory memory_;
  kernel::AttentionGru<T> cell_;
  Tensor<T> state_;
};

}  // namespace glimpse::inline v0
