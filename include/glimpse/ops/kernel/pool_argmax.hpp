// pool argmax: the bytes that say which position of a window won, and vectors of numbers beside
// them.
#pragma once

#include <cstdint>
#include <limits>
#include <string_view>
#include <type_traits>

#include <glimpse/ops/kernel/deinterleave.hpp>
#include <glimpse/ops/kernel/pool2d.hpp>
#include <glimpse/simd/vec.hpp>

namespace glimpse::inline v0::kernel {

/// Row times width of the window plus column.
using WindowIndex = std::uint8_t;
/// Where the zero of a ReLU won.
inline constexpr WindowIndex no_index = 255;

/// Throws ValueError where a byte cannot name every position of a window.
inline void check_window_size(std::string_view op, const Pool2dGeometry& g) {
  if (g.kernel_h * g.kernel_w > no_index)
    fail<ValueError>(op, "window ", g.kernel_h, " x ", g.kernel_w, " has more than 255 positions");
}

namespace detail {

/// One byte beside each lane of V.
template <class V>
using IndexVec = simd::Vec<WindowIndex, static_cast<int>(simd::lanes<V>)>;

/// Lane by lane to integers of another width, by factors of two: GCC 12 takes any other conversion
/// apart into lanes.
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

/// True where x takes the position of the best number so far: it is larger, or NaN. So the first of
/// equal numbers wins, and the last NaN.
template <class T>
[[gnu::always_inline]] inline bool beats(T x, T best) {
  return x > best || x != x;
}

/// Beside the position of a NaN, so that it is above every position of a number.
inline constexpr int place_of_nan = 256;

/// The same rule lane by lane: best and winner over the numbers, nan over the NaN. They are kept
/// apart until `settle`, so that every comparison is used once: GCC 12 takes a mask apart lane by
/// lane where two selections share it.
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

/// After the last challenge: NaN wins where there was one.
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

/// Half as many lanes.
template <class V>
using HalfVec = simd::Vec<simd::Scalar<V>, static_cast<int>(sizeof(V) / 2)>;

}  // namespace detail

}  // namespace glimpse::inline v0::kernel
