// recurrent: the weights that LSTM and GRU have in common.
#pragma once

#include <cmath>
#include <span>
#include <string>
#include <string_view>

#include <glimpse/nn/init.hpp>
#include <glimpse/nn/report.hpp>

namespace glimpse::inline v0::detail {

/// A recurrent layer with Gates blocks of `hidden` rows; all start uniform on [-1/sqrt(hidden),
/// 1/sqrt(hidden)).
template <class T, Index Gates>
struct RecurrentWeights {
  Variable<T> weight_x, weight_h;  // (Gates H, I), (Gates H, H)
  Variable<T> bias_x, bias_h;      // (Gates H)
  std::string path;

  RecurrentWeights() = default;
  RecurrentWeights(Index in, Index hidden, Random& rng) {
    const double bound = 1 / std::sqrt(static_cast<double>(hidden));
    weight_x = uniform_parameter<T>({Gates * hidden, in}, rng, bound);
    weight_h = uniform_parameter<T>({Gates * hidden, hidden}, rng, bound);
    bias_x = uniform_parameter<T>({Gates * hidden}, rng, bound);
    bias_h = uniform_parameter<T>({Gates * hidden}, rng, bound);
  }

  /// H, the width of what comes out.
  Index output_size() const { return weight_h.size(1); }

  template <class F>
  void visit(F&& f) {
    f("weight_x", weight_x);
    f("weight_h", weight_h);
    f("bias_x", bias_x);
    f("bias_h", bias_h);
  }

 protected:
  Variable<T> report(std::string_view kind, const Variable<T>& y) const {
    const Index steps = y.size() / output_size();
    return reported(this, kind, y, total_size(weight_x, weight_h, bias_x, bias_h),
                    steps * (weight_x.size() + weight_h.size()));
  }
};

}  // namespace glimpse::inline v0::detail
