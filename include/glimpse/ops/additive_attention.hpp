// additive_attention: scores a query against every position of a sequence, turns the scores into
// weights, and averages the sequence by these weights into a glimpse (the context vector).
//
//   (1)  e_i = w^T tanh(q + k_i)   q = W s + b and k_i = V h_i are inputs; k_i once for a sequence
//   (2)  a   = softmax(e),  0 past the length                         the weights
//   (3)  g   = sum_i a_i h_i                                           the glimpse
//
//   with u_i = tanh(q + k_i):
//   (4)  dw = sum_i de_i u_i,   dk_i = de_i w (1 - u_i^2),   dq = sum_i dk_i
//   (5)  da_i = <dg, h_i>,      dh_i = a_i dg
//   (6)  de_i = a_i (da_i - sum_j a_j da_j)                            softmax.hpp (3)
//
// q: (N, A), k: (N, T, A), h: (N, T, C); a: (N, T), g: (N, C). kernel/attention_step.hpp computes
// all of it in one pass, for a decoder. Source: Bahdanau, Cho, Bengio 2015.
// Notation: docs/math/notation.md.
#pragma once

#include <span>

#include <glimpse/autograd/variable.hpp>
#include <glimpse/core/parallel.hpp>
#include <glimpse/ops/softmax.hpp>
#include <glimpse/simd/map.hpp>
#include <glimpse/simd/math.hpp>
#include <glimpse/simd/reduce.hpp>

