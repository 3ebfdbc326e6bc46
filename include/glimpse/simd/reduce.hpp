// reduce: sums, products and maxima of contiguous arrays, and in-place updates (axpy, scale, add).
//
// The order of additions is fixed for each instruction set. Four vectors of partial sums take the
// elements in turn; then (v0 + v1) + (v2 + v3); then sum_lanes. The order depends only on n, not on
// the address or the number of threads. These functions use one thread. For long arrays call them
// from parallel_blocks, whose blocks are fixed too.
#pragma once

#include <limits>
#include <span>
#include <type_traits>

#include <glimpse/simd/math.hpp>

namespace glimpse::inline v0::simd {

namespace detail {

/// Accumulates `term.apply(V& sum, V x...)` over arrays. Elements past the end read as `term.fill`,
/// which adds nothing.
template <class Term>
struct SumKernel {
  template <int Bytes, class T, class... In>
  [[gnu::always_inline]] static inline T run(Term term, Index n, const T* x, const In*... more) {
    using V = Vec<T, Bytes>;
    constexpr Index w = lanes<V>;
    V s0{}, s1{}, s2{}, s3{};
    Index i = 0;
    for (; i + 4 * w <= n; i += 4 * w) {
      step(s0, term, x + i, more + i...);
      step(s1, term, x + i + w, more + i + w...);
      step(s2, term, x + i + 2 * w, more + i + 2 * w...);
      step(s3, term, x + i + 3 * w, more + i + 3 * w...);
    }
    for (; i + w <= n; i += w) step(s0, term, x + i, more + i...);
    if (i < n) {
      const T fill = static_cast<T>(term.fill);
      term.apply(s1, PartialVector<V>(x + i, n - i, fill).v,
                 PartialVector<V>(more + i, n - i, fill).v...);
    }
    const V all = (s0 + s1) + (s2 + s3);
    return sum_lanes(all);
  }

 private:
  template <class V>
  struct PartialVector {
    [[gnu::always_inline]] inline PartialVector(const Scalar<V>* p, Index count, Scalar<V> fill) {
      load_partial(v, p, count, fill);
    }
    [[gnu::always_inline]] explicit inline PartialVector(const Scalar<V>* p) { load(v, p); }
    V v;
  };

