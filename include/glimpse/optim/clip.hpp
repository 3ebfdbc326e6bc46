// clipping: gradients made shorter.
//
//   (1)  |g|^2 = sum over parameters of |g_p|^2          g <- g min(1, max_norm / (|g| + 1e-6))
//        keeps the direction; where |g| is not finite, g stays as it is
//   (2)  the same in the step itself:  optimizer.step(clip_scale(grad_norm(parameters), max_norm))
//   (3)  by value:  g_k <- min(max(g_k, -limit), limit)  changes the direction
//
// (1) reads every gradient twice and writes it, (2) reads it once more than the step does.
// Squares are added up in blocks of a fixed size, the blocks in double and in order: the same norm
// for any number of threads. Source: Pascanu, Mikolov, Bengio 2013.
// Notation: docs/math/notation.md.
#pragma once

#include <cmath>
#include <vector>

#include <glimpse/core/parallel.hpp>
#include <glimpse/nn/module.hpp>
#include <glimpse/simd/reduce.hpp>

namespace glimpse::inline v0 {

/// The Euclidean norm of all gradients taken as one vector.
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
          static_cast<double>(simd::sum_squares<T>(end - begin, g.data() + begin));
    });
    for (const double s : part) total += s;
  }
  return std::sqrt(total);
}

/// What (1) and (2) multiply gradients of this norm by: 1 where they are short enough, or where the
/// norm is not finite (look at it, and leave the step out). ValueError unless max_norm is above 0.
inline double clip_scale(double norm, double max_norm) {
  if (!(max_norm > 0)) fail<ValueError>("clip_grad_norm", "wants max_norm above 0, got ", max_norm);
  const double scale = max_norm / (norm + 1e-6);
  return scale < 1 && std::isfinite(norm) ? scale : 1;
}

/// Scales all gradients together so that their norm is at most max_norm; returns the norm before.
/// Where that is not finite the gradients stay as they are: look at the result and leave the step
/// out. Throws ValueError unless max_norm is above 0.
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

/// Cuts every number of every gradient to [-limit, limit], (3).
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
