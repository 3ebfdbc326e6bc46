// winograd_transforms: the small matrices of Winograd's convolutions, one axis at a time.
//
// They give m outputs of a filter of r taps from m + r - 1 inputs, by m + r - 1 products, not m r:
//
//   (1)  y = A^T [ (G g) . (B^T d) ]          d: inputs, g: taps, y: outputs, "." elementwise
//
// The values of a product of polynomials at enough points determine it, and (1) is the transpose of
// such a product. With the points 0, +-p_1 ... +-p_K and infinity, m + r - 1 = 2K + 2,
//
//   (2)  row of A at p:       1, p, ..., p^(m-1)                          at infinity  0, ..., 0, 1
//   (3)  row of G at p:       (1, p, ..., p^(r-1)) / N_p                  at infinity  0, ..., 0, 1
//                             N_p = prod_{q != p} (p - q) over the finite points q
//   (4)  row of B^T at p:     the coefficients of  prod_{q != p} (x - q)   at infinity, of prod_q
//                             q finite, x the variable of the polynomials
//
// +-p_j share even and odd powers: with S(x) = prod_k (x - p_k^2) = sum_i s_i x^i and
// Q_j(x) = S(x) / (x - p_j^2) = sum_i q_ji x^i,
//
//   (5)  B^T d at 0: sum_i s_i d_2i     at +-p_j: sum_i q_ji d_(2i+2) +- p_j sum_i q_ji d_(2i+1)
//        at infinity: sum_i s_i d_(2i+1)              N_0 = s_0,   N_(+-p_j) = 2 p_j^2 Q_j(p_j^2)
//
// Two axes are two such steps in sequence: F(4x6, 3x3) is CookToom<4, 3> along the columns and
// CookToom<6, 3> along the rows. For K = 2 the points 5/8 and 3/2 have half the rounding error of
// the usual points 1 and 2.
// Sources: Winograd 1980; Lavin, Gray 2016; Barabasz et al. 2020 on the choice of points.
// Notation: docs/math/notation.md.
#pragma once

#include <type_traits>

#include <glimpse/simd/dispatch.hpp>
#include <glimpse/simd/vec.hpp>

namespace glimpse::inline v0::kernel::winograd {

using simd::lanes;
using simd::Scalar;

/// The constants of (2) to (5) for K pairs of points; plain arrays, because kernels read them.
template <int K>
struct Numbers {
  double point[K + 1] = {};
  double all[K + 2] = {};          // s_i
  double rest[K + 1][K + 2] = {};  // q_ji
  double power[K + 1][8] = {};     // p_j^i
  double norm[K + 2] = {};         // 1 / N at +-p_j; the last element is 1 / N_0

  constexpr Numbers() {
    constexpr double choice[4][3] = {{}, {1}, {0.625, 1.5}, {0.5, 1, 2}};
    for (int j = 0; j < K; ++j) point[j] = choice[K][j];
    product(all, -1);
    norm[K + 1] = 1 / all[0];
    for (int j = 0; j < K; ++j) {
      product(rest[j], j);
      double q = 0;
      for (int i = K - 1; i >= 0; --i) q = q * point[j] * point[j] + rest[j][i];
      norm[j] = 1 / (2 * point[j] * point[j] * q);
      power[j][0] = 1;
      for (int i = 1; i < 8; ++i) power[j][i] = power[j][i - 1] * point[j];
    }
  }

 private:
  /// Coefficients of prod (x - p_k^2) over all k except `left_out`.
  constexpr void product(double (&c)[K + 2], int left_out) const {
    c[0] = 1;
    for (int k = 0; k < K; ++k) {
      if (k == left_out) continue;
      for (int i = K + 1; i > 0; --i) c[i] = c[i - 1] - point[k] * point[k] * c[i];
      c[0] *= -point[k] * point[k];
    }
  }
};

/// (2) to (5) for m outputs and r taps; each function writes y. In the backward pass of (1), z is
/// the gradient of y, and u is the gradient of U = G g.
template <int Outputs, int Taps>
struct CookToom {
  static constexpr int K = (Outputs + Taps - 2) / 2;
  static constexpr int outputs = Outputs, taps = Taps, points = 2 * K + 2, inputs = points;
  static constexpr int skip = 0;  // rows of a window that are always zero and are left out
  static_assert(points == Outputs + Taps - 1);

