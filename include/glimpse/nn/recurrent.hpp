// recurrent: the weights of Lstm and Gru.
#pragma once

#include <cmath>
#include <span>
#include <string>
#include <string_view>

#include <glimpse/nn/forward_hook.hpp>
#include <glimpse/nn/init.hpp>
#include <glimpse/ops/kernel/sequence.hpp>

namespace glimpse::inline v0::detail {

/// A recurrent layer with Gates blocks of `hidden` rows; all start uniform on
/// [-1/sqrt(hidden), 1/sqrt(hidden)).
template <class T, Index Gates>
struct RecurrentLayer {
  Variable<T> weight_x, weight_h;  // (Gates H, I), (Gates H, H)
  Variable<T> bias_x, bias_h;      // (Gates H)
  std::string path;

  RecurrentLayer() = default;
  RecurrentLayer(Index in, Index hidden, Random& rng) {
    const double bound = 1 / std::sqrt(static_cast<double>(hidden));
    weight_x = uniform_parameter<T>({Gates * hidden, in}, rng, bound);
    weight_h = uniform_parameter<T>({Gates * hidden, hidden}, rng, bound);
    bias_x = uniform_parameter<T>({Gates * hidden}, rng, bound);
    bias_h = uniform_parameter<T>({Gates * hidden}, rng, bound);
  }

  /// H, the width of the output.
  Index output_size() const { return weight_h.size(1); }
  RecurrentWeights<T> weights() const { return {weight_x, weight_h, bias_x, bias_h}; }

  template <class F>
  void visit(F&& f) {
    f("weight_x", weight_x);
    f("weight_h", weight_h);
    f("bias_x", bias_x);
    f("bias_h", bias_h);
  }

 protected:
  /// Reports this layer's H columns of y; y may also hold those of another direction.
  Variable<T> report(std::string_view kind, const Variable<T>& y) const {
    if (auto* reports = layer_reports()) {
      Shape own = y.shape();
      own[-1] = output_size();
      reports->push_back({this, kind, own, total_size(weight_x, weight_h, bias_x, bias_h),
                          own.count() / output_size() * (weight_x.size() + weight_h.size())});
    }
    return y;
  }
};

}  // namespace glimpse::inline v0::detail
