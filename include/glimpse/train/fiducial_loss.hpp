// fiducial loss: squared distance between a rectifier's points and a synthetic word's true points.
//
//   (1)  L = sum |C - C*|^2 / (2 K M)      over the M words of a batch whose points C* are known
//   (2)  dC = dL (C - C*) / (K M)          0 for the words without C*
//
// RARE learns its points from the text labels only. Synthetic words have known points. A
// localization network with this supervision needs no recognizer to learn, and a step costs a
// sixth.
// Notation: docs/math/notation.md.
#pragma once

#include <algorithm>
#include <cmath>

#include <glimpse/ops/arithmetic.hpp>
#include <glimpse/ops/reductions.hpp>

namespace glimpse::inline v0 {

/// The loss (1). points, wanted: (N, K, 2); words with a NaN in `wanted` do not count. Throws
/// ShapeError if the shapes differ.
template <class T>
Variable<T> fiducial_loss(const Variable<T>& points, const Tensor<T>& wanted) {
  if (!(points.shape() == wanted.shape()) || wanted.rank() != 3)
    fail<ShapeError>("fiducial_loss", "wants (N, K, 2) twice, got points ", points.shape(),
                     " and wanted ", wanted.shape());
  const Index words = wanted.size(0), numbers = wanted.size(1) * wanted.size(2);
  Tensor<T> target = points.value().clone();  // points unknown: target = output, loss 0
  Index known = 0;
  for (Index n = 0; n < words; ++n) {
    const Tensor<T> word = wanted.select(0, n);
    const auto unknown = [](T x) { return std::isnan(x); };
    if (std::any_of(word.data(), word.data() + numbers, unknown)) continue;
    target.select(0, n).copy_from(word);
    ++known;
  }
  const Variable<T> off = points - constant(target);
  // (1), and (2) by its backward
  return sum(off * off) * (1.0 / static_cast<double>(std::max<Index>(known * numbers, 1)));
}

}  // namespace glimpse::inline v0
