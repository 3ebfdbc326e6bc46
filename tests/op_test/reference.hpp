// reference: plain loops in double, written to be obviously correct.
#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

#include <glimpse/core/tensor.hpp>

namespace glimpse::rig::definition {

using Reference = Tensor<double>;

/// f of every element.
template <class F>
Reference each(const Reference& x, F f) {
  Reference y = x.clone();
  for (double& v : y.span()) v = f(v);
  return y;
}

/// f of every pair, broadcast.
template <class F>
Reference each(const Reference& a, const Reference& b, F f) {
  Shape shape;
  if (!broadcast_into(a.shape(), b.shape(), shape)) fail<ShapeError>("reference", a, " and ", b);
  Reference y = a.broadcast_to(shape).clone();
  const Reference right = b.broadcast_to(shape).clone();
  for (Index i = 0; i < y.size(); ++i) y.data()[i] = f(y.data()[i], right.data()[i]);
  return y;
}

/// f(row of x) replaces the row, over the last axis. f: std::vector<double> -> std::vector<double> of the same length.
template <class F>
Reference each_row(const Reference& x, F f) {
  Reference y = x.clone();
  const Index n = x.size(-1);
  for (Index r = 0; n > 0 && r < y.size() / n; ++r) {
    double* row = y.data() + r * n;
    const std::vector<double> out = f(std::vector<double>(row, row + n), r);
    std::copy(out.begin(), out.end(), row);
  }
  return y;
}

/// e^x_j / sum e^x over the first `length` positions, zero past them.
inline std::vector<double> softmax_row(std::vector<double> row, Index length) {
  double sum = 0;
  for (Index j = 0; j < length; ++j) sum += std::exp(row[static_cast<std::size_t>(j)]);
  for (Index j = 0; j < static_cast<Index>(row.size()); ++j) {
    double& v = row[static_cast<std::size_t>(j)];
    v = j < length ? std::exp(v) / sum : 0;
  }
  return row;
}
inline Reference softmax(const Reference& x) {
  return each_row(x, [](auto row, Index) { return softmax_row(row, static_cast<Index>(row.size())); });
}

/// (m, k) (k, n).
inline Reference product(const Reference& a, const Reference& b) {
  Reference y = zeros<double>({a.size(0), b.size(1)});
  for (Index i = 0; i < a.size(0); ++i)
    for (Index j = 0; j < b.size(1); ++j)
      for (Index k = 0; k < a.size(1); ++k) y(i, j) += a(i, k) * b(k, j);
  return y;
}

inline double sigmoid(double v) { return 1 / (1 + std::exp(-v)); }

}  // namespace glimpse::rig::definition
