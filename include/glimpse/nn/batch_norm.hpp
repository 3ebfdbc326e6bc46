// BatchNorm2d: normalizes every channel to mean 0 and variance 1 over the batch, then scales and
// shifts it. `weight` is gamma and starts at 1; `bias` is beta and starts at 0.
//
//   running statistics r <- (1 - momentum) r + momentum (batch's), with the unbiased variance; they
//   replace those of the batch in evaluation mode (training == false).
#pragma once

#include <string>

#include <glimpse/nn/forward_hook.hpp>
#include <glimpse/ops/batch_norm.hpp>
#include <glimpse/ops/batch_norm_pool.hpp>

namespace glimpse::inline v0 {

/// Batch normalization of (N, C, H, W).
template <class T = float>
struct BatchNorm2d {
  Variable<T> weight, bias;             // (C)
  Tensor<T> running_mean, running_var;  // (C)
  T momentum = T(0.1), eps = T(1e-5);
  bool training = true;
  std::string path;

  BatchNorm2d() = default;
  explicit BatchNorm2d(Index channels)
      : weight(parameter(ones<T>({channels}))),
        bias(parameter(zeros<T>({channels}))),
        running_mean(zeros<T>({channels})),
        running_var(ones<T>({channels})) {}

  /// x: (N, C, H, W). Returns the same shape. In training it updates the running statistics.
  Variable<T> operator()(const Variable<T>& x) {
    const ModuleScope scope(path);
    return report(
        batch_norm2d(x, weight, bias, running_mean, running_var, training, momentum, eps));
  }

  /// relu((*this)(x)) in one pass.
  Variable<T> then_relu(const Variable<T>& x) {
    const ModuleScope scope(path);
    return report(
        batch_norm2d_relu(x, weight, bias, running_mean, running_var, training, momentum, eps));
  }

  /// max_pool2d(relu((*this)(x)), pool) in one pass. Returns (N, C, out_h, out_w).
  Variable<T> then_relu_max_pool(const Variable<T>& x, const Pool2dOptions& pool) {
    const ModuleScope scope(path);
    return report(batch_norm2d_relu_max_pool2d(x, weight, bias, running_mean, running_var, training,
                                               pool, momentum, eps));
  }

  template <class F>
  void visit(F&& f) {
    f("weight", weight);
    f("bias", bias);
    f("running_mean", running_mean);
    f("running_var", running_var);
  }

 private:
  Variable<T> report(const Variable<T>& y) const {
    return observe(this, "BatchNorm2d", y, detail::total_size(weight, bias), y.size());
  }
};

}  // namespace glimpse::inline v0
