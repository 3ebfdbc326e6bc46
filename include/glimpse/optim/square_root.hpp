// square root on vectors, from multiplications alone: the compilers' own would go lane by lane.
//
//   (1)  r ~ 1 / sqrt x       from the exponent, halved and negated as an integer; 3.5 % off
//   (2)  r <- r (3/2 - x r^2 / 2)                          Newton: a relative error e of r becomes
//                                                          -3/2 e^2 - e^3/2, each time
//   (3)  s = x r,   sqrt x = s + r (x - s^2) / 2           Newton again, without the rounding of r
//
// Within an ulp for normal numbers, exact at 0; subnormal numbers lose digits, infinity gives NaN.
// Notation: docs/math/notation.md.
#pragma once

#include <glimpse/simd/vec.hpp>

namespace glimpse::inline v0::detail {

template <class V>
[[gnu::always_inline]] inline void square_root(V& y, const V& x) {
  using T = simd::Scalar<V>;
  constexpr bool single = sizeof(T) == 4;
  constexpr long long start = single ? 0x5f3759dfLL : 0x5fe6eb50c7b537a9LL;
  constexpr int rounds = single ? 2 : 3;
  simd::Mask<V> word;
  V r;
  simd::bits(word, x);
  word = static_cast<simd::Scalar<simd::Mask<V>>>(start) - (word >> 1);  // (1)
  simd::bits(r, word);
  for (int k = 0; k < rounds; ++k) r = r * (T(1.5) - (x * T(0.5) * r) * r);  // (2)
  const V s = x * r;
  y = (r * T(0.5)) * (x - s * s) + s;  // (3)
}

}  // namespace glimpse::inline v0::detail
