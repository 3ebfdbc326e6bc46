// lstm: long short-term memory for sequences of different lengths, in one direction or both.
//
//   (1)  a_t = W x_t + b_x + U h_t-1 + b_h      four blocks of H rows: input, forget, cell, output
//   (2)  i, f, o = sigmoid(a_i, a_f, a_o),  g = tanh(a_g)
//   (3)  c_t = f c_t-1 + i g
//   (4)  h_t = o tanh(c_t)
//
//   backward, last step first; dh_t = dy_t + U^T da_t+1, and step t + 1 adds to dc_t:
//   (5)  dc_t += dh_t o (1 - tanh^2 c_t)                          through (4)
//   (6)  da_o = dh_t tanh(c_t) o (1 - o),   da_i = dc_t g i (1 - i),
//        da_f = dc_t c_t-1 f (1 - f),       da_g = dc_t i (1 - g^2)
//   (7)  dc_t-1 = dc_t f
//   (8)  dW = sum_t da_t x_t^T,  dU = sum_t da_t h_t-1^T,  dx_t = W^T da_t  over all steps at once
//        db_x = db_h = sum_t da_t       sums over t are sums over the sequences of the batch, too
//
// x: (T, N, I), y: (T, N, H). Only U h_t-1 must be computed step by step (kernel/sequence.hpp).
// Past its length a sequence has h = c = 0 and no gradient. A reversed pass therefore starts from
// zero at the last step of each sequence.
// Source: Hochreiter, Schmidhuber 1997; Gers et al. 2000 (forget gate). Gates and weights are in
// the order of PyTorch.
// Notation: docs/math/notation.md.
#pragma once

#include <span>

#include <glimpse/autograd/variable.hpp>
#include <glimpse/ops/kernel/sequence.hpp>
#include <glimpse/simd/map.hpp>
#include <glimpse/simd/math.hpp>

namespace glimpse::inline v0 {

namespace kernel {

/// (2) to (4) for one row of cells; replaces the gates' sums by their activations.
struct LstmCell {
  template <class V>
  [[gnu::always_inline]] static void apply(V& i, V& f, V& g, V& o, const V& c_before, V& c, V& h) {
    simd::Sigmoid::apply(i, V(i));
    simd::Sigmoid::apply(f, V(f));
    simd::Tanh::apply(g, V(g));
    simd::Sigmoid::apply(o, V(o));
    c = f * c_before + i * g;
    V t;
    simd::Tanh::apply(t, c);
    h = o * t;
  }
};

/// (5) to (7) for one row of cells; replaces the gates' activations by the gradients of their sums.
struct LstmCellBackward {
  template <class V>
  [[gnu::always_inline]] static void apply(V& i, V& f, V& g, V& o, const V& c_before, const V& c,
                                           const V& dy, const V& carried, V& dc) {
    V t;
    simd::Tanh::apply(t, c);
    const V dh = dy + carried;
    const V dct = dc + dh * o * (1 - t * t);  // (5)
    const V di = dct * g * i * (1 - i), df = dct * c_before * f * (1 - f),
            dg = dct * i * (1 - g * g);
    o = dh * t * o * (1 - o);  // (6)
    dc = dct * f;              // (7)
    i = di, f = df, g = dg;
  }
};

/// One direction of an LSTM. a holds the gates' sums, then activations, then gradients.
template <class T>
struct LstmRun {
  static constexpr Index gates = 4;
  Tensor<T> a, c;  // (T, N, gate_row), (T, N, H)
  Tensor<T> zero;  // (H): the cells before the first step

  LstmRun(const Sequence& s, const Tensor<T>& x, const Direction<T>& run)
      : a(input_product(s, x, run, true)), c({s.steps, s.batch, s.hidden}),
        zero(zeros<T>({s.hidden})) {}

