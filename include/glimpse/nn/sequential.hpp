// Sequential: layers applied one after another, and layers without parameters.
//
//   Sequential net{Conv2d<float>({.in = 1, .out = 8}, rng), Relu{}, MaxPool2d{},
//                  Flatten{}, Linear<float>(288, 10, rng)};
//
// Any callable from Variable to Variable is a layer: a module, one of the layers below, a lambda.
// Members are named by their index: "0.weight", "4.bias".
#pragma once

#include <string>
#include <tuple>
#include <utility>

#include <glimpse/nn/forward_hook.hpp>
#include <glimpse/nn/visit.hpp>
#include <glimpse/ops/activations.hpp>
#include <glimpse/ops/pool2d.hpp>
#include <glimpse/ops/shape_ops.hpp>

namespace glimpse::inline v0 {

/// Applies the layers in order. Each layer is stored by value.
template <class... Layers>
struct Sequential {
  std::tuple<Layers...> layers;

  Sequential() = default;
  explicit Sequential(Layers... l) requires(sizeof...(Layers) > 0) : layers(std::move(l)...) {}

  template <class T>
  Variable<T> operator()(const Variable<T>& x) {
    Variable<T> y = x;
    std::apply([&](auto&... layer) { ((y = layer(y)), ...); }, layers);
    return y;
  }

  /// Layer I.
  template <std::size_t I>
  auto& get() {
    return std::get<I>(layers);
  }

  template <class F>
  void visit(F&& f) {
    std::size_t i = 0;
    const auto member = [&](auto& layer) {
      const std::string name = std::to_string(i++);
      if constexpr (Module<std::remove_reference_t<decltype(layer)>>) f(name, layer);
    };
    std::apply([&](auto&... layer) { (member(layer), ...); }, layers);
  }
};

// Layers without parameters. They are modules only because `summary` and errors then can name them.

namespace detail {
/// A named layer that applies Op.
template <class Op>
struct Step : Op {
  std::string path;

  template <class T>
  Variable<T> operator()(const Variable<T>& x) const {
    const ModuleScope scope(path);
    return observe(this, Op::kind, Op::apply(x));
  }
  template <class F>
  void visit(F&&) {}
};
struct ReluStep {
  static constexpr std::string_view kind = "Relu";
  template <class T>
  static Variable<T> apply(const Variable<T>& x) {
    return relu(x);
  }
};
struct TanhStep {
  static constexpr std::string_view kind = "Tanh";
  template <class T>
  static Variable<T> apply(const Variable<T>& x) {
    return tanh(x);
  }
};
struct SigmoidStep {
  static constexpr std::string_view kind = "Sigmoid";
  template <class T>
  static Variable<T> apply(const Variable<T>& x) {
    return sigmoid(x);
  }
};
struct FlattenStep {
  static constexpr std::string_view kind = "Flatten";
  template <class T>
  static Variable<T> apply(const Variable<T>& x) {
    return flatten(x, 1);
  }
};
}  // namespace detail

using Relu = detail::Step<detail::ReluStep>;
using Tanh = detail::Step<detail::TanhStep>;
using Sigmoid = detail::Step<detail::SigmoidStep>;
/// (N, ...) to (N, n).
using Flatten = detail::Step<detail::FlattenStep>;

/// Maximum of every window: (N, C, H, W) to (N, C, out_h, out_w).
struct MaxPool2d {
  Pool2dOptions options;
  std::string path;

  MaxPool2d() = default;
  explicit MaxPool2d(const Pool2dOptions& o) : options(o) {}

  template <class T>
  Variable<T> operator()(const Variable<T>& x) const {
    const ModuleScope scope(path);
    return observe(this, "MaxPool2d", max_pool2d(x, options));
  }
  template <class F>
  void visit(F&&) {}
};

/// Mean of every channel: (N, C, H, W) to (N, C, 1, 1).
struct GlobalAveragePool2d {
  std::string path;

  template <class T>
  Variable<T> operator()(const Variable<T>& x) const {
    const ModuleScope scope(path);
    return observe(this, "GlobalAveragePool2d", adaptive_average_pool2d(x, {1, 1}));
  }
  template <class F>
  void visit(F&&) {}
};

}  // namespace glimpse::inline v0
