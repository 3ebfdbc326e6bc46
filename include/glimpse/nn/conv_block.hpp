// ConvBlock: y = relu(norm(conv(x))), the building block of the convolutional networks here.
#pragma once

#include <optional>

#include <glimpse/nn/batch_norm.hpp>
#include <glimpse/nn/conv2d.hpp>
#include <glimpse/nn/fold.hpp>
#include <glimpse/nn/visit.hpp>
#include <glimpse/ops/activations.hpp>
#include <glimpse/ops/max_pool2d.hpp>

namespace glimpse::inline v0 {

/// Convolution, optional batch norm, ReLU.
template <class T = float>
struct ConvBlock {
  Conv2d<T> conv;
  std::optional<BatchNorm2d<T>> norm;
  bool folded = false;

  ConvBlock() = default;
  ConvBlock(const Conv2dConfig& config, bool batch_norm, Random& rng) : conv(config, rng) {
    if (batch_norm) norm.emplace(config.out);
  }

  /// x: (N, in, H, W). Returns (N, out, H', W'), all elements >= 0.
  Variable<T> operator()(const Variable<T>& x) {
    return norm ? norm->then_relu(conv(x)) : conv.then_relu(x);
  }

  /// max_pool2d((*this)(x), pool), without an extra tensor of the convolution's size for the ReLU.
  Variable<T> pooled(const Variable<T>& x, const Pool2dOptions& pool) {
    const Variable<T> y = conv(x);
    return norm ? norm->then_relu_max_pool(y, pool) : relu_max_pool2d(y, pool);
  }

  /// For inference only: folds the batch norm into the convolution and prepares the filters. The
  /// names of the batch norm leave the state dictionary.
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