  /// y = B^T d, by (5)
  template <class V>
  [[gnu::always_inline]] static inline void input(V* y, const V* d) {
    using T = Scalar<V>;
    y[0] = d[2 * K];
    y[2 * K + 1] = d[2 * K + 1];
#pragma GCC unroll 4
    for (int i = 0; i < K; ++i) {
      y[0] = d[2 * i] * T(is.all[i]) + y[0];
      y[2 * K + 1] = d[2 * i + 1] * T(is.all[i]) + y[2 * K + 1];
    }
#pragma GCC unroll 4
    for (int j = 0; j < K; ++j) {
      V even = d[2 * K], odd = d[2 * K - 1] * T(is.point[j]);
#pragma GCC unroll 4
      for (int i = 0; i < K - 1; ++i) {
        even = d[2 * i + 2] * T(is.rest[j][i]) + even;
        odd = d[2 * i + 1] * T(is.point[j] * is.rest[j][i]) + odd;
      }
      y[2 * j + 1] = even + odd;
      y[2 * j + 2] = even - odd;
    }
  }

  /// y = A^T m
  template <class V>
  [[gnu::always_inline]] static inline void output(V* y, const V* m) {
    collect<Outputs, false>(y, m);
  }
  /// y = A z, the gradient of `output`
  template <class V>
  [[gnu::always_inline]] static inline void gradient(V* y, const V* z) {
    evaluate<Outputs, false>(y, z);
  }
  /// y = G g
  template <class V>
  [[gnu::always_inline]] static inline void filter(V* y, const V* g) {
    evaluate<Taps, true>(y, g);
  }
  /// y = G^T u, the gradient of `filter`
  template <class V>
  [[gnu::always_inline]] static inline void filter_back(V* y, const V* u) {
    collect<Taps, true>(y, u);
  }

 private:
  static constexpr Numbers<K> is{};

  /// Values at every point of the polynomial with coefficients c, by (2); by (3) divided by N if
  /// `Normed`.
  template <int Count, bool Normed, class V>
  [[gnu::always_inline]] static inline void evaluate(V* y, const V* c) {
    using T = Scalar<V>;
    y[0] = c[0];
    if constexpr (Normed) y[0] = c[0] * T(is.norm[K + 1]);
    y[2 * K + 1] = c[Count - 1];
#pragma GCC unroll 4
    for (int j = 0; j < K; ++j) {
      V even = c[0] * T(Normed ? is.norm[j] : 1),
        odd = c[1] * T(is.point[j] * (Normed ? is.norm[j] : 1));
#pragma GCC unroll 8
      for (int i = 2; i < Count; ++i) {
        const T factor = T(is.power[j][i] * (Normed ? is.norm[j] : 1));
        if (i % 2 == 0) {
          even = c[i] * factor + even;
        } else {
          odd = c[i] * factor + odd;
        }
      }
      y[2 * j + 1] = even + odd;
      y[2 * j + 2] = even - odd;
    }
  }

  /// The transpose of `evaluate`: y_i = sum over the points p of u_p p^i, divided by N_p if
  /// `Normed`.
  ///   i even:  p and -p have the same power, (u_p + u_-p) p^i     part[0]
  ///   i odd:   their powers differ in sign, (u_p - u_-p) p^i      part[1]
  /// The point 0 contributes only to i = 0, and infinity only to i = Count - 1. For other i the
  /// first pair initializes v, which saves an addition (j++).
  template <int Count, bool Normed, class V>
  [[gnu::always_inline]] static inline void collect(V* y, const V* u) {
    using T = Scalar<V>;
    V part[2][K + 1];  // sums and differences of the values at +-p_j
#pragma GCC unroll 4
    for (int j = 0; j < K; ++j) {
      part[0][j] = u[2 * j + 1] + u[2 * j + 2];
      part[1][j] = u[2 * j + 1] - u[2 * j + 2];
    }
#pragma GCC unroll 8
    for (int i = 0; i < Count; ++i) {
      V v;
      int j = 0;
      if (i == 0) {
        v = u[0];
        if (Normed) v *= T(is.norm[K + 1]);
        if (Count == 1) v += u[2 * K + 1];
      } else if (i == Count - 1) {
        v = u[2 * K + 1];
      } else {
        v = part[i % 2][j++] * T(is.power[0][i] * (Normed ? is.norm[0] : 1));
      }
#pragma GCC unroll 4
      for (; j < K; ++j) v = part[i % 2][j] * T(is.power[j][i] * (Normed ? is.norm[j] : 1)) + v;
      y[i] = v;
    }
  }
};

/// Two outputs of two taps from one input with zeros on both sides: y_0 = g_1 d, y_1 = g_0 d. Used
/// for the vertical axis of gradients of images one row high; F(2, 2) would need three products.
struct ZeroInsert {
  static constexpr int outputs = 2, taps = 2, points = 2, inputs = 1;
  static constexpr int skip = 1;