namespace glimpse::inline v0 {

namespace kernel {

struct TanhOfSum {
  template <class V>
  [[gnu::always_inline]] static void apply(V& u, const V& q, const V& k) {
    simd::Tanh::apply(u, V(q + k));
  }
};

/// (4) for one position.
template <class T>
struct AdditiveScoreBackward {
  T de;
  template <class V>
  [[gnu::always_inline]] void apply(const V& u, const V& w, V& dk, V& dq, V& dw) const {
    const V g = w * (1 - u * u) * de;
    dk = dk + g;
    dq = dq + g;
    dw = dw + u * de;
  }
};

template <class T>
void additive_scores_forward(Index n, Index steps, Index width, const T* q, const T* k, const T* w,
                             T* u, T* e) {
  // simple operations of one sequence: about 20 an element, most of them in tanh
  parallel_for(n, 20 * steps * width, [&](Index b) {
    for (Index i = b * steps; i < (b + 1) * steps; ++i) {
      simd::map<TanhOfSum>(width, u + i * width, q + b * width, k + i * width);
      e[i] = simd::dot<T>(width, w, u + i * width);
    }
  });
}

/// (4). dw: (N, A), one row for each sequence, because the caller adds the rows in a fixed order.
template <class T>
void additive_scores_backward(Index n, Index steps, Index width, const T* u, const T* w,
                              const T* de, T* dq, T* dk, T* dw) {
  parallel_for(n, 8 * steps * width, [&](Index b) {
    for (Index i = b * steps; i < (b + 1) * steps; ++i)
      simd::update(AdditiveScoreBackward<T>{de[i]}, width, u + i * width, w, dk + i * width,
                   dq + b * width, dw + b * width);
  });
}

template <class T>
void glimpse_forward(Index n, Index steps, Index width, const T* a, const T* h, T* g) {
  parallel_for(n, 2 * steps * width, [&](Index b) {
    T* row = g + b * width;
    std::fill_n(row, width, T(0));
    for (Index i = b * steps; i < (b + 1) * steps; ++i)
      simd::axpy<T>(width, row, a[i], h + i * width);
  });
}

/// (5). Adds to da and dh; either may be null.
template <class T>
void glimpse_backward(Index n, Index steps, Index width, const T* a, const T* h, const T* dg, T* da,
                      T* dh) {
  parallel_for(n, 4 * steps * width, [&](Index b) {
    const T* row = dg + b * width;
    for (Index i = b * steps; i < (b + 1) * steps; ++i) {
      if (da) da[i] += simd::dot<T>(width, row, h + i * width);
      if (dh) simd::axpy<T>(width, dh + i * width, a[i], row);
    }
  });
}

}  // namespace kernel

/// The scores (1). q: (N, A); k: (N, T, A); w: (A). Returns (N, T).
/// Throws ShapeError if the shapes do not fit.
template <class T>
Variable<T> additive_scores(const Variable<T>& q, const Variable<T>& k, const Variable<T>& w) {
  require(q.rank() == 2 && k.rank() == 3 && k.size(0) == q.size(0) && k.size(2) == q.size(1) &&
              w.shape() == Shape{q.size(1)},
          "additive_scores", "wants query (N, A), keys (N, T, A), weights (A)", q, k, w);
  const Index n = k.size(0), steps = k.size(1), width = k.size(2);
  const Tensor<T> qv = q.value().contiguous(), kv = k.value().contiguous(),
                  wv = w.value().contiguous();
  Tensor<T> u(kv.shape()), e({n, steps});
  kernel::additive_scores_forward<T>(n, steps, width, qv.data(), kv.data(), wv.data(), u.data(),
                                     e.data());
  return record("additive_scores", e, {q, k, w},
                [n, steps, width, u, wv](const Tensor<T>& de, Gradients<T>& d) {
                  Tensor<T> unused_q, unused_k, dw = zeros<T>({n, width});
                  Tensor<T>& dq = d.wants(0) ? d[0] : (unused_q = zeros<T>({n, width}));
                  Tensor<T>& dk = d.wants(1) ? d[1] : (unused_k = zeros<T>(u.shape()));
                  kernel::additive_scores_backward<T>(n, steps, width, u.data(), wv.data(),
                                                      de.data(), dq.data(), dk.data(), dw.data());
                  if (d.wants(2))
                    for (Index b = 0; b < n; ++b)
                      simd::add<T>(width, d[2].data(), dw.data() + b * width);
                });
}

/// The glimpse (3). a: (N, T) weights; h: (N, T, C). Returns (N, C).
/// Throws ShapeError if the shapes do not fit.
template <class T>
Variable<T> attend(const Variable<T>& a, const Variable<T>& h) {
  require(a.rank() == 2 && h.rank() == 3 && h.size(0) == a.size(0) && h.size(1) == a.size(1),
          "attend", "wants weights (N, T) and a sequence (N, T, C)", a, h);
  const Index n = h.size(0), steps = h.size(1), width = h.size(2);
  const Tensor<T> av = a.value().contiguous(), hv = h.value().contiguous();
  Tensor<T> g({n, width});
  kernel::glimpse_forward<T>(n, steps, width, av.data(), hv.data(), g.data());
  return record(
      "attend", g, {a, h}, [n, steps, width, av, hv](const Tensor<T>& dg, Gradients<T>& d) {
        T* da = d.wants(0) ? d[0].data() : nullptr;
        T* dh = d.wants(1) ? d[1].data() : nullptr;
        kernel::glimpse_backward<T>(n, steps, width, av.data(), hv.data(), dg.data(), da, dh);
      });
}

/// Result of one attention step.
template <class T>
struct Glimpse {
  Variable<T> glimpse;  // (N, C)
  Variable<T> weights;  // (N, T), rows sum to 1
};

/// Scores, weights and glimpse in one call. q: (N, A); k: (N, T, A); w: (A); h: (N, T, C).
/// lengths: N numbers, or empty. Positions past a length get weight 0 and no gradient.
template <class T>
Glimpse<T> additive_attention(const Variable<T>& q, const Variable<T>& k, const Variable<T>& w,
                              const Variable<T>& h, std::span<const Index> lengths = {}) {
  const Variable<T> e = additive_scores(q, k, w);
  const Variable<T> a = lengths.empty() ? softmax(e) : softmax(e, lengths);  // (2), (6)
  return {attend(a, h), a};
}

}  // namespace glimpse::inline v0