  template <class V, class... In>
  [[gnu::always_inline]] static inline void step(V& s, const Term& term, const In*... x) {
    term.apply(s, PartialVector<V>(x).v...);
  }
};

struct PlainTerm {
  static constexpr int fill = 0;
  template <class V>
  [[gnu::always_inline]] static inline void apply(V& s, const V& x) {
    s += x;
  }
};

struct ProductTerm {
  static constexpr int fill = 0;
  template <class V>
  [[gnu::always_inline]] static inline void apply(V& s, const V& x, const V& y) {
    s += x * y;
  }
};

template <class T>
struct CenteredSquareTerm {
  T fill;  // the center
  template <class V>
  [[gnu::always_inline]] void apply(V& s, const V& x) const {
    const V d = x - fill;
    s += d * d;
  }
};

struct MaxKernel {
  template <int Bytes, class T>
  [[gnu::always_inline]] static inline T run(const T* x, Index n) {
    using V = Vec<T, Bytes>;
    V best, v;
    broadcast(best, -std::numeric_limits<T>::infinity());
    Index i = 0;
    for (; i + lanes<V> <= n; i += lanes<V>) {
      load(v, x + i);
      maximum(best, best, v);
    }
    T m = max_lanes(best);
    for (; i < n; ++i) m = m > x[i] ? m : x[i];
    return m;
  }
};

struct ExpShiftedKernel {
  template <int Bytes, class T>
  [[gnu::always_inline]] static inline T run(const T* x, T m, T* y, Index n) {
    using V = Vec<T, Bytes>;
    V sum{}, v, e;
    Index i = 0;
    for (; i + lanes<V> <= n; i += lanes<V>) {
      load(v, x + i);
      v -= m;
      Exp::apply(e, v);
      store(y + i, e);
      sum += e;
    }
    if (i < n) {
      load_partial(v, x + i, n - i, -std::numeric_limits<T>::infinity());
      v -= m;
      Exp::apply(e, v);
      store_partial(y + i, e, n - i);
      load_partial(e, y + i, n - i);
      sum += e;
    }
    return sum_lanes(sum);
  }
};

template <class T>
struct AxpyStep {
  T a;
  template <class V>
  [[gnu::always_inline]] void apply(V& y, const V& x) const {
    y += x * a;
  }
};

template <class T>
struct ScaleStep {
  T a;
  template <class V>
  [[gnu::always_inline]] void apply(V& y) const {
    y *= a;
  }
};

struct AddStep {
  template <class V>
  [[gnu::always_inline]] static inline void apply(V& y, const V& x) {
    y += x;
  }
};

}  // namespace detail

/// Sum of n elements of x.
template <class T>
T sum(Index n, const T* x) {
  return dispatch<detail::SumKernel<detail::PlainTerm>>(detail::PlainTerm{}, n, x);
}

/// Inner product of x and y, n elements each.
template <class T>
T dot(Index n, const T* x, const T* y) {
  return dispatch<detail::SumKernel<detail::ProductTerm>>(detail::ProductTerm{}, n, x, y);
}

/// Sum of (x - center)^2 over n elements.
template <class T>
T sum_squares(Index n, const T* x, T center = 0) {
  using Term = detail::CenteredSquareTerm<T>;
  return dispatch<detail::SumKernel<Term>>(Term{center}, n, x);
}

/// The largest of n elements; -infinity if n = 0.
template <class T>
T max(Index n, const T* x) {
  return dispatch<detail::MaxKernel>(x, n);
}

/// y = e^(x - m), n elements; returns the sum of y. y may be x.
template <class T>
T exp_shifted(Index n, const T* x, T m, T* y) {
  return dispatch<detail::ExpShiftedKernel>(x, m, y, n);
}

/// y += a x, n elements.
template <class T>
void axpy(Index n, T* y, T a, const T* x) {
  update(detail::AxpyStep<T>{a}, n, y, x);
}

/// y *= a, n elements.
template <class T>
void scale(Index n, T* y, T a) {
  update(detail::ScaleStep<T>{a}, n, y);
}

/// y += x, n elements.
template <class T>
void add(Index n, T* y, const T* x) {
  update(detail::AddStep{}, n, y, x);
}

// The functions above for spans. The span that comes first sets the length, or y if it is written.

template <class T>
std::remove_const_t<T> sum(std::span<T> x) {
  return sum<std::remove_const_t<T>>(std::ssize(x), x.data());
}

template <class T, class U>
std::remove_const_t<T> dot(std::span<T> x, std::span<U> y) {
  return dot<std::remove_const_t<T>>(std::ssize(x), x.data(), y.data());
}

template <class T>
std::remove_const_t<T> max(std::span<T> x) {
  return max<std::remove_const_t<T>>(std::ssize(x), x.data());
}

template <class U, class T>
T exp_shifted(std::span<U> x, std::type_identity_t<T> m, std::span<T> y) {
  return exp_shifted<T>(std::ssize(x), x.data(), m, y.data());
}

template <class T, class U>
void axpy(std::span<T> y, std::type_identity_t<T> a, std::span<U> x) {
  axpy<T>(std::ssize(y), y.data(), a, x.data());
}

template <class T>
void scale(std::span<T> y, std::type_identity_t<T> a) {
  scale<T>(std::ssize(y), y.data(), a);
}

template <class T, class U>
void add(std::span<T> y, std::span<U> x) {
  add<T>(std::ssize(y), y.data(), x.data());
}

}  // namespace glimpse::inline v0::simd
