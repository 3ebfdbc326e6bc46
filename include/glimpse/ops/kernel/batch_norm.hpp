// batch_norm: the passes over memory: sums over a channel, and one linear map for each channel.
//
//   A channel is `samples` runs of `plane` elements, `stride` apart. Kernels process a block of
//   neighboring channels together, because the block is contiguous and small enough to stay in
//   cache for the second pass.
//
//   (1)  s = sum_k (x_k - c),   q = sum_k (x_k - c)^2
//        c: mean of the first n = min(plane, 4096) elements of the channel
//   (2)  mean = c + s / M,      M var = q - s^2 / M
//
//   One pass is enough and loses little precision. The n elements contribute at least
//   n (c - mean)^2 to M var. Therefore (c - mean)^2 <= (M / n) var and
//   q = M var + M (c - mean)^2 <= (1 + M / n) M var: the difference in (2) cancels few digits.
//   Runs are summed in vectors of T, and the sums of runs in double, always in the same order.
// Notation: docs/math/notation.md.
#pragma once

#include <algorithm>

#include <glimpse/core/shape.hpp>
#include <glimpse/simd/map.hpp>
#include <glimpse/simd/reduce.hpp>

namespace glimpse::inline v0::kernel {

/// A block of at most `most` channels of an (N, C, ...) tensor; the sums of 16 fit the first-level
/// cache.
struct ChannelBlock {
  static constexpr Index most = 16;
  Index samples, stride, channels, plane;
};

/// y = (x - mean) scale + shift: one channel, normalized.
template <class T>
struct ChannelMap {
  T mean, scale, shift;

  template <class V>
  [[gnu::always_inline]] inline void apply(V& y, const V& x) const {
    y = (x - mean) * scale + shift;
  }
};

namespace detail {

inline constexpr Index run_length = 4096;  // longest sum in T; beyond, in double

/// The vectors of one run. The last, incomplete vector reads the last whole vector of the run and
/// replaces the elements already seen by `fill`. A run shorter than one vector is loaded in part.
template <class V>
struct RunVector {
  [[gnu::always_inline]] explicit inline RunVector(const simd::Scalar<V>* p) { simd::load(v, p); }
  [[gnu::always_inline]] inline RunVector(const simd::Scalar<V>* p, Index i, Index n,
                                          const simd::Mask<V>& lane, simd::Scalar<V> fill) {
    constexpr Index w = simd::lanes<V>;
    if (n < w) {
      simd::load_partial(v, p, n, fill);
    } else {
      V last, seen;
      simd::load(last, p + n - w);
      simd::broadcast(seen, fill);
      v = lane >= static_cast<simd::Scalar<simd::Mask<V>>>(w - (n - i)) ? last : seen;
    }
  }
  V v;
};

/// Adds the totals of f.apply(s, q, x...) to sum[c] and other[c]. Past the end of a run x is
/// f.fill, which must add nothing. Sums of up to `run_length` elements stay in vectors, because a
/// sum across lanes for each short run would be slow.
template <class Term>
struct ChannelSums {
  template <int Bytes, class T, class... In>
  [[gnu::always_inline]] static inline void run(ChannelBlock b, const Term* term, double* sum,
                                                double* other, const T* x, const In*... more) {
    using V = simd::Vec<T, Bytes>;
    Sums<V> sums[ChannelBlock::most]{};
    simd::Scalar<simd::Mask<V>> count[simd::lanes<V>];
    for (Index l = 0; l < simd::lanes<V>; ++l)
      count[l] = static_cast<simd::Scalar<simd::Mask<V>>>(l);
    simd::Mask<V> lane;
    __builtin_memcpy(&lane, count, sizeof(lane));
    Index held = 0;
    for (Index n = 0; n < b.samples; ++n) {
      for (Index i = 0; i < b.plane; i += run_length) {
        const Index length = b.plane - i < run_length ? b.plane - i : run_length;
        if (held + length > run_length) held = 0, flush(b, sums, sum, other);
        for (Index c = 0; c < b.channels; ++c) {
          const Index first = n * b.stride + c * b.plane + i;
          one_run(term[c], length, lane, sums[c], x + first, more + first...);
        }
        held += length;
      }
    }
    flush(b, sums, sum, other);
  }

 private:
  template <class V>
  struct Sums {
    V s[2], q[2];  // two of each, because an addition then need not wait for the one before
  };

