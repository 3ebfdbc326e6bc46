// embedding: looks up one row of a table for each index.
//
//   (1)  y_p = W_(i_p)
//   (2)  dW_v = sum over the positions p with i_p = v of dy_p
//
// W: (V, E), i: any shape S, y: (S..., E). O(positions E).
// Notation: docs/math/notation.md.
#pragma once

#include <span>
#include <vector>

#include <glimpse/autograd/variable.hpp>
#include <glimpse/core/gather.hpp>

namespace glimpse::inline v0 {

namespace kernel {

template <class T>
Tensor<T> embedding_forward(const Tensor<T>& weight, std::span<const Index> indices) {
  return gather_rows(weight, indices, "embedding");  // (1)
}

template <class T>
void embedding_backward(std::span<const Index> indices, const Tensor<T>& dy, Tensor<T>& dweight) {
  scatter_add_rows(dweight, indices, dy);  // (2)
}

}  // namespace kernel

/// Rows of `weight` (V, E) at `indices`. Returns index_shape + (E).
/// Throws ValueError if an index is outside [0, V), ShapeError if the number of indices is not that
/// of `index_shape`.
template <class T>
Variable<T> embedding(const Variable<T>& weight, std::span<const Index> indices,
                      const Shape& index_shape) {
  require(weight.rank() == 2, "embedding", "wants a table (V, E)", weight);
  if (std::ssize(indices) != index_shape.count())
    fail<ShapeError>("embedding", indices.size(), " indices do not fill ", index_shape);
  Shape shape = index_shape;
  shape.push_back(weight.size(1));
  Tensor<T> y = kernel::embedding_forward(weight.value(), indices).reshape(shape);
  return record("embedding", y, {weight},
                [kept = std::vector<Index>(indices.begin(), indices.end())](const Tensor<T>& dy,
                                                                            Gradients<T>& d) {
                  kernel::embedding_backward<T>(kept, dy.reshape({-1, dy.size(-1)}), d[0]);
                });
}
template <class T>
Variable<T> embedding(const Variable<T>& weight, std::span<const Index> indices) {
  return embedding(weight, indices, Shape{std::ssize(indices)});
}

}  // namespace glimpse::inline v0
