// Embedding: a table with one row for each symbol. weight: (symbols, width), starts normal (0, 1).
#pragma once

#include <span>
#include <string>

#include <glimpse/core/random.hpp>
#include <glimpse/nn/forward_hook.hpp>
#include <glimpse/nn/init.hpp>
#include <glimpse/ops/embedding.hpp>

namespace glimpse::inline v0 {

/// A table (symbols, width) of learned rows.
template <class T = float>
struct Embedding {
  Variable<T> weight;
  std::string path;

  Embedding() = default;
  Embedding(Index symbols, Index width, Random& rng)
      : weight(parameter(empty<T>({symbols, width}))) {
    normal_init(weight, rng);
  }

  /// indices: row numbers, as many as `shape` has elements. Returns shape + (width,).
  Variable<T> operator()(std::span<const Index> indices, const Shape& shape) const {
    const ModuleScope scope(path);
    return observe(this, "Embedding", embedding(weight, indices, shape), weight.size());
  }
  /// Row numbers as a plain list of n. Returns (n, width).
  Variable<T> operator()(std::span<const Index> indices) const {
    return (*this)(indices, Shape{static_cast<Index>(indices.size())});
  }

  template <class F>
  void visit(F&& f) {
    f("weight", weight);
  }
};

}  // namespace glimpse::inline v0
