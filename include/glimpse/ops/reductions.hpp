// reductions: sum, mean, max and min over any axes (core/reduce.hpp).
//
//   (1)  sum    y_k = sum_r x_(k, r)          dx_(k, r) = dy_k
//   (2)  mean   y_k = 1/n sum_r x_(k, r)      dx_(k, r) = dy_k / n
//   (3)  max    y_k = x_(k, r*)               dx_(k, r) = dy_k [r = r*],  r* the first largest
//        min    with the first smallest
//
// k runs over the kept axes, r over the n positions of the reduced ones.
// Notation: docs/math/notation.md.
#pragma once

#include <glimpse/autograd/variable.hpp>
#include <glimpse/core/arithmetic.hpp>
#include <glimpse/core/reduce.hpp>

namespace glimpse::inline v0 {

namespace kernel {

/// dy, repeated over the reduced axes and multiplied by `factor`.
template <class T>
Tensor<T> sum_backward(const Tensor<T>& dy, const Shape& shape, unsigned mask, T factor) {
  Tensor<T> scaled = dy.reshape(glimpse::detail::reduced_shape(shape, mask, true));
  if (factor != T(1)) {
    scaled = scaled.clone();
    for (T& v : scaled.span()) v *= factor;
  }
  return scaled.broadcast_to(shape);
}

/// Puts every dy at the position of its maximum; `at` is an index within the reduced axes.
template <class T>
Tensor<T> max_backward(const Tensor<T>& dy, const Tensor<Index>& at, const Shape& shape,
                       unsigned mask) {
  Shape order, back = shape, rows;
  for (const unsigned partial : {~mask, mask})
    for (Index a = 0; a < shape.rank(); ++a)
      if (partial >> a & 1) back[a] = order.rank(), order.push_back(a), rows.push_back(shape[a]);
  Tensor<T> dx = zeros<T>(rows);  // the reduced axes at the end, as in the forward pass
  const Index n = shape.count() / std::max<Index>(dy.size(), 1);
  for (Index r = 0; r < dy.size(); ++r) dx.data()[r * n + at.data()[r]] = dy.data()[r];  // (3)
  return dx.permute(back);
}

}  // namespace kernel

/// Sum over `axes` (none: all axes, a scalar). keepdim: reduced axes stay, with extent 1.
/// Throws ShapeError if x does not have an axis.
template <class T>
Variable<T> sum(const Variable<T>& x, const Shape& axes = {}, bool keepdim = false) {
  const unsigned mask = detail::axis_mask("sum", x.shape(), axes);
  return record("sum", sum(x.value(), axes, keepdim), {x},
                [shape = x.shape(), mask](const Tensor<T>& dy, Gradients<T>& d) {
                  d.add(0, kernel::sum_backward(dy, shape, mask, T(1)));  // (1)
                });
}

/// Mean over `axes` (none: all axes); otherwise as sum.
template <class T>
Variable<T> mean(const Variable<T>& x, const Shape& axes = {}, bool keepdim = false) {
  const unsigned mask = detail::axis_mask("mean", x.shape(), axes);
  Tensor<T> y = mean(x.value(), axes, keepdim);
  return record("mean", y, {x}, [shape = x.shape(), mask](const Tensor<T>& dy, Gradients<T>& d) {
    const Index n = shape.count() / std::max<Index>(dy.size(), 1);
    d.add(0, kernel::sum_backward(dy, shape, mask, T(1) / static_cast<T>(n)));  // (2)
  });
}

namespace detail {
template <class Better, class T>
Variable<T> best(std::string_view op, const Variable<T>& x, const Shape& axes, bool keepdim) {
  const unsigned mask = axis_mask(op, x.shape(), axes);
  const Tensor<T> rows = reduced_last(op, x.value(), axes);
  const Tensor<Index> at = best_in_rows<Better>(rows);
  Tensor<T> y(reduced_shape(x.shape(), mask, keepdim));
  const Index n = rows.size(-1);
  for (Index r = 0; r < y.size(); ++r) y.data()[r] = rows.data()[r * n + at.data()[r]];
  return record(op, y, {x}, [at, shape = x.shape(), mask](const Tensor<T>& dy, Gradients<T>& d) {
    d.add(0, kernel::max_backward(dy, at, shape, mask));
  });
}
}  // namespace detail

/// Largest element over `axes` (none: all axes); a NaN wins. If elements are equal, the gradient
/// goes to the first. Throws ShapeError if there are no elements.
template <class T>
Variable<T> max(const Variable<T>& x, const Shape& axes = {}, bool keepdim = false) {
  return detail::best<detail::Larger>("max", x, axes, keepdim);
}
/// Smallest element over `axes` (none: all axes); otherwise as max.
template <class T>
Variable<T> min(const Variable<T>& x, const Shape& axes = {}, bool keepdim = false) {
  return detail::best<detail::Smaller>("min", x, axes, keepdim);
}

}  // namespace glimpse::inline v0
