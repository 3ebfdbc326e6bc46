// SGD: stochastic gradient descent with optional momentum.
//
//   (1)  g <- g + decay w
//   (2)  m <- momentum m + g
//   (3)  w <- w - rate m            Nesterov: w <- w - rate (g + momentum m)
//
// Sources: Polyak 1964; Sutskever et al. 2013.
// Notation: docs/math/notation.md.
#pragma once

#include <glimpse/optim/optimizer.hpp>

namespace glimpse::inline v0 {

/// Options of Sgd.
struct SgdOptions {
  double learning_rate = 1e-2, momentum = 0;
  bool nesterov = false;
  double weight_decay = 0;
  bool decay_vectors = true;               // false: no decay at rank 0 and 1
  std::vector<LearningRateMultiplier> lr_multipliers{};  // by prefix of the parameter's name
};

namespace detail {

template <class T, bool Nesterov>
struct SgdStep {
  T rate, momentum, decay;

  template <class V>
  [[gnu::always_inline]] inline void apply(V& w, V& m, const V& gradient) const {
    const V g = w * decay + gradient;  // (1)
    m = m * momentum + g;              // (2)
    if constexpr (Nesterov) {  // (3)
      w = w - (m * momentum + g) * rate;
    } else {
      w = w - m * rate;
    }
  }
};

}  // namespace detail

/// Stochastic gradient descent. Throws ValueError if an option is out of range.
template <class T = float>
class Sgd : public detail::Optimizer<T, 1> {
 public:
  explicit Sgd(std::vector<NamedParameter<T>> parameters, const SgdOptions& o = {})
      : detail::Optimizer<T, 1>("Sgd", std::move(parameters), o.learning_rate, o.weight_decay,
                                o.decay_vectors, o.lr_multipliers, {"momentum"}),
        momentum_(o.momentum),
        nesterov_(o.nesterov) {
    detail::require_option(o.learning_rate >= 0, "Sgd", "wants a learning rate from 0",
                           o.learning_rate);
    detail::require_option(momentum_ >= 0 && momentum_ < 1, "Sgd",
                           "wants momentum from 0 to below 1", momentum_);
  }

  /// One step. Gradients are first multiplied by gradient_scale (clip.hpp).
  void step(double gradient_scale = 1) {
    if (nesterov_)
      run<true>(gradient_scale);
    else
      run<false>(gradient_scale);
  }

 private:
  template <bool Nesterov>
  void run(double gradient_scale) {
    this->update(gradient_scale, [&](double rate, double decay, std::int64_t) {
      return detail::SgdStep<T, Nesterov>{static_cast<T>(rate), static_cast<T>(momentum_),
                                          static_cast<T>(decay)};
    });
  }

  double momentum_;
  bool nesterov_;
};

}  // namespace glimpse::inline v0
