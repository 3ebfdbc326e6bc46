// LayerNorm: normalizes every row to mean 0 and variance 1 over its last axis, then scales and
// shifts.
#pragma once

#include <string>

#include <glimpse/nn/forward_hook.hpp>
#include <glimpse/ops/layer_norm.hpp>

namespace glimpse::inline v0 {

/// Layer normalization of (..., n).
template <class T = float>
struct LayerNorm {
  Variable<T> weight, bias;  // (n), start at 1 and 0
  T eps = T(1e-5);
  std::string path;

  LayerNorm() = default;
  explicit LayerNorm(Index n) : weight(parameter(ones<T>({n}))), bias(parameter(zeros<T>({n}))) {}

  /// x: (..., n). Returns the same shape.
  Variable<T> operator()(const Variable<T>& x) const {
    const ModuleScope scope(path);
    return observe(this, "LayerNorm", layer_norm(x, weight, bias, eps),
                   detail::total_size(weight, bias), x.size());
  }

  template <class F>
  void visit(F&& f) {
    f("weight", weight);
    f("bias", bias);
  }
};

}  // namespace glimpse::inline v0
