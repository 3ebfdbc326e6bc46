// Lstm: one layer in one direction over whole sequences; gates in the order i, f, g, o.
// See ops/lstm.hpp. Two directions: Bidirectional<Lstm<T>>; several layers: Stacked<...>.
#pragma once

#include <glimpse/nn/recurrent.hpp>
#include <glimpse/ops/lstm.hpp>

namespace glimpse::inline v0 {

/// An LSTM layer with H cells: (T, N, I) to (T, N, H).
template <class T = float>
struct Lstm : detail::RecurrentLayer<T, 4> {
  using value_type = T;
  using detail::RecurrentLayer<T, 4>::RecurrentLayer;

  /// x: (T, N, I). lengths: N numbers, or empty: full length.
  /// Returns (T, N, H), 0 past a length.
  Variable<T> operator()(const Variable<T>& x, std::span<const Index> lengths = {},
                         bool reverse = false) const {
    const ModuleScope scope(this->path);
    return this->report("LSTM", lstm(x, this->weight_x, this->weight_h, this->bias_x, this->bias_h,
                                     lengths, reverse));
  }

  /// One layer in each direction over the same x. Returns (T, N, 2H), H elements of each.
  static Variable<T> both(const Lstm& forward, const Lstm& reverse, const Variable<T>& x,
                          std::span<const Index> lengths = {}) {
    const ModuleScope scope(forward.path);
    const Variable<T> y = bidirectional_lstm(x, forward.weights(), reverse.weights(), lengths);
    forward.report("LSTM", y);
    return reverse.report("LSTM", y);
  }
};

}  // namespace glimpse::inline v0
