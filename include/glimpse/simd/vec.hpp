// vec: vectors of float or double, 16, 32 or 64 bytes wide, as the compiler's own vector types.
//
// `a + b`, `a * s` and `a < b` work on each lane. This header adds what the language lacks:
// unaligned loads and stores, partial vectors, select, minimum, maximum, sums across lanes. Results
// are written to a reference, the first argument, because vectors must not be passed by value
// (dispatch.hpp). Write a multiply-add as one expression, `a * b + c`: compilers then fuse it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>

#include <glimpse/core/shape.hpp>

namespace glimpse::inline v0::simd {

namespace detail {

template <class T, int Bytes>
struct VecType {
  typedef T type __attribute__((vector_size(Bytes)));
};

template <class V>
struct VecTraits {
  using Scalar = std::remove_cvref_t<decltype(std::declval<V&>()[0])>;
  using Mask = decltype(std::declval<V&>() < std::declval<V&>());
};

}  // namespace detail

/// A vector of `Bytes / sizeof(T)` lanes.
template <class T, int Bytes>
using Vec = typename detail::VecType<T, Bytes>::type;

/// The type of one lane.
template <class V>
using Scalar = typename detail::VecTraits<V>::Scalar;

/// Result of a comparison: integers as wide as the lanes, all bits set if the comparison is true.
template <class V>
using Mask = typename detail::VecTraits<V>::Mask;

/// Number of lanes of a vector.
template <class V>
inline constexpr Index lanes = static_cast<Index>(sizeof(V) / sizeof(Scalar<V>));

/// Loads a vector from p, which may be unaligned.
template <class V>
[[gnu::always_inline]] inline void load(V& v, const Scalar<V>* p) {
  __builtin_memcpy(&v, p, sizeof(V));
}

/// Stores a vector to p, which may be unaligned.
template <class V>
[[gnu::always_inline]] inline void store(Scalar<V>* p, const V& v) {
  __builtin_memcpy(p, &v, sizeof(V));
}

/// Sets all lanes to s.
template <class V>
[[gnu::always_inline]] inline void broadcast(V& v, Scalar<V> s) {
  v = s - V{};  // not s + 0, which would change -0 to 0
}

/// Loads the first `count` lanes; the other lanes are `fill`. Reads nothing past the count.
template <class V>
[[gnu::always_inline]] inline void load_partial(V& v, const Scalar<V>* p, Index count,
                                                Scalar<V> fill = 0) {
  Scalar<V> lane[lanes<V>];
  for (Index i = 0; i < lanes<V>; ++i) lane[i] = fill;
  for (Index i = 0; i < count; ++i) lane[i] = p[i];
  load(v, lane);
}

/// Stores the first `count` lanes.
template <class V>
[[gnu::always_inline]] inline void store_partial(Scalar<V>* p, const V& v, Index count) {
  Scalar<V> lane[lanes<V>];
  store(lane, v);
  for (Index i = 0; i < count; ++i) p[i] = lane[i];
}

/// y = mask ? a : b, lane by lane.
template <class V>
[[gnu::always_inline]] inline void select(V& y, const Mask<V>& mask, const V& a, const V& b) {
  y = mask ? a : b;
}

/// y = min(a, b); a NaN in b is returned.
template <class V>
[[gnu::always_inline]] inline void minimum(V& y, const V& a, const V& b) {
  y = a < b ? a : b;
}

/// y = max(a, b); a NaN in b is returned.
template <class V>
[[gnu::always_inline]] inline void maximum(V& y, const V& a, const V& b) {
  y = a > b ? a : b;
}

/// Copies the bits of one value to another type of the same size.
template <class To, class From>
[[gnu::always_inline]] inline void bits(To& to, const From& from) {
  static_assert(sizeof(To) == sizeof(From));
  __builtin_memcpy(&to, &from, sizeof(To));
}

/// Sum of the lanes by halves: ((l0 + l4) + (l2 + l6)) + ((l1 + l5) + (l3 + l7)), always in this
/// order.
template <class V>
[[gnu::always_inline]] inline Scalar<V> sum_lanes(const V& v) {
  Scalar<V> lane[lanes<V>];
  store(lane, v);
  for (Index half = lanes<V> / 2; half > 0; half /= 2) {
    for (Index i = 0; i < half; ++i) lane[i] += lane[i + half];
  }
  return lane[0];
}

/// The largest lane.
template <class V>
[[gnu::always_inline]] inline Scalar<V> max_lanes(const V& v) {
  Scalar<V> lane[lanes<V>];
  store(lane, v);
  Scalar<V> best = lane[0];
  for (Index i = 1; i < lanes<V>; ++i) best = lane[i] > best ? lane[i] : best;
  return best;
}

}  // namespace glimpse::inline v0::simd
