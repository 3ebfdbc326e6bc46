// pool_argmax: the bytes that hold the argmax of each window, and vector code that compares values
// and indices together.
#pragma once

#include <cstdint>
#include <limits>
#include <string_view>
#include <type_traits>

#include <glimpse/ops/kernel/deinterleave.hpp>
#include <glimpse/ops/kernel/pool2d.hpp>
#include <glimpse/simd/vec.hpp>

namespace glimpse::inline v0::kernel {

/// Index in the window: row times window width plus column.
using WindowIndex = std::uint8_t;
/// The zero of a ReLU was the maximum.
inline constexpr WindowIndex no_index = 255;

/// Throws ValueError if one byte cannot hold every index of a window.
inline void check_window_size(std::string_view op, const Pool2dGeometry& g) {
  if (g.kernel_h * g.kernel_w > no_index)
    fail<ValueError>(op, "window ", g.kernel_h, " x ", g.kernel_w, " has more than 255 positions");
}

namespace detail {

/// One byte for each lane of V.
template <class V>
using IndexVec = simd::Vec<WindowIndex, static_cast<int>(simd::lanes<V>)>;

/// Converts integers lane by lane, in steps of a factor of two, because GCC 12 splits any other
/// conversion into single lanes.
template <class To, class From>
[[gnu::always_inline]] inline void convert_indices(To& to, const From& from) {
  constexpr bool widens = sizeof(To) > 2 * sizeof(From), narrows = sizeof(From) > 2 * sizeof(To);
  if constexpr (widens || narrows) {
    using Next = std::conditional_t<
        sizeof(simd::Scalar<From>) == (widens ? 2 : 8), std::uint32_t,
        std::conditional_t<sizeof(simd::Scalar<From>) == (widens ? 1 : 4), std::uint16_t,
                           std::uint8_t>>;
    using Step = simd::Vec<Next, static_cast<int>(simd::lanes<From>) * sizeof(Next)>;
    const Step step = __builtin_convertvector(from, Step);
    convert_indices(to, step);
  } else {
    to = __builtin_convertvector(from, To);
  }
}

template <class V>
[[gnu::always_inline]] inline void store_indices(WindowIndex* p, const simd::Mask<V>& argmax) {
  IndexVec<V> bytes;
  convert_indices(bytes, argmax);
  __builtin_memcpy(p, &bytes, sizeof(bytes));
}

template <class V>
[[gnu::always_inline]] inline void load_indices(simd::Mask<V>& argmax, const WindowIndex* p) {
  IndexVec<V> bytes;
  __builtin_memcpy(&bytes, p, sizeof(bytes));
  convert_indices(argmax, bytes);
}

/// True if x replaces the best number so far: x is larger, or NaN. Therefore the first of equal
/// numbers wins, and the last NaN.
template <class T>
[[gnu::always_inline]] inline bool beats(T x, T best) {
  return x > best || x != x;
}

/// Added to the index of a NaN, because a NaN must rank above every index of a number.
inline constexpr int place_of_nan = 256;

/// `beats` lane by lane: best and winner over the numbers, nan over the NaNs. They stay separate
/// until `settle`, because every comparison is then used once. GCC 12 splits a mask into single
/// lanes if two selections share it.
template <class V>
[[gnu::always_inline]] inline void select_max(V& best, simd::Mask<V>& winner, simd::Mask<V>& nan,
                                             const V& x, Index argmax) {
  using Int = simd::Scalar<simd::Mask<V>>;
  const simd::Mask<V> here = simd::Mask<V>{} + static_cast<Int>(argmax);
  const simd::Mask<V> nan_here = here + static_cast<Int>(place_of_nan);
  const V before = best;
  best = x > before ? x : before;
  winner = best != before ? here : winner;
  nan = x != x ? nan_here : nan;
}

/// After the last select_max: a NaN wins if there was one.
template <class V>
[[gnu::always_inline]] inline void settle(V& best, simd::Mask<V>& winner,
                                          const simd::Mask<V>& nan) {
  using T = simd::Scalar<V>;
  V nothing;
  simd::broadcast(nothing, std::numeric_limits<T>::quiet_NaN());
  best = nan >= place_of_nan ? nothing : best;
  winner = nan > winner ? nan : winner;
  winner &= place_of_nan - 1;
}

/// A vector with half as many lanes.
template <class V>
using HalfVec = simd::Vec<simd::Scalar<V>, static_cast<int>(sizeof(V) / 2)>;

}  // namespace detail

}  // namespace glimpse::inline v0::kernel
