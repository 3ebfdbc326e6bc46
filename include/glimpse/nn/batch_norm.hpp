// BatchNorm2d: every channel to mean 0 and variance 1 over the batch, then scaled and shifted.
//
//   running statistics r <- (1 - momentum) r + momentum (batch's), the variance unbiased; they take
//   the batch's place at inference (training == false). weight starts at 1, bias at 0.
#pragma once

#include <string>

#include <glimpse/nn/forward_hook.hpp>
#include <glimpse/ops/batch_norm.hpp>
#include <glimpse/ops/batch_norm_pool.hpp>

namespace glimpse::inline v0 {

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

  /// x: (N, C, H, W).  Returns the same shape. In training the running statistics move.
  Variable<T> operator()(const Variable<T>& x) {
    const ModuleScope scope(path);
    return report(
        batch_norm2d(x, weight, bias, running_mean, running_var, training, momentum, eps));
  }

  /// The same with a ReLU behind it, in one pass.
  Variable<T> then_relu(const Variable<T>& x) {
    const ModuleScope scope(path);
    return report(
        batch_norm2d_relu(x, weight, bias, running_mean, running_var, training, momentum, eps));
  }

  /// The same with a ReLU and a max pool behind it, in one pass.
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
