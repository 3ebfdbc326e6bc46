// clip: limits the size of gradients.
//
//   (1)  |g|^2 = sum over parameters of |g_p|^2          g <- g min(1, max_norm / (|g| + 1e-6))
//        keeps the direction; if |g| is not finite, g does not change
//   (2)  (1) inside the step:  optimizer.step(clip_scale(grad_norm(parameters), max_norm))
//   (3)  by value:  g_k <- min(max(g_k, -limit), limit)  changes the direction
//
// (1) reads every gradient twice and writes it once; (2) reads it once more than the step does.
// Squares are summed in blocks of a fixed size, and the sums of the blocks in double and in order.
// The norm is therefore the same for any number of threads. If the squares of a block leave the
// range of T, the block is summed in double. Source: Pascanu, Mikolov, Bengio 2013.
// Notation: docs/math/notation.md.
#pragma once

#include <cmath>
#include <limits>
#include <vector>

#include <glimpse/core/parallel.hpp>
#include <glimpse/nn/module.hpp>
#include <glimpse/simd/reduce.hpp>

namespace glimpse::inline v0 {

namespace detail {

/// Sum of squares of one block: in T, or in double if the sum overflows T or is below 1e-26, where
/// squares of float lose digits.
template <class T>
double block_squares(Index n, const T* g) {
  const T sum = simd::sum_squares<T>(n, g);
  if (sum > T(1e-26) && sum < std::numeric_limits<T>::infinity()) return static_cast<double>(sum);
  double exact = 0;
  for (Index i = 0; i < n; ++i) exact += static_cast<double>(g[i]) * static_cast<double>(g[i]);
  return exact;
}

}  // namespace detail

/// The Euclidean norm of all gradients as one vector. Parameters without a gradient are skipped.
template <class T>
double grad_norm(const std::vector<NamedParameter<T>>& parameters) {
  constexpr Index block = 16384;
  double total = 0;
  for (const NamedParameter<T>& p : parameters) {
    if (!p.variable.grad().defined()) continue;
    const Tensor<T> g = p.variable.grad().contiguous();
    std::vector<double> part(static_cast<std::size_t>((g.size() + block - 1) / block));
    parallel_blocks(g.size(), block, 1, [&](Index begin, Index end) {
      part[static_cast<std::size_t>(begin / block)] =
          detail::block_squares<T>(end - begin, g.data() + begin);
    });
    for (const double s : part) total += s;
  }
  return std::sqrt(total);
}

/// The factor of (1) and (2) for gradients of this norm: 1 if they are short enough, or if the norm
/// is not finite (the caller should check it and skip the step).
/// Throws ValueError if max_norm is not above 0.
inline double clip_scale(double norm, double max_norm) {
  if (!(max_norm > 0)) fail<ValueError>("clip_grad_norm", "wants max_norm above 0, got ", max_norm);
  const double scale = max_norm / (norm + 1e-6);
  return scale < 1 && std::isfinite(norm) ? scale : 1;
}

/// Scales all gradients so that their joint norm is at most max_norm; returns the norm before.
/// Does not change gradients whose norm is not finite: check the result, and skip the step.
/// Throws ValueError if max_norm is not above 0.
template <class T>
double clip_grad_norm(const std::vector<NamedParameter<T>>& parameters, double max_norm) {
  const double norm = grad_norm(parameters), scale = clip_scale(norm, max_norm);
  if (!(scale < 1)) return norm;
  for (const NamedParameter<T>& p : parameters) {
    if (!p.variable.grad().defined()) continue;
    Variable<T> v = p.variable;
    T* g = v.mutable_grad().data();
    parallel_blocks(v.size(), 16384, 1, [&](Index begin, Index end) {
      simd::scale<T>(end - begin, g + begin, static_cast<T>(scale));
    });
  }
  return norm;
}

/// Clips every element of every gradient to [-limit, limit], (3).
/// Throws ValueError if limit is not above 0.
template <class T>
void clip_grad_value(const std::vector<NamedParameter<T>>& parameters, double limit) {
  if (!(limit > 0)) fail<ValueError>("clip_grad_value", "wants a limit above 0, got ", limit);
  const T hi = static_cast<T>(limit);
  for (const NamedParameter<T>& p : parameters) {
    if (!p.variable.grad().defined()) continue;
    Variable<T> v = p.variable;
    for (T& g : v.mutable_grad().span()) g = g > hi ? hi : g < -hi ? -hi : g;
  }
}

}  // namespace glimpse::inline v0
