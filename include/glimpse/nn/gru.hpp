// Gru: one layer in one direction over whole sequences, or step by step; gates in the order r, z,
// n. See ops/gru.hpp. Two directions: Bidirectional<Gru<T>>; several layers: Stacked<...>.
#pragma once

#include <glimpse/nn/recurrent.hpp>
#include <glimpse/ops/gru.hpp>
#include <glimpse/ops/linear.hpp>

namespace glimpse::inline v0 {

/// A GRU layer with H cells: (T, N, I) to (T, N, H).
template <class T = float>
struct Gru : detail::RecurrentLayer<T, 3> {
  using value_type = T;
  using detail::RecurrentLayer<T, 3>::RecurrentLayer;

  /// x: (T, N, I). lengths: N numbers, or empty: full length.
  /// Returns (T, N, H), 0 past a length.
  Variable<T> operator()(const Variable<T>& x, std::span<const Index> lengths = {},
                         bool reverse = false) const {
    const ModuleScope scope(this->path);
    return this->report("GRU", gru(x, this->weight_x, this->weight_h, this->bias_x, this->bias_h,
                                   lengths, reverse));
  }

  /// One layer in each direction over the same x. Returns (T, N, 2H), H elements of each.
  static Variable<T> both(const Gru& forward, const Gru& reverse, const Variable<T>& x,
                          std::span<const Index> lengths = {}) {
    const ModuleScope scope(forward.path);
    const Variable<T> y = bidirectional_gru(x, forward.weights(), reverse.weights(), lengths);
    forward.report("GRU", y);
    return reverse.report("GRU", y);
  }

  /// W x + b_x, which does not depend on the state: (..., I) to (..., 3H).
  Variable<T> input_sums(const Variable<T>& x) const {
    const ModuleScope scope(this->path);
    return linear(x, this->weight_x, this->bias_x);
  }

  /// One step. sums: (N, 3H) from `input_sums`; state: (N, H). Returns the new state (N, H).
  Variable<T> step(const Variable<T>& sums, const Variable<T>& state) const {
    const ModuleScope scope(this->path);
    return this->report("GRU", gru_cell(sums, state, this->weight_h, this->bias_h));
  }
};

}  // namespace glimpse::inline v0
