// gru: gated recurrent unit, for one step or for sequences of different lengths, in one direction
// or both.
//
//   (1)  a_t = W x_t + b_x,   u_t = U h_t-1 + b_h      three blocks of H rows: reset, update, new
//   (2)  r = sigmoid(a_r + u_r),   z = sigmoid(a_z + u_z)
//   (3)  n = tanh(a_n + r u_n)                the reset gate acts after the recurrent product
//   (4)  h_t = (1 - z) n + z h_t-1
//
//   backward, last step first; dh_t = dy_t + (7) of step t + 1:
//   (5)  da_n = dh_t (1 - z) (1 - n^2),   da_z = dh_t (h_t-1 - n) z (1 - z),
//        da_r = da_n u_n r (1 - r)
//   (6)  da = (da_r, da_z, da_n),   du = (da_r, da_z, da_n r)
//   (7)  dh_t-1 = dh_t z + U^T du
//   (8)  dx_t = W^T da_t,   dW = sum_t da_t x_t^T,   dU = sum_t du_t h_t-1^T,
//        db_x = sum_t da_t,   db_h = sum_t du_t    over the batch, too: (4) of kernel/sequence.hpp
//
// x: (T, N, I), y: (T, N, H). Source: Cho et al. 2014; the form of (3) is cuDNN's and PyTorch's.
// Notation: docs/math/notation.md.
#pragma once

#include <span>

#include <glimpse/autograd/variable.hpp>
#include <glimpse/ops/kernel/sequence.hpp>
#include <glimpse/simd/map.hpp>
#include <glimpse/simd/math.hpp>

namespace glimpse::inline v0 {

namespace kernel {

/// (2) to (4) for one row of cells; on return a holds (r, z, n). un is kept for backward.
struct GruCell {
  template <class V>
  [[gnu::always_inline]] static void apply(V& r, V& z, V& n, const V& ur, const V& uz, const V& un,
                                           const V& before, V& h) {
    simd::Sigmoid::apply(r, V(r + ur));
    simd::Sigmoid::apply(z, V(z + uz));
    simd::Tanh::apply(n, V(n + r * un));
    h = n + z * (before - n);
  }
};

/// (5) to (7) for one row of cells. (r, z, n) become da, (-, -, un) become du, dh becomes dh z.
struct GruCellBackward {
  template <class V>
  [[gnu::always_inline]] static void apply(V& r, V& z, V& n, V& ur, V& uz, V& un, const V& before,
                                           V& dh) {
    const V da_n = dh * (1 - z) * (1 - n * n);
    const V da_z = dh * (before - n) * z * (1 - z), da_r = da_n * un * r * (1 - r);
    un = da_n * r;
    dh = dh * z;
    n = da_n, z = da_z, r = da_r, uz = da_z, ur = da_r;
  }
};

/// One step for n rows. a: W x + b_x on entry, (r, z, n) on return; u: U h + b_h; before, y: the
/// states s_t-1 and s_t. row, before_row, y_row: distance between rows, in elements.
template <class T>
void gru_step_forward(Index n, Index h, T* a, const T* u, Index row, const T* before,
                      Index before_row, T* y, Index y_row) {
  parallel_for(n, 30 * h, [&](Index r) {
    T* ar = a + r * row;
    const T* ur = u + r * row;
    simd::update(GruCell{}, h, ar, ar + h, ar + 2 * h, ur, ur + h, ur + 2 * h,
                 before + r * before_row, y + r * y_row);
  });
}

/// Backward of gru_step_forward. a, u: as it left them; da and du on return. dh: gradient of h_t on
/// entry, dh_t z on return.
template <class T>
void gru_step_backward(Index n, Index h, T* a, T* u, Index row, const T* before, Index before_row,
                       T* dh) {
  parallel_for(n, 30 * h, [&](Index r) {
    T *ar = a + r * row, *ur = u + r * row;
    simd::update(GruCellBackward{}, h, ar, ar + h, ar + 2 * h, ur, ur + h, ur + 2 * h,
                 before + r * before_row, dh + r * h);
  });
}

/// One direction of a GRU. a and u hold the two parts of the gates' sums, then activations, then
/// gradients.
template <class T>
struct GruRun {
  static constexpr Index gates = 3;
  Tensor<T> a, u;  // (T, N, gate_row)
  Tensor<T> zero;  // (N, H): the states before the first step

  GruRun(const Sequence& s, const Tensor<T>& x, const Direction<T>& run)
      : a(input_product(s, x, run, false)), u(a.shape()), zero(zeros<T>({s.batch, s.hidden})) {}

  void forward(const Sequence& s, Direction<T>& run, const PackedWeights<T>& w_h,
               const SequenceBlock& block) {
    const Index h = s.hidden, rows = block.rows(), row = a.size(2);
    for (Index k = 0; k < s.steps; ++k) {
      const Index t = run.step(k, s.steps);
      const State before = state_before(s, run, k, block.begin);
      T *at = &a(t, block.begin, 0), *ut = &u(t, block.begin, 0);
      T* yt = run.state(run.y.data(), t, block.begin);
      if (k > 0)
        w_h.multiply(rows, before.h, before.row, T(0), ut, row, run.b_h.data());  // (1)
      else
        for (Index r = 0; r < rows; ++r) std::copy_n(run.b_h.data(), 3 * h, ut + r * row);
      gru_step_forward<T>(rows, h, at, ut, row, before.h, before.row, yt, run.y_row());
      for (Index r = 0; r < rows; ++r)
        if (!s.within_length(t, block.begin + r)) {
          std::fill_n(at + r * row, 3 * h, T(0)), std::fill_n(ut + r * row, 3 * h, T(0));
          std::fill_n(yt + r * run.y_row(), h, T(0));
        }
    }
  }

