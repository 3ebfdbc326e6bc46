// square_root: square roots of vectors from multiplications, because compilers compute
// std::sqrt one lane at a time.
//
//   (1)  r ~ 1 / sqrt x       from the exponent, halved and negated as an integer; 3.5 % off
//   (2)  r <- r (3/2 - x r^2 / 2)                          Newton: a relative error e of r becomes
//                                                          -3/2 e^2 - e^3/2, each time
//   (3)  s = x r,   sqrt x = s + r (x - s^2) / 2           Newton again, without the rounding of r
//
//   (4)  sqrt x = 2^-k sqrt(4^k x)                         below the normal range, where (1) fails
//
// Accurate to one ulp, exact at 0; the root of infinity is infinity, of NaN is NaN.
// Notation: docs/math/notation.md.
#pragma once

#include <limits>

#include <glimpse/simd/vec.hpp>

namespace glimpse::inline v0::detail {

template <class V>
[[gnu::always_inline]] inline void square_root(V& y, const V& x) {
  using T = simd::Scalar<V>;
  using Limits = std::numeric_limits<T>;
  constexpr bool single = sizeof(T) == 4;
  constexpr T up = T(1ull << (single ? 24 : 54)), down = 1 / T(1ull << (single ? 12 : 27));
  constexpr long long start = single ? 0x5f3759dfLL : 0x5fe6eb50c7b537a9LL;
  constexpr int rounds = single ? 2 : 3;
  simd::Mask<V> word;
  V r, raised, infinity;
  const V lifted = x * up;
  raised = x < Limits::min() ? lifted : x;  // (4)
  simd::bits(word, raised);
  word = static_cast<simd::Scalar<simd::Mask<V>>>(start) - (word >> 1);  // (1)
  simd::bits(r, word);
  for (int k = 0; k < rounds; ++k) r = r * (T(1.5) - (raised * T(0.5) * r) * r);  // (2)
  const V s = raised * r;
  const V root = (r * T(0.5)) * (raised - s * s) + s;  // (3)
  const V lowered = root * down;
  y = raised != x ? lowered : root;  // (4); one comparison a selection, as in pool_argmax.hpp
  simd::broadcast(infinity, Limits::infinity());
  y = x < infinity ? y : x;
}

}  // namespace glimpse::inline v0::detail
