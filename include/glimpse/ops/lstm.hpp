// lstm: long short-term memory over whole sequences, one direction, unequal lengths.
//
//   (1)  a_t = W x_t + b_x + U h_t-1 + b_h            four blocks of H rows: input, forget, cell, output
//   (2)  i, f, o = sigmoid(a_i, a_f, a_o),  g = tanh(a_g)
//   (3)  c_t = f c_t-1 + i g
//   (4)  h_t = o tanh(c_t)
//
//   backward, from the last step to the first, with dh_t = dy_t + U^T da_t+1 and dc_t from the step behind:
//   (5)  dc_t += dh_t o (1 - tanh^2 c_t)                          through (4)
//   (6)  da_o = dh_t tanh(c_t) o (1 - o),   da_i = dc_t g i (1 - i),
//        da_f = dc_t c_t-1 f (1 - f),       da_g = dc_t i (1 - g^2)
//   (7)  dc_t-1 = dc_t f
//   (8)  dW = sum_t da_t x_t^T,  dU = sum_t da_t h_t-1^T,  dx_t = W^T da_t        one product each, over all steps
//
// x: (T, N, I), y: (T, N, H). Only U h_t-1 must wait for its step; W x_t of all steps is one product. Past its length
// a sequence has h = c = 0 and no gradient; so a reversed pass starts from zero at each sequence's own last step.
// Source: Hochreiter, Schmidhuber 1997; Gers et al. 2000 (forget gate). Gate order and weights as in PyTorch.
#pragma once

#include <span>

#include <glimpse/autograd/variable.hpp>
#include <glimpse/ops/kernel/sequence.hpp>
#include <glimpse/simd/map.hpp>
#include <glimpse/simd/math.hpp>

namespace glimpse::inline v0 {

namespace kernel {

/// (2) to (4) for one row of cells; the gates' sums become their activations.
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

/// (5) to (7) for one row of cells; the gates' activations become the gradients of their sums.
struct LstmCellBackward {
  template <class V>
  [[gnu::always_inline]] static void apply(V& i, V& f, V& g, V& o, const V& c_before, const V& c,
                                           const V& dh, V& dc) {
    V t;
    simd::Tanh::apply(t, c);
    const V dct = dc + dh * o * (1 - t * t);  // (5)
    const V di = dct * g * i * (1 - i), df = dct * c_before * f * (1 - f),
            dg = dct * i * (1 - g * g);
    o = dh * t * o * (1 - o);  // (6)
    dc = dct * f;              // (7)
    i = di, f = df, g = dg;
  }
};

/// gates (T, N, 4H): W x + b on entry, activations on return. c, y: (T, N, H).
template <class T>
void lstm_forward(const Sequence& s, const T* u, Tensor<T>& gates, Tensor<T>& c, Tensor<T>& y) {
  const Index n = s.batch, h = s.hidden;
  const Tensor<T> zero = zeros<T>({n, h});
  for (Index k = 0; k < s.steps; ++k) {
    const Index t = s.step(k), before = s.before(k);
    T* a = gates.data() + t * n * 4 * h;
    const T* c_before = before < 0 ? zero.data() : c.data() + before * n * h;
    if (before >= 0) recurrent_product<T>(n, 4 * h, h, y.data() + before * n * h, u, a);
    T *ct = c.data() + t * n * h, *yt = y.data() + t * n * h;
    parallel_for(n, 40 * h, [&](Index r) {
      T* ar = a + r * 4 * h;
      if (s.alive(t, r)) {
        simd::update(LstmCell{}, h, ar, ar + h, ar + 2 * h, ar + 3 * h, c_before + r * h,
                     ct + r * h, yt + r * h);
      } else {
        std::fill_n(ar, 4 * h, T(0)), std::fill_n(ct + r * h, h, T(0)),
            std::fill_n(yt + r * h, h, T(0));
      }
    });
  }
}

/// gates: activations on entry, their gradients da on return.
template <class T>
void lstm_backward(const Sequence& s, const T* u, Tensor<T>& gates, const Tensor<T>& c,
                   const T* dy) {
  const Index n = s.batch, h = s.hidden;
  const Tensor<T> zero = zeros<T>({n, h});
  Tensor<T> dh = zeros<T>({n, h}), dc = zeros<T>({n, h});
  for (Index k = s.steps - 1; k >= 0; --k) {
    const Index t = s.step(k), before = s.before(k);
    T* a = gates.data() + t * n * 4 * h;
    const T* c_before = before < 0 ? zero.data() : c.data() + before * n * h;
    const T *ct = c.data() + t * n * h, *dyt = dy + t * n * h;
    parallel_for(n, 40 * h, [&](Index r) {
      if (!s.alive(t, r)) return;  // da, dh and dc are zero there already
      T *ar = a + r * 4 * h, *dhr = dh.data() + r * h;
      simd::add<T>(h, dhr, dyt + r * h);
      simd::update(LstmCellBackward{}, h, ar, ar + h, ar + 2 * h, ar + 3 * h, c_before + r * h,
                   ct + r * h, static_cast<const T*>(dhr), dc.data() + r * h);
    });
    if (before >= 0) recurrent_product_backward<T>(n, 4 * h, h, a, u, dh.data());
  }
}

}  // namespace kernel

/// One LSTM layer in one direction from a zero state.
/// x: (T, N, I); w_x: (4H, I); w_h: (4H, H); b_x, b_h: (4H).  Returns y: (T, N, H).
/// lengths: N numbers in [0, T], or empty for full length; outputs past a length are 0.
/// reverse: runs from the last step of each sequence to its first.
template <class T>
Variable<T> lstm(const Variable<T>& x, const Variable<T>& w_x, const Variable<T>& w_h,
                 const Variable<T>& b_x, const Variable<T>& b_h,
                 std::span<const Index> lengths = {}, bool reverse = false) {
  const kernel::Sequence s = kernel::sequence_of("lstm", 4, x.value(), w_x.value(), w_h.value(),
                                                 b_x.value(), b_h.value(), lengths, reverse);
  const Tensor<T> xv = x.value().contiguous(), wx = w_x.value().contiguous(),
                  wh = w_h.value().contiguous();
  const Tensor<T> bx = b_x.value().contiguous(), bh = b_h.value().contiguous();
  Tensor<T> gates({s.steps, s.batch, 4 * s.hidden}), c({s.steps, s.batch, s.hidden}), y(c.shape());
  kernel::input_product<T>(s, xv.data(), wx.data(), bx.data(), bh.data(), gates.data());
  kernel::lstm_forward<T>(s, wh.data(), gates, c, y);
  return record("lstm", y, {x, w_x, w_h, b_x, b_h},
                [s, xv, gates, c, y, wx, wh](const Tensor<T>& dy, Gradients<T>& d) {
                  Tensor<T> da = gates;  // overwritten: the tape goes through here once
                  kernel::lstm_backward<T>(s, wh.data(), da, c, dy.data());
                  kernel::sequence_backward<T>(s, xv, y, da, da, wx.data(), d);  // (8)
                });
}

}  // namespace glimpse::inline v0
