// elementwise: the shared parts of all elementwise operations.
//
//   (1)  y_i = f(x_i, ...)            operands broadcast to the joint shape
//   (2)  dx_i = dy_i f'(x_i, ...)     then summed over the repeated axes (sum_to)
//
// f is a functor on vectors, `f.apply(V& y, const V& x...)` (simd/map.hpp). Gradients take one pass
// over memory: the first gradient of an input is written, later ones are added in place.
// Notation: docs/math/notation.md.
#pragma once

#include <glimpse/autograd/variable.hpp>
#include <glimpse/core/arithmetic.hpp>
#include <glimpse/core/loops.hpp>
#include <glimpse/simd/map.hpp>

namespace glimpse::inline v0::kernel {

/// Elements in one block of parallel work, for a cost of 1. 16384 floats take 64 KB.
inline constexpr Index map_block = 16384;

/// y = f(x, ...), n elements each. cost: of one element, in additions.
template <class F, class T, class... In>
void map(const F& f, Index cost, Index n, T* y, const In*... x) {
  parallel_blocks(n, map_block / cost, cost, [&](Index begin, Index end) {
    simd::map(f, end - begin, y + begin, (x + begin)...);
  });
}

/// sum += f(x, ...)
template <class F>
struct Accumulate {
  F f;
  template <class V, class... In>
  [[gnu::always_inline]] void apply(V& sum, const In&... x) const {
    V term;
    f.apply(term, x...);
    sum += term;
  }
};

/// f(a, b) with one operand that is the same for all elements.
template <class F, class T>
struct WithLeft {
  F f;
  T a;
  template <class V>
  [[gnu::always_inline]] void apply(V& y, const V& b) const {
    V left;
    simd::broadcast(left, a);
    f.apply(y, left, b);
  }
};
template <class F, class T>
struct WithRight {
  F f;
  T b;
  template <class V>
  [[gnu::always_inline]] void apply(V& y, const V& a) const {
    V right;
    simd::broadcast(right, b);
    f.apply(y, a, right);
  }
};

/// The gradient of an input, and how to store it. add: true to accumulate; false for the first
/// gradient, whose memory is uninitialized.
template <class T>
struct GradientSlot {
  Tensor<T>& dx;
  bool add;
};
template <class T>
GradientSlot<T> gradient_slot(Gradients<T>& d, std::size_t i) {
  return d.first(i) ? GradientSlot<T>{d.fresh(i), false} : GradientSlot<T>{d[i], true};
}

/// dx = f(in...), or dx += f(in...) if `add`; on one thread.
template <class F, class T, class... In>
void write_or_add(bool add, const F& f, Index n, T* dx, const In*... in) {
  if (add)
    simd::update(Accumulate<F>{f}, n, dx, in...);
  else
    simd::map(f, n, dx, in...);
}

/// Gradient (2) of input i: f(in...). All tensors are dense, with the shape of the input.
template <class F, class T, class... In>
void map_gradient(const F& f, Index cost, Gradients<T>& d, std::size_t i, const Tensor<In>&... in) {
  const GradientSlot<T> target = gradient_slot(d, i);
  T* const dx = target.dx.data();
  parallel_blocks(target.dx.size(), map_block / cost, cost, [&](Index begin, Index end) {
    write_or_add(target.add, f, end - begin, dx + begin, (in.data() + begin)...);
  });
}

/// (1) for f(a, b), broadcast. Throws ShapeError if the shapes do not broadcast.
template <class F, class T>
Tensor<T> map_broadcast(std::string_view op, const F& f, Index cost, const Tensor<T>& a,
                        const Tensor<T>& b) {
  Shape shape;
  if (!broadcast_into(a.shape(), b.shape(), shape))
    fail<ShapeError>(op, a.shape(), " and ", b.shape(), " do not broadcast");
  Tensor<T> y(shape);
  const Tensor<T> left = a.contiguous().broadcast_to(shape),
                  right = b.contiguous().broadcast_to(shape);
  const StridedLoop<3> loops =
      coalesce_dims<3>(shape, {y.strides(), left.strides(), right.strides()});
  T* const to = y.data();
  const T* const from_a = left.raw();
  const T* const from_b = right.raw();
  for_each_contiguous_run(loops, cost, [&](const std::array<Index, 3>& at, Index n) {
    if (loops.step(1) == 0)
      simd::map(WithLeft<F, T>{f, from_a[at[1]]}, n, to + at[0], from_b + at[2]);
    else if (loops.step(2) == 0)
      simd::map(WithRight<F, T>{f, from_b[at[2]]}, n, to + at[0], from_a + at[1]);
    else
      simd::map(f, n, to + at[0], from_a + at[1], from_b + at[2]);
  });
  return y;
}

/// Gradient of input i, which has `shape`: f(dy, other) over the joint shape, summed to `shape`.
template <class F, class T>
void map_broadcast_gradient(const F& f, Gradients<T>& d, std::size_t i, const Shape& shape,
                            const Tensor<T>& dy, const Tensor<T>& other) {
  if (!d.wants(i)) return;
  if (shape == dy.shape() && shape == other.shape() && other.is_contiguous())
    map_gradient(f, 1, d, i, dy, other);
  else
    d.add(i, sum_to(map_broadcast("gradient", f, 1, dy, other), shape));
}

}  // namespace glimpse::inline v0::kernel

namespace glimpse::inline v0 {

/// Which tensor an operation of one operand keeps for backward(dy, kept): its operand or its
/// result.
enum class Keep { operand, result };

template <class Forward, class Backward, class T>
Variable<T> elementwise(std::string_view op, const Variable<T>& x, const Forward& forward,
                        const Backward& backward, Keep keep, Index cost) {
  const Tensor<T> in = x.value().contiguous();
  Tensor<T> y = empty_like(in);
  kernel::map(forward, cost, y.size(), y.data(), in.data());
  const Tensor<T> kept = keep == Keep::operand ? in : y;
  return record(op, y, {x}, [backward, kept, cost](const Tensor<T>& dy, Gradients<T>& d) {
    kernel::map_gradient(backward, cost, d, 0, dy, kept);
  });
}

}  // namespace glimpse::inline v0
