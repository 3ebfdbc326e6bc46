// map: applies a functor to contiguous arrays, with the widest vectors of the CPU, on one thread.
//
//   struct Clip {
//     float hi;
//     template <class V>
//     [[gnu::always_inline]] void apply(V& y, const V& x) const { y = x > hi ? V{} + hi : x; }
//   };
//   simd::map(Clip{6}, n, y, x);
//
// A tail shorter than a vector uses the same vector code. A result therefore does not depend on the
// position of its element. To use several threads, call map from parallel_blocks
// (core/parallel.hpp).
#pragma once

#include <glimpse/simd/dispatch.hpp>
#include <glimpse/simd/vec.hpp>

namespace glimpse::inline v0::simd {

namespace detail {

template <class F>
struct MapKernel {
  template <int Bytes, class T, class... In>
  [[gnu::always_inline]] static inline void run(F f, Index n, T* y, const In*... x) {
    using V = Vec<T, Bytes>;
    Index i = 0;
    for (; i + lanes<V> <= n; i += lanes<V>) whole<V>(f, y + i, x + i...);
    if (i < n) partial<V>(f, n - i, y + i, x + i...);
  }

 private:
  template <class V, class... In>
  [[gnu::always_inline]] static inline void whole(const F& f, Scalar<V>* y, const In*... x) {
    V out;
    f.apply(out, Loaded<V>(x).v...);
    store(y, out);
  }

  template <class V, class... In>
  [[gnu::always_inline]] static inline void partial(const F& f, Index count, Scalar<V>* y,
                                                    const In*... x) {
    V out;
    f.apply(out, Loaded<V>(x, count).v...);
    store_partial(y, out, count);
  }

 public:
  template <class V>
  struct Loaded {
    [[gnu::always_inline]] explicit inline Loaded(const Scalar<V>* p) { load(v, p); }
    [[gnu::always_inline]] inline Loaded(const Scalar<V>* p, Index count) {
      load_partial(v, p, count, Scalar<V>(1));
    }
    V v;
  };
};

/// Loads every array; stores those that are not const.
template <class F>
struct UpdateKernel {
  template <int Bytes, class T, class... Rest>
  [[gnu::always_inline]] static inline void run(F f, Index n, T* y, Rest*... x) {
    using V = Vec<std::remove_const_t<T>, Bytes>;
    Index i = 0;
    for (; i + lanes<V> <= n; i += lanes<V>)
      step(f, lanes<V>, Held<V, T>(y + i, lanes<V>), Held<V, Rest>(x + i, lanes<V>)...);
    if (i < n) step(f, n - i, Held<V, T>(y + i, n - i), Held<V, Rest>(x + i, n - i)...);
  }

 private:
  template <class V, class T>
  struct Held {
    [[gnu::always_inline]] inline Held(T* from, Index count) : p(from) {
      if (count == lanes<V>) {
        load(v, p);
      } else {
        load_partial(v, p, count, Scalar<V>(1));
      }
    }
    [[gnu::always_inline]] inline void put(Index count) {
      if constexpr (!std::is_const_v<T>) {
        if (count == lanes<V>) {
          store(p, v);
        } else {
          store_partial(p, v, count);
        }
      }
    }
    T* p;
    V v;
  };

  template <class... H>
  [[gnu::always_inline]] static inline void step(const F& f, Index count, H&&... held) {
    f.apply(held.v...);
    (held.put(count), ...);
  }
};

}  // namespace detail

/// y[i] = f(x[i], ...) for i < n, by `f.apply(V& y, const V& x...)`. y is not read; y may be one of
/// the inputs.
template <class F, class T, class... In>
void map(const F& f, Index n, T* y, const In*... x) {
  dispatch<detail::MapKernel<F>>(f, n, y, x...);
}

/// map with a functor that has no state: `map<Relu>(n, y, x)`.
template <class F, class T, class... In>
void map(Index n, T* y, const In*... x) {
  dispatch<detail::MapKernel<F>>(F{}, n, y, x...);
}

/// Updates n elements of all arrays in place. `f.apply(V&...)` reads every array; arrays that are
/// not const are written back. Example: `update(AdamStep{...}, n, weight, m, v,
/// std::as_const(gradient))`.
template <class F, class... T>
void update(const F& f, Index n, T*... arrays) {
  dispatch<detail::UpdateKernel<F>>(f, n, arrays...);
}

}  // namespace glimpse::inline v0::simd