  template <class V>
  [[gnu::always_inline]] static inline void input(V* y, const V* d) {
    y[0] = y[1] = d[0];
  }
  template <class V>
  [[gnu::always_inline]] static inline void output(V* y, const V* m) {
    y[0] = m[0], y[1] = m[1];
  }
  template <class V>
  [[gnu::always_inline]] static inline void gradient(V* y, const V* z) {
    y[0] = z[0], y[1] = z[1];
  }
  template <class V>
  [[gnu::always_inline]] static inline void filter(V* y, const V* g) {
    y[0] = g[1], y[1] = g[0];
  }
  template <class V>
  [[gnu::always_inline]] static inline void filter_back(V* y, const V* u) {
    y[0] = u[1], y[1] = u[0];
  }
};

/// One transform along one axis for many positions. Reads k vectors `from_step` apart and writes
/// the results `to_step` apart. Each vector holds L channels. Loops: `outer` times, then `count`
/// times.
template <class T>
struct TransformArgs {
  const T* from;
  Index from_step, from_next, from_outer;
  T* to;
  Index to_step, to_next, to_outer;
  Index count, outer;
  const T* shift = nullptr;  // added to the result, as the bias of `EpilogueArgs`
  bool relu = false;
};

enum class TransformStage { input, output, finish, gradient, filter, filter_back };

/// Runs a transform; `finish` is `output` with bias and ReLU.
template <class Axis, TransformStage S>
struct TransformKernel {
  template <int Bytes, class T>
  [[gnu::always_inline]] static inline void run(const TransformArgs<T>* walk) {
    using V = simd::Vec<T, Bytes>;
    constexpr bool collects = S == TransformStage::output || S == TransformStage::finish ||
                              S == TransformStage::filter_back;
    constexpr int from = collects                        ? Axis::points
                         : S == TransformStage::input    ? Axis::inputs
                         : S == TransformStage::gradient ? Axis::outputs
                                                         : Axis::taps;
    constexpr int to = !collects                          ? Axis::points
                       : S == TransformStage::filter_back ? Axis::taps
                                                          : Axis::outputs;
    const TransformArgs<T> w = *walk;
    V shift{};
    if (S == TransformStage::finish && w.shift != nullptr) simd::load(shift, w.shift);
    for (Index o = 0; o < w.outer; ++o) {
      const T* at = w.from + o * w.from_outer;
      T* out = w.to + o * w.to_outer;
      for (Index i = 0; i < w.count; ++i, at += w.from_next, out += w.to_next) {
        V x[from], y[to];
#pragma GCC unroll 8
        for (int k = 0; k < from; ++k) simd::load(x[k], at + k * w.from_step);
        if constexpr (S == TransformStage::input) Axis::input(y, x);
        if constexpr (S == TransformStage::output || S == TransformStage::finish)
          Axis::output(y, x);
        if constexpr (S == TransformStage::gradient) Axis::gradient(y, x);
        if constexpr (S == TransformStage::filter) Axis::filter(y, x);
        if constexpr (S == TransformStage::filter_back) Axis::filter_back(y, x);
#pragma GCC unroll 8
        for (int k = 0; k < to; ++k) {
          if constexpr (S == TransformStage::finish) {
            y[k] += shift;
            if (w.relu) y[k] = y[k] < T(0) ? V{} : y[k];  // NaN stays NaN
          }
          simd::store(out + k * w.to_step, y[k]);
        }
      }
    }
  }
};

/// One axis of a plan: its sizes and its transforms, compiled for the current level.
template <class T>
struct Line {
  using Run = void (*)(const TransformArgs<T>*);
  int inputs, outputs, taps, points, skip;
  Run input, output, finish, gradient, filter, filter_back;
};

/// Calls f with the current level as a compile-time constant.
template <class F>
auto at_level(F&& f) {
  using simd::Isa;
#if defined(__x86_64__) || defined(__i386__)
  if (simd::isa() == Isa::avx512) return f(std::integral_constant<Isa, Isa::avx512>{});
  if (simd::isa() == Isa::avx2) return f(std::integral_constant<Isa, Isa::avx2>{});
#endif
  return f(std::integral_constant<Isa, Isa::baseline>{});
}

template <class T, class Axis>
Line<T> line() {
  return at_level([](auto level) {
    const auto step = [&](auto s) {
      return simd::entry<level(), TransformKernel<Axis, s()>, const TransformArgs<T>*>();
    };
    return Line<T>{Axis::inputs,
                   Axis::outputs,
                   Axis::taps,
                   Axis::points,
                   Axis::skip,
                   step(std::integral_constant<TransformStage, TransformStage::input>{}),
                   step(std::integral_constant<TransformStage, TransformStage::output>{}),
                   step(std::integral_constant<TransformStage, TransformStage::finish>{}),
                   step(std::integral_constant<TransformStage, TransformStage::gradient>{}),
                   step(std::integral_constant<TransformStage, TransformStage::filter>{}),
                   step(std::integral_constant<TransformStage, TransformStage::filter_back>{})};
  });
}

}  // namespace glimpse::inline v0::kernel::winograd
