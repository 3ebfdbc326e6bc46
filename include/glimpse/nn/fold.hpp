// fold: moves a batch norm into the convolution before it. This is possible at inference, because
// the batch norm then is a fixed scale and shift of every channel.
//
//   s  = gamma / sqrt(running_var + eps)
//   (1)  s ((W x + b) - running_mean) + beta  =  (s W) x + (s (b - running_mean) + beta)
//
// The folded network computes the same function with one pass fewer over every feature map.
// Notation: docs/math/notation.md.
#pragma once

#include <cmath>

#include <glimpse/nn/batch_norm.hpp>
#include <glimpse/nn/conv2d.hpp>

namespace glimpse::inline v0 {

/// Folds `norm` into `conv`. conv: filters (out, ...); norm: over `out` channels. Gives conv new
/// parameters; copies of conv that shared the old ones do not change.
/// Throws ShapeError if the numbers of channels differ.
template <class T>
void fold_batch_norm(Conv2d<T>& conv, const BatchNorm2d<T>& norm) {
  require(norm.weight.shape() == Shape{conv.weight.size(0)}, "fold_batch_norm",
          "wants one channel to a filter", conv.weight, norm.weight);
  const Index filters = conv.weight.size(0), n = conv.weight.size() / filters;
  Tensor<T> weight = conv.weight.value().clone(), bias({filters});
  for (Index o = 0; o < filters; ++o) {
    const double mean = static_cast<double>(norm.running_mean(o)),
                 b = conv.bias.defined() ? static_cast<double>(conv.bias.value()(o)) : 0;
    const double s =
        static_cast<double>(norm.weight.value()(o)) /
        std::sqrt(static_cast<double>(norm.running_var(o)) + static_cast<double>(norm.eps));
    for (T* w = weight.data() + o * n; w != weight.data() + (o + 1) * n; ++w)
      *w = static_cast<T>(s * static_cast<double>(*w));
    bias(o) = static_cast<T>(s * (b - mean) + static_cast<double>(norm.bias.value()(o)));  // (1)
  }
  const bool trained = conv.weight.requires_grad();
  conv.weight = constant(weight).set_requires_grad(trained);
  conv.bias = constant(bias).set_requires_grad(trained);
  conv.config.bias = true;
}

}  // namespace glimpse::inline v0
