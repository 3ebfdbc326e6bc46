// Bidirectional: two recurrent layers over one sequence, from the first step to the last and from
// the last to the first, computed in parallel. Stacked: several layers in sequence, with dropout
// between.
//
//   y_t = (forward_t, reverse_t)          2H elements for each step
#pragma once

#include <span>
#include <string>
#include <vector>

#include <glimpse/nn/dropout.hpp>
#include <glimpse/nn/visit.hpp>

namespace glimpse::inline v0 {

/// Layer: Lstm<T> or Gru<T>.
template <class Layer>
struct Bidirectional {
  using value_type = element_t<Layer>;
  Layer forward, reverse;

  Bidirectional() = default;
  Bidirectional(Index in, Index hidden, Random& rng)
      : forward(in, hidden, rng), reverse(in, hidden, rng) {}

  Index output_size() const { return forward.output_size() + reverse.output_size(); }

  /// x: (T, N, I). lengths: N numbers, or empty: full length. Returns (T, N, 2H).
  Variable<value_type> operator()(const Variable<value_type>& x,
                                  std::span<const Index> lengths = {}) const {
    return Layer::both(forward, reverse, x, lengths);
  }

  template <class F>
  void visit(F&& f) {
    f("forward", forward);
    f("reverse", reverse);
  }
};

/// Layer: Lstm<T>, Gru<T> or Bidirectional of one of them.
template <class Layer>
struct Stacked {
  using value_type = element_t<Layer>;
  std::vector<Layer> layers;
  std::vector<Dropout<value_type>> dropouts;  // one after each layer but the last; none if p = 0

  Stacked() = default;
  Stacked(Index in, Index hidden, Index count, Random& rng, double dropout_probability = 0) {
    if (count < 1) fail("Stacked", "wants at least one layer, got ", count);
    for (Index i = 0; i < count; ++i) {
      layers.emplace_back(i == 0 ? in : layers.back().output_size(), hidden, rng);
      if (dropout_probability > 0 && i + 1 < count) dropouts.emplace_back(dropout_probability, rng);
    }
  }

  Index output_size() const { return layers.back().output_size(); }

  /// x: (T, N, I). lengths: N numbers, or empty: full length. Returns (T, N, output_size()).
  Variable<value_type> operator()(const Variable<value_type>& x,
                                  std::span<const Index> lengths = {}) {
    Variable<value_type> y = x;
    for (std::size_t i = 0; i < layers.size(); ++i) {
      y = layers[i](y, lengths);
      if (i < dropouts.size()) y = dropouts[i](y);
    }
    return y;
  }

  template <class F>
  void visit(F&& f) {
    f("layers", layers);
    f("dropouts", dropouts);
  }
};

}  // namespace glimpse::inline v0
