// conv2d_layout: converts images to vectors of channels (nChwLc), and back.
//
//   pack       to[p][c] = from[c * stride + p]        p < count pixels, c < channels; zero for the
//                                                     other lanes
//   unpack     to[c * stride + p] = from[p][c]        or += if `add`
//
// A vector holds L channels of one pixel, L = lanes. Squares of L x L are transposed in registers
// (simd/pack.hpp); the last square of a run overlaps the one before it. The rows of a square are
// short and far apart in memory. Pack therefore prefetches the rows of the next run.
#pragma once

#include <glimpse/simd/pack.hpp>

namespace glimpse::inline v0::kernel {

namespace detail {

struct PackChannels {
  template <int Bytes, class T>
  [[gnu::always_inline]] static inline void run(T* to, const T* from, Index stride, Index count,
                                                Index channels, Index ahead) {
    using V = simd::Vec<T, Bytes>;
    constexpr Index w = simd::lanes<V>;
    for (Index p = 0; p < count; p += w) {
      if (p + w > count && count >= w) p = count - w;
      const Index here = count - p < w ? count - p : w;
      V row[w];
#pragma GCC unroll 16
      for (Index c = 0; c < w; ++c) {
        __builtin_prefetch(from + c * stride + p + ahead, 0, 2);
        if (c >= channels) {
          row[c] = V{};
        } else if (here == w) {
          simd::load(row[c], from + c * stride + p);
        } else {
          simd::load_partial(row[c], from + c * stride + p, here);
        }
      }
      simd::detail::transpose_rounds<static_cast<int>(w / 2)>(row);
#pragma GCC unroll 16
      for (Index i = 0; i < w; ++i)
        if (i < here) simd::store(to + (p + i) * w, row[i]);
    }
  }
};

struct UnpackChannels {
  template <int Bytes, class T>
  [[gnu::always_inline]] static inline void run(T* to, Index stride, const T* from, Index count,
                                                Index channels, bool add) {
    using V = simd::Vec<T, Bytes>;
    constexpr Index w = simd::lanes<V>;
    for (Index p = 0; p < count; p += w) {
      if (p + w > count && count >= w && !add) p = count - w;
      const Index here = count - p < w ? count - p : w;
      V row[w];
#pragma GCC unroll 16
      for (Index i = 0; i < w; ++i) {
        row[i] = V{};
        if (i < here) simd::load(row[i], from + (p + i) * w);
      }
      simd::detail::transpose_rounds<static_cast<int>(w / 2)>(row);
#pragma GCC unroll 16
      for (Index c = 0; c < w; ++c) {
        if (c >= channels) continue;
        T* const at = to + c * stride + p;
        if (here == w) {
          V old{};
          if (add) simd::load(old, at);
          if (add) row[c] += old;
          simd::store(at, row[c]);
        } else {
          V old{};
          if (add) simd::load_partial(old, at, here);
          if (add) row[c] += old;
          simd::store_partial(at, row[c], here);
        }
      }
    }
  }
};

}  // namespace detail

/// to[p * L + c] = from[c * stride + p] for p < count and c < channels, zero for channels <= c < L.
/// ahead: distance from this run to the next one, in elements, for the prefetch.
template <class T>
void pack_nchwc(T* to, const T* from, Index stride, Index count, Index channels, Index ahead = 0) {
  simd::dispatch<detail::PackChannels>(to, from, stride, count, channels, ahead);
}

/// to[c * stride + p] = or += (`add`) from[p * L + c] for p < count and c < channels.
template <class T>
void unpack_nchwc(T* to, Index stride, const T* from, Index count, Index channels, bool add) {
  simd::dispatch<detail::UnpackChannels>(to, stride, from, count, channels, add);
}

}  // namespace glimpse::inline v0::kernel
