// gather: selects rows by index. Its transpose, scatter add, adds rows by index.
//
//   gather       y_i = x_(index_i)
//   scatter add  x_(index_i) += y_i           an index may occur more than once
#pragma once

#include <span>

#include <glimpse/core/reduce.hpp>
#include <glimpse/core/tensor.hpp>

namespace glimpse::inline v0 {

namespace detail {
inline void check_rows(std::string_view op, std::span<const Index> indices, const Shape& shape) {
  if (shape.empty()) fail<ShapeError>(op, "wants at least one axis to pick from, got ", shape);
  for (const Index i : indices)
    if (i < 0 || i >= shape[0]) fail(op, "index ", i, " leaves the ", shape[0], " rows of ", shape);
}
}  // namespace detail

/// y (n, ...) = the rows of x (R, ...) at the n `indices`, along the first axis.
/// Throws ValueError if an index is outside [0, R), ShapeError if x has no axis.
template <class T>
Tensor<T> gather_rows(const Tensor<T>& x, std::span<const Index> indices,
                      std::string_view op = "gather_rows") {
  detail::check_rows(op, indices, x.shape());
  const Tensor<T> rows = x.contiguous();
  Shape shape = x.shape();
  const Index n = std::ssize(indices), width = x.size(0) > 0 ? shape.count() / x.size(0) : 0;
  shape[0] = n;
  Tensor<T> y(shape);
  T* const to = y.data();
  const T* const from = rows.data();
  parallel_for(n, width, [&](Index i) {
    std::copy_n(from + indices[static_cast<std::size_t>(i)] * width, width, to + i * width);
  });
  return y;
}

/// x[indices[i]] += y[i] for i = 0, 1, ..., n - 1. x (R, ...) must be contiguous; y is (n, ...).
/// Runs on one thread because two indices may name the same row.
/// Throws ValueError if an index is outside [0, R), ShapeError if y does not hold n rows.
template <class T>
void scatter_add_rows(Tensor<T>& x, std::span<const Index> indices, const Tensor<T>& y) {
  detail::check_rows("scatter_add_rows", indices, x.shape());
  if (indices.empty() || x.size() == 0) return;
  const Tensor<T> rows = y.contiguous();
  const Index n = std::ssize(indices), width = x.size() / x.size(0);
  require(rows.size() == n * width, "scatter_add_rows", "wants one row for each index", x, y);
  for (Index i = 0; i < n; ++i)
    detail::add_run(x.data() + indices[static_cast<std::size_t>(i)] * width,
                    rows.data() + i * width, width);
}

}  // namespace glimpse::inline v0
