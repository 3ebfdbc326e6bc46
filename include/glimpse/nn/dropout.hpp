// Dropout: in training sets each element to 0 with probability p, and scales the others by 1/(1 -
// p).
//
// Each module has its own generator, and its masks therefore do not depend on other modules.
// `visit` names the generator (see random_generators in module.hpp). A checkpoint that stores it
// resumes with the same masks.
#pragma once

#include <cstdint>
#include <string>

#include <glimpse/core/random.hpp>
#include <glimpse/nn/forward_hook.hpp>
#include <glimpse/ops/dropout.hpp>

namespace glimpse::inline v0 {

/// Dropout with its own generator.
template <class T = float>
struct Dropout {
  double p = 0.5;
  Random random;
  bool training = true;
  std::string path;

  Dropout() = default;
  /// Seeds this module's generator from `rng`. Throws ValueError unless 0 <= p < 1.
  Dropout(double probability, Random& rng) : p(probability) {
    if (!(p >= 0 && p < 1)) fail("Dropout", "wants a probability in [0, 1), got ", p);
    const std::uint64_t high = rng.bits();
    random = Random((high << 32) | rng.bits());
  }

  /// x: any shape. In evaluation mode returns x unchanged.
  Variable<T> operator()(const Variable<T>& x) {
    const ModuleScope scope(path);
    return observe(this, "Dropout",
                   training && p > 0 ? dropout(x, static_cast<T>(p), random, true) : x);
  }

  template <class F>
  void visit(F&& f) {
    f("random", random);
  }
};

}  // namespace glimpse::inline v0
