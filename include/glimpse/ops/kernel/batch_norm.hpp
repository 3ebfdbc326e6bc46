// batch norm, the passes over memory: sums over a channel, and one linear map per channel.
//
//   A channel is `samples` runs of `plane` numbers, `stride` apart. Kernels take a block of
//   neighbouring channels at once: what a pass reads is contiguous then, and small enough to wait
//   in the cache for the second pass.
//
//   sums        s = sum_k (x_k - c),  q = sum_k (x_k - c)^2,  c = mean of the channel's first run
//   moments     mean = c + s / M,     M var = q - s^2 / M
//   One pass, and safe: among M / plane runs of equal length one that has the mean c has
//   (c - mean)^2 at most (M / plane) var, so q is at most that many times M var, and little
//   cancels. Runs are added up in vectors of T, their sums in double, always in this order.
#pragma once

#include <glimpse/core/shape.hpp>
#include <glimpse/simd/map.hpp>
#include <glimpse/simd/reduce.hpp>

namespace glimpse::inline v0::kernel {

/// A block of channels of an (N, C, ...) tensor.
struct ChannelBlock {
  Index samples, stride, channels, plane;
};

/// y = (x - mean) scale + shift: one channel, normalised.
template <class T>
struct ChannelMap {
  T mean, scale, shift;

  template <class V>
  [[gnu::always_inline]] inline void apply(V& y, const V& x) const {
    y = (x - mean) * scale + shift;
  }
};

namespace detail {

inline constexpr Index run_length = 4096;  // longest sum in vectors of T, then double

/// Walks runs and tails: f.apply(s, q, x...) adds to two vectors of sums, whose totals go to sum[c]
/// and other[c]. Past the end of a run x is f.fill, which must add nothing.
template <class Term>
struct ChannelSums {
  template <int Bytes, class T, class... In>
  [[gnu::always_inline]] static inline void run(ChannelBlock b, const Term* term, double* sum,
                                                double* other, const T* x, const In*... more) {
    for (Index n = 0; n < b.samples; ++n) {
      for (Index c = 0; c < b.channels; ++c) {
        const Index first = n * b.stride + c * b.plane;
        for (Index i = 0; i < b.plane; i += run_length) {
          const Index count = b.plane - i < run_length ? b.plane - i : run_length;
          one_run<simd::Vec<T, Bytes>>(term[c], count, sum[c], other[c], x + first + i,
                                       more + first + i...);
        }
      }
    }
  }

 private:
  template <class V, class... In>
  [[gnu::always_inline]] static inline void one_run(const Term& term, Index n, double& sum,
                                                    double& other, const In*... x) {
    constexpr Index w = simd::lanes<V>;
    V s0{}, s1{}, q0{}, q1{};
    Index i = 0;
    for (; i + 2 * w <= n; i += 2 * w) {
      term.apply(s0, q0, Loaded<V>(x + i).v...);
      term.apply(s1, q1, Loaded<V>(x + i + w).v...);
    }
    for (; i < n; i += w) {
      if (i + w <= n) {
        term.apply(s0, q0, Loaded<V>(x + i).v...);
      } else {
        term.apply(s1, q1, Loaded<V>(x + i, n - i, term.fill()).v...);
      }
    }
    const V s = s0 + s1, q = q0 + q1;
    sum += static_cast<double>(simd::sum_lanes(s));
    other += static_cast<double>(simd::sum_lanes(q));
  }

  template <class V>
  struct Loaded {
    [[gnu::always_inline]] explicit inline Loaded(const simd::Scalar<V>* p) { simd::load(v, p); }
    [[gnu::always_inline]] inline Loaded(const simd::Scalar<V>* p, Index count,
                                         simd::Scalar<V> fill) {
      simd::load_part(v, p, count, fill);
    }
    V v;
  };
};

/// Calls f[c].apply on the runs of every channel, as simd::map or simd::update would (`Walk` is one
/// of their kernels).
template <class F, template <class> class Walk>
struct ChannelWalk {
  template <int Bytes, class... Array>
  [[gnu::always_inline]] static inline void run(ChannelBlock b, const F* f, Array*... x) {
    for (Index n = 0; n < b.samples; ++n) {
      for (Index c = 0; c < b.channels; ++c) {
        const Index first = n * b.stride + c * b.plane;
        Walk<F>::template run<Bytes>(f[c], b.plane, x + first...);
      }
    }
  }
};

}  // namespace detail

/// s and q of the sums above.
template <class T>
struct CenteredTerm {
  T center;

  T fill() const { return center; }
  template <class V>
  [[gnu::always_inline]] inline void apply(V& s, V& q, const V& x) const {
    const V d = x - center;
    s += d;
    q += d * d;
  }
};

/// s = sum g, q = sum g (x - mean), where g is dy, or with Relu dy where y > 0 alone.
template <class T, bool Relu>
struct GradientTerm {
  ChannelMap<T> map;

  T fill() const { return T(0); }  // dy = 0 adds nothing
  template <class V>
  [[gnu::always_inline]] inline void apply(V& s, V& q, const V& dy, const V& x) const {
    V g;
    if constexpr (Relu) {
      V y;
      map.apply(y, x);
      g = y > T(0) ? dy : V{};
    } else {
      g = dy;
    }
    s += g;
    q += g * (x - map.mean);
  }
};

/// The forward map, with Relu cut at zero (a NaN passes).
template <class T, bool Relu>
struct ForwardMap {
  ChannelMap<T> map;

  template <class V>
  [[gnu::always_inline]] inline void apply(V& y, const V& x) const {
    map.apply(y, x);
    if constexpr (Relu) y = y < T(0) ? V{} : y;
  }
};

/// dx = scale g - a - b (x - mean): what (5) of batch_norm.hpp is for one channel.
template <class T, bool Relu>
struct BackwardMap {
  ChannelMap<T> map;
  T a, b;

  template <class V>
  [[gnu::always_inline]] inline void apply(V& dx, const V& dy, const V& x) const {
    V g;
    if constexpr (Relu) {
      V y;
      map.apply(y, x);
      g = y > T(0) ? dy : V{};
    } else {
      g = dy;
    }
    dx = g * map.scale - ((x - map.mean) * b + a);
  }
};

/// The same, added to what is there.
template <class T, bool Relu>
struct BackwardUpdate {
  BackwardMap<T, Relu> map;

  template <class V>
  [[gnu::always_inline]] inline void apply(V& dx, const V& dy, const V& x) const {
    V term;
    map.apply(term, dy, x);
    dx += term;
  }
};

/// sum[c], other[c] += the two sums of `term[c]` over every channel of the block.
template <class Term, class... In>
void channel_sums(const ChannelBlock& block, const Term* term, double* sum, double* other,
                  const In*... x) {
  simd::dispatch<detail::ChannelSums<Term>>(block, term, sum, other, x...);
}

/// y = f[c](x...) over every channel of the block; y is written.
template <class F, class T, class... In>
void channel_map(const ChannelBlock& block, const F* f, T* y, const In*... x) {
  simd::dispatch<detail::ChannelWalk<F, simd::detail::MapKernel>>(block, f, y, x...);
}

/// The same where y is read and written.
template <class F, class T, class... In>
void channel_update(const ChannelBlock& block, const F* f, T* y, const In*... x) {
  simd::dispatch<detail::ChannelWalk<F, simd::detail::UpdateKernel>>(block, f, y, x...);
}

}  // namespace glimpse::inline v0::kernel
