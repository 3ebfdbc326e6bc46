// winograd_transforms: the small matrices of F(4x4, 3x3), as vector code.
//
//   (1)  Y = A^T [ (G g G^T) . (B^T d B) ] A        d: 6x6 inputs, g: 3x3 filter, Y: 4x4 outputs,
//   "." elementwise
//
// 36 products instead of 144. The matrices are those of Cook and Toom for the points p = 0, a, -a,
// b, -b, infinity: row j of A is (1, p_j, p_j^2, p_j^3), of G (1, p_j, p_j^2) / N_j with N_j =
// prod_{k != j} (p_j - p_k), and row j of B^T holds the coefficients of prod_{k != j} (x - p_k).
// Even and odd powers of +-p are shared:
//
//   (2)  B^T:  a^2 b^2 d0 - (a^2 + b^2) d2 + d4,   (d4 - b^2 d2) +- a (d3 - b^2 d1),   (d4 - a^2
//   d2) +- b (d3 - a^2 d1),
//              a^2 b^2 d1 - (a^2 + b^2) d3 + d5
//   (3)  G:    g0 / N0,   (g0 + a^2 g2 +- a g1) / Na,   (g0 + b^2 g2 +- b g1) / Nb,   g2
//              N0 = a^2 b^2,  Na = 2 a^2 (a^2 - b^2),  Nb = 2 b^2 (b^2 - a^2)
//   (4)  A^T:  m0 + p + r,  a q + b t,  a^2 p + b^2 r,  a^3 q + b^3 t + m5
//              p, q = m1 +- m2,  r, t = m3 +- m4
//
// a = 5/8, b = 3/2 keep the rounding error about half of that of the usual 1 and 2.
// Sources: Winograd 1980; Lavin, Gray 2016; Barabasz et al. 2020 on the choice of points.
#pragma once

#include <glimpse/simd/dispatch.hpp>
#include <glimpse/simd/vec.hpp>

