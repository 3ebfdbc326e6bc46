// ema: an exponential moving average of a model's weights and running statistics.
//
//   m <- k m + (1 - k) w      after step t, k = min(keep, (1 + t) / (10 + t))
//
// The smaller k of the first steps removes the initial weights from the average.
#pragma once

#include <algorithm>
#include <cstdint>

#include <glimpse/nn/module.hpp>

namespace glimpse::inline v0 {

template <class M>
class ExponentialMovingAverage {
 public:
  /// Starts with the model's own weights. keep: at least 0 and below 1.
  ExponentialMovingAverage(M& model, double keep) : ema_(clone(model)), keep_(keep) {
    if (!(keep >= 0 && keep < 1)) fail("average", "expected keep from 0 to below 1, got ", keep);
  }

  /// Updates the average with the weights after step `step`, counted from 1.
  void update(M& model, std::uint64_t step) {
    const double t = static_cast<double>(step), keep = std::min(keep_, (1 + t) / (10 + t));
    const auto from = state_dict(model), to = state_dict(ema_);
    for (std::size_t i = 0; i < from.size(); ++i) {
      const auto* w = from[i].tensor.data();
      auto* m = Tensor<element_t<M>>(to[i].tensor).data();
      for (Index j = 0; j < from[i].tensor.size(); ++j)
        m[j] += static_cast<element_t<M>>(1 - keep) * (w[j] - m[j]);
    }
  }

  /// A model with the averaged weights.
  M& model() { return ema_; }

 private:
  M ema_;
  double keep_;
};

}  // namespace glimpse::inline v0
