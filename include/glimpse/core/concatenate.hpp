// concatenate: joins tensors along an existing axis; stack joins them along a new axis.
#pragma once

#include <span>
#include <vector>

#include <glimpse/core/tensor.hpp>

namespace glimpse::inline v0 {

/// Joins tensors along `axis`; all other extents must be equal. A negative axis counts from the
/// end.
/// Throws ShapeError if `parts` is empty, if the axis does not exist, or if the extents differ.
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

/// Stacks n tensors of one shape along a new axis of extent n. `axis` is its index in the result.
/// Throws ShapeError if `parts` is empty, if shapes differ, or if the result exceeds max_rank axes.
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
