// RMSprop: divides gradients by the root of a running average of their squares.
//
//   (1)  a <- alpha a + (1 - alpha) g^2                   g <- g + decay w first
//   (2)  m <- momentum m + g / (sqrt a + epsilon)
//   (3)  w <- w - rate m
//
// Source: Tieleman, Hinton 2012, lecture 6e.
// Notation: docs/math/notation.md.
#pragma once

#include <glimpse/optim/optimizer.hpp>
#include <glimpse/optim/square_root.hpp>

namespace glimpse::inline v0 {

/// Options of Rmsprop, with the symbols of the equations above.
struct RmspropOptions {
  double learning_rate = 1e-2, alpha = 0.99, epsilon = 1e-8, momentum = 0;
  double weight_decay = 0;
  bool decay_vectors = true;                             // false: no decay at rank 0 and 1
  std::vector<LearningRateMultiplier> lr_multipliers{};  // by prefix of the parameter's name
};

namespace detail {

template <class T>
struct RmspropStep {
  T rate, alpha, rest, epsilon, momentum, decay;

  template <class V>
  [[gnu::always_inline]] inline void apply(V& w, V& a, V& m, const V& gradient) const {
    const V g = w * decay + gradient;
    V root;
    a = a * alpha + g * g * rest;  // (1)
    square_root(root, a);
    m = m * momentum + g / (root + epsilon);  // (2)
    w = w - m * rate;                         // (3)
  }
};

}  // namespace detail

/// The RMSprop optimizer. Throws ValueError if an option is out of range.
template <class T = float>
class Rmsprop : public detail::Optimizer<T, 2> {
 public:
  explicit Rmsprop(std::vector<NamedParameter<T>> parameters, const RmspropOptions& o = {})
      : detail::Optimizer<T, 2>("Rmsprop", std::move(parameters), o.learning_rate, o.weight_decay,
                                o.decay_vectors, o.lr_multipliers, {"square", "momentum"}),
        alpha_(o.alpha),
        epsilon_(o.epsilon),
        momentum_(o.momentum) {
    detail::require_option(o.learning_rate >= 0, "Rmsprop", "wants a learning rate from 0",
                           o.learning_rate);
    detail::require_option(alpha_ >= 0 && alpha_ < 1, "Rmsprop", "wants alpha from 0 to below 1",
                           alpha_);
    detail::require_option(epsilon_ > 0, "Rmsprop", "wants epsilon above 0", epsilon_);
    detail::require_option(momentum_ >= 0 && momentum_ < 1, "Rmsprop",
                           "wants momentum from 0 to below 1", momentum_);
  }

  /// One step. Gradients are first multiplied by gradient_scale (clip.hpp).
  void step(double gradient_scale = 1) {
    this->update(gradient_scale, [&](double rate, double decay, std::int64_t) {
      return detail::RmspropStep<T>{static_cast<T>(rate),       static_cast<T>(alpha_),
                                    static_cast<T>(1 - alpha_), static_cast<T>(epsilon_),
                                    static_cast<T>(momentum_),  static_cast<T>(decay)};
    });
  }

 private:
  double alpha_, epsilon_, momentum_;
};

}  // namespace glimpse::inline v0
