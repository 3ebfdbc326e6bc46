// linear: applies one affine map to every row.
//
//   (1)  y = x w^T + b
//   (2)  dx = dy w
//   (3)  dw = dy^T x
//   (4)  db = sum over the rows of dy
//
// x: (..., in), treated as (rows, in); w: (out, in), b: (out), y: (..., out). (1) to (3) are one
// matrix product each; O(rows in out).
// Notation: docs/math/notation.md.
#pragma once

#include <glimpse/autograd/variable.hpp>
#include <glimpse/core/reduce.hpp>
#include <glimpse/ops/elementwise.hpp>
#include <glimpse/simd/gemm.hpp>

namespace glimpse::inline v0 {

namespace kernel {

/// (1). b may be null.
template <class T>
void linear_forward(Matrix<const T> x, Matrix<const T> w, const T* b, Matrix<T> y) {
  using simd::Trans;
  simd::gemm<T>(Trans::no, Trans::yes, x.rows(), w.rows(), x.cols(), T(1), x.data(), x.cols(),
                w.data(), w.cols(), T(0), y.data(), y.cols(), {.column_bias = b});  // (1)
}

template <class T>
void linear_backward_x(Matrix<const T> dy, Matrix<const T> w, Matrix<T> dx, bool add) {
  using simd::Trans;
  simd::gemm<T>(Trans::no, Trans::no, dy.rows(), w.cols(), w.rows(), T(1), dy.data(), dy.cols(),
                w.data(), w.cols(), T(add), dx.data(), dx.cols());  // (2)
}

template <class T>
void linear_backward_w(Matrix<const T> dy, Matrix<const T> x, Matrix<T> dw, bool add) {
  using simd::Trans;
  simd::gemm<T>(Trans::yes, Trans::no, dw.rows(), dw.cols(), x.rows(), T(1), dy.data(), dy.cols(),
                x.data(), x.cols(), T(add), dw.data(), dw.cols());  // (3)
}

template <class T>
void linear_backward_b(Matrix<const T> dy, T* db, bool add) {
  constexpr Index width = 256;
  parallel_blocks(dy.cols(), width, dy.rows(), [&](Index begin, Index end) {
    if (!add) std::fill(db + begin, db + end, T(0));
    for (Index r = 0; r < dy.rows(); ++r)
      glimpse::detail::add_run(db + begin, &dy(r, begin), end - begin);  // (4)
  });
}

}  // namespace kernel

/// x w^T + b along the last axis.
/// x: (..., in), w: (out, in), b: (out) or undefined for no bias. Returns (..., out).
/// Throws ShapeError if the shapes do not fit.
template <class T>
Variable<T> linear(const Variable<T>& x, const Variable<T>& w, const Variable<T>& b = {}) {
  require(w.rank() == 2, "linear", "wants a weight (out, in)", w);
  if (x.rank() < 1 || x.size(-1) != w.size(1))
    fail<ShapeError>("linear", "weight ", w, " wants ", w.size(1),
                     " numbers in the last axis, input is ", x);
  if (b.defined() && !(b.shape() == Shape{w.size(0)}))
    fail<ShapeError>("linear", "weight ", w, " wants a bias of ", w.size(0), ", got ", b);
  const Tensor<T> in = x.value().contiguous(), weight = w.value().contiguous();
  const Tensor<T> bias = b.defined() ? b.value().contiguous() : Tensor<T>();
  Shape shape = x.shape();
  shape[-1] = w.size(0);
  Tensor<T> y(shape);
  kernel::linear_forward<T>(rows_of(in), rows_of(weight), b.defined() ? bias.data() : nullptr,
                            rows_of(y));
  return record("linear", y, {x, w, b}, [in, weight](const Tensor<T>& dy, Gradients<T>& d) {
    if (d.wants(0)) {
      const kernel::GradientSlot<T> dx = kernel::gradient_slot(d, 0);
      kernel::linear_backward_x<T>(rows_of(dy), rows_of(weight), rows_of(dx.dx), dx.add);
    }
    if (d.wants(1)) {
      const kernel::GradientSlot<T> dw = kernel::gradient_slot(d, 1);
      kernel::linear_backward_w<T>(rows_of(dy), rows_of(in), rows_of(dw.dx), dw.add);
    }
    if (d.wants(2)) {
      const kernel::GradientSlot<T> db = kernel::gradient_slot(d, 2);
      kernel::linear_backward_b<T>(rows_of(dy), db.dx.data(), db.add);
    }
  });
}

}  // namespace glimpse::inline v0
