// ConvBlock: y = relu(norm(conv(x))), the step that the convolutional networks here are made of.
#pragma once

#include <optional>

#include <glimpse/nn/batch_norm.hpp>
#include <glimpse/nn/conv2d.hpp>
#include <glimpse/nn/fold.hpp>
#include <glimpse/nn/visit.hpp>
#include <glimpse/ops/activations.hpp>
#include <glimpse/ops/max_pool2d.hpp>

namespace glimpse::inline v0 {

template <class T = float>
struct ConvBlock {
  Conv2d<T> conv;
  std::optional<BatchNorm2d<T>> norm;
  bool folded = false;

  ConvBlock() = default;
  ConvBlock(const Conv2dConfig& config, bool batch_norm, Random& rng) : conv(config, rng) {
    if (batch_norm) norm.emplace(config.out);
  }

  /// x: (N, in, H, W).  Returns (N, out, H', W'), nothing below 0.
  Variable<T> operator()(const Variable<T>& x) {
    return norm ? norm->then_relu(conv(x)) : conv.then_relu(x);
  }

  /// max_pool2d((*this)(x), pool), and nothing of the convolution's size is kept for its ReLU.
  Variable<T> pooled(const Variable<T>& x, const Pool2dOptions& pool) {
    const Variable<T> y = conv(x);
    return norm ? norm->then_relu_max_pool(y, pool) : relu_max_pool2d(y, pool);
  }

  /// For use, not for training: the batch norm moves into the convolution, its names leave the
  /// state, and the filters are prepared.
  void fold() {
    if (norm) {
      fold_batch_norm(conv, *norm);
      norm.reset();
      folded = true;
    }
    conv.prepare_for_inference();
  }

  template <class F>
  void visit(F&& f) {
    f("conv", conv);
    f("norm", norm);
  }
};

/// Folds every ConvBlock of a model.
template <class M>
void fold(M& model) {
  walk(model, [](const std::string&, auto& x) {
    if constexpr (requires { x.norm.reset(), x.fold(); }) x.fold();
  });
}

}  // namespace glimpse::inline v0
