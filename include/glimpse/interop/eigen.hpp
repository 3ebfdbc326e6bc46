// eigen: a tensor as an Eigen Map and back. Opt-in: the only header that includes Eigen.
//
//   as_matrix(x)   (rows, columns): columns: the last axis, rows: all others (`rows_of`); no copy
//   as_vector(x)   all numbers in row-major order
//
// The map is declared unaligned, so results do not depend on the compiler's flags. The map is valid
// only as long as a tensor holds the storage.
#pragma once

#include <Eigen/Core>

#include <glimpse/core/tensor.hpp>

namespace glimpse::inline v0 {

template <class T>
using RowMajor = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

/// The tensor as a matrix; writing to the map writes to the tensor. Throws ShapeError for a strided
/// view.
template <class T>
Eigen::Map<RowMajor<T>> as_matrix(Tensor<T>& x) {
  const Matrix<T> m = rows_of(x);
  return {m.data(), m.rows(), m.cols()};
}
template <class T>
Eigen::Map<const RowMajor<T>> as_matrix(const Tensor<T>& x) {
  const Matrix<const T> m = rows_of(x);
  return {m.data(), m.rows(), m.cols()};
}
template <class T>
void as_matrix(Tensor<T>&&) = delete;  // deleted, because the storage would be freed

/// The tensor as one column.
template <class T>
Eigen::Map<Eigen::Matrix<T, Eigen::Dynamic, 1>> as_vector(Tensor<T>& x) {
  return {x.data(), x.size()};
}
template <class T>
Eigen::Map<const Eigen::Matrix<T, Eigen::Dynamic, 1>> as_vector(const Tensor<T>& x) {
  return {x.data(), x.size()};
}
template <class T>
void as_vector(Tensor<T>&&) = delete;

/// A copy of any dense Eigen expression as a tensor (rows, cols); of a vector as (size).
template <class Derived>
Tensor<typename Derived::Scalar> from_eigen(const Eigen::DenseBase<Derived>& expression) {
  using T = typename Derived::Scalar;
  Tensor<T> x(Shape{expression.rows(), expression.cols()});
  if (x.size() > 0)
    Eigen::Map<RowMajor<T>>(x.data(), expression.rows(), expression.cols()) = expression.derived();
  return Derived::IsVectorAtCompileTime ? x.reshape({expression.size()}) : x;
}

}  // namespace glimpse::inline v0
