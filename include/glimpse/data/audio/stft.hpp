// stft: short-time Fourier transform, the power of each frequency in each window of a sound.
//
//   (1)  X_k = sum_n w_n x_n e^(-2 pi i k n / F)        x a stretch of sound, 0 from `window` to F
//        w_n = (1 - cos(2 pi n / window)) / 2             a Hann window, periodic
//   (2)  P_k = |X_k|^2,  0 <= k <= F/2                  the rest mirrors this half
//   (3)  F = 2^m: numbers in bit-reversed order, then m rounds of F/2 butterflies,
//        (a, b) -> (a + t b, a - t b) with t = e^(-2 pi i j / (2 half)),  half = 1, 2, 4, ..., F/2
//   (4)  U_k = (Z_k + Z') / 2,  V_k = (Z_k - Z') / 2i              of z = u + i v: two stretches
//        Z' = conj Z_((F - k) mod F)                               go through one transform
//
// Source: Cooley, Tukey 1965 for (3).
// Notation: docs/math/notation.md.
#pragma once

#include <cmath>
#include <complex>
#include <utility>
#include <vector>

#include <glimpse/core/parallel.hpp>
#include <glimpse/core/tensor.hpp>

namespace glimpse::inline v0 {

/// The discrete Fourier transform (1) of `size` complex numbers, size a power of two.
class Fourier {
 public:
  explicit Fourier(Index size) : size_(size) {
    if (size < 2 || (size & (size - 1)) != 0)
      fail("fourier", "wants a power of two from 2, got ", size);
    for (Index k = 0; k < size / 2; ++k) {
      const double angle =
          -2 * 3.14159265358979323846 * static_cast<double>(k) / static_cast<double>(size);
      twiddles_.emplace_back(static_cast<float>(std::cos(angle)),
                             static_cast<float>(std::sin(angle)));
    }
    for (Index i = 0; i < size; ++i) {
      Index reversed = 0;
      for (Index bit = 1, from = size / 2; bit < size; bit *= 2, from /= 2)
        if (i & bit) reversed |= from;
      if (i < reversed) swaps_.emplace_back(i, reversed);
    }
  }

  Index size() const { return size_; }

  /// Transforms x[0 ... size) in place.
  void operator()(std::complex<float>* x) const {
    for (const auto& [a, b] : swaps_) std::swap(x[a], x[b]);
    for (Index half = 1; half < size_; half *= 2) {
      const Index stride = size_ / (2 * half);
      for (Index begin = 0; begin < size_; begin += 2 * half)
        for (Index j = 0; j < half; ++j) {  // (3)
          const std::complex<float> t = twiddles_[static_cast<std::size_t>(j * stride)],
                                    a = x[begin + j], b = x[begin + j + half];
          const std::complex<float> tb(t.real() * b.real() - t.imag() * b.imag(),
                                       t.real() * b.imag() + t.imag() * b.real());
          x[begin + j] = a + tb, x[begin + j + half] = a - tb;
        }
    }
  }

 private:
  Index size_;
  std::vector<std::complex<float>> twiddles_;
  std::vector<std::pair<Index, Index>> swaps_;
};

/// In samples: length of the window, and hop from one window to the next.
struct StftOptions {
  Index window = 200, hop = 80, transform = 256;
};

/// Powers (2) of a sound (n): (frames, transform/2 + 1). Frame t begins at sample t hop. The last
/// frame is the last one that fits. A sound shorter than a window is one frame, padded with zeros.
inline Tensor<float> power_spectrogram(const Tensor<float>& sound, const StftOptions& o = {}) {
  require(sound.rank() == 1, "power_spectrogram", "wants samples (n)", sound);
  if (o.hop < 1) fail("power_spectrogram", "wants a hop from 1, got ", o.hop);
  if (o.window < 2 || o.transform < o.window)
    fail("power_spectrogram", "wants a window from 2 that fits the transform, got ", o.window,
         " and ", o.transform);
  const Fourier fourier(o.transform);
  const Tensor<float> x = sound.contiguous();
  const Index n = x.size(), frames = n <= o.window ? 1 : 1 + (n - o.window) / o.hop,
              bins = o.transform / 2 + 1;
  std::vector<float> hann;
  for (Index i = 0; i < o.window; ++i)
    hann.push_back(static_cast<float>(
        0.5 - 0.5 * std::cos(2 * 3.14159265358979323846 * static_cast<double>(i) /
                             static_cast<double>(o.window))));
  Tensor<float> p({frames, bins});
  parallel_blocks(frames, 2, 20 * o.transform, [&](Index begin, Index end) {
    std::vector<std::complex<float>> z(static_cast<std::size_t>(o.transform));
    const auto sample = [&](Index t, Index i) {
      const Index at = t * o.hop + i;
      return t < end && at < n ? hann[static_cast<std::size_t>(i)] * x.data()[at] : 0.0f;
    };
    for (Index i = 0; i < o.window; ++i)
      z[static_cast<std::size_t>(i)] = {sample(begin, i), sample(begin + 1, i)};
    fourier(z.data());
    for (Index k = 0; k < bins; ++k) {
      const std::complex<float> a = z[static_cast<std::size_t>(k)],
                                b = std::conj(
                                    z[static_cast<std::size_t>((o.transform - k) % o.transform)]);
      p(begin, k) = std::norm(a + b) / 4;  // (4)
      if (begin + 1 < end) p(begin + 1, k) = std::norm(a - b) / 4;
    }
  });
  return p;
}

}  // namespace glimpse::inline v0
