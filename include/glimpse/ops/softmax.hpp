// softmax: turns scores into weights that sum to one along the last axis; and its logarithm.
//
//   (1)  y_i = exp(x_i - m) / z,   z = sum_j exp(x_j - m),   m = max_j x_j    every exp at most 1
//   (2)  partial y_i / partial x_j = y_i ([i = j] - y_j)
//   (3)  dx_j = sum_i dy_i (2) = y_j (dy_j - <dy, y>)                    backward needs only y
//
//   (4)  l_i = ln y_i = (x_i - m) - ln z
//   (5)  dx_j = dl_j - exp(l_j) sum_i dl_i     (2) / y_i: partial l_i / partial x_j = [i = j] - y_j
//
// With lengths, row r covers only its first n_r positions. Later positions get exactly 0, and no
// gradient. x, y: (rows, n). O(rows n).
// Notation: docs/math/notation.md.
#pragma once

#include <cmath>
#include <span>

#include <glimpse/ops/elementwise.hpp>
#include <glimpse/simd/reduce.hpp>

namespace glimpse::inline v0 {

namespace kernel {

/// lengths: empty, or the number of positions that count in each row.
template <class T>
void softmax_forward(Matrix<const T> x, Matrix<T> y, std::span<const Index> lengths = {}) {
  // 8 simple operations an element, most of them in exp
  parallel_for(x.rows(), 8 * x.cols(), [&](Index r) {
    const Index n = lengths.empty() ? x.cols() : lengths[static_cast<std::size_t>(r)];
    const T* scores = &x(r, 0);
    T* weights = &y(r, 0);
    const T m = simd::max(n, scores);
    const T z = simd::exp_shifted(n, scores, m, weights);  // numerators of (1) and their sum
    simd::scale(n, weights, T(1) / z);
    std::fill(weights + n, weights + x.cols(), T(0));
  });
}

template <class T>
struct SoftmaxGradient {
  T s;
  template <class V>
  [[gnu::always_inline]] void apply(V& dx, const V& y, const V& dy) const {
    dx = y * (dy - s);
  }
};

/// (3). Weights past a length are 0, and (3) gives them no gradient.
template <class T>
void softmax_backward(Matrix<const T> y, Matrix<const T> dy, Matrix<T> dx, bool add) {
  parallel_for(y.rows(), 2 * y.cols(), [&](Index r) {
    const T s = simd::dot(y.cols(), &dy(r, 0), &y(r, 0));  // <dy, y>: (2) summed over i
    write_or_add(add, SoftmaxGradient<T>{s}, y.cols(), &dx(r, 0), &y(r, 0), &dy(r, 0));  // (3)
  });
}

/// (4). m and ln z are subtracted one after the other, because their sum would round ln z to the
/// last digit of m.
template <class T>
struct LogSoftmaxValue {
  T m, log_z;
  template <class V>
  [[gnu::always_inline]] void apply(V& l, const V& x) const {
    l = (x - m) - log_z;
  }
};

template <class T>
void log_softmax_forward(Matrix<const T> x, Matrix<T> l) {
  parallel_for(x.rows(), 8 * x.cols(), [&](Index r) {
    const T m = simd::max(x.row(r));
    const T z = simd::exp_shifted(x.row(r), m, l.row(r));
    simd::map(LogSoftmaxValue<T>{m, std::log(z)}, x.cols(), &l(r, 0), &x(r, 0));  // (4)
  });
}

template <class T>
struct LogSoftmaxGradient {
  T s;
  template <class V>
  [[gnu::always_inline]] void apply(V& dx, const V& l, const V& dl) const {
    V y;
    simd::Exp::apply(y, l);
    dx = dl - y * s;
  }
};

template <class T>
void log_softmax_backward(Matrix<const T> l, Matrix<const T> dl, Matrix<T> dx, bool add) {
  parallel_for(l.rows(), 8 * l.cols(), [&](Index r) {
    const T s = simd::sum(dl.row(r));
    write_or_add(add, LogSoftmaxGradient<T>{s}, l.cols(), &dx(r, 0), &l(r, 0), &dl(r, 0));  // (5)
  });
}

}  // namespace kernel

/// Softmax over the first lengths[r] positions of each row; later positions get exactly 0.
/// x: (..., n), with one length in [1, n] for each row. Returns the shape of x.
/// Throws ShapeError if the number of lengths is not that of rows, ValueError if a length is out of
/// range.
template <class T>
Variable<T> softmax(const Variable<T>& x, std::span<const Index> lengths) {
  require(x.rank() >= 1 && x.size(-1) > 0, "softmax", "wants at least one score to a row", x);
  const Tensor<T> in = x.value().contiguous();
  Tensor<T> y = empty_like(in);
  if (!lengths.empty() && std::ssize(lengths) != rows_of(in).rows())
    fail<ShapeError>("softmax", lengths.size(), " lengths for the rows of ", x);
  for (const Index n : lengths)
    if (n < 1 || n > x.size(-1)) fail("softmax", "length ", n, " leaves the rows of ", x);
  kernel::softmax_forward<T>(rows_of(in), rows_of(y), lengths);
  return record("softmax", y, {x}, [y](const Tensor<T>& dy, Gradients<T>& d) {
    const kernel::GradientSlot<T> dx = kernel::gradient_slot(d, 0);
    kernel::softmax_backward<T>(rows_of(y), rows_of(dy), rows_of(dx.dx), dx.add);
  });
}

/// Softmax over the last axis.
/// x: (..., n), any rank from 1. Returns the same shape; no element is negative, and every row sums
/// to 1. Throws ShapeError if x has no axis or n is 0.
/// Source: Bridle 1990; subtracting the maximum is standard.
template <class T>
Variable<T> softmax(const Variable<T>& x) {
  return softmax(x, std::span<const Index>());
}

/// Logarithm of the softmax over the last axis, exact even if the softmax itself would underflow.
/// x: (..., n), any rank from 1. Returns the same shape, all elements <= 0.
/// Throws ShapeError if x has no axis or n is 0.
template <class T>
Variable<T> log_softmax(const Variable<T>& x) {
  require(x.rank() >= 1 && x.size(-1) > 0, "log_softmax", "wants at least one score to a row", x);
  const Tensor<T> in = x.value().contiguous();
  Tensor<T> l = empty_like(in);
  kernel::log_softmax_forward<T>(rows_of(in), rows_of(l));
  return record("log_softmax", l, {x}, [l](const Tensor<T>& dl, Gradients<T>& d) {
    const kernel::GradientSlot<T> dx = kernel::gradient_slot(d, 0);
    kernel::log_softmax_backward<T>(rows_of(l), rows_of(dl), rows_of(dx.dx), dx.add);
  });
}

}  // namespace glimpse::inline v0
