// math: exp, log, tanh and sigmoid on vectors of float or double, accurate to a few units in the
// last place.
//
//   exp      (1)  x = n ln 2 + r,  n = round(x / ln 2),  |r| <= ln 2 / 2      Cody, Waite 1980
//            (2)  e^x = 2^n e^r,   e^r - 1 = r + r^2 (1/2! + r/3! + ...)      Taylor, to 1/2 ulp
//            2^n is applied in two factors, so that results below the normal range round
//            correctly.
//   log      (3)  x = 2^k m,  sqrt(1/2) <= m < sqrt 2,  f = m - 1,  s = f / (2 + f)
//            (4)  ln m = 2 atanh s = f - (f^2/2 - s (f^2/2 + R)),  R = s^2 (2/3 + 2/5 s^2 + ...)
//            The second form of (4), from FreeBSD's msun, keeps f, which is exact, outermost.
//   tanh     (5)  u = e^(-2|x|) - 1,  tanh x = sign(x) (-u) / (2 + u)
//            With e^y - 1 = 2^n (e^r - 1) + (2^n - 1) nothing cancels, near zero or far from it.
//   sigmoid  (6)  z = e^(-|x|),  1 / (1 + z) where x >= 0, z / (1 + z) elsewhere
//            Only e to a negative power occurs: no overflow, and tiny results keep their digits.
//
// tests/simd/math.cpp compares them with long double over the whole range and holds the bounds.
// Notation: docs/math/notation.md.
#pragma once

#include <concepts>
#include <limits>
#include <span>

#include <glimpse/simd/map.hpp>

