// activations: the elementwise nonlinearities.
//
//   (1)  relu        y = max(x, 0)                                  dx = dy [y > 0]
//   (2)  leaky_relu  y = x or, below 0, slope x                     dx = dy or, up to 0, slope dy
//   (3)  sigmoid     y = 1 / (1 + e^-x)                             dx = dy y (1 - y)
//   (4)  tanh        y = (e^x - e^-x) / (e^x + e^-x)                dx = dy (1 - y^2)
//   (5)  softplus    y = ln(1 + e^x) = max(x, 0) + ln(1 + e^-|x|)   dx = dy sigmoid(x)
//   (6)  gelu        y = x s,  s = sigmoid(u),  u = 2 c (x + k x^3)
//                    dx = dy (s + x s (1 - s) u'),  u' = 2 c (1 + 3 k x^2)
//        c = sqrt(2 / pi), k = 0.044715; equals x/2 (1 + tanh(u/2)), but needs only one exp
//
// (1), (3) and (4) keep only their result for backward, the others their operand. All of them
// propagate NaN.
// Notation: docs/math/notation.md.
#pragma once

#include <glimpse/ops/elementwise.hpp>
#include <glimpse/simd/math.hpp>

namespace glimpse::inline v0 {

namespace kernel {

struct ReluForward {  // (1)
  template <class V>
  [[gnu::always_inline]] static void apply(V& y, const V& x) {
    const V zero{};
    y = x < zero ? zero : x;
  }
};
struct ReluBackward {  // (1)
  template <class V>
  [[gnu::always_inline]] static void apply(V& dx, const V& dy, const V& y) {
    const V zero{};
    dx = y > zero ? dy : zero;
  }
};

struct LeakyReluForward {  // (2)
  double slope;
  template <class V>
  [[gnu::always_inline]] void apply(V& y, const V& x) const {
    const V lower = x * static_cast<simd::Scalar<V>>(slope);
    y = x < V{} ? lower : x;
  }
};
struct LeakyReluBackward {  // (2)
  double slope;
  template <class V>
  [[gnu::always_inline]] void apply(V& dx, const V& dy, const V& x) const {
    const V lower = dy * static_cast<simd::Scalar<V>>(slope);
    dx = x > V{} ? dy : lower;
  }
};

using SigmoidForward = simd::Sigmoid;  // (3)
struct SigmoidBackward {  // (3)
  template <class V>
  [[gnu::always_inline]] static void apply(V& dx, const V& dy, const V& y) {
    dx = dy * (y - y * y);
  }
};

using TanhForward = simd::Tanh;  // (4)
struct TanhBackward {  // (4)
  template <class V>
  [[gnu::always_inline]] static void apply(V& dx, const V& dy, const V& y) {
    dx = dy - dy * y * y;
  }
};

struct SoftplusForward {  // (5)
  template <class V>
  [[gnu::always_inline]] static void apply(V& y, const V& x) {
    using T = simd::Scalar<V>;
    V z, one_z, tail;
    const V down = x < V{} ? x : -x;
    simd::Exp::apply(z, down);
    one_z = z + T(1);
    simd::Log::apply(tail, one_z);
    const V lost = z - (one_z - T(1));  // the part that rounding removed from 1 + z, to first order
    const V top = x < V{} ? V{} : x;
    y = top + (tail + lost / one_z);
  }
};
struct SoftplusBackward {  // (5)
  template <class V>
  [[gnu::always_inline]] static void apply(V& dx, const V& dy, const V& x) {
    V s;
    simd::Sigmoid::apply(s, x);
    dx = dy * s;
  }
};

struct GeluForward {  // (6)
  static constexpr double two_c = 1.5957691216057308, k = 0.044715;
  template <class V>
  [[gnu::always_inline]] static void apply(V& y, const V& x) {
    using T = simd::Scalar<V>;
    V s;
    const V u = x * (x * x * T(two_c * k) + T(two_c));
    simd::Sigmoid::apply(s, u);
    y = x * s;
  }
};
struct GeluBackward {  // (6)
  template <class V>
  [[gnu::always_inline]] static void apply(V& dx, const V& dy, const V& x) {
    using T = simd::Scalar<V>;
    constexpr double two_c = GeluForward::two_c, k = GeluForward::k;
    V s;
    const V xx = x * x;
    const V u = x * (xx * T(two_c * k) + T(two_c));
    simd::Sigmoid::apply(s, u);
    const V slope = xx * T(3 * two_c * k) + T(two_c);
    dx = dy * (s + x * (s - s * s) * slope);
  }
};

}  // namespace kernel

/// max(x, 0). x: any shape. The gradient at 0 is 0.
template <class T>
Variable<T> relu(const Variable<T>& x) {
  return elementwise("relu", x, kernel::ReluForward{}, kernel::ReluBackward{}, Keep::result, 1);
}

/// x above 0, slope x below. x: any shape. Source: Maas, Hannun, Ng 2013.
template <class T>
Variable<T> leaky_relu(const Variable<T>& x, double slope = 0.01) {
  return elementwise("leaky_relu", x, kernel::LeakyReluForward{slope},
                     kernel::LeakyReluBackward{slope}, Keep::operand, 1);
}

/// 1 / (1 + e^-x), in (0, 1). x: any shape.
template <class T>
Variable<T> sigmoid(const Variable<T>& x) {
  return elementwise("sigmoid", x, kernel::SigmoidForward{}, kernel::SigmoidBackward{},
                     Keep::result, 8);
}

/// Hyperbolic tangent, in (-1, 1). x: any shape.
template <class T>
Variable<T> tanh(const Variable<T>& x) {
  return elementwise("tanh", x, kernel::TanhForward{}, kernel::TanhBackward{}, Keep::result, 8);
}

/// ln(1 + e^x), a smooth relu. x: any shape.
template <class T>
Variable<T> softplus(const Variable<T>& x) {
  return elementwise("softplus", x, kernel::SoftplusForward{}, kernel::SoftplusBackward{},
                     Keep::operand, 16);
}

/// x times the normal distribution function, by the usual approximation (6). x: any shape.
/// Source: Hendrycks, Gimpel 2016.
template <class T>
Variable<T> gelu(const Variable<T>& x) {
  return elementwise("gelu", x, kernel::GeluForward{}, kernel::GeluBackward{}, Keep::operand, 8);
}

}  // namespace glimpse::inline v0
