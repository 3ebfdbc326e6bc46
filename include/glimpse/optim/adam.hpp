// Adam and AdamW: steps of about the learning rate in every weight, whatever the size of its
// gradient.
//
//   (1)  m <- beta1 m + (1 - beta1) g          v <- beta2 v + (1 - beta2) g^2
//   (2)  w <- w - rate / (1 - beta1^t)  m / (sqrt(v / (1 - beta2^t)) + epsilon)      t = 1, 2, ...
//        t counts the updates of this parameter: steps that brought it no gradient do not count
//   Adam   adds decay w to g in front of (1): the decay is then scaled like a gradient
//   AdamW  shrinks the weight itself in front of (2): w <- w (1 - rate decay)
//
// Sources: Kingma, Ba 2015; Loshchilov, Hutter 2019.
// Notation: docs/math/notation.md.
#pragma once

#include <cmath>

#include <glimpse/optim/optimizer.hpp>
#include <glimpse/optim/square_root.hpp>

namespace glimpse::inline v0 {

struct AdamOptions {
  double learning_rate = 1e-3, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8;
  double weight_decay = 0;
  bool decay_vectors = true;                             // false: no decay for biases and norms
  std::vector<LearningRateMultiplier> lr_multipliers{};  // by name prefix
};

struct AdamWOptions {
  double learning_rate = 1e-3, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8;
  double weight_decay = 0.01;
  bool decay_vectors = true;
  std::vector<LearningRateMultiplier> lr_multipliers{};
};

namespace detail {

template <class T, bool Decoupled>
struct AdamStep {
  T beta1, rest1, beta2, rest2, rate, root_scale, epsilon,
      decay;  // rate and root_scale hold the bias corrections

  template <class V>
  [[gnu::always_inline]] inline void apply(V& w, V& m, V& v, const V& gradient) const {
    V g = gradient, root;
    if constexpr (Decoupled) {
      w = w * decay;
    } else {
      g = w * decay + g;
    }
    m = m * beta1 + g * rest1;  // (1)
    v = v * beta2 + g * g * rest2;
    square_root(root, v);
    w = w - m * rate / (root * root_scale + epsilon);  // (2)
  }
};

template <class T, bool Decoupled>
class AdamOptimizer : public Optimizer<T, 2> {
 public:
  template <class Options>
  AdamOptimizer(std::vector<NamedParameter<T>> parameters, const Options& o)
      : Optimizer<T, 2>(name(), std::move(parameters), o.learning_rate, o.weight_decay,
                        o.decay_vectors, o.lr_multipliers, {"m", "v"}, true),
        beta1_(o.beta1),
        beta2_(o.beta2),
        epsilon_(o.epsilon) {
    require_option(beta1_ >= 0 && beta1_ < 1, name(), "wants beta1 from 0 to below 1", beta1_);
    require_option(beta2_ >= 0 && beta2_ < 1, name(), "wants beta2 from 0 to below 1", beta2_);
    require_option(epsilon_ > 0, name(), "wants epsilon above 0", epsilon_);
    check_rate();
  }

  /// One step along the gradients of all parameters, each times gradient_scale.
  void step(double gradient_scale = 1) {
    check_rate();
    this->update(gradient_scale, [&](double rate, double decay, std::int64_t updates) {
      const auto t = static_cast<double>(updates);
      const double correction1 = 1 - std::pow(beta1_, t), correction2 = 1 - std::pow(beta2_, t);
      AdamStep<T, Decoupled> s{};
      s.beta1 = static_cast<T>(beta1_), s.rest1 = static_cast<T>(1 - beta1_);
      s.beta2 = static_cast<T>(beta2_), s.rest2 = static_cast<T>(1 - beta2_);
      s.rate = static_cast<T>(rate / correction1);
      s.root_scale = static_cast<T>(1 / std::sqrt(correction2));
      s.epsilon = static_cast<T>(epsilon_);
      s.decay = static_cast<T>(Decoupled ? 1 - rate * decay : decay);
      return s;
    });
  }

 private:
  static constexpr const char* name() { return Decoupled ? "AdamW" : "Adam"; }
  /// A rate of 1, right for Adadelta, moves every weight by 1 a step here and trains nothing.
  void check_rate() const {
    require_option(this->learning_rate >= 0 && this->learning_rate < 1, name(),
                   "wants a learning rate from 0 to below 1", this->learning_rate);
  }

  double beta1_, beta2_, epsilon_;
};

}  // namespace detail

/// Adam with decay, if any, added to the gradient.
/// Throws ValueError for options out of range; step() for a learning rate of 1 and more.
template <class T = float>
class Adam : public detail::AdamOptimizer<T, false> {
 public:
  explicit Adam(std::vector<NamedParameter<T>> parameters, const AdamOptions& options = {})
      : detail::AdamOptimizer<T, false>(std::move(parameters), options) {}
};

/// Adam with decoupled weight decay. Throws as Adam.
template <class T = float>
class AdamW : public detail::AdamOptimizer<T, true> {
 public:
  explicit AdamW(std::vector<NamedParameter<T>> parameters, const AdamWOptions& options = {})
      : detail::AdamOptimizer<T, true>(std::move(parameters), options) {}
};

}  // namespace glimpse::inline v0
