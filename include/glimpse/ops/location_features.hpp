// location_features: convolves the weights of the previous attention step with a bank of filters.
// The next attention step then knows which positions the previous one used.
//
//   (1)  f_nik = sum_r w_kr a_n(i + r - h)            0 <= r < R; a is 0 outside its row
//   (2)  dw_kr = sum_ni df_nik a_n(i + r - h)
//   (3)  da_nj = sum_kr df_n(j - r + h)k w_kr         df is 0 outside its row
//        h = floor(R/2): the filter is centered for odd R, and extends one further left for even R
//
// A row with zeros on both sides is read as a matrix in which row i begins one element after row
// i - 1. (1) is the product of this matrix with w^T; (2) is the product of df^T with it.
// a: (N, T), w: (K, R), f: (N, T, K).
// Source: Chorowski et al. 2015, equation 8.
// Notation: docs/math/notation.md.
#pragma once

#include <algorithm>

#include <glimpse/autograd/variable.hpp>
#include <glimpse/core/parallel.hpp>
#include <glimpse/simd/gemm.hpp>
#include <glimpse/simd/reduce.hpp>

namespace glimpse::inline v0 {

namespace kernel {

/// Rows of a (N, T), padded with zeros for R taps around every position: (N, T + R).
template <class T>
Tensor<T> padded_rows(const Tensor<T>& a, Index taps) {
  const Index n = a.size(0), positions = a.size(1);
  Tensor<T> p = zeros<T>({n, positions + taps});
  for (Index r = 0; r < n; ++r)
    std::copy_n(a.data() + r * positions, positions, p.data() + r * (positions + taps) + taps / 2);
  return p;
}

}  // namespace kernel

/// The features (1) of weights a (N, T) with filters w (K, R). Returns (N, T, K).
/// Throws ShapeError if an operand has another rank, or if w has no filters or taps.
template <class T>
Variable<T> location_features(const Variable<T>& a, const Variable<T>& w) {
  require(a.rank() == 2 && w.rank() == 2 && w.size(0) > 0 && w.size(1) > 0, "location_features",
          "wants weights (N, T) and filters (K, R)", a, w);
  using simd::Trans;
  const Index n = a.size(0), positions = a.size(1), filters = w.size(0), taps = w.size(1);
  const Index row = positions + taps;
  const Tensor<T> p = kernel::padded_rows(a.value().contiguous(), taps);
  const Tensor<T> wv = w.value().contiguous();
  Tensor<T> f({n, positions, filters});
  simd::gemm_batched<T>(n, Trans::no, Trans::yes, positions, filters, taps, T(1), p.data(), 1, row,
                        wv.data(), taps, 0, T(0), f.data(), filters, positions * filters);
  return record("location_features", f, {a, w}, [=](const Tensor<T>& df, Gradients<T>& d) {
    if (d.wants(1))  // (2), entry by entry in order
      for (Index r = 0; r < n; ++r)
        simd::gemm<T>(Trans::yes, Trans::no, filters, taps, positions, T(1),
                      df.data() + r * positions * filters, filters, p.data() + r * row, 1, T(1),
                      d[1].data(), taps);
    if (!d.wants(0)) return;
    T* const da = d[0].data();
    parallel_for(n, 2 * positions * filters * taps, [&](Index r) {
      Tensor<T> each({positions, taps}), sum = zeros<T>({row});
      simd::gemm<T>(Trans::no, Trans::no, positions, taps, filters, T(1),
                    df.data() + r * positions * filters, filters, wv.data(), taps, T(0),
                    each.data(), taps);
      for (Index i = 0; i < positions; ++i)  // (3)
        simd::add<T>(taps, sum.data() + i, each.data() + i * taps);
      simd::add<T>(positions, da + r * positions, sum.data() + taps / 2);
    });
  });
}

}  // namespace glimpse::inline v0