namespace glimpse::inline v0::kernel::winograd {

using simd::lanes;
using simd::Scalar;

template <class T>
struct Points {
  static constexpr T a = T(0.625), b = T(1.5);
  static constexpr T a2 = a * a, b2 = b * b, a3 = a2 * a, b3 = b2 * b, ab = a2 * b2, s = a2 + b2;
  static constexpr T n0 = 1 / ab, na = 1 / (2 * a2 * (a2 - b2)), nb = 1 / (2 * b2 * (b2 - a2));
};

/// y = B^T d, (2).
template <class V>
[[gnu::always_inline]] inline void input(V* y, const V* d, Index step) {
  using P = Points<Scalar<V>>;
  const V even_a = d[4 * step] - d[2 * step] * P::b2,
          odd_a = (d[3 * step] - d[step] * P::b2) * P::a;
  const V even_b = d[4 * step] - d[2 * step] * P::a2,
          odd_b = (d[3 * step] - d[step] * P::a2) * P::b;
  y[0] = (d[4 * step] - d[2 * step] * P::s) + d[0] * P::ab;
  y[1] = even_a + odd_a;
  y[2] = even_a - odd_a;
  y[3] = even_b + odd_b;
  y[4] = even_b - odd_b;
  y[5] = (d[5 * step] - d[3 * step] * P::s) + d[step] * P::ab;
}

/// y = G g, (3).
template <class V>
[[gnu::always_inline]] inline void filter(V* y, const V* g, Index step) {
  using P = Points<Scalar<V>>;
  const V even_a = (g[2 * step] * P::a2 + g[0]) * P::na, odd_a = g[step] * (P::a * P::na);
  const V even_b = (g[2 * step] * P::b2 + g[0]) * P::nb, odd_b = g[step] * (P::b * P::nb);
  y[0] = g[0] * P::n0;
  y[1] = even_a + odd_a;
  y[2] = even_a - odd_a;
  y[3] = even_b + odd_b;
  y[4] = even_b - odd_b;
  y[5] = g[2 * step];
}

/// y = A^T m, (4).
template <class V>
[[gnu::always_inline]] inline void output(V* y, const V* m, Index step) {
  using P = Points<Scalar<V>>;
  const V p = m[step] + m[2 * step], q = m[step] - m[2 * step];
  const V r = m[3 * step] + m[4 * step], t = m[3 * step] - m[4 * step];
  y[0] = m[0] + p + r;
  y[1] = q * P::a + t * P::b;
  y[2] = p * P::a2 + r * P::b2;
  y[3] = q * P::a3 + t * P::b3 + m[5 * step];
}

/// y = A z: the transpose of `output`.
template <class V>
[[gnu::always_inline]] inline void output_back(V* y, const V* z, Index step) {
  using P = Points<Scalar<V>>;
  const V even_a = z[2 * step] * P::a2 + z[0], odd_a = z[3 * step] * P::a3 + z[step] * P::a;
  const V even_b = z[2 * step] * P::b2 + z[0], odd_b = z[3 * step] * P::b3 + z[step] * P::b;
  y[0] = z[0];
  y[1] = even_a + odd_a;
  y[2] = even_a - odd_a;
  y[3] = even_b + odd_b;
  y[4] = even_b - odd_b;
  y[5] = z[3 * step];
}

/// y = G^T u: the transpose of `filter`.
template <class V>
[[gnu::always_inline]] inline void filter_back(V* y, const V* u, Index step) {
  using P = Points<Scalar<V>>;
  const V p = (u[step] + u[2 * step]) * P::na, q = (u[step] - u[2 * step]) * (P::a * P::na);
  const V r = (u[3 * step] + u[4 * step]) * P::nb, t = (u[3 * step] - u[4 * step]) * (P::b * P::nb);
  y[0] = u[0] * P::n0 + p + r;
  y[1] = q + t;
  y[2] = p * P::a2 + r * P::b2 + u[5 * step];
}

// Each kernel transforms columns first, then rows, for one vector of channels at a time.

/// A block of numbers with channels innermost, and the 36 planes it becomes or comes from.
template <class T>
struct Block {
  T* space;  // element (i, j) of tile (y, x): space[((y tile + i) row + x tile + j) channels ...]
  Index row, channels;
  Index tiles_h, tiles_w;
  Index out_h, out_w;  // valid outputs, where the block is output
  T* planes;           // frequency f, tile t: planes[f * plane + t * stride ...]
  Index plane, stride;
  const T* bias;
  bool relu;
};

/// planes = B^T d B for every tile.
struct InputKernel {
  template <int Bytes, class T>
  [[gnu::always_inline]] static inline void run(const Block<T>* b) {
    using V = simd::Vec<T, Bytes>;
    for (Index y = 0, tile = 0; y < b->tiles_h; ++y) {
      for (Index x = 0; x < b->tiles_w; ++x, ++tile) {
        for (Index c = 0; c < b->channels; c += lanes<V>) {
          const T* const from = b->space + ((4 * y) * b->row + 4 * x) * b->channels + c;
          T* const to = b->planes + tile * b->stride + c;
          V d[6], half[36], u[6];
          for (Index j = 0; j < 6; ++j) {
#pragma GCC unroll 6
            for (Index i = 0; i < 6; ++i) simd::load(d[i], from + (i * b->row + j) * b->channels);
            input(u, d, 1);
#pragma GCC unroll 6
            for (Index i = 0; i < 6; ++i) half[i * 6 + j] = u[i];
          }
          for (Index i = 0; i < 6; ++i) {
            input(u, half + i * 6, 1);
#pragma GCC unroll 6
            for (Index j = 0; j < 6; ++j) simd::store(to + (i * 6 + j) * b->plane, u[j]);
          }
        }
      }
    }
  }
};

/// space = relu(A^T m A + bias) for every tile, cut at the picture's edge.
struct OutputKernel {
  template <int Bytes, class T>
  [[gnu::always_inline]] static inline void run(const Block<T>* b) {
    using V = simd::Vec<T, Bytes>;
    for (Index y = 0, tile = 0; y < b->tiles_h; ++y) {
      for (Index x = 0; x < b->tiles_w; ++x, ++tile) {
        const Index high = b->out_h - 4 * y < 4 ? b->out_h - 4 * y : 4;
        const Index wide = b->out_w - 4 * x < 4 ? b->out_w - 4 * x : 4;
        for (Index c = 0; c < b->channels; c += lanes<V>) {
          const T* const from = b->planes + tile * b->stride + c;
          T* const to = b->space + ((4 * y) * b->row + 4 * x) * b->channels + c;
          V m[6], half[24], out[4], bias{};
          if (b->bias != nullptr) simd::load(bias, b->bias + c);
          for (Index j = 0; j < 6; ++j) {
#pragma GCC unroll 6
            for (Index i = 0; i < 6; ++i) simd::load(m[i], from + (i * 6 + j) * b->plane);
            output(out, m, 1);
#pragma GCC unroll 4
            for (Index i = 0; i < 4; ++i) half[i * 6 + j] = out[i];
          }
          for (Index i = 0; i < high; ++i) {
            output(out, half + i * 6, 1);
#pragma GCC unroll 4
            for (Index j = 0; j < 4; ++j) {
              out[j] += bias;
              if (b->relu) out[j] = out[j] < T(0) ? V{} : out[j];
              if (j < wide) simd::store(to + (i * b->row + j) * b->channels, out[j]);
            }
          }
        }
      }
    }
  }
};

/// planes = A z A^T for every tile; what lies beyond the edge counts as zero.
struct OutputBackKernel {
  template <int Bytes, class T>
  [[gnu::always_inline]] static inline void run(const Block<T>* b) {
    using V = simd::Vec<T, Bytes>;
    for (Index y = 0, tile = 0; y < b->tiles_h; ++y) {
      for (Index x = 0; x < b->tiles_w; ++x, ++tile) {
        const Index high = b->out_h - 4 * y < 4 ? b->out_h - 4 * y : 4;
        const Index wide = b->out_w - 4 * x < 4 ? b->out_w - 4 * x : 4;
        for (Index c = 0; c < b->channels; c += lanes<V>) {
          const T* const from = b->space + ((4 * y) * b->row + 4 * x) * b->channels + c;
          T* const to = b->planes + tile * b->stride + c;
          V z[4], half[24], u[6];
          for (Index j = 0; j < 4; ++j) {
#pragma GCC unroll 4
            for (Index i = 0; i < 4; ++i) {
              z[i] = V{};
              if (i < high && j < wide) simd::load(z[i], from + (i * b->row + j) * b->channels);
            }
            output_back(u, z, 1);
#pragma GCC unroll 6
            for (Index i = 0; i < 6; ++i) half[i * 4 + j] = u[i];
          }
          for (Index i = 0; i < 6; ++i) {
            output_back(u, half + i * 4, 1);
#pragma GCC unroll 6
            for (Index j = 0; j < 6; ++j) simd::store(to + (i * 6 + j) * b->plane, u[j]);
          }
        }
      }
    }
  }
};

/// Filters (input channel c, output lane l, tap t) at w[c * channel + l * lane + t], taps backwards
/// where `turned`; to[f * plane + c * width + l] = (G g G^T)_f, zero for lanes past `count`.
struct FilterKernel {
  template <int Bytes, class T>
  [[gnu::always_inline]] static inline void run(const T* w, Index channel, Index lane, bool turned,
                                                Index channels, Index count, T* to, Index plane,
                                                Index width) {
    using V = simd::Vec<T, Bytes>;
    for (Index c = 0; c < channels; ++c) {
      for (Index l0 = 0; l0 < width; l0 += lanes<V>) {
        T table[9 * lanes<V>];
        for (Index l = 0; l < lanes<V>; ++l) {
          const T* const from = w + c * channel + (l0 + l) * lane;
          for (Index t = 0; t < 9; ++t)
            table[t * lanes<V> + l] = l0 + l < count ? from[turned ? 8 - t : t] : T(0);
        }
        V g[9], half[18], u[6];
#pragma GCC unroll 9
        for (Index t = 0; t < 9; ++t) simd::load(g[t], table + t * lanes<V>);
#pragma GCC unroll 3
        for (Index s = 0; s < 3; ++s) {
          filter(u, g + s, 3);
#pragma GCC unroll 6
          for (Index i = 0; i < 6; ++i) half[i * 3 + s] = u[i];
        }
        for (Index i = 0; i < 6; ++i) {
          filter(u, half + i * 3, 1);
#pragma GCC unroll 6
          for (Index j = 0; j < 6; ++j)
            simd::store(to + (i * 6 + j) * plane + c * width + l0, u[j]);
        }
      }
    }
  }
};

/// dw[c * 9 + t] += (G^T u G)_t, u[f * plane + c] for `channels` input channels (u is readable to
/// whole vectors).
struct FilterBackKernel {
  template <int Bytes, class T>
  [[gnu::always_inline]] static inline void run(const T* u, Index plane, Index channels, T* dw) {
    using V = simd::Vec<T, Bytes>;
    for (Index c = 0; c < channels; c += lanes<V>) {
      V d[6], half[18], g[3];
      for (Index j = 0; j < 6; ++j) {
#pragma GCC unroll 6
        for (Index i = 0; i < 6; ++i) simd::load(d[i], u + (i * 6 + j) * plane + c);
        filter_back(g, d, 1);
#pragma GCC unroll 3
        for (Index i = 0; i < 3; ++i) half[i * 6 + j] = g[i];
      }
      T table[9 * lanes<V>];
#pragma GCC unroll 3
      for (Index i = 0; i < 3; ++i) {
        filter_back(g, half + i * 6, 1);
#pragma GCC unroll 3
        for (Index j = 0; j < 3; ++j) simd::store(table + (i * 3 + j) * lanes<V>, g[j]);
      }
      const Index here = channels - c < lanes<V> ? channels - c : lanes<V>;
      for (Index l = 0; l < here; ++l)
        for (Index t = 0; t < 9; ++t) dw[(c + l) * 9 + t] += table[t * lanes<V> + l];
    }
  }
};

}  // namespace glimpse::inline v0::kernel::winograd
