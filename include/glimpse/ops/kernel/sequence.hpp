// sequence: what recurrent layers share: the order of steps, lengths, and the products that need no waiting.
//
//   gates_x = X W^T + b            X: (T N, I), all steps in one product
//   dW = dA^T X,  dX = dA W,  db = 1^T dA,  dU = dA_t^T H_t-1 over all steps at once
//
// H_t-1 needs no copy: it is y shifted by one step, forwards or backwards.
#pragma once

#include <algorithm>
#include <span>
#include <string_view>
#include <vector>

#include <glimpse/autograd/variable.hpp>
#include <glimpse/core/parallel.hpp>
#include <glimpse/simd/gemm.hpp>
#include <glimpse/simd/reduce.hpp>

namespace glimpse::inline v0::kernel {

/// Sizes and order of a recurrent layer's run.
struct Sequence {
  Index steps = 0, batch = 0, input = 0, hidden = 0, gates = 0;
  bool reverse = false;
  std::vector<Index> lengths;  // empty: all full

  /// Time of the k-th step in the order of running, and of the one before it (-1: none).
  Index step(Index k) const { return reverse ? steps - 1 - k : k; }
  Index before(Index k) const { return k == 0 ? -1 : step(k - 1); }
  bool alive(Index t, Index row) const {
    return lengths.empty() || t < lengths[static_cast<std::size_t>(row)];
  }
};

/// Checks the operands of a recurrent layer with `gates` blocks a cell.
template <class T>
Sequence sequence_of(std::string_view op, Index gates, const Tensor<T>& x, const Tensor<T>& w_x,
                     const Tensor<T>& w_h, const Tensor<T>& b_x, const Tensor<T>& b_h,
                     std::span<const Index> lengths, bool reverse) {
  require(x.rank() == 3, op, "wants input (steps, batch, features)", x);
  require(w_h.rank() == 2 && w_h.size(0) == gates * w_h.size(1), op,
          "wants recurrent weights (gates x H, H)", w_h);
  const Index hidden = w_h.size(1);
  if (w_x.rank() != 2 || w_x.size(0) != gates * hidden || w_x.size(1) != x.size(2))
    fail<ShapeError>(op, "input weights ", w_x, " do not fit input ", x, " and recurrent weights ",
                     w_h);
  require(b_x.shape() == Shape{gates * hidden} && b_h.shape() == b_x.shape(), op,
          "wants a bias for every gate", b_x, b_h);
  if (!lengths.empty() && static_cast<Index>(lengths.size()) != x.size(1))
    fail<ShapeError>(op, lengths.size(), " lengths for a batch of ", x.size(1));
  for (const Index length : lengths)
    if (length < 0 || length > x.size(0))
      fail<ValueError>(op, "length ", length, " outside [0, ", x.size(0), "]");
  return {
      x.size(0), x.size(1), x.size(2), hidden, gates, reverse, {lengths.begin(), lengths.end()}};
}

/// gates (T N, G) = X W^T + b_x + b_h; b_h may be null.
template <class T>
void input_product(const Sequence& s, const T* x, const T* w, const T* b_x, const T* b_h,
                   T* gates) {
  const Index width = s.gates * s.hidden;
  std::vector<T> bias(b_x, b_x + width);
  for (Index i = 0; b_h && i < width; ++i) bias[static_cast<std::size_t>(i)] += b_h[i];
  simd::Epilogue<T> epilogue;
  epilogue.column_bias = bias.data();
  simd::gemm<T>(simd::Trans::no, simd::Trans::yes, s.steps * s.batch, width, s.input, T(1), x,
                s.input, w, s.input, T(0), gates, width, epilogue);
}

/// a (n, width) += h (n, hidden) U^T, U: (width, hidden).
template <class T>
void recurrent_product(Index n, Index width, Index hidden, const T* h, const T* u, T* a) {
  simd::gemm<T>(simd::Trans::no, simd::Trans::yes, n, width, hidden, T(1), h, hidden, u, hidden,
                T(1), a, width);
}

/// dh (n, hidden) = da (n, width) U.
template <class T>
void recurrent_product_backward(Index n, Index width, Index hidden, const T* da, const T* u, T* dh,
                                T beta = T(0)) {
  simd::gemm<T>(simd::Trans::no, simd::Trans::no, n, hidden, width, T(1), da, width, u, hidden,
                beta, dh, hidden);
}

/// dw (width, k) += da^T (width, rows) x (rows, k).
template <class T>
void weight_gradient(Index width, Index k, Index rows, const T* da, const T* x, T* dw) {
  simd::gemm<T>(simd::Trans::yes, simd::Trans::no, width, k, rows, T(1), da, width, x, k, T(1), dw,
                k);
}

/// db += column sums of da (rows, width), rows added from the first to the last.
template <class T>
void bias_gradient(Index width, Index rows, const T* da, T* db) {
  parallel_blocks(width, 256, rows, [&](Index begin, Index end) {
    for (Index r = 0; r < rows; ++r) simd::add<T>(end - begin, db + begin, da + r * width + begin);
  });
}

/// All that follows from the gates' gradients, for inputs {x, w_x, w_h, b_x, b_h}.
/// da: gradients of the input's share of the gates, da_h: of the state's share (the same for an LSTM).
template <class T>
void sequence_backward(const Sequence& s, const Tensor<T>& x, const Tensor<T>& y,
                       const Tensor<T>& da, const Tensor<T>& da_h, const T* w_x, Gradients<T>& d) {
  const Index width = s.gates * s.hidden, rows = s.steps * s.batch;
  if (d.wants(0)) {
    const T beta = d.first(0) ? T(0) : T(1);
    Tensor<T>& dx = d.first(0) ? d.fresh(0) : d[0];
    simd::gemm<T>(simd::Trans::no, simd::Trans::no, rows, s.input, width, T(1), da.data(), width,
                  w_x, s.input, beta, dx.data(), s.input);
  }
  if (d.wants(1)) weight_gradient<T>(width, s.input, rows, da.data(), x.data(), d[1].data());
  if (d.wants(2)) {
    Tensor<T>& du = d[2];
    if (s.steps >
        1) {  // step k meets the state of step k - 1: two windows of T - 1 steps, one ahead of the other
      const Index ahead = s.batch * width, behind = s.batch * s.hidden, kept = rows - s.batch;
      weight_gradient<T>(width, s.hidden, kept, da_h.data() + (s.reverse ? 0 : ahead),
                         y.data() + (s.reverse ? behind : 0), du.data());
    }
  }
  if (d.wants(3)) bias_gradient<T>(width, rows, da.data(), d[3].data());
  if (d.wants(4)) bias_gradient<T>(width, rows, da_h.data(), d[4].data());
}

}  // namespace glimpse::inline v0::kernel
