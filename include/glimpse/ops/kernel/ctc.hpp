// ctc: the recursions over a label with blanks around its symbols, for one sequence of frames.
//
//   states     s = 0 ... 2L      blank, l_1, blank, l_2, ..., l_L, blank           S = 2L + 1
//   emission   e_t(s) = ln p_t(symbol of s)
//
//   (1)  a_t(s) = e_t(s) + ln( exp a_t-1(s) + exp a_t-1(s-1) + k(s)   exp a_t-1(s-2) )
//   (2)  b_t(s) =          ln( exp g_t+1(s) + exp g_t+1(s+1) + k(s+2) exp g_t+1(s+2) ),
//        g_t(s) = b_t(s) + e_t(s)
//   (3)  ln p   = ln( exp a_T-1(S-1) + exp a_T-1(S-2) )
//   (4)  gamma_t(s) = exp( a_t(s) + b_t(s) - ln p )    probability of state s at frame t
//
// k(s) = 1 if s is a symbol that differs from the symbol before it; the blank between may be
// skipped. Two padding states on each side make the border cases regular. Before the first frame
// all probability is in the virtual state s = -1 (a = 0); after the last frame it is in s = S (g =
// 0). Also k(1) = k(S) = 1. (1) and (2) then hold from the first frame, and (3) even without
// frames. All other padding is `log_zero`.
//
// `log_zero` is a finite number so low that sums with it stay impossible. The code needs no branch,
// because it never subtracts infinity from infinity. A row has `width` states, S rounded up to
// whole vectors, between two padding states on each side.
// Source: Graves, Fernandez, Gomez, Schmidhuber 2006.
// Notation: docs/math/notation.md.
#pragma once

#include <glimpse/simd/dispatch.hpp>
#include <glimpse/simd/math.hpp>
#include <glimpse/simd/vec.hpp>

namespace glimpse::inline v0::kernel {

/// The logarithm of probability 0.
template <class T>
inline constexpr T log_zero = T(-1e30);

inline constexpr Index ctc_border = 2;

/// Number of states of a row for labels of up to `length` symbols: whole vectors at every level.
constexpr Index ctc_width(Index length) { return (2 * length + 1 + 15) / 16 * 16; }
/// Distance between rows of (1), in elements.
constexpr Index ctc_stride(Index width) { return width + 2 * ctc_border; }

/// k of (1) as a logarithm, for width + border states.
template <class T>
void ctc_skips(const Index* label, Index length, Index width, T* skip) {
  for (Index s = 0; s < width + ctc_border; ++s) skip[s] = log_zero<T>;
  skip[1] = skip[2 * length + 1] = 0;
  for (Index i = 1; i < length; ++i)
    if (label[i] != label[i - 1]) skip[2 * i + 1] = 0;
}

/// e of one frame from its scores. m: the largest score; log_z: ln of the sum of exp(x - m).
template <class T>
void ctc_emission(const T* scores, T m, T log_z, const Index* label, Index length, Index blank,
                  Index width, T* e) {
  const auto possible = [](T v) { return v < log_zero<T> ? log_zero<T> : v; };
  const T b = possible((scores[blank] - m) - log_z);
  for (Index i = 0; i < length; ++i) {
    e[2 * i] = b;
    e[2 * i + 1] = possible((scores[label[i]] - m) - log_z);
  }
  e[2 * length] = b;
  for (Index s = 2 * length + 1; s < width; ++s) e[s] = log_zero<T>;
}

/// y = ln(e^a + e^b + e^c). The largest term is 1 after subtraction; two exponentials remain.
template <class V>
[[gnu::always_inline]] inline void log_sum(V& y, const V& a, const V& b, const V& c) {
  V high, low, top, middle, bottom, t, u, one_up;
  simd::maximum(high, a, b);
  simd::minimum(low, a, b);
  simd::maximum(top, high, c);
  simd::minimum(t, high, c);
  simd::maximum(middle, low, t);
  simd::minimum(bottom, low, t);
  const V second = middle - top, third = bottom - top;
  simd::Exp::apply(t, second);
  simd::Exp::apply(u, third);
  one_up = t + u + simd::Scalar<V>(1);
  simd::Log::apply(t, one_up);
  y = top + t;
}

/// (1). e: (frames, width); alpha: (frames + 1, stride), row t + 1 holds a_t.
struct CtcAlpha {
  template <int Bytes, class T>
  [[gnu::always_inline]] static inline void run(Index frames, Index width, Index length, const T* e,
                                                const T* skip, T* alpha) {
    using V = simd::Vec<T, Bytes>;
    const Index stride = ctc_stride(width);
    for (Index s = 0; s < stride; ++s) alpha[s] = log_zero<T>;
    alpha[ctc_border - 1] = 0;
    const Index states = 2 * length + 1;
    for (Index t = 0; t < frames; ++t) {
      const T* before = alpha + t * stride + ctc_border;
      T* now = alpha + (t + 1) * stride + ctc_border;
      for (Index i = 1; i <= ctc_border; ++i) now[-i] = now[width - 1 + i] = log_zero<T>;
      for (Index s = 0; s < width; s += simd::lanes<V>) {
        V sum, out;
        if (s < states) {
          V stay, step, leap, k, emitted;
          simd::load(stay, before + s);
          simd::load(step, before + s - 1);
          simd::load(leap, before + s - 2);
          simd::load(k, skip + s);
          simd::load(emitted, e + t * width + s);
          leap += k;
          log_sum(sum, stay, step, leap);
          out = sum + emitted;
        } else {
          simd::broadcast(out, log_zero<T>);
        }
        simd::store(now + s, out);
      }
    }
  }
};

/// (2) and (4), last frame first. e: (frames, width), replaced by gamma.
/// g: scratch of width + border elements.
struct CtcBeta {
  template <int Bytes, class T>
  [[gnu::always_inline]] static inline void run(Index frames, Index width, Index length,
                                                const T* alpha, const T* skip, T log_p, T* g,
                                                T* e) {
    using V = simd::Vec<T, Bytes>;
    const Index stride = ctc_stride(width), states = 2 * length + 1;
    for (Index s = 0; s < width + ctc_border; ++s) g[s] = log_zero<T>;
    g[states] = 0;
    for (Index t = frames - 1; t >= 0; --t) {
      const T* a = alpha + (t + 1) * stride + ctc_border;
      T* row = e + t * width;
      for (Index s = 0; s < width; s += simd::lanes<V>) {
        V now, likely;
        if (s < states) {
          V stay, step, leap, k, emitted, before, beta;
          simd::load(stay, g + s);
          simd::load(step, g + s + 1);
          simd::load(leap, g + s + 2);
          simd::load(k, skip + s + 2);
          simd::load(emitted, row + s);
          simd::load(before, a + s);
          leap += k;
          log_sum(beta, stay, step, leap);
          now = beta + emitted;
          const V exponent = before + beta - log_p;
          simd::Exp::apply(likely, exponent);
        } else {
          simd::broadcast(now, log_zero<T>);
          simd::broadcast(likely, T(0));
        }
        simd::store(row + s, likely);
        simd::store(g + s, now);
      }
    }
  }
};

/// (3) from the last row of alpha; `log_zero` or below if no path gives the label.
template <class T>
T ctc_log_p(const T* last, Index length) {
  const T a = last[ctc_border + 2 * length], b = last[ctc_border + 2 * length - 1];
  const T top = a > b ? a : b, low = a > b ? b : a;
  return top + simd::log(T(1) + simd::exp(low - top));
}

}  // namespace glimpse::inline v0::kernel
