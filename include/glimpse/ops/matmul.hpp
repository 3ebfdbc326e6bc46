// matmul: matrix products, one for each index of the leading axes, which broadcast.
//
//   (1)  Y = A B                    for every batch index
//   (2)  dA = dY B^T                summed over the batches that shared A
//   (3)  dB = A^T dY                summed over the batches that shared B
//        An operand of rank 1 is a row on the left and a column on the right.
//
// A: (..., m, k), B: (..., k, n), Y: (..., m, n). O(batches m n k).
// Notation: docs/math/notation.md.
#pragma once

#include <glimpse/autograd/variable.hpp>
#include <glimpse/core/arithmetic.hpp>
#include <glimpse/core/loops.hpp>
#include <glimpse/ops/elementwise.hpp>
#include <glimpse/ops/shape_ops.hpp>
#include <glimpse/simd/gemm.hpp>

namespace glimpse::inline v0 {

namespace kernel {

/// The leading axes: all but the last two.
inline Shape batch_of(const Shape& shape) {
  Shape batch;
  for (Index a = 0; a + 2 < shape.rank(); ++a) batch.push_back(shape[a]);
  return batch;
}

inline Shape with_matrix(Shape batch, Index rows, Index cols) {
  batch.push_back(rows);
  batch.push_back(cols);
  return batch;
}

/// c = op(a) op(b), or c += op(a) op(b) if `add`, for every batch of c. The batches of a and b
/// broadcast to those of c. All tensors are dense.
template <class T>
void batched_product(simd::Trans ta, simd::Trans tb, const Tensor<T>& a, const Tensor<T>& b,
                     Tensor<T>& c, bool add) {
  const Index m = c.size(-2), n = c.size(-1), k = a.size(ta == simd::Trans::no ? -1 : -2);
  const Shape batch = batch_of(c.shape());
  const Tensor<T> left = a.broadcast_to(with_matrix(batch, a.size(-2), a.size(-1)));
  const Tensor<T> right = b.broadcast_to(with_matrix(batch, b.size(-2), b.size(-1)));
  const StridedLoop<3> loops = coalesce_dims<3>(
      batch, {batch_of(c.strides()), batch_of(left.strides()), batch_of(right.strides())});
  T* const out = c.data();
  const T* const from_a = left.raw();
  const T* const from_b = right.raw();
  for_each_contiguous_run(
      loops, m * n * k / 64 + 1, [&](const std::array<Index, 3>& at, Index count) {
        simd::gemm_batched<T>(count, ta, tb, m, n, k, T(1), from_a + at[1], a.size(-1),
                              loops.step(1), from_b + at[2], b.size(-1), loops.step(2), T(add),
                              out + at[0], n, loops.step(0));
      });
}

template <class T>
void matmul_forward(const Tensor<T>& a, const Tensor<T>& b, Tensor<T>& y) {
  batched_product(simd::Trans::no, simd::Trans::no, a, b, y, false);  // (1)
}

/// Gradient of operand i: op(left) op(right). Written in place, unless several batches share the
/// operand.
template <class T>
void matmul_backward(Gradients<T>& d, std::size_t i, const Shape& shape, simd::Trans tl,
                     const Tensor<T>& left, simd::Trans tr, const Tensor<T>& right,
                     const Shape& batch) {
  if (!d.wants(i)) return;
  if (batch_of(shape) == batch) {
    const GradientSlot<T> target = gradient_slot(d, i);
    batched_product(tl, tr, left, right, target.dx, target.add);
  } else {
    Tensor<T> each(with_matrix(batch, shape[-2], shape[-1]));
    batched_product(tl, tr, left, right, each, false);
    d.add(i, sum_to(each, shape));
  }
}

}  // namespace kernel

/// Matrix product over the last two axes; the leading axes broadcast.
/// a: (..., m, k), b: (..., k, n). Returns (..., m, n). An operand of rank 1 is a row (left) or a
/// column (right); its axis is not in the result. Throws ShapeError if the extents do not fit.
template <class T>
Variable<T> matmul(const Variable<T>& a, const Variable<T>& b) {
  require(a.rank() >= 1 && b.rank() >= 1, "matmul", "wants at least one axis", a, b);
  if (a.rank() == 1) {
    const Variable<T> y = matmul(reshape(a, {1, a.size(0)}), b);
    return select(y, b.rank() == 1 ? 0 : -2, 0);
  }
  if (b.rank() == 1) return select(matmul(a, reshape(b, {b.size(0), 1})), -1, 0);
  if (a.size(-1) != b.size(-2))
    fail<ShapeError>("matmul", a, " has ", a.size(-1), " columns, ", b, " wants ", b.size(-2));
  Shape batch;
  if (!broadcast_into(kernel::batch_of(a.shape()), kernel::batch_of(b.shape()), batch))
    fail<ShapeError>("matmul", "the leading axes of ", a, " and ", b, " do not broadcast");
  const Index m = a.size(-2), k = a.size(-1), n = b.size(-1);
  if (b.rank() == 2 && a.rank() > 2)  // one matrix for all rows: one product
    return reshape(matmul(reshape(a, {a.size() / std::max<Index>(k, 1), k}), b),
                   kernel::with_matrix(batch, m, n));

  const Tensor<T> left = a.value().contiguous(), right = b.value().contiguous();
  Tensor<T> y(kernel::with_matrix(batch, m, n));
  kernel::matmul_forward(left, right, y);
  return record("matmul", y, {a, b}, [left, right, batch](const Tensor<T>& dy, Gradients<T>& d) {
    using simd::Trans;
    kernel::matmul_backward(d, 0, left.shape(), Trans::no, dy, Trans::yes, right, batch);  // (2)
    kernel::matmul_backward(d, 1, right.shape(), Trans::yes, left, Trans::no, dy, batch);  // (3)
  });
}

}  // namespace glimpse::inline v0
