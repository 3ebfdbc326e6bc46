// arithmetic: addition of strided tensors, and the reduction that reverses broadcasting.
//
//   forward:  y_i = x_b(i)      backward:  dx_j = sum over all i with b(i) = j of dy_i
//
// Here b(i) is the input element that broadcasting reads for output element i. The gradient of a
// broadcast operand is therefore summed over the axes that broadcasting repeated.
#pragma once

#include <glimpse/core/reduce.hpp>
#include <glimpse/core/tensor.hpp>

namespace glimpse::inline v0 {

/// y += x. y may be any view; x has the shape of y or broadcasts to it.
/// Throws ShapeError if x does not broadcast to y's shape.
template <class T>
void add_into(Tensor<T> y, const Tensor<T>& x) {
  const Tensor<T> term = x.shape() == y.shape() ? x : x.broadcast_to(y.shape());
  const StridedLoop<2> loops = coalesce_dims<2>(y.shape(), {y.strides(), term.strides()});
  T* const to = y.raw();
  const T* const from = term.raw();
  for_each_contiguous_run(loops, 1, [&](const std::array<Index, 2>& at, Index n) {
    if (loops.step(0) == 1 && loops.step(1) == 1)
      return detail::add_run(to + at[0], from + at[1], n);
    for (Index i = 0; i < n; ++i) to[at[0] + i * loops.step(0)] += from[at[1] + i * loops.step(1)];
  });
}

/// Sums x over the axes that broadcasting from `shape` to x.shape() repeated; the result has
/// `shape`. This sum is the gradient of the broadcast operand. Precondition: `shape` broadcasts to
/// x.shape().
template <class T>
Tensor<T> sum_to(const Tensor<T>& x, const Shape& shape) {
  if (x.shape() == shape) return x;
  Shape axes;
  const Index added = x.rank() - shape.rank();
  for (Index a = 0; a < x.rank(); ++a)
    if (a < added || (shape[a - added] == 1 && x.size(a) != 1)) axes.push_back(a);
  return axes.empty() ? x.reshape(shape) : sum(x, axes).reshape(shape);
}

}  // namespace glimpse::inline v0
