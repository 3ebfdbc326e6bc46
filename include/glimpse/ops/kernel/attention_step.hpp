// attention_step: one step of additive attention over one sequence, fused (equations as in
// additive_attention.hpp).
//
//   (1)  e_i = w^T tanh(q + k_i)
//   (2)  a = softmax(e)
//   (3)  g = sum_i a_i h_i
//
//   backward; computes u_i = tanh(q + k_i) again, because keeping it takes T times the memory of q:
//   (4)  da_i = <dg, h_i>,   de_i = a_i (da_i - sum_j a_j da_j)
//   (5)  dq = sum_i de_i w (1 - u_i^2),   dk_i += de_i w (1 - u_i^2),   dw += sum_i de_i u_i
//   dh_i += a_i dg for all steps at once is attention_gru.hpp (8)
//
// q, w: (A); k: (T, A); h: (T, C); e, a: (T); g: (C).
// Notation: docs/math/notation.md.
#pragma once

#include <glimpse/core/tensor.hpp>
#include <glimpse/simd/reduce.hpp>

namespace glimpse::inline v0::kernel {

/// Sizes of an attention step: T positions, frames of C elements, A elements of a query or key.
struct AttentionDims {
  Index positions, frame, attention;
};

namespace detail {

using simd::lanes;
using simd::Scalar;
using simd::Vec;

/// (1)
struct Scores {
  template <int Bytes, class T>
  [[gnu::always_inline]] static inline void run(Index positions, Index width, const T* q,
                                                const T* k, const T* w, T* e) {
    using V = Vec<T, Bytes>;
    for (Index i = 0; i < positions; ++i, k += width) {
      V sum{}, x, y, u;
      Index j = 0;
      for (; j + lanes<V> <= width; j += lanes<V>) {
        simd::load(x, q + j), simd::load(y, k + j);
        simd::Tanh::apply(u, V(x + y));
        simd::load(x, w + j);
        sum += x * u;
      }
      if (j < width) {
        simd::load_partial(x, q + j, width - j), simd::load_partial(y, k + j, width - j);
        simd::Tanh::apply(u, V(x + y));
        simd::load_partial(x, w + j, width - j);
        sum += x * u;
      }
      e[i] = simd::sum_lanes(sum);
    }
  }
};

/// (3), four vectors of g at a time, which stay in registers over all positions.
struct WeightedSum {
  template <int Bytes, class T>
  [[gnu::always_inline]] static inline void run(Index positions, Index width, const T* a,
                                                const T* h, T* g) {
    using V = Vec<T, Bytes>;
    Index j = 0;
    for (; j + 4 * lanes<V> <= width; j += 4 * lanes<V>)
      columns<4, V>(positions, width, a, h + j, g + j);
    for (; j + lanes<V> <= width; j += lanes<V>) columns<1, V>(positions, width, a, h + j, g + j);
    for (; j < width; ++j) {
      T sum = 0;
      for (Index i = 0; i < positions; ++i) sum += a[i] * h[i * width + j];
      g[j] = sum;
    }
  }

 private:
  template <int Count, class V>
  [[gnu::always_inline]] static inline void columns(Index positions, Index width,
                                                    const Scalar<V>* a, const Scalar<V>* h,
                                                    Scalar<V>* g) {
    V sum[Count], x;
#pragma GCC unroll 4
    for (int c = 0; c < Count; ++c) sum[c] = V{};
    for (Index i = 0; i < positions; ++i, h += width) {
#pragma GCC unroll 4
      for (int c = 0; c < Count; ++c) {
        simd::load(x, h + c * lanes<V>);
        sum[c] += a[i] * x;
      }
    }
#pragma GCC unroll 4
    for (int c = 0; c < Count; ++c) simd::store(g + c * lanes<V>, sum[c]);
  }
};

/// (5). q holds dq on return.
struct ScoresBackward {
  template <int Bytes, class T>
  [[gnu::always_inline]] static inline void run(Index positions, Index width, const T* de,
                                                const T* k, const T* w, T* q, T* dk, T* dw) {
    using V = Vec<T, Bytes>;
    V y, wj, ki, dki, dwj, dq, u;
    Index j = 0;
    for (; j + lanes<V> <= width; j += lanes<V>) {
      simd::load(y, q + j), simd::load(wj, w + j), simd::load(dwj, dw + j);
      dq = V{};
      for (Index i = 0; i < positions; ++i) {
        simd::load(ki, k + i * width + j), simd::load(dki, dk + i * width + j);
        place(de[i], y, wj, ki, dki, dwj, dq, u);
        simd::store(dk + i * width + j, dki);
      }
      simd::store(q + j, dq), simd::store(dw + j, dwj);
    }
    if (const Index left = width - j; left > 0) {
      simd::load_partial(y, q + j, left), simd::load_partial(wj, w + j, left);
      simd::load_partial(dwj, dw + j, left);
      dq = V{};
      for (Index i = 0; i < positions; ++i) {
        simd::load_partial(ki, k + i * width + j, left);
        simd::load_partial(dki, dk + i * width + j, left);
        place(de[i], y, wj, ki, dki, dwj, dq, u);
        simd::store_partial(dk + i * width + j, dki, left);
      }
      simd::store_partial(q + j, dq, left), simd::store_partial(dw + j, dwj, left);
    }
  }

 private:
  template <class V>
  [[gnu::always_inline]] static inline void place(Scalar<V> de, const V& q, const V& w, const V& k,
                                                  V& dk, V& dw, V& dq, V& u) {
    simd::Tanh::apply(u, V(q + k));
    const V g = de * (w * (1 - u * u));
    dk += g;
    dq += g;
    dw += de * u;
  }
};

}  // namespace detail

/// (1) to (3): the weights a (T) and the glimpse g (C) of one sequence.
template <class T>
void attention_step_forward(const AttentionDims& s, const T* q, const T* k, const T* w, const T* h,
                            T* a, T* g) {
  simd::dispatch<detail::Scores>(s.positions, s.attention, q, k, w, a);
  const T m = simd::max(s.positions, a);
  simd::scale(s.positions, a, 1 / simd::exp_shifted(s.positions, a, m, a));  // (2)
  simd::dispatch<detail::WeightedSum>(s.positions, s.frame, static_cast<const T*>(a), h, g);
}

/// (4) and (5). q holds dq on return; adds to dk (T, A) and dw (A). de: scratch of T elements.
template <class T>
void attention_step_backward(const AttentionDims& s, T* q, const T* k, const T* w, const T* h,
                             const T* a, const T* dg, T* de, T* dk, T* dw) {
  T mean = 0;
  for (Index i = 0; i < s.positions; ++i) {
    de[i] = simd::dot(s.frame, dg, h + i * s.frame);
    mean += a[i] * de[i];
  }
  for (Index i = 0; i < s.positions; ++i) de[i] = a[i] * (de[i] - mean);  // (4)
  simd::dispatch<detail::ScoresBackward>(s.positions, s.attention, static_cast<const T*>(de), k, w,
                                         q, dk, dw);
}

}  // namespace glimpse::inline v0::kernel