  void forward(const Sequence& s, Direction<T>& run, const PackedWeights<T>& u,
               const SequenceBlock& block) {
    const Index h = s.hidden;
    for (Index k = 0; k < s.steps; ++k) {
      const Index t = run.step(k, s.steps), before = run.step(k - 1, s.steps);
      if (k > 0)
        u.multiply(block.rows(), run.state(run.y.data(), before, block.begin), run.y_row(), T(1),
                   &a(t, block.begin, 0), a.size(2));  // (1)
      for (Index r = block.begin; r < block.end; ++r) {
        T *ar = &a(t, r, 0), *cr = &c(t, r, 0), *yr = run.state(run.y.data(), t, r);
        if (s.within_length(t, r))
          simd::update(LstmCell{}, h, ar, ar + h, ar + 2 * h, ar + 3 * h,
                       cells_before(k, before, r), cr, yr);
        else
          std::fill_n(ar, 4 * h, T(0)), std::fill_n(cr, h, T(0)), std::fill_n(yr, h, T(0));
      }
    }
  }

  /// The gradients overwrite a, because backward runs once.
  GateGradients<T> gradients(const Sequence& s) const {
    const Tensor<T> db = zeros<T>({sequence_blocks(s.batch), s.width()});
    return {a, a, db, db};
  }

  void backward(const Sequence& s, const Direction<T>& run, const PackedWeights<T>& u,
                const SequenceBlock& block, const T* dy, GateGradients<T>& g) const {
    const Index h = s.hidden, rows = block.rows();
    Tensor<T> dh = zeros<T>({rows, h}), dc = zeros<T>({rows, h});
    for (Index k = s.steps - 1; k >= 0; --k) {
      const Index t = run.step(k, s.steps), before = run.step(k - 1, s.steps);
      for (Index r = 0; r < rows; ++r) {
        const Index n = block.begin + r;
        if (!s.within_length(t, n)) continue;  // da is zero here; dh and dc are not used again
        T* ar = &g.da(t, n, 0);
        simd::update(LstmCellBackward{}, h, ar, ar + h, ar + 2 * h, ar + 3 * h,
                     cells_before(k, before, n), &c(t, n, 0), run.state(dy, t, n),
                     static_cast<const T*>(&dh(r, 0)), &dc(r, 0));
        simd::add<T>(4 * h, &g.db(block.number, 0), ar);  // (8)
      }
      if (k > 0) u.multiply(rows, &g.da(t, block.begin, 0), a.size(2), T(0), dh.data(), h);
    }
  }

 private:
  const T* cells_before(Index k, Index before, Index n) const {
    return k == 0 ? zero.data() : &c(before, n, 0);
  }
};

}  // namespace kernel

/// One LSTM layer in one direction, from a zero state.
/// x: (T, N, I); w_x: (4H, I); w_h: (4H, H); b_x, b_h: (4H). Returns y: (T, N, H).
/// lengths: N numbers in [0, T], or empty: full length. Outputs past a length are 0.
/// reverse: runs from the last step of each sequence to its first.
template <class T>
Variable<T> lstm(const Variable<T>& x, const Variable<T>& w_x, const Variable<T>& w_h,
                 const Variable<T>& b_x, const Variable<T>& b_h,
                 std::span<const Index> lengths = {}, bool reverse = false) {
  const RecurrentWeights<T> weights[]{{w_x, w_h, b_x, b_h}};
  return kernel::recurrent_layer<kernel::LstmRun<T>, T>("lstm", x, weights, {reverse}, lengths);
}

/// Both directions, concatenated: y_t = (forward_t, reverse_t), (T, N, 2H). Otherwise as lstm.
template <class T>
Variable<T> bidirectional_lstm(const Variable<T>& x, const RecurrentWeights<T>& forward,
                               const RecurrentWeights<T>& reverse,
                               std::span<const Index> lengths = {}) {
  const RecurrentWeights<T> weights[]{forward, reverse};
  return kernel::recurrent_layer<kernel::LstmRun<T>, T>("bidirectional_lstm", x, weights,
                                                        {false, true}, lengths);
}

}  // namespace glimpse::inline v0
