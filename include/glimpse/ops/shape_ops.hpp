// shape_ops: the same numbers, elsewhere.
//
//   (1)  y = P x + v       P of ones and zeros; v: what pad2d puts around x, 0 for the others
//   (2)  dx += P^T dy      a gradient goes back to where its number came from; a number that was
//                          used twice gets the sum
//
// Values stay dense: what would be a strided view is copied here, once, in square tiles
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

/// Same numbers in row-major order, other shape; one extent may be -1.  Copies nothing.
/// Throws ShapeError where the number of elements differs.
template <class T>
Variable<T> reshape(const Variable<T>& x, const Shape& shape) {
  return record(
      "reshape", x.value().reshape(shape), {x},
      [from = x.shape()](const Tensor<T>& dy, Gradients<T>& d) { d.add(0, dy.reshape(from)); });
}

/// Joins all axes from `from_axis` on into one: (N, C, H, W) to (N, C H W).
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
template <class T>
Variable<T> permute(const Variable<T>& x, const Shape& order) {
  Tensor<T> y = x.value().permute(order).contiguous();
  Shape back = order;
  for (Index i = 0; i < order.rank(); ++i) back[order[i]] = i;
  return record("permute", y, {x},
                [back](const Tensor<T>& dy, Gradients<T>& d) { d.add(0, dy.permute(back)); });
}

/// Exchanges two axes.
template <class T>
Variable<T> transpose(const Variable<T>& x, Index a, Index b) {
  Tensor<T> y = x.value().transpose(a, b).contiguous();
  return record("transpose", y, {x},
                [a, b](const Tensor<T>& dy, Gradients<T>& d) { d.add(0, dy.transpose(a, b)); });
}

/// Elements [begin, end) of one axis; negative bounds count from the end.
template <class T>
Variable<T> slice(const Variable<T>& x, Index axis, Index begin, Index end) {
  Tensor<T> y = x.value().slice(axis, begin, end).contiguous();
  return record("slice", y, {x}, [axis, begin, end](const Tensor<T>& dy, Gradients<T>& d) {
    add_into(d[0].slice(axis, begin, end), dy);
  });
}

/// One index of an axis, which is dropped; a negative index counts from the end.
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

/// Variables one behind the other along an axis; they agree on all others.
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

/// Variables of one shape along a new axis of the result.
template <class T>
Variable<T> stack(const std::vector<Variable<T>>& parts, Index axis = 0) {
  Tensor<T> y = stack(detail::values_of(parts), axis);
  return record("stack", y, parts, [axis, n = parts.size()](const Tensor<T>& dy, Gradients<T>& d) {
    for (std::size_t i = 0; i < n; ++i)
      if (d.wants(i)) d.add(i, dy.select(axis, static_cast<Index>(i)));
  });
}

/// Repeats axes of extent 1 and adds leading axes until the shape is `shape`.
template <class T>
Variable<T> broadcast_to(const Variable<T>& x, const Shape& shape) {
  Tensor<T> y = x.value().broadcast_to(shape).contiguous();
  return record("broadcast_to", y, {x}, [from = x.shape()](const Tensor<T>& dy, Gradients<T>& d) {
    d.add(0, sum_to(dy, from));
  });
}

/// Rows and columns of `value` around the last two axes.
/// x: (..., H, W).  Returns (..., top + H + bottom, left + W + right).
/// Throws ShapeError for a rank below 2, ValueError for a negative width.
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

/// The rows of x (R, ...) that `indices` names, along the first axis; one may be named more than
/// once. Throws ValueError for an index outside [0, R).
template <class T>
Variable<T> gather_rows(const Variable<T>& x, std::span<const Index> indices) {
  Tensor<T> y = gather_rows(x.value(), indices);
  return record("gather_rows", y, {x},
                [kept = std::vector<Index>(indices.begin(), indices.end())](
                    const Tensor<T>& dy, Gradients<T>& d) { scatter_add_rows<T>(d[0], kept, dy); });
}

}  // namespace glimpse::inline v0
