// Conv2d: convolution of a batch of images with a bank of filters.
//
// weight: (out, in/groups, kernel h, kernel w), bias: (out) or undefined. Both start uniform on
// [-1/sqrt(f), 1/sqrt(f)), f = in/groups * kernel h * kernel w, as in PyTorch.
#pragma once

#include <array>
#include <cmath>
#include <memory>
#include <string>

#include <glimpse/core/random.hpp>
#include <glimpse/nn/forward_hook.hpp>
#include <glimpse/nn/init.hpp>
#include <glimpse/ops/conv2d.hpp>

namespace glimpse::inline v0 {

/// Options of the layer. Pairs are (height, width), in pixels.
struct Conv2dConfig {
  Index in = 1, out = 1;
  std::array<Index, 2> kernel{3, 3}, stride{1, 1}, padding{0, 0}, dilation{1, 1};
  Index groups = 1;
  bool bias = true;
  ConvAlgorithm algorithm = ConvAlgorithm::automatic;
};

/// A convolution layer.
template <class T = float>
struct Conv2d {
  Conv2dConfig config;
  Variable<T> weight, bias;
  std::string path;
  std::shared_ptr<const kernel::PreparedFilters<T>> prepared;  // see prepare_for_inference

  Conv2d() = default;
  /// Throws ValueError if `groups` does not divide the channels, or if a size is below 1.
  Conv2d(const Conv2dConfig& c, Random& rng) : config(c) {
    if (c.in < 1 || c.out < 1 || c.groups < 1 || c.in % c.groups != 0 || c.out % c.groups != 0)
      fail("Conv2d", c.groups, " groups do not split ", c.in, " channels in and ", c.out, " out");
    const Shape shape{c.out, c.in / c.groups, c.kernel[0], c.kernel[1]};
    const double bound = 1 / std::sqrt(static_cast<double>(shape.count() / c.out));
    weight = detail::uniform_parameter<T>(shape, rng, bound);
    if (c.bias) bias = detail::uniform_parameter<T>({c.out}, rng, bound);
  }

  Conv2dOptions options() const {
    return {.stride = config.stride,
            .padding = config.padding,
            .dilation = config.dilation,
            .groups = config.groups,
            .algorithm = config.algorithm};
  }

  /// For inference: also keeps the transformed filters, which makes small batches faster.
  /// If the filters change later, the layer does not use the transformed ones.
  void prepare_for_inference() {
    prepared = std::make_shared<const kernel::PreparedFilters<T>>(weight.value().contiguous());
  }

  /// x: (N, in, H, W). Returns (N, out, H', W').
  Variable<T> operator()(const Variable<T>& x) const {
    const ModuleScope scope(path);
    return observed(conv2d(x, weight, bias, options(), prepared.get()));
  }

  /// relu((*this)(x)) in one pass.
  Variable<T> then_relu(const Variable<T>& x) const {
    const ModuleScope scope(path);
    return observed(conv2d_relu(x, weight, bias, options(), prepared.get()));
  }

  template <class F>
  void visit(F&& f) {
    f("weight", weight);
    f("bias", bias);
  }

 private:
  Variable<T> observed(const Variable<T>& y) const {
    return observe(this, "Conv2d", y, detail::total_size(weight, bias),
                   y.size() * (weight.size() / weight.size(0)));
  }
};

}  // namespace glimpse::inline v0
