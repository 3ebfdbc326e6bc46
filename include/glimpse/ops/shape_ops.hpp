// shape_ops: operations that move elements: reshape, permute, slice, concatenate, pad.
//
//   (1)  y = P x + v       P of ones and zeros; v: the border of pad2d, 0 for the others
//   (2)  dx += P^T dy      a gradient returns to the source of its element; an element that was
//                          used twice gets the sum
//
// Results are dense. What NumPy returns as a strided view is copied here, once, in square tiles
// (core/loops.hpp).
// Notation: docs/math/notation.md.
#pragma once

#include <span>
#include <vector>

#include <glimpse/autograd/variable.hpp>
#include <glimpse/core/arithmetic.hpp>
#include <glimpse/core/concatenate.hpp>
#include <glimpse/core/gather.hpp>

namespace glimpse::inline v0 {

/// Same elements in row-major order, new shape; one extent may be -1. Copies nothing.
/// Throws ShapeError if the number of elements differs.
template <class T>
Variable<T> reshape(const Variable<T>& x, const Shape& shape) {
  return record(
      "reshape", x.value().reshape(shape), {x},
      [from = x.shape()](const Tensor<T>& dy, Gradients<T>& d) { d.add(0, dy.reshape(from)); });
}

/// Joins all axes from `from_axis` into one: (N, C, H, W) to (N, C H W).
/// Throws ShapeError if the axis does not exist.
template <class T>
Variable<T> flatten(const Variable<T>& x, Index from_axis = 1) {
  const Index rank = x.rank(), first = from_axis < 0 ? from_axis + rank : from_axis;
  if (first < 0 || first >= rank) fail<ShapeError>("flatten", x, " has no axis ", from_axis);
  Shape shape;
  Index joined = 1;
  for (Index a = 0; a < rank; ++a) {
    if (a < first)
      shape.push_back(x.size(a));
    else
      joined *= x.size(a);
  }
  shape.push_back(joined);
  return reshape(x, shape);
}

/// Axis i of the result is axis order[i] of x.
/// Throws ShapeError if `order` is not a permutation of the axes.
template <class T>
Variable<T> permute(const Variable<T>& x, const Shape& order) {
  Tensor<T> y = x.value().permute(order).contiguous();
  Shape back = order;
  for (Index i = 0; i < order.rank(); ++i) back[order[i]] = i;
  return record("permute", y, {x},
                [back](const Tensor<T>& dy, Gradients<T>& d) { d.add(0, dy.permute(back)); });
}

/// Exchanges two axes. Throws ShapeError if an axis does not exist.
template <class T>
Variable<T> transpose(const Variable<T>& x, Index a, Index b) {
  Tensor<T> y = x.value().transpose(a, b).contiguous();
  return record("transpose", y, {x},
                [a, b](const Tensor<T>& dy, Gradients<T>& d) { d.add(0, dy.transpose(a, b)); });
}

/// Elements [begin, end) of one axis; negative bounds count from the end.
/// Throws ShapeError if the bounds are outside of the axis.
template <class T>
Variable<T> slice(const Variable<T>& x, Index axis, Index begin, Index end) {
  Tensor<T> y = x.value().slice(axis, begin, end).contiguous();
  return record("slice", y, {x}, [axis, begin, end](const Tensor<T>& dy, Gradients<T>& d) {
    add_into(d[0].slice(axis, begin, end), dy);
  });
}

/// One index of an axis, which is dropped; a negative index counts from the end.
/// Throws ShapeError if the index is out of range.
template <class T>
Variable<T> select(const Variable<T>& x, Index axis, Index index) {
  Tensor<T> y = x.value().select(axis, index).contiguous();
  return record("select", y, {x}, [axis, index](const Tensor<T>& dy, Gradients<T>& d) {
    add_into(d[0].select(axis, index), dy);
  });
}

namespace detail {
template <class T>
std::vector<Tensor<T>> values_of(const std::vector<Variable<T>>& parts) {
  std::vector<Tensor<T>> values;
  values.reserve(parts.size());
  for (const Variable<T>& part : parts) values.push_back(part.value());
  return values;
}
}  // namespace detail

/// Joins variables along `axis`; all other extents must be equal. Throws ShapeError if they differ.
template <class T>
Variable<T> concatenate(const std::vector<Variable<T>>& parts, Index axis) {
  Tensor<T> y = concatenate(detail::values_of(parts), axis);
  std::vector<Index> ends;
  for (const Variable<T>& part : parts)
    ends.push_back((ends.empty() ? 0 : ends.back()) + part.size(axis));
  return record("concatenate", y, parts, [axis, ends](const Tensor<T>& dy, Gradients<T>& d) {
    for (std::size_t i = 0; i < ends.size(); ++i)
      if (d.wants(i)) d.add(i, dy.slice(axis, i > 0 ? ends[i - 1] : 0, ends[i]));
  });
}

/// Stacks variables of one shape along a new axis of the result. Throws ShapeError if shapes
/// differ.
template <class T>
Variable<T> stack(const std::vector<Variable<T>>& parts, Index axis = 0) {
  Tensor<T> y = stack(detail::values_of(parts), axis);
  return record("stack", y, parts, [axis, n = parts.size()](const Tensor<T>& dy, Gradients<T>& d) {
    for (std::size_t i = 0; i < n; ++i)
      if (d.wants(i)) d.add(i, dy.select(axis, static_cast<Index>(i)));
  });
}

/// Repeats axes of extent 1 and adds leading axes to get `shape`.
/// Throws ShapeError if x does not broadcast to `shape`.
template <class T>
Variable<T> broadcast_to(const Variable<T>& x, const Shape& shape) {
  Tensor<T> y = x.value().broadcast_to(shape).contiguous();
  return record("broadcast_to", y, {x}, [from = x.shape()](const Tensor<T>& dy, Gradients<T>& d) {
    d.add(0, sum_to(dy, from));
  });
}

/// Adds rows and columns of `value` around the last two axes.
/// x: (..., H, W). Returns (..., top + H + bottom, left + W + right).
/// Throws ShapeError if x has fewer than two axes, ValueError if a width is negative.
template <class T>
Variable<T> pad2d(const Variable<T>& x, Index top, Index bottom, Index left, Index right,
                  double value = 0) {
  require(x.rank() >= 2, "pad2d", "wants at least two axes", x);
  if (std::min(std::min(top, bottom), std::min(left, right)) < 0)
    fail("pad2d", "wants widths of at least 0, got ", Shape{top, bottom, left, right});
  const Index h = x.size(-2), w = x.size(-1);
  Shape shape = x.shape();
  shape[-2] += top + bottom;
  shape[-1] += left + right;
  Tensor<T> y = full<T>(shape, static_cast<T>(value));
  const auto inside = [=](const Tensor<T>& t) {
    return t.slice(-2, top, top + h).slice(-1, left, left + w);
  };
  inside(y).copy_from(x.value());  // (1)
  return record("pad2d", y, {x},  // (2)
                [inside](const Tensor<T>& dy, Gradients<T>& d) { d.add(0, inside(dy)); });
}

/// The rows of x (R, ...) at the n `indices` of the first axis: (n, ...). An index may occur more
/// than once. Throws ValueError if an index is outside [0, R).
template <class T>
Variable<T> gather_rows(const Variable<T>& x, std::span<const Index> indices) {
  Tensor<T> y = gather_rows(x.value(), indices);
  return record("gather_rows", y, {x},
                [kept = std::vector<Index>(indices.begin(), indices.end())](
                    const Tensor<T>& dy, Gradients<T>& d) { scatter_add_rows<T>(d[0], kept, dy); });
}

}  // namespace glimpse::inline v0
