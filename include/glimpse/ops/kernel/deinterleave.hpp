// deinterleave: splits adjacent pairs of two vectors into even and odd elements, and joins them
// again.
//
//   split   a0 a1 a2 a3 | b0 b1 b2 b3   ->   even  a0 a2 b0 b2,   odd  a1 a3 b1 b3
//   join    even, odd                   ->   a0 a1 a2 a3 | b0 b1 b2 b3
#pragma once

#include <utility>

#include <glimpse/simd/vec.hpp>

namespace glimpse::inline v0::kernel::detail {

template <class V, int... I>
[[gnu::always_inline]] inline void split_pairs(V& even, V& odd, const V& a, const V& b,
                                               std::integer_sequence<int, I...>) {
  even = __builtin_shufflevector(a, b, (2 * I)...);
  odd = __builtin_shufflevector(a, b, (2 * I + 1)...);
}

template <class V, int... I>
[[gnu::always_inline]] inline void join_pairs(V& first, V& second, const V& even, const V& odd,
                                              std::integer_sequence<int, I...>) {
  constexpr int w = static_cast<int>(sizeof...(I));
  first = __builtin_shufflevector(even, odd, (I / 2 + I % 2 * w)...);
  second = __builtin_shufflevector(even, odd, (w / 2 + I / 2 + I % 2 * w)...);
}

template <class V>
using PairOrder = std::make_integer_sequence<int, static_cast<int>(simd::lanes<V>)>;

}  // namespace glimpse::inline v0::kernel::detail
