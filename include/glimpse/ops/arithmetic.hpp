// arithmetic: sums, products and quotients of two operands that broadcast as in NumPy.
//
//   (1)  y = a + b        da = dy           db = dy
//   (2)  y = a - b        da = dy           db = -dy
//   (3)  y = a b          da = dy b         db = dy a
//   (4)  y = a / b        da = dy / b       db = -dy y / b
//   (5)  y = max(a, b)    da = dy [a >= b]  db = dy - dy [a >= b]    minimum: <=; ties go to a,
//                                                                    if either is NaN, dy goes to b
//
// Gradients are summed over the axes along which broadcasting repeated their operand (sum_to).
// Notation: docs/math/notation.md.
#pragma once

#include <glimpse/ops/elementary.hpp>
#include <glimpse/ops/elementwise.hpp>

namespace glimpse::inline v0 {

namespace kernel {

struct Add {
  template <class V>
  [[gnu::always_inline]] static void apply(V& y, const V& a, const V& b) {
    y = a + b;
  }
};
struct Sub {
  template <class V>
  [[gnu::always_inline]] static void apply(V& y, const V& a, const V& b) {
    y = a - b;
  }
};
struct Mul {
  template <class V>
  [[gnu::always_inline]] static void apply(V& y, const V& a, const V& b) {
    y = a * b;
  }
};
struct Div {
  template <class V>
  [[gnu::always_inline]] static void apply(V& y, const V& a, const V& b) {
    y = a / b;
  }
};
struct NegDiv {
  template <class V>
  [[gnu::always_inline]] static void apply(V& y, const V& a, const V& b) {
    y = -a / b;
  }
};
struct Maximum {
  template <class V>
  [[gnu::always_inline]] static void apply(V& y, const V& a, const V& b) {
    const V top = a >= b ? a : b;
    y = a == a ? top : a;  // NaN in either operand is returned
  }
};
struct Minimum {
  template <class V>
  [[gnu::always_inline]] static void apply(V& y, const V& a, const V& b) {
    const V low = a <= b ? a : b;
    y = a == a ? low : a;
  }
};
/// 1 where the maximum is a, 0 where it is b.
struct MaximumTakesLeft {
  template <class V>
  [[gnu::always_inline]] static void apply(V& y, const V& a, const V& b) {
    V one;
    simd::broadcast(one, simd::Scalar<V>(1));
    y = a >= b ? one : V{};
  }
};
struct MinimumTakesLeft {
  template <class V>
  [[gnu::always_inline]] static void apply(V& y, const V& a, const V& b) {
    V one;
    simd::broadcast(one, simd::Scalar<V>(1));
    y = a <= b ? one : V{};
  }
};
/// The part of dy that goes to b: dy (1 - left).
struct Remaining {
  template <class V>
  [[gnu::always_inline]] static void apply(V& dx, const V& dy, const V& left) {
    dx = dy - dy * left;
  }
};

}  // namespace kernel

/// a + b, broadcast. add, sub, mul, div, maximum and minimum throw ShapeError if the shapes do not
/// broadcast.
template <class T>
Variable<T> add(const Variable<T>& a, const Variable<T>& b) {
  Tensor<T> y = kernel::map_broadcast("add", kernel::Add{}, 1, a.value(), b.value());
  return record("add", y, {a, b},
                [as = a.shape(), bs = b.shape()](const Tensor<T>& dy, Gradients<T>& d) {
                  if (d.wants(0)) d.add(0, sum_to(dy, as));  // (1)
                  if (d.wants(1)) d.add(1, sum_to(dy, bs));
                });
}

/// a - b, broadcast.
template <class T>
Variable<T> sub(const Variable<T>& a, const Variable<T>& b) {
  Tensor<T> y = kernel::map_broadcast("sub", kernel::Sub{}, 1, a.value(), b.value());
  return record("sub", y, {a, b},
                [as = a.shape(), bs = b.shape()](const Tensor<T>& dy, Gradients<T>& d) {
                  if (d.wants(0)) d.add(0, sum_to(dy, as));  // (2)
                  if (!d.wants(1)) return;
                  const Tensor<T> sum = sum_to(dy, bs);
                  kernel::map_gradient(kernel::NegForward{}, 1, d, 1, sum);
                });
}

/// a b, broadcast.
template <class T>
Variable<T> mul(const Variable<T>& a, const Variable<T>& b) {
  Tensor<T> y = kernel::map_broadcast("mul", kernel::Mul{}, 1, a.value(), b.value());
  return record("mul", y, {a, b},
                [a = a.value(), b = b.value()](const Tensor<T>& dy, Gradients<T>& d) {
                  kernel::map_broadcast_gradient(kernel::Mul{}, d, 0, a.shape(), dy, b);  // (3)
                  kernel::map_broadcast_gradient(kernel::Mul{}, d, 1, b.shape(), dy, a);
                });
}

/// a / b, broadcast.
template <class T>
Variable<T> div(const Variable<T>& a, const Variable<T>& b) {
  Tensor<T> y = kernel::map_broadcast("div", kernel::Div{}, 1, a.value(), b.value());
  return record("div", y, {a, b},
                [y, as = a.shape(), b = b.value()](const Tensor<T>& dy, Gradients<T>& d) {
                  kernel::map_broadcast_gradient(kernel::Div{}, d, 0, as, dy, b);  // (4)
                  if (!d.wants(1)) return;
                  const Tensor<T> dyy = kernel::map_broadcast("div", kernel::Mul{}, 1, dy, y);
                  kernel::map_broadcast_gradient(kernel::NegDiv{}, d, 1, b.shape(), dyy, b);
                });
}

namespace detail {
template <class Take, class Left, class T>
Variable<T> choose(std::string_view op, const Variable<T>& a, const Variable<T>& b) {
  Tensor<T> y = kernel::map_broadcast(op, Take{}, 1, a.value(), b.value());
  const bool wanted = grad_enabled() && (a.requires_grad() || b.requires_grad());
  const Tensor<T> left =
      wanted ? kernel::map_broadcast(op, Left{}, 1, a.value(), b.value()) : Tensor<T>();
  return record(op, y, {a, b},
                [left, as = a.shape(), bs = b.shape()](const Tensor<T>& dy, Gradients<T>& d) {
                  kernel::map_broadcast_gradient(kernel::Mul{}, d, 0, as, dy, left);  // (5)
                  kernel::map_broadcast_gradient(kernel::Remaining{}, d, 1, bs, dy, left);
                });
}
}  // namespace detail

/// The larger of a and b, broadcast. If they are equal, the gradient goes to a.
template <class T>
Variable<T> maximum(const Variable<T>& a, const Variable<T>& b) {
  return detail::choose<kernel::Maximum, kernel::MaximumTakesLeft>("maximum", a, b);
}
/// The smaller of a and b, broadcast. If they are equal, the gradient goes to a.
template <class T>
Variable<T> minimum(const Variable<T>& a, const Variable<T>& b) {
  return detail::choose<kernel::Minimum, kernel::MinimumTakesLeft>("minimum", a, b);
}

// ---- operators ---------------------------------------------------------------------------------

namespace detail {
/// A number as an operand that broadcasts and requires no gradient.
template <class T>
Variable<T> scalar(double s) {
  return constant(full<T>(Shape{}, static_cast<T>(s)));
}
}  // namespace detail

template <class T>
Variable<T> operator+(const Variable<T>& a, const Variable<T>& b) {
  return add(a, b);
}
template <class T>
Variable<T> operator+(const Variable<T>& a, double b) {
  return add(a, detail::scalar<T>(b));
}
template <class T>
Variable<T> operator+(double a, const Variable<T>& b) {
  return add(detail::scalar<T>(a), b);
}
template <class T>
Variable<T> operator-(const Variable<T>& a, const Variable<T>& b) {
  return sub(a, b);
}
template <class T>
Variable<T> operator-(const Variable<T>& a, double b) {
  return sub(a, detail::scalar<T>(b));
}
template <class T>
Variable<T> operator-(double a, const Variable<T>& b) {
  return sub(detail::scalar<T>(a), b);
}
template <class T>
Variable<T> operator*(const Variable<T>& a, const Variable<T>& b) {
  return mul(a, b);
}
template <class T>
Variable<T> operator*(const Variable<T>& a, double b) {
  return mul(a, detail::scalar<T>(b));
}
template <class T>
Variable<T> operator*(double a, const Variable<T>& b) {
  return mul(detail::scalar<T>(a), b);
}
template <class T>
Variable<T> operator/(const Variable<T>& a, const Variable<T>& b) {
  return div(a, b);
}
template <class T>
Variable<T> operator/(const Variable<T>& a, double b) {
  return div(a, detail::scalar<T>(b));
}
template <class T>
Variable<T> operator/(double a, const Variable<T>& b) {
  return div(detail::scalar<T>(a), b);
}
template <class T>
Variable<T> operator-(const Variable<T>& x) {
  return neg(x);
}

}  // namespace glimpse::inline v0