  template <class V, class... In>
  [[gnu::always_inline]] static inline void one_run(const Term& term, Index n,
                                                    const simd::Mask<V>& lane, Sums<V>& sums,
                                                    const In*... x) {
    constexpr Index w = simd::lanes<V>;
    V s0 = sums.s[0], s1 = sums.s[1], q0 = sums.q[0], q1 = sums.q[1];
    Index i = 0;
    for (; i + 2 * w <= n; i += 2 * w) {
      term.apply(s0, q0, RunVector<V>(x + i).v...);
      term.apply(s1, q1, RunVector<V>(x + i + w).v...);
    }
    if (i + w <= n) {
      term.apply(s0, q0, RunVector<V>(x + i).v...);
      i += w;
    }
    if (i < n) term.apply(s1, q1, RunVector<V>(x, i, n, lane, term.fill()).v...);
    sums.s[0] = s0, sums.s[1] = s1, sums.q[0] = q0, sums.q[1] = q1;
  }

  template <class V>
  [[gnu::always_inline]] static inline void flush(const ChannelBlock& b, Sums<V>* sums,
                                                  double* sum, double* other) {
    for (Index c = 0; c < b.channels; ++c) {
      const V s = sums[c].s[0] + sums[c].s[1], q = sums[c].q[0] + sums[c].q[1];
      sum[c] += static_cast<double>(simd::sum_lanes(s));
      other[c] += static_cast<double>(simd::sum_lanes(q));
      sums[c] = Sums<V>{};
    }
  }
};

/// y = f[c](x...) on the runs of every channel; y must not be one of x, because the last vector of
/// a run may overlap the one before.
template <class F>
struct ChannelMaps {
  template <int Bytes, class T, class... In>
  [[gnu::always_inline]] static inline void run(ChannelBlock b, const F* f, T* y, const In*... x) {
    using V = simd::Vec<T, Bytes>;
    constexpr Index w = simd::lanes<V>;
    for (Index n = 0; n < b.samples; ++n) {
      for (Index c = 0; c < b.channels; ++c) {
        const Index first = n * b.stride + c * b.plane;
        const Index last = first + b.plane;
        if (b.plane < w) {
          simd::detail::MapKernel<F>::template run<Bytes>(f[c], b.plane, y + first, x + first...);
          continue;
        }
        V out;
        for (Index i = first; i < last; i += w) {
          const Index at = i + w <= last ? i : last - w;
          f[c].apply(out, RunVector<V>(x + at).v...);
          simd::store(y + at, out);
        }
      }
    }
  }
};

/// ChannelMaps with an array that is read and written.
template <class F>
struct ChannelUpdates {
  template <int Bytes, class... Array>
  [[gnu::always_inline]] static inline void run(ChannelBlock b, const F* f, Array*... x) {
    for (Index n = 0; n < b.samples; ++n) {
      for (Index c = 0; c < b.channels; ++c) {
        const Index first = n * b.stride + c * b.plane;
        simd::detail::UpdateKernel<F>::template run<Bytes>(f[c], b.plane, x + first...);
      }
    }
  }
};

}  // namespace detail

/// The terms s and q of (1).
template <class T>
struct CenteredTerm {  // (1)
  T center;

  T fill() const { return center; }
  template <class V>
  [[gnu::always_inline]] inline void apply(V& s, V& q, const V& x) const {
    const V d = x - center;
    s += d;
    q += d * d;
  }
};

/// M var of (2).
inline double moment_spread(double count, double s, double q) {
  return std::max(0.0, q - s * s / count);
}

/// s = sum g, q = sum g (x - mean). g is dy; with Relu, dy only where y > 0.
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

/// The forward map; with Relu, max(0, .) that keeps NaN.
template <class T, bool Relu>
struct ForwardMap {
  ChannelMap<T> map;

  template <class V>
  [[gnu::always_inline]] inline void apply(V& y, const V& x) const {
    map.apply(y, x);
    if constexpr (Relu) y = y < T(0) ? V{} : y;
  }
};

/// dx = scale g - a - b (x - mean): (5) of ops/batch_norm.hpp for one channel.
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

/// BackwardMap, added to dx.
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

/// Adds the two sums of `term[c]` over each channel of the block to sum[c] and other[c].
template <class Term, class... In>
void channel_sums(const ChannelBlock& block, const Term* term, double* sum, double* other,
                  const In*... x) {
  simd::dispatch<detail::ChannelSums<Term>>(block, term, sum, other, x...);
}

/// y = f[c](x...) for each channel of the block; y must not be one of x.
template <class F, class T, class... In>
void channel_map(const ChannelBlock& block, const F* f, T* y, const In*... x) {
  simd::dispatch<detail::ChannelMaps<F>>(block, f, y, x...);
}

/// channel_map with a y that is read and written.
template <class F, class T, class... In>
void channel_update(const ChannelBlock& block, const F* f, T* y, const In*... x) {
  simd::dispatch<detail::ChannelUpdates<F>>(block, f, y, x...);
}

}  // namespace glimpse::inline v0::kernel
