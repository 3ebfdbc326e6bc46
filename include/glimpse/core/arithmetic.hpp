// arithmetic: sums of tensors of any strides, and the one rule that undoes broadcasting.
//
//   y_i = x_b(i)  in forward   means   dx_j = sum over the i with b(i) = j of dy_i   in backward
//
// so the gradient of a broadcast operand is summed over the axes that were repeated.
#pragma once

#include <glimpse/core/reduce.hpp>
#include <glimpse/core/tensor.hpp>

namespace glimpse::inline v0 {

/// y += x, y any view, x of y's shape or one that broadcasts to it.
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

/// The gradient of a tensor of `shape` that was broadcast to x's shape: x summed over the repeated
/// axes.
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
