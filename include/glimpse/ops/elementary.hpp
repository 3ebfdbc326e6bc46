// elementary: elementwise functions of one operand.
//
//   (1)  y = -x           dx = -dy
//   (2)  y = e^x          dx = dy y
//   (3)  y = ln x         dx = dy / x
//   (4)  y = sqrt x       dx = dy / (2 y)
//   (5)  y = x^2          dx = 2 dy x
//   (6)  y = |x|          dx = dy sign(x), 0 at 0
//   (7)  y = min(max(x, low), high)         dx = dy [low <= x <= high]
//
// x, y: any shape. (1), (2) and (4) keep their result for backward, the others their operand.
// Notation: docs/math/notation.md.
#pragma once

#include <glimpse/ops/elementwise.hpp>
#include <glimpse/simd/math.hpp>

namespace glimpse::inline v0 {

namespace kernel {

struct ExpForward : simd::Exp {};  // (2)
struct ExpBackward {  // (2)
  template <class V>
  [[gnu::always_inline]] static void apply(V& dx, const V& dy, const V& y) {
    dx = dy * y;
  }
};
struct LogForward : simd::Log {};  // (3)
struct LogBackward {  // (3)
  template <class V>
  [[gnu::always_inline]] static void apply(V& dx, const V& dy, const V& x) {
    dx = dy / x;
  }
};
struct NegForward {  // (1)
  template <class V>
  [[gnu::always_inline]] static void apply(V& y, const V& x) {
    y = -x;
  }
};
struct NegBackward {  // (1)
  template <class V>
  [[gnu::always_inline]] static void apply(V& dx, const V& dy, const V&) {
    dx = -dy;
  }
};
struct SqrtForward {  // (4)
  template <class V>
  [[gnu::always_inline]] static void apply(V& y, const V& x) {
    for (Index i = 0; i < simd::lanes<V>; ++i) {
      if constexpr (sizeof(simd::Scalar<V>) == 4)
        y[i] = __builtin_sqrtf(x[i]);
      else
        y[i] = __builtin_sqrt(x[i]);
    }
  }
};
struct SqrtBackward {  // (4)
  template <class V>
  [[gnu::always_inline]] static void apply(V& dx, const V& dy, const V& y) {
    dx = dy / (y + y);
  }
};
struct SquareForward {  // (5)
  template <class V>
  [[gnu::always_inline]] static void apply(V& y, const V& x) {
    y = x * x;
  }
};
struct SquareBackward {  // (5)
  template <class V>
  [[gnu::always_inline]] static void apply(V& dx, const V& dy, const V& x) {
    dx = dy * (x + x);
  }
};
struct AbsForward {  // (6)
  template <class V>
  [[gnu::always_inline]] static void apply(V& y, const V& x) {
    y = x < V{} ? -x : x;
  }
};
struct AbsBackward {  // (6)
  template <class V>
  [[gnu::always_inline]] static void apply(V& dx, const V& dy, const V& x) {
    const V up = x > V{} ? dy : V{};
    dx = x < V{} ? -dy : up;
  }
};
struct ClampForward {  // (7)
  double low, high;
  template <class V>
  [[gnu::always_inline]] void apply(V& y, const V& x) const {
    using T = simd::Scalar<V>;
    simd::detail::clamp(y, x, static_cast<T>(low), static_cast<T>(high));
  }
};
struct ClampBackward {  // (7)
  double low, high;
  template <class V>
  [[gnu::always_inline]] void apply(V& dx, const V& dy, const V& x) const {
    using T = simd::Scalar<V>;
    const V above = x >= static_cast<T>(low) ? dy : V{};
    dx = x <= static_cast<T>(high) ? above : V{};
  }
};

}  // namespace kernel

/// -x.
template <class T>
Variable<T> neg(const Variable<T>& x) {
  return elementwise("neg", x, kernel::NegForward{}, kernel::NegBackward{}, Keep::result, 1);
}
/// e^x.
template <class T>
Variable<T> exp(const Variable<T>& x) {
  return elementwise("exp", x, kernel::ExpForward{}, kernel::ExpBackward{}, Keep::result, 8);
}
/// Natural logarithm; -infinity at 0, NaN below.
template <class T>
Variable<T> log(const Variable<T>& x) {
  return elementwise("log", x, kernel::LogForward{}, kernel::LogBackward{}, Keep::operand, 8);
}
/// Square root; NaN below 0. The gradient at 0 is infinite.
template <class T>
Variable<T> sqrt(const Variable<T>& x) {
  return elementwise("sqrt", x, kernel::SqrtForward{}, kernel::SqrtBackward{}, Keep::result, 4);
}
/// x^2.
template <class T>
Variable<T> square(const Variable<T>& x) {
  return elementwise("square", x, kernel::SquareForward{}, kernel::SquareBackward{}, Keep::operand,
                     1);
}
/// |x|.
template <class T>
Variable<T> abs(const Variable<T>& x) {
  return elementwise("abs", x, kernel::AbsForward{}, kernel::AbsBackward{}, Keep::operand, 1);
}
/// min(max(x, low), high). Throws ValueError unless low <= high.
template <class T>
Variable<T> clamp(const Variable<T>& x, double low, double high) {
  if (!(low <= high)) fail("clamp", "wants low <= high, got ", low, " and ", high);
  return elementwise("clamp", x, kernel::ClampForward{low, high}, kernel::ClampBackward{low, high},
                     Keep::operand, 1);
}

}  // namespace glimpse::inline v0
