// concatenate: tensors one behind the other along an axis, or stacked along a new one.
#pragma once

#include <span>
#include <vector>

#include <glimpse/core/tensor.hpp>

namespace glimpse::inline v0 {

/// Tensors that agree on all axes but `axis`, one behind the other along it.
/// Throws ShapeError where there is none, or where they disagree.
template <class T>
Tensor<T> concatenate(std::span<const Tensor<T>> parts, Index axis) {
  if (parts.empty()) fail<ShapeError>("concatenate", "wants at least one tensor");
  Shape shape = parts[0].shape();
  if (axis < -shape.rank() || axis >= shape.rank())
    fail<ShapeError>("concatenate", shape, " has no axis ", axis);
  if (axis < 0) axis += shape.rank();
  Index total = 0;
  for (const Tensor<T>& part : parts) {
    bool fits = part.rank() == shape.rank();
    for (Index a = 0; fits && a < shape.rank(); ++a) fits = a == axis || part.size(a) == shape[a];
    if (!fits)
      fail<ShapeError>("concatenate", part.shape(), " does not continue ", parts[0].shape(),
                       " along axis ", axis);
    total += part.size(axis);
  }
  shape[axis] = total;
  Tensor<T> y(shape);
  Index at = 0;
  for (const Tensor<T>& part : parts) {
    y.slice(axis, at, at + part.size(axis)).copy_from(part);
    at += part.size(axis);
  }
  return y;
}
template <class T>
Tensor<T> concatenate(const std::vector<Tensor<T>>& parts, Index axis) {
  return concatenate(std::span<const Tensor<T>>(parts), axis);
}

/// Tensors of one shape along a new axis of the result.
template <class T>
Tensor<T> stack(std::span<const Tensor<T>> parts, Index axis = 0) {
  if (parts.empty()) fail<ShapeError>("stack", "wants at least one tensor");
  const Index rank = parts[0].rank() + 1;
  if (axis < -rank || axis >= rank)
    fail<ShapeError>("stack", "the stack of ", parts[0].shape(), " has no axis ", axis);
  if (rank > max_rank)
    fail<ShapeError>("stack", parts[0].shape(), " has all ", max_rank, " axes there can be");
  if (axis < 0) axis += rank;
  Shape shape;
  for (Index a = 0; a < rank; ++a) {
    if (a == axis) shape.push_back(std::ssize(parts));
    if (a < rank - 1) shape.push_back(parts[0].size(a));
  }
  Tensor<T> y(shape);
  for (Index i = 0; i < std::ssize(parts); ++i) {
    const Tensor<T>& part = parts[static_cast<std::size_t>(i)];
    require(part.shape() == parts[0].shape(), "stack", "wants tensors of one shape", parts[0],
            part);
    y.select(axis, i).copy_from(part);
  }
  return y;
}
template <class T>
Tensor<T> stack(const std::vector<Tensor<T>>& parts, Index axis = 0) {
  return stack(std::span<const Tensor<T>>(parts), axis);
}

}  // namespace glimpse::inline v0
