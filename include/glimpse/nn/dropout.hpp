// Dropout: in training, each number is 0 with probability p, and the others grow by 1/(1 - p).
//
// Each module owns its generator, so what one drops does not depend on what others drew. The
// generator is a member for `visit` (see random_generators in module.hpp): a checkpoint that stores
// it resumes with the same masks.
#pragma once

#include <cstdint>
#include <string>

#include <glimpse/core/random.hpp>
#include <glimpse/nn/forward_hook.hpp>
#include <glimpse/ops/dropout.hpp>

namespace glimpse::inline v0 {

template <class T = float>
struct Dropout {
  double p = 0.5;
  Random random;
  bool training = true;
  std::string path;

  Dropout() = default;
  /// A generator of its own is seeded from `rng`. Throws ValueError unless 0 <= p < 1.
  Dropout(double probability, Random& rng) : p(probability) {
    if (!(p >= 0 && p < 1)) fail("Dropout", "wants a probability in [0, 1), got ", p);
    const std::uint64_t high = rng.bits();
    random = Random((high << 32) | rng.bits());
  }

  /// x: any shape. At inference it passes through untouched.
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
