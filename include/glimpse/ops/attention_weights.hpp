// attention_weights: turns scores into weights that sum to one, by softmax or by sigmoid, over
// windows of positions.
//
//   (1)  softmax:    a_i = exp(e_i) / sum_j exp(e_j)           sharp: one position dominates
//   (2)  sigmoid:    a_i = sigma(e_i) / sum_j sigma(e_j)       smooth: no score counts more than
//                        = softmax(l)_i,                       1, therefore several positions share
//                    l_i = ln sigma(e_i) = -softplus(-e_i)
//   (3)  window:     the sums run over begin <= j < end; weights outside are 0 without gradient
//   (4)  de_i = a_i (da_i - <da, a>)       of (1);   times 1 - sigma(e_i) for (2), through softplus
//   (5)  middle:     min { i : sum_(j <= i) a_j >= 1/2 sum_j a_j }
//
// e, a: (N, T). Source: Chorowski et al. 2015, 2.3 (smoothing) and 3 (windows).
// Notation: docs/math/notation.md.
#pragma once

#include <span>
#include <vector>

#include <glimpse/ops/activations.hpp>
#include <glimpse/ops/arithmetic.hpp>
#include <glimpse/ops/softmax.hpp>

namespace glimpse::inline v0 {

/// The positions begin <= i < end.
struct PositionRange {
  Index begin, end;
};

/// Weights by (1), softmax, or by (2), sigmoid.
enum class AttentionNormalization { softmax, sigmoid };

/// Weights (1) or (2) of scores e (N, T). Returns (N, T).
/// positions: one non-empty window for each row, or empty: all positions of all rows.
/// Throws ShapeError if the number of windows is not N, ValueError if a window is empty or exceeds
/// its row.
template <class T>
Variable<T> attention_weights(const Variable<T>& e, std::span<const PositionRange> positions = {},
                              AttentionNormalization form = AttentionNormalization::softmax) {
  require(e.rank() == 2 && e.size(1) > 0, "attention_weights", "wants scores (N, T)", e);
  const Index rows = e.size(0), n = e.size(1);
  if (!positions.empty() && std::ssize(positions) != rows)
    fail<ShapeError>("attention_weights", positions.size(), " windows for the rows of ", e);
  for (const PositionRange& p : positions)
    if (p.begin < 0 || p.begin >= p.end || p.end > n)
      fail("attention_weights", "window ", p.begin, " to ", p.end, " leaves the rows of ", e);
  const Variable<T> x = form == AttentionNormalization::sigmoid ? neg(softplus(neg(e))) : e;
  if (positions.empty()) return softmax(x);

  const Tensor<T> in = x.value().contiguous();
  Tensor<T> a = zeros<T>({rows, n});
  // 8 simple operations an element, most of them in exp
  parallel_for(rows, 8 * n, [&](Index r) {  // (3)
    const PositionRange p = positions[static_cast<std::size_t>(r)];
    const T* scores = in.data() + r * n + p.begin;
    T* weights = a.data() + r * n + p.begin;
    const Index count = p.end - p.begin;
    const T z = simd::exp_shifted(count, scores, simd::max(count, scores), weights);
    simd::scale(count, weights, T(1) / z);
  });
  return record("attention_weights", a, {x}, [a](const Tensor<T>& da, Gradients<T>& d) {
    const kernel::GradientSlot<T> de = kernel::gradient_slot(d, 0);
    kernel::softmax_backward<T>(rows_of(a), rows_of(da), rows_of(de.dx), de.add);  // (4)
  });
}

/// The median position (5) of each row of weights (N, T): the first position at which the
/// cumulative weight reaches half of the row's sum.
template <class T>
std::vector<Index> median_positions(const Tensor<T>& weights) {
  const Tensor<T> a = weights.contiguous();
  std::vector<Index> found;
  for (Index r = 0; r < a.size(0); ++r) {
    double sum = 0, half = 0;
    for (Index i = 0; i < a.size(1); ++i) half += static_cast<double>(a(r, i)) / 2;
    Index i = 0;
    while (i + 1 < a.size(1) && (sum += static_cast<double>(a(r, i))) < half) ++i;
    found.push_back(i);
  }
  return found;
}

}  // namespace glimpse::inline v0