namespace glimpse::inline v0::simd {

namespace detail {

/// Constants of a floating-point format.
template <class T>
struct Format;

template <>
struct Format<float> {
  static constexpr int mantissa = 23, bias = 127, exp_terms = 6, log_terms = 4;
  static constexpr float magic = 0x1.8p23f;      // x + magic - magic rounds x
  static constexpr float ln2_hi = 0x1.62e4p-1f;  // 15 bits: n ln2_hi is exact
  static constexpr float ln2_lo = 0x1.7f7d1cp-20f;
  static constexpr float exp_max = 89.0f, exp_min = -104.0f;  // outside: infinity and zero
  static constexpr float tanh_max = 10.0f;                    // outside: one
  static constexpr std::uint32_t sqrt_half = 0x3f3504f3u;
};

template <>
struct Format<double> {
  static constexpr int mantissa = 52, bias = 1023, exp_terms = 12, log_terms = 10;
  static constexpr double magic = 0x1.8p52;
  static constexpr double ln2_hi = 0x1.62e42feep-1;
  static constexpr double ln2_lo = 0x1.a39ef35793c76p-33;
  static constexpr double exp_max = 710.0, exp_min = -746.0;
  static constexpr double tanh_max = 22.0;
  static constexpr std::uint64_t sqrt_half = 0x3fe6a09e667f3bcdu;
};

/// y = c[0] + c[1] x + ... + c[count-1] x^(count-1), by Horner's rule.
template <int Count, class V>
[[gnu::always_inline]] inline void horner(V& y, const V& x, const Scalar<V>* c) {
  broadcast(y, c[Count - 1]);
#pragma GCC unroll 16
  for (int i = Count - 2; i >= 0; --i) y = y * x + c[i];
}

/// Splits x in [exp_min, exp_max] as in (1). Returns e^r - 1, and n as an integer in each lane.
template <class V>
[[gnu::always_inline]] inline void exp_reduced(V& em1, Mask<V>& n, const V& x) {
  using T = Scalar<V>;
  using F = Format<T>;
  constexpr T c[13] = {T(1) / T(2),          T(1) / T(6),         T(1) / T(24),
                       T(1) / T(120),        T(1) / T(720),       T(1) / T(5040),
                       T(1) / T(40320),      T(1) / T(362880),    T(1) / T(3628800),
                       T(1) / T(39916800),   T(1) / T(479001600), T(1) / T(6227020800),
                       T(1) / T(87178291200)};
  V magic, q;
  broadcast(magic, F::magic);
  const V shifted = x * T(1.4426950408889634074) + magic;  // its low bits are n
  const V count = shifted - magic;
  Mask<V> low, offset;
  bits(low, shifted);
  bits(offset, magic);
  n = low - offset;
  const V r = (x - count * F::ln2_hi) - count * F::ln2_lo;
  horner<F::exp_terms>(q, r, c);
  em1 = r * r * q + r;
}

/// y = 2^n for n in the range of normal numbers.
template <class V>
[[gnu::always_inline]] inline void power_of_two(V& y, const Mask<V>& n) {
  using F = Format<Scalar<V>>;
  const Mask<V> exponent = (n + F::bias) << F::mantissa;
  bits(y, exponent);
}

/// y = min(max(x, lo), hi); NaN stays NaN.
template <class V>
[[gnu::always_inline]] inline void clamp(V& y, const V& x, Scalar<V> lo, Scalar<V> hi) {
  V low, high, t;
  broadcast(low, lo);
  broadcast(high, hi);
  minimum(t, high, x);
  maximum(y, low, t);
}

}  // namespace detail

/// e^x. Infinity above the range, zero below it, NaN for NaN.
struct Exp {
  template <class V>
  [[gnu::always_inline]] static inline void apply(V& y, const V& x) {
    using F = detail::Format<Scalar<V>>;
    V bounded, em1, a, b;
    Mask<V> n;
    detail::clamp(bounded, x, F::exp_min, F::exp_max);
    detail::exp_reduced(em1, n, bounded);
    const Mask<V> half = n >> 1;
    const Mask<V> rest = n - half;
    detail::power_of_two(a, half);
    detail::power_of_two(b, rest);
    y = ((em1 + Scalar<V>(1)) * a) * b;  // (2)
  }
};

/// ln x. -infinity at zero, NaN for negative x.
struct Log {
  template <class V>
  [[gnu::always_inline]] static inline void apply(V& y, const V& x) {
    using T = Scalar<V>;
    using F = detail::Format<T>;
    using Lim = std::numeric_limits<T>;
    constexpr T c[10] = {T(2) / T(3),  T(2) / T(5),  T(2) / T(7),  T(2) / T(9),  T(2) / T(11),
                         T(2) / T(13), T(2) / T(15), T(2) / T(17), T(2) / T(19), T(2) / T(21)};
    constexpr T lift = T(1ull << F::mantissa);
    V tiny_up, up, m, magic, k, series, zero, infinity, nan;
    broadcast(up, T(0));
    const V lifted = x * lift;
    tiny_up = x < Lim::min() ? lifted : x;  // subnormal: scaled into the normal range first
    Mask<V> shift = x < Lim::min();
    Mask<V> word, magic_word;
    bits(word, tiny_up);
    // clears the sign, which would overflow below; the result for negative x is NaN
    word &= std::numeric_limits<Scalar<Mask<V>>>::max();
    // (3): integer arithmetic on the exponent and mantissa moves the cut from 1 to sqrt(1/2)
    constexpr auto cut = static_cast<Scalar<Mask<V>>>(F::sqrt_half);
    const Mask<V> exponent = (word - cut) >> F::mantissa;
    const Mask<V> mantissa_word = word - (exponent << F::mantissa);
    bits(m, mantissa_word);
    broadcast(magic, F::magic);
    bits(magic_word, magic);
    magic_word += exponent + (shift & -F::mantissa);
    bits(k, magic_word);
    k = k - magic;
    const V f = m - T(1);
    const V s = f / (f + T(2));
    const V s2 = s * s;
    detail::horner<F::log_terms>(series, s2, c);
    const V half_square = f * f * T(0.5);
    const V tail = s * (half_square + s2 * series) + k * F::ln2_lo;
    y = k * F::ln2_hi - ((half_square - tail) - f);  // (4)
    broadcast(zero, T(0));
    broadcast(infinity, Lim::infinity());
    broadcast(nan, Lim::quiet_NaN());
    y = x < infinity ? y : x;  // ln of infinity is infinity, of NaN is NaN
    y = x == zero ? -infinity : y;
    y = x < zero ? nan : y;
  }
};

/// tanh x. Keeps the sign of zero; exactly 1 or -1 for large |x|.
struct Tanh {
  template <class V>
  [[gnu::always_inline]] static inline void apply(V& y, const V& x) {
    using T = Scalar<V>;
    using F = detail::Format<T>;
    V zero, size, bounded, em1, scale;
    Mask<V> n, word, sign, magnitude;
    broadcast(zero, T(-0.0));
    bits(sign, zero);
    bits(word, x);
    magnitude = word & ~sign;
    bits(size, magnitude);
    detail::clamp(bounded, size, T(0), F::tanh_max);
    detail::exp_reduced(em1, n, bounded * T(-2));
    detail::power_of_two(scale, n);
    const V u = em1 * scale + (scale - T(1));
    const V t = -u / (u + T(2));  // (5)
    Mask<V> result;
    bits(result, t);
    result = (result & ~sign) | (word & sign);
    bits(y, result);
  }
};

/// 1 / (1 + e^-x).
struct Sigmoid {
  template <class V>
  [[gnu::always_inline]] static inline void apply(V& y, const V& x) {
    using T = Scalar<V>;
    V zero, z, one;
    broadcast(zero, T(0));
    broadcast(one, T(1));
    const V negative = x < zero ? x : -x;
    Exp::apply(z, negative);
    const V top = x < zero ? z : one;
    y = top / (z + T(1));  // (6)
  }
};

/// y = e^x, element by element; y may be x.
template <class T>
void exp(Index n, T* y, const T* x) {
  map(Exp{}, n, y, x);
}
/// y = ln x.
template <class T>
void log(Index n, T* y, const T* x) {
  map(Log{}, n, y, x);
}
/// y = tanh x.
template <class T>
void tanh(Index n, T* y, const T* x) {
  map(Tanh{}, n, y, x);
}
/// y = 1 / (1 + e^-x).
template <class T>
void sigmoid(Index n, T* y, const T* x) {
  map(Sigmoid{}, n, y, x);
}

// The functions above for spans of equal length.
template <class A, class T>
void exp(std::span<A> x, std::span<T> y) {
  exp<T>(std::ssize(y), y.data(), x.data());
}
template <class A, class T>
void log(std::span<A> x, std::span<T> y) {
  log<T>(std::ssize(y), y.data(), x.data());
}
template <class A, class T>
void tanh(std::span<A> x, std::span<T> y) {
  tanh<T>(std::ssize(y), y.data(), x.data());
}
template <class A, class T>
void sigmoid(std::span<A> x, std::span<T> y) {
  sigmoid<T>(std::ssize(y), y.data(), x.data());
}

/// One number; bit-identical to the result inside an array.
template <std::floating_point T>
T exp(T x) {
  exp<T>(1, &x, &x);
  return x;
}
template <std::floating_point T>
T log(T x) {
  log<T>(1, &x, &x);
  return x;
}
template <std::floating_point T>
T tanh(T x) {
  tanh<T>(1, &x, &x);
  return x;
}
template <std::floating_point T>
T sigmoid(T x) {
  sigmoid<T>(1, &x, &x);
  return x;
}

}  // namespace glimpse::inline v0::simd
