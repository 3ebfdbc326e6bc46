// optimizer: the base class of all optimizers. Each one adds its update rule (a functor over
// vectors) and the names of its state.
//
//   w <- step(w, state..., s g; rate_p, decay_p)        one pass over memory for each parameter p
//   s       = gradient_scale, a factor on all gradients (clip.hpp); 1 by default
//   rate_p  = learning_rate x the factor of the longest name prefix that matches p
//   decay_p = weight_decay, or 0 for biases and norms (rank 0 and 1) if decay_vectors is false
//
// A parameter without a gradient since zero_grad() does not change; its state does not either.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <glimpse/core/parallel.hpp>
#include <glimpse/nn/module.hpp>
#include <glimpse/simd/map.hpp>

namespace glimpse::inline v0 {

/// Factor on the learning rate of all parameters below `prefix`. "rectifier.localization" matches
/// "rectifier.localization.fc1.bias" but not "rectifier.localization2.bias".
struct LearningRateMultiplier {
  std::string prefix;
  double factor = 1;

  bool holds(std::string_view name) const {
    return name.substr(0, prefix.size()) == prefix &&
           (prefix.empty() || prefix.back() == '.' || name.size() == prefix.size() ||
            name[prefix.size()] == '.');
  }
};

namespace detail {

inline void require_option(bool ok, std::string_view optimizer, std::string_view rule, double got) {
  if (!ok) fail<ValueError>(optimizer, rule, ", got ", got);
}

/// An update rule applied to s g.
template <class Step, class T>
struct ScaledStep {
  Step step;
  T s;

  template <class V>
  [[gnu::always_inline]] inline void apply(V& w, V& a, const V& g) const {
    const V scaled = g * s;
    step.apply(w, a, scaled);
  }
  template <class V>
  [[gnu::always_inline]] inline void apply(V& w, V& a, V& b, const V& g) const {
    const V scaled = g * s;
    step.apply(w, a, b, scaled);
  }
};

/// Updates one parameter and its state in blocks that threads share.
template <class Step, class T, std::size_t... I>
void update_parameter(const Step& step, Index n, T* w, const std::array<T*, sizeof...(I)>& state,
                      const T* g, std::index_sequence<I...>) {
  constexpr Index block = 16384;
  parallel_blocks(n, block, 8, [&](Index begin, Index end) {
    simd::update(step, end - begin, w + begin, (state[I] + begin)..., g + begin);
  });
}

/// Holds `Slots` state tensors for each parameter, and the number of steps.
template <class T, std::size_t Slots>
class Optimizer {
 public:
  /// The learning rate of the next step; a schedule may set it before each step.
  double learning_rate;

  const std::vector<NamedParameter<T>>& parameters() const { return parameters_; }
  std::int64_t steps() const { return step_; }

  void zero_grad() {
    for (NamedParameter<T>& p : parameters_) p.variable.zero_grad();
  }

  /// Calls f(name, std::int64_t&) for the step counter and f(name, Tensor<T>&) for every state
  /// tensor. A checkpoint of them makes the next step bit-identical.
  /// Adam adds f("missed." + parameter, std::int64_t&): the number of steps without a gradient.
  /// Checkpoints of earlier versions lack these numbers; missing numbers mean 0.
  template <class F>
  void visit_state(F&& f) {
    f(std::string("step"), step_);
    if (counts_updates_)
      for (std::size_t p = 0; p < parameters_.size(); ++p)
        f("missed." + parameters_[p].name, missed_[p]);
    for (std::size_t s = 0; s < Slots; ++s)
      for (std::size_t p = 0; p < parameters_.size(); ++p)
        f(std::string(slot_names_[s]) + "." + parameters_[p].name, state_[p][s]);
  }

 protected:
  Optimizer(std::string_view name, std::vector<NamedParameter<T>> parameters, double rate,
            double weight_decay, bool decay_vectors,
            const std::vector<LearningRateMultiplier>& factors,
            std::array<const char*, Slots> slot_names, bool counts_updates = false)
      : learning_rate(rate),
        parameters_(std::move(parameters)),
        slot_names_(slot_names),
        counts_updates_(counts_updates),
        missed_(parameters_.size()) {
    require_option(weight_decay >= 0, name, "wants weight_decay from 0", weight_decay);
    for (const NamedParameter<T>& p : parameters_) {
      const LearningRateMultiplier* best = nullptr;
      for (const LearningRateMultiplier& f : factors)
        if (f.holds(p.name) && (!best || f.prefix.size() > best->prefix.size())) best = &f;
      factor_.push_back(best ? best->factor : 1);
      decay_.push_back(p.variable.rank() > 1 || decay_vectors ? weight_decay : 0);
      state_.emplace_back();
      for (Tensor<T>& t : state_.back()) t = zeros<T>(p.variable.shape());
    }
    for (const LearningRateMultiplier& f : factors) {
      bool used = false;
      for (const NamedParameter<T>& p : parameters_) used = used || f.holds(p.name);
      if (!used)
        fail<ValueError>(name, "rate factor for '", f.prefix, "', but no parameter has that name");
    }
  }

  /// Counts the step. Then applies rule(rate_p, decay_p, t_p), a functor for simd::update, to every
  /// parameter with a gradient; gradients are multiplied by gradient_scale.
  template <class Rule>
  void update(double gradient_scale, Rule&& rule) {
    ++step_;
    for (std::size_t p = 0; p < parameters_.size(); ++p) {
      Variable<T>& v = parameters_[p].variable;
      const Tensor<T> gradient = v.grad();
      if (!v.requires_grad() || !gradient.defined()) {
        ++missed_[p];
        continue;
      }
      const Tensor<T> g = gradient.contiguous();
      std::array<T*, Slots> state{};
      for (std::size_t s = 0; s < Slots; ++s) state[s] = state_[p][s].data();
      const auto step = rule(learning_rate * factor_[p], decay_[p], step_ - missed_[p]);
      update_parameter(ScaledStep<std::remove_cv_t<decltype(step)>, T>{
                           step, static_cast<T>(gradient_scale)},
                       g.size(), v.mutable_value().data(), state, g.data(),
                       std::make_index_sequence<Slots>{});
    }
  }

 private:
  std::int64_t step_ = 0;
  std::vector<NamedParameter<T>> parameters_;
  std::array<const char*, Slots> slot_names_;
  bool counts_updates_;
  std::vector<std::int64_t> missed_;
  std::vector<std::array<Tensor<T>, Slots>> state_;
  std::vector<double> factor_, decay_;
};

}  // namespace detail

}  // namespace glimpse::inline v0