  /// The gradients overwrite a and u, because backward runs once.
  GateGradients<T> gradients(const Sequence& s) const {
    const Shape sums{sequence_blocks(s.batch), s.width()};
    return {a, u, zeros<T>(sums), zeros<T>(sums)};
  }

  void backward(const Sequence& s, const Direction<T>& run, const PackedWeights<T>& w_h,
                const SequenceBlock& block, const T* dy, GateGradients<T>& g) const {
    const Index h = s.hidden, rows = block.rows(), row = a.size(2);
    Tensor<T> dh = zeros<T>({rows, h});
    for (Index k = s.steps - 1; k >= 0; --k) {
      const Index t = run.step(k, s.steps);
      const State before = state_before(s, run, k, block.begin);
      T *da = &g.da(t, block.begin, 0), *du = &g.da_h(t, block.begin, 0);
      for (Index r = 0; r < rows; ++r)
        if (s.within_length(t, block.begin + r))
          simd::add<T>(h, &dh(r, 0), run.state(dy, t, block.begin + r));
        else
          std::fill_n(&dh(r, 0), h, T(0));  // a and u are zero here, and da and du become zero
      gru_step_backward<T>(rows, h, da, du, row, before.h, before.row, dh.data());
      for (Index r = 0; r < rows; ++r) {
        simd::add<T>(3 * h, &g.db(block.number, 0), da + r * row);  // (8)
        simd::add<T>(3 * h, &g.db_h(block.number, 0), du + r * row);
      }
      if (k > 0) w_h.multiply(rows, du, row, T(1), dh.data(), h);  // (7)
    }
  }

 private:
  struct State {
    const T* h;
    Index row;  // distance between sequences, in elements
  };
  State state_before(const Sequence& s, const Direction<T>& run, Index k, Index n) const {
    if (k == 0) return {&zero(n, 0), s.hidden};
    return {run.state(run.y.data(), run.step(k - 1, s.steps), n), run.y_row()};
  }
};

}  // namespace kernel

/// One GRU layer in one direction, from a zero state.
/// x: (T, N, I); w_x: (3H, I); w_h: (3H, H); b_x, b_h: (3H). Returns y: (T, N, H).
/// lengths: N numbers in [0, T], or empty: full length. Outputs past a length are 0.
/// reverse: runs from the last step of each sequence to its first.
template <class T>
Variable<T> gru(const Variable<T>& x, const Variable<T>& w_x, const Variable<T>& w_h,
                const Variable<T>& b_x, const Variable<T>& b_h, std::span<const Index> lengths = {},
                bool reverse = false) {
  const RecurrentWeights<T> weights[]{{w_x, w_h, b_x, b_h}};
  return kernel::recurrent_layer<kernel::GruRun<T>, T>("gru", x, weights, {reverse}, lengths);
}

/// Both directions, concatenated: y_t = (forward_t, reverse_t), (T, N, 2H). Otherwise as gru.
template <class T>
Variable<T> bidirectional_gru(const Variable<T>& x, const RecurrentWeights<T>& forward,
                              const RecurrentWeights<T>& reverse,
                              std::span<const Index> lengths = {}) {
  const RecurrentWeights<T> weights[]{forward, reverse};
  return kernel::recurrent_layer<kernel::GruRun<T>, T>("bidirectional_gru", x, weights,
                                                       {false, true}, lengths);
}

/// One step of a GRU from a given input product: h_t from a = W x_t + b_x and h_t-1.
/// a: (N, 3H); h: (N, H); w_h: (3H, H); b_h: (3H). Returns (N, H).
/// Throws ShapeError if the shapes do not fit.
template <class T>
Variable<T> gru_cell(const Variable<T>& a, const Variable<T>& h, const Variable<T>& w_h,
                     const Variable<T>& b_h) {
  require(h.rank() == 2 && a.shape() == Shape{h.size(0), 3 * h.size(1)}, "gru_cell",
          "wants sums (N, 3H) and state (N, H)", a, h);
  require(w_h.shape() == Shape{3 * h.size(1), h.size(1)} && b_h.shape() == Shape{3 * h.size(1)},
          "gru_cell", "wants weights (3H, H) and bias (3H)", w_h, b_h);
  const Index n = h.size(0), hidden = h.size(1), width = 3 * hidden;
  const Tensor<T> before = h.value().contiguous(), w = w_h.value().contiguous(),
                  b = b_h.value().contiguous();
  Tensor<T> gates = a.value().clone(), u(gates.shape()), y(before.shape());
  simd::gemm<T>(simd::Trans::no, simd::Trans::yes, n, width, hidden, T(1), before.data(), hidden,
                w.data(), hidden, T(0), u.data(), width, {.column_bias = b.data()});
  kernel::gru_step_forward<T>(n, hidden, gates.data(), u.data(), width, before.data(), hidden,
                              y.data(), hidden);
  return record("gru_cell", y, {a, h, w_h, b_h},
                [n, hidden, width, gates, u, before, w](const Tensor<T>& dy, Gradients<T>& d) {
                  Tensor<T> da = gates, du = u, dh = dy.clone();
                  kernel::gru_step_backward<T>(n, hidden, da.data(), du.data(), width,
                                               before.data(), hidden, dh.data());
                  simd::gemm<T>(simd::Trans::no, simd::Trans::no, n, hidden, width, T(1), du.data(),
                                width, w.data(), hidden, T(1), dh.data(), hidden);  // (7)
                  d.add(0, da);
                  d.add(1, dh);
                  // (8)
                  kernel::weight_gradient<T>(width, hidden, n, du.data(), width, before.data(),
                                             hidden, d, 2);
                  kernel::bias_gradient<T>(du, d, 3);
                });
}

}  // namespace glimpse::inline v0
