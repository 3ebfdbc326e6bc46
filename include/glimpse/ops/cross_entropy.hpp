// cross_entropy: the negative log-likelihood of the target classes, computed from the scores.
//
//   (1)  p = softmax(x),    q_c = (1 - e) [c = t] + e / C      e: label smoothing, 0 for none
//   (2)  loss_r = -sum_c q_c ln p_c = ln z - (1 - e) (x_t - m) - e/C sum_c (x_c - m)
//        z = sum_c exp(x_c - m),  m = max_c x_c
//   (3)  L = sum_r loss_r / divisor                            over the rows that are not masked
//        divisor: the number of these rows (mean), 1 (sum), or the given one; L = 0 without rows
//   (4)  dx_c = dL (p_c - q_c) / divisor                       0 in masked rows
//
// x: (rows, C). Forward keeps p, because backward then needs no exp. O(rows C).
// Notation: docs/math/notation.md.
#pragma once

#include <algorithm>
#include <cmath>
#include <span>
#include <vector>

#include <glimpse/ops/elementwise.hpp>
#include <glimpse/simd/reduce.hpp>

namespace glimpse::inline v0 {

/// How the losses of the rows are combined.
enum class Reduction { mean, sum };

/// Options of cross_entropy.
struct CrossEntropyOptions {
  Index ignore = -1;                      // rows with this target are masked
  double label_smoothing = 0;             // e of (1), in [0, 1)
  Reduction reduction = Reduction::mean;  // mean over the rows that are not masked
  double divisor = 0;                     // above 0: divides the sum and overrides `reduction`
};

namespace kernel {

template <class T>
struct CrossEntropyShift {
  T m;
  template <class V>
  [[gnu::always_inline]] void apply(V& y, const V& x) const {
    y = x - m;
  }
};

/// Fills p except in masked rows and returns the sum of all loss_r.
template <class T>
double cross_entropy_forward(Matrix<const T> x, std::span<const Index> targets, Index ignore,
                             double smoothing, Matrix<T> p) {
  std::vector<double> losses(targets.size());
  // 8 simple operations an element, most of them in exp
  parallel_for(x.rows(), 8 * x.cols(), [&](Index r) {
    const Index t = targets[static_cast<std::size_t>(r)];
    if (t == ignore) return;
    const T m = simd::max(x.row(r));
    T shifted = 0;  // sum_c (x_c - m); subtract first, because a sum of large scores would lose it
    if (smoothing > 0) {
      simd::map(CrossEntropyShift<T>{m}, x.cols(), &p(r, 0), &x(r, 0));
      shifted = simd::sum(p.row(r));
    }
    const T z = simd::exp_shifted(x.row(r), m, p.row(r));
    simd::scale(p.row(r), T(1) / z);
    double loss = std::log(static_cast<double>(z)) -
                  (1 - smoothing) * static_cast<double>(x(r, t) - m);  // (2)
    if (smoothing > 0)
      loss -= smoothing * static_cast<double>(shifted) / static_cast<double>(x.cols());
    losses[static_cast<std::size_t>(r)] = loss;
  });
  double total = 0;
  for (const double loss : losses) total += loss;
  return total;
}

template <class T>
struct CrossEntropyGradient {
  T g, off;  // off: q_c of the classes other than the target
  template <class V>
  [[gnu::always_inline]] void apply(V& dx, const V& p) const {
    dx = (p - off) * g;
  }
};

/// (4). g: dL / divisor.
template <class T>
void cross_entropy_backward(Matrix<const T> p, std::span<const Index> targets, Index ignore,
                            double smoothing, T g, Matrix<T> dx, bool add) {
  const T off = static_cast<T>(smoothing / static_cast<double>(p.cols()));
  const T on = static_cast<T>(1 - smoothing);
  parallel_for(p.rows(), p.cols(), [&](Index r) {
    const Index t = targets[static_cast<std::size_t>(r)];
    if (t == ignore) {
      if (!add) std::fill_n(&dx(r, 0), dx.cols(), T(0));
      return;
    }
    write_or_add(add, CrossEntropyGradient<T>{g, off}, p.cols(), &dx(r, 0), &p(r, 0));  // (4)
    dx(r, t) -= on * g;
  });
}

}  // namespace kernel

/// Cross entropy of class scores and target classes. Returns one number.
/// logits: (..., C). targets: one class in [0, C) for each row, or `ignore`. If every row is
/// masked, the loss is 0.
/// Throws ShapeError if the number of targets is not that of rows, ValueError if a target or an
/// option is out of range. Source: Szegedy et al. 2016 (label smoothing).
template <class T>
Variable<T> cross_entropy(const Variable<T>& logits, std::span<const Index> targets,
                          const CrossEntropyOptions& options = {}) {
  require(logits.rank() >= 1 && logits.size(-1) > 0, "cross_entropy", "wants at least one class",
          logits);
  const Tensor<T> x = logits.value().contiguous();
  const Index rows = rows_of(x).rows(), classes = x.size(-1);
  if (std::ssize(targets) != rows)
    fail<ShapeError>("cross_entropy", targets.size(), " targets for the rows of ", logits);
  Index counted = 0;
  for (const Index t : targets) {
    if (t == options.ignore) continue;
    if (t < 0 || t >= classes)
      fail("cross_entropy", "target ", t, " leaves the ", classes, " classes of ", logits);
    ++counted;
  }
  const double e = options.label_smoothing;
  if (!(e >= 0 && e < 1)) fail("cross_entropy", "label smoothing ", e, " leaves [0, 1)");
  if (options.divisor < 0) fail("cross_entropy", "divisor ", options.divisor, " is negative");

  double divisor = options.divisor > 0 ? options.divisor : 1;
  if (options.divisor == 0 && options.reduction == Reduction::mean)
    divisor = static_cast<double>(std::max<Index>(counted, 1));
  Tensor<T> p = empty_like(x);
  const double total =
      kernel::cross_entropy_forward<T>(rows_of(x), targets, options.ignore, e, rows_of(p));
  Tensor<T> loss = full<T>(Shape{}, static_cast<T>(total / divisor));  // (3)
  return record("cross_entropy", loss, {logits},
                [p, kept = std::vector<Index>(targets.begin(), targets.end()),
                 ignore = options.ignore, e, divisor](const Tensor<T>& dy, Gradients<T>& d) {
                  const T g = static_cast<T>(static_cast<double>(dy.item()) / divisor);
                  const kernel::GradientSlot<T> dx = kernel::gradient_slot(d, 0);
                  kernel::cross_entropy_backward<T>(rows_of(p), kept, ignore, e, g, rows_of(dx.dx),
                                                    dx.add);
                });
}

}  // namespace glimpse::inline v0
