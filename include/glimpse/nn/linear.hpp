// Linear: y = x W^T + b, the fully connected layer.
//
// weight: (out, in), bias: (out) or undefined. Both start uniform on [-1/sqrt(in), 1/sqrt(in)), as
// in PyTorch.
#pragma once

#include <cmath>
#include <string>

#include <glimpse/core/random.hpp>
#include <glimpse/nn/forward_hook.hpp>
#include <glimpse/nn/init.hpp>
#include <glimpse/ops/linear.hpp>

namespace glimpse::inline v0 {

/// A fully connected layer: (..., in) to (..., out).
template <class T = float>
struct Linear {
  Variable<T> weight, bias;
  std::string path;

  Linear() = default;
  Linear(Index in, Index out, Random& rng, bool with_bias = true) {
    const double bound = 1 / std::sqrt(static_cast<double>(in));
    weight = detail::uniform_parameter<T>({out, in}, rng, bound);
    if (with_bias) bias = detail::uniform_parameter<T>({out}, rng, bound);
  }

  /// x: (..., in). Returns (..., out).
  Variable<T> operator()(const Variable<T>& x) const {
    const ModuleScope scope(path);
    const Variable<T> y = linear(x, weight, bias);
    return observe(this, "Linear", y, detail::total_size(weight, bias), x.size() * weight.size(0));
  }

  template <class F>
  void visit(F&& f) {
    f("weight", weight);
    f("bias", bias);
  }
};

}  // namespace glimpse::inline v0
