// prepared_filters: filters transformed once, for inference.
//
// For one image the products take less time than the transforms of the filters, U = G w G^T. But U
// must be read from memory: 48 or 16 elements for each filter of 9.
//
//   U of F(4x6, 3x3) up to u_limit      F(4x6, 3x3), any number of images
//   larger                              F(2x2, 3x3), up to 400 outputs: beyond, F(4x6, 3x3) with
//                                       filters transformed during the convolution is faster
//
// Both limits come from an estimate, bytes from memory against products. Only whole networks were
// timed, by `benchmarks/models/step.cpp reading rare base 1`.
#pragma once

#include <array>

#include <glimpse/ops/kernel/conv2d_dispatch.hpp>

namespace glimpse::inline v0::kernel {

/// The transformed filters (out, in, h, w), and the forward pass that uses them.
template <class T>
class PreparedFilters {
 public:
  /// w: contiguous. Does not prepare filters that no transform makes faster.
  explicit PreparedFilters(const Tensor<T>& w) : isa_(simd::isa()), fingerprint_(fingerprint(w)) {
    using enum ConvAlgorithm;
    const Index out = w.size(0), in = w.size(1), taps = w.size(2) * w.size(3);
    if (w.size(2) != 3 || w.size(3) != 3 || in < 16 || out < 16) return;
    algorithm_ = 48 * in * out <= winograd::u_limit ? winograd_4x6 : winograd_2x2;
    const auto p = winograd::plan<T>(algorithm_, 1, in, out, 3, 3, 1, 1);
    u_ = empty<T>({winograd::FilterPlanes<T>(p).size()});
    const T* const from = w.data();
    winograd::transform_filters<T>(p, {from, from + w.size(), taps, in * taps, false}, u_.data());
  }

  /// conv2d_forward with the prepared filters. Returns false, and does nothing, if another
  /// algorithm is faster or if `w` has changed since.
  bool forward(const ConvGeometry& g, const T* x, const Tensor<T>& w, const T* bias, bool relu,
               T* y) const {
    const Index outputs = g.n * g.oh * g.ow;
    if (g.algorithm != ConvAlgorithm::automatic || !u_.defined() || !can_compute(algorithm_, g) ||
        outputs < 16 || (algorithm_ == ConvAlgorithm::winograd_2x2 && outputs > 400) ||
        isa_ != simd::isa() || fingerprint_ != fingerprint(w))
      return false;
    const auto p =
        winograd::plan<T>(algorithm_, g.n, g.c, g.oc, g.h, g.w, g.padding[0], g.padding[1]);
    winograd::convolve<T>(p, x, {}, {y, bias, relu, false}, u_.data());
    return true;
  }

 private:
  /// 32 samples spread over all filters. Training changes all weights, and so this fingerprint.
  static std::array<T, 32> fingerprint(const Tensor<T>& w) {
    std::array<T, 32> some{};
    const Index last = w.size() - 1;
    for (Index i = 0; i < 32 && last >= 0; ++i)
      some[static_cast<std::size_t>(i)] = w.data()[i * last / 31];
    return some;
  }

  simd::Isa isa_;  // the instruction set whose vectors set the layout
  std::array<T, 32> fingerprint_;
  ConvAlgorithm algorithm_ = ConvAlgorithm::automatic;
  Tensor<T> u_;
};

}  // namespace glimpse::inline v0::kernel
