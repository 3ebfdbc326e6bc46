// gru: gated recurrent unit, as one step and over whole sequences, one direction, unequal lengths.
//
//   (1)  a_t = W x_t + b_x,   u_t = U h_t-1 + b_h            three blocks of H rows: reset, update, new
//   (2)  r = sigmoid(a_r + u_r),   z = sigmoid(a_z + u_z)
//   (3)  n = tanh(a_n + r u_n)                               the reset gate acts after the recurrent product
//   (4)  h_t = (1 - z) n + z h_t-1
//
//   (5)  dn = dh (1 - z) (1 - n^2),   dz = dh (h_t-1 - n) z (1 - z),   dr = dn u_n r (1 - r)
//   (6)  da = (dr, dz, dn),   du = (dr, dz, dn r)
//   (7)  dh_t-1 = dh z + U^T du
//
// x: (T, N, I), y: (T, N, H). Source: Cho et al. 2014; the form of (3) is cuDNN's and PyTorch's.
#pragma once

#include <span>

#include <glimpse/autograd/variable.hpp>
#include <glimpse/ops/kernel/sequence.hpp>
#include <glimpse/simd/map.hpp>
#include <glimpse/simd/math.hpp>

namespace glimpse::inline v0 {

namespace kernel {

/// (2) to (4) for one row of cells; a becomes (r, z, n), un stays for backward.
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

/// (5) to (7) for one row of cells; (r, z, n) become da, (-, -, un) become du, dh becomes dh z.
struct GruCellBackward {
  template <class V>
  [[gnu::always_inline]] static void apply(V& r, V& z, V& n, V& ur, V& uz, V& un, const V& before,
                                           V& dh) {
    const V dn = dh * (1 - z) * (1 - n * n);
    const V dz = dh * (before - n) * z * (1 - z), dr = dn * un * r * (1 - r);
    un = dn * r;
    dh = dh * z;
    n = dn, z = dz, r = dr, uz = dz, ur = dr;
  }
};

/// One step for a batch. a: W x + b_x on entry, (r, z, n) on return; u: U h + b_h.
template <class T>
void gru_step_forward(Index n, Index h, T* a, const T* u, const T* before, T* y) {
  parallel_for(n, 30 * h, [&](Index r) {
    T* ar = a + r * 3 * h;
    const T* ur = u + r * 3 * h;
    simd::update(GruCell{}, h, ar, ar + h, ar + 2 * h, ur, ur + h, ur + 2 * h, before + r * h,
                 y + r * h);
  });
}

/// u (n, 3H) = h U^T + b.
template <class T>
void gru_state_product(Index n, Index hidden, const T* h, const T* w_h, const T* b_h, T* u) {
  simd::Epilogue<T> epilogue;
  epilogue.column_bias = b_h;
  simd::gemm<T>(simd::Trans::no, simd::Trans::yes, n, 3 * hidden, hidden, T(1), h, hidden, w_h,
                hidden, T(0), u, 3 * hidden, epilogue);
}

template <class T>
void gru_step_backward(Index n, Index h, T* a, T* u, const T* before, T* dh) {
  parallel_for(n, 30 * h, [&](Index r) {
    T *ar = a + r * 3 * h, *ur = u + r * 3 * h;
    simd::update(GruCellBackward{}, h, ar, ar + h, ar + 2 * h, ur, ur + h, ur + 2 * h,
                 before + r * h, dh + r * h);
  });
}

template <class T>
void gru_forward(const Sequence& s, const T* w_h, const T* b_h, Tensor<T>& a, Tensor<T>& u,
                 Tensor<T>& y) {
  const Index n = s.batch, h = s.hidden;
  const Tensor<T> zero = zeros<T>({n, h});
  for (Index k = 0; k < s.steps; ++k) {
    const Index t = s.step(k), before = s.before(k);
    const T* state = before < 0 ? zero.data() : y.data() + before * n * h;
    T *at = a.data() + t * n * 3 * h, *ut = u.data() + t * n * 3 * h, *yt = y.data() + t * n * h;
    gru_state_product<T>(n, h, state, w_h, b_h, ut);
    gru_step_forward<T>(n, h, at, ut, state, yt);
    for (Index r = 0; r < n; ++r)
      if (!s.alive(t, r)) {
        std::fill_n(at + r * 3 * h, 3 * h, T(0)), std::fill_n(ut + r * 3 * h, 3 * h, T(0));
        std::fill_n(yt + r * h, h, T(0));
      }
  }
}

/// a, u: activations on entry, da and du on return.
template <class T>
void gru_backward(const Sequence& s, const T* w_h, Tensor<T>& a, Tensor<T>& u, const Tensor<T>& y,
                  const T* dy) {
  const Index n = s.batch, h = s.hidden;
  const Tensor<T> zero = zeros<T>({n, h});
  Tensor<T> dh = zeros<T>({n, h});
  for (Index k = s.steps - 1; k >= 0; --k) {
    const Index t = s.step(k), before = s.before(k);
    const T* state = before < 0 ? zero.data() : y.data() + before * n * h;
    T *at = a.data() + t * n * 3 * h, *ut = u.data() + t * n * 3 * h;
    for (Index r = 0; r < n; ++r) {
      T* row = dh.data() + r * h;
      if (s.alive(t, r))
        simd::add<T>(h, row, dy + (t * n + r) * h);
      else
        std::fill_n(row, h, T(0));  // a, u are zero there, so da and du come out zero
    }
    gru_step_backward<T>(n, h, at, ut, state, dh.data());
    if (before >= 0) recurrent_product_backward<T>(n, 3 * h, h, ut, w_h, dh.data(), T(1));  // (7)
  }
}

}  // namespace kernel

/// One GRU layer in one direction from a zero state.
/// x: (T, N, I); w_x: (3H, I); w_h: (3H, H); b_x, b_h: (3H).  Returns y: (T, N, H).
/// lengths: N numbers in [0, T], or empty for full length; outputs past a length are 0.
/// reverse: runs from the last step of each sequence to its first.
template <class T>
Variable<T> gru(const Variable<T>& x, const Variable<T>& w_x, const Variable<T>& w_h,
                const Variable<T>& b_x, const Variable<T>& b_h, std::span<const Index> lengths = {},
                bool reverse = false) {
  const kernel::Sequence s = kernel::sequence_of("gru", 3, x.value(), w_x.value(), w_h.value(),
                                                 b_x.value(), b_h.value(), lengths, reverse);
  const Tensor<T> xv = x.value().contiguous(), wx = w_x.value().contiguous(),
                  wh = w_h.value().contiguous();
  const Tensor<T> bx = b_x.value().contiguous(), bh = b_h.value().contiguous();
  Tensor<T> a({s.steps, s.batch, 3 * s.hidden}), u(a.shape()), y({s.steps, s.batch, s.hidden});
  kernel::input_product<T>(s, xv.data(), wx.data(), bx.data(), static_cast<const T*>(nullptr),
                           a.data());
  kernel::gru_forward<T>(s, wh.data(), bh.data(), a, u, y);
  return record("gru", y, {x, w_x, w_h, b_x, b_h},
                [s, xv, a, u, y, wx, wh](const Tensor<T>& dy, Gradients<T>& d) {
                  Tensor<T> da = a, du = u;  // overwritten: the tape goes through here once
                  kernel::gru_backward<T>(s, wh.data(), da, du, y, dy.data());
                  kernel::sequence_backward<T>(s, xv, y, da, du, wx.data(), d);
                });
}

/// One step of a GRU whose input product is made already: h_t from a = W x_t + b_x and h_t-1.
/// a: (N, 3H); h: (N, H); w_h: (3H, H); b_h: (3H).  Returns (N, H).
template <class T>
Variable<T> gru_cell(const Variable<T>& a, const Variable<T>& h, const Variable<T>& w_h,
                     const Variable<T>& b_h) {
  require(h.rank() == 2 && a.shape() == Shape{h.size(0), 3 * h.size(1)}, "gru_cell",
          "wants sums (N, 3H) and state (N, H)", a, h);
  require(w_h.shape() == Shape{3 * h.size(1), h.size(1)} && b_h.shape() == Shape{3 * h.size(1)},
          "gru_cell", "wants weights (3H, H) and bias (3H)", w_h, b_h);
  const Index n = h.size(0), hidden = h.size(1);
  const Tensor<T> before = h.value().contiguous(), w = w_h.value().contiguous(),
                  b = b_h.value().contiguous();
  Tensor<T> gates = a.value().clone(), u(gates.shape()), y(before.shape());
  kernel::gru_state_product<T>(n, hidden, before.data(), w.data(), b.data(), u.data());
  kernel::gru_step_forward<T>(n, hidden, gates.data(), u.data(), before.data(), y.data());
  return record(
      "gru_cell", y, {a, h, w_h, b_h},
      [n, hidden, gates, u, before, w](const Tensor<T>& dy, Gradients<T>& d) {
        Tensor<T> da = gates, du = u, dh = dy.clone();
        kernel::gru_step_backward<T>(n, hidden, da.data(), du.data(), before.data(), dh.data());
        kernel::recurrent_product_backward<T>(n, 3 * hidden, hidden, du.data(), w.data(), dh.data(),
                                              T(1));
        d.add(0, da);
        d.add(1, dh);
        if (d.wants(2))
          kernel::weight_gradient<T>(3 * hidden, hidden, n, du.data(), before.data(), d[2].data());
        if (d.wants(3)) kernel::bias_gradient<T>(3 * hidden, n, du.data(), d[3].data());
      });
}

}  // namespace glimpse::inline v0
