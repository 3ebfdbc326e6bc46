// ADADELTA: steps in the units of the weights, from running averages of g^2 and of squared steps.
//
//   (1)  a <- rho a + (1 - rho) g^2                       g <- g + decay w first
//   (2)  delta = sqrt(b + epsilon) / sqrt(a + epsilon) g
//   (3)  b <- rho b + (1 - rho) delta^2
//   (4)  w <- w - rate delta                              rate is 1 in the paper
//
// RARE and CRNN were trained with this optimizer. Source: Zeiler 2012.
// Notation: docs/math/notation.md.
#pragma once

#include <glimpse/optim/optimizer.hpp>
#include <glimpse/optim/square_root.hpp>

namespace glimpse::inline v0 {

/// Options of Adadelta, with the symbols of the equations above.
struct AdadeltaOptions {
  double learning_rate = 1, rho = 0.9, epsilon = 1e-6;
  double weight_decay = 0;
  bool decay_vectors = true;                             // false: no decay at rank 0 and 1
  std::vector<LearningRateMultiplier> lr_multipliers{};  // by prefix of the parameter's name
};

namespace detail {

template <class T>
struct AdadeltaStep {
  T rate, rho, rest, epsilon, decay;

  template <class V>
  [[gnu::always_inline]] inline void apply(V& w, V& a, V& b, const V& gradient) const {
    const V g = w * decay + gradient;
    V root_a, root_b;
    a = a * rho + g * g * rest;  // (1)
    square_root(root_a, V(a + epsilon));
    square_root(root_b, V(b + epsilon));
    const V delta = root_b / root_a * g;  // (2)
    b = b * rho + delta * delta * rest;   // (3)
    w = w - delta * rate;                 // (4)
  }
};

}  // namespace detail

/// The Adadelta optimizer. Throws ValueError if an option is out of range.
template <class T = float>
class Adadelta : public detail::Optimizer<T, 2> {
 public:
  explicit Adadelta(std::vector<NamedParameter<T>> parameters, const AdadeltaOptions& o = {})
      : detail::Optimizer<T, 2>("Adadelta", std::move(parameters), o.learning_rate, o.weight_decay,
                                o.decay_vectors, o.lr_multipliers, {"square", "delta"}),
        rho_(o.rho),
        epsilon_(o.epsilon) {
    detail::require_option(o.learning_rate >= 0, "Adadelta", "wants a learning rate from 0",
                           o.learning_rate);
    detail::require_option(rho_ >= 0 && rho_ < 1, "Adadelta", "wants rho from 0 to below 1", rho_);
    detail::require_option(epsilon_ > 0, "Adadelta", "wants epsilon above 0", epsilon_);
  }

  /// One step. Gradients are first multiplied by gradient_scale (clip.hpp).
  void step(double gradient_scale = 1) {
    this->update(gradient_scale, [&](double rate, double decay, std::int64_t) {
      return detail::AdadeltaStep<T>{static_cast<T>(rate), static_cast<T>(rho_),
                                     static_cast<T>(1 - rho_), static_cast<T>(epsilon_),
                                     static_cast<T>(decay)};
    });
  }

 private:
  double rho_, epsilon_;
};

}  // namespace glimpse::inline v0
