// doubly_stochastic: a penalty on attention weights. The weights of one step sum to one over the
// positions. The penalty asks that the weights of one position sum to one over the steps, because
// the decoder then attends to every part of the image.
//
//   (1)  c_ni = sum_{t < S_n} a_tni                   total weight of position i
//   (2)  L = 1/N sum_n sum_i (1 - c_ni)^2
//   (3)  da_tni = -2/N (1 - c_ni) dL                  for t < S_n, else 0
//
// a: (S, N, P). Source: Xu et al. 2015, equation 14.
// Notation: docs/math/notation.md.
#pragma once

#include <span>

#include <glimpse/autograd/variable.hpp>
#include <glimpse/simd/reduce.hpp>

namespace glimpse::inline v0 {

/// The penalty (2), one number. a: (S, N, P); step_counts: S_n for each of N, or empty: all S
/// count.
/// Throws ShapeError if there are not N step counts, ValueError if a count is outside [0, S].
template <class T>
Variable<T> doubly_stochastic_penalty(const Variable<T>& a,
                                      std::span<const Index> step_counts = {}) {
  require(a.rank() == 3 && a.size(1) > 0, "doubly_stochastic_penalty",
          "wants weights (steps, N, positions)", a);
  const Index steps = a.size(0), n = a.size(1), positions = a.size(2);
  if (!step_counts.empty() && std::ssize(step_counts) != n)
    fail<ShapeError>("doubly_stochastic_penalty", step_counts.size(),
                     " numbers of attention steps for ", a);
  std::vector<Index> count(step_counts.begin(), step_counts.end());
  if (step_counts.empty()) count.assign(static_cast<std::size_t>(n), steps);
  const Tensor<T> av = a.value().contiguous();
  Tensor<T> lack = full<T>({n, positions}, T(1));  // 1 - c
  double total = 0;
  for (Index i = 0; i < n; ++i) {
    const Index own = count[static_cast<std::size_t>(i)];
    if (own < 0 || own > steps)
      fail("doubly_stochastic_penalty", own, " attention steps in weights ", a);
    T* const row = lack.data() + i * positions;
    for (Index t = 0; t < own; ++t)  // (1)
      simd::axpy<T>(positions, row, T(-1), av.data() + (t * n + i) * positions);
    total += static_cast<double>(simd::sum_squares<T>(positions, row));
  }
  const Tensor<T> y = full<T>({}, static_cast<T>(total / static_cast<double>(n)));
  return record("doubly_stochastic_penalty", y, {a},
                [n, positions, count, lack](const Tensor<T>& dy, Gradients<T>& d) {
                  const T g = dy.data()[0] * T(-2) / static_cast<T>(n);
                  T* const da = d[0].data();
                  for (Index i = 0; i < n; ++i)
                    for (Index t = 0; t < count[static_cast<std::size_t>(i)]; ++t)
                      simd::axpy<T>(positions, da + (t * n + i) * positions, g,
                                    lack.data() + i * positions);  // (3)
                });
}

}  // namespace glimpse::inline v0
