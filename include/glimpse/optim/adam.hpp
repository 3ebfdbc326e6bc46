// Adam and AdamW: each weight moves by about the learning rate, whatever the size of its gradient.
//
//   (1)  m <- beta1 m + (1 - beta1) g          v <- beta2 v + (1 - beta2) g^2
//   (2)  w <- w - rate / (1 - beta1^t)  m / (sqrt(v / (1 - beta2^t)) + epsilon)      t = 1, 2, ...
//        t counts the updates of this parameter; steps without a gradient for it do not count
//   Adam   adds decay w to g before (1): the decay is then scaled like a gradient
//   AdamW  shrinks the weight itself before (2): w <- w (1 - rate decay)
//
// Sources: Kingma, Ba 2015; Loshchilov, Hutter 2019.
// Notation: docs/math/notation.md.
#pragma once

#include <cmath>

#include <glimpse/optim/optimizer.hpp>
#include <glimpse/optim/square_root.hpp>

namespace glimpse::inline v0 {

/// Options of Adam.
struct AdamOptions {
  double learning_rate = 1e-3, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8;
  double weight_decay = 0;
  bool decay_vectors = true;                             // false: no decay at rank 0 and 1
  std::vector<LearningRateMultiplier> lr_multipliers{};  // by prefix of the parameter's name
};

/// Options of AdamW; weight decay is on by default, as in PyTorch.
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
      decay;  // rate and root_scale include the bias corrections

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

  /// One step. Gradients are first multiplied by gradient_scale (clip.hpp).
  /// Throws ValueError if the learning rate is not in [0, 1).
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
  /// Refuses a rate of 1, the default of Adadelta. With Adam it would move each weight by about 1 a
  /// step, which trains nothing.
  void check_rate() const {
    require_option(this->learning_rate >= 0 && this->learning_rate < 1, name(),
                   "wants a learning rate from 0 to below 1", this->learning_rate);
  }

  double beta1_, beta2_, epsilon_;
};

}  // namespace detail

/// Adam; weight decay, if any, is added to the gradient.
/// Throws ValueError if an option is out of range.
template <class T = float>
class Adam : public detail::AdamOptimizer<T, false> {
 public:
  explicit Adam(std::vector<NamedParameter<T>> parameters, const AdamOptions& options = {})
      : detail::AdamOptimizer<T, false>(std::move(parameters), options) {}
};

/// AdamW: Adam with decoupled weight decay. Throws as Adam.
template <class T = float>
class AdamW : public detail::AdamOptimizer<T, true> {
 public:
  explicit AdamW(std::vector<NamedParameter<T>> parameters, const AdamWOptions& options = {})
      : detail::AdamOptimizer<T, true>(std::move(parameters), options) {}
};

}  // namespace glimpse::inline v0
