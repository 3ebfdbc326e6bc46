// mel: gathers spectral powers into bands that are equally spaced for human hearing.
//
//   (1)  mel(f) = 2595 log10(1 + f / 700)
//   (2)  w_bk = max(0, min((f_k - c_(b-1)) / (c_b - c_(b-1)), (c_(b+1) - f_k) / (c_(b+1) - c_b)))
//        f_k = k rate / F. Band b is a triangle in hertz, not in mel: 1 at its center c_b, 0 at
//        those of its neighbors; its area is not normalized
//        mel(c_b) = mel(lowest) + (b + 1) / (B + 1) (mel(highest) - mel(lowest)),  b = 0 ... B - 1
//        so `lowest` and `highest` are the outer feet, c_(-1) and c_B
//   (3)  y_tb = ln(floor + sum_k w_bk P_tk)
//
// Source: O'Shaughnessy 1987 for (1); Davis, Mermelstein 1980 for (2).
// Notation: docs/math/notation.md.
#pragma once

#include <algorithm>
#include <cmath>

#include <glimpse/data/audio/stft.hpp>
#include <glimpse/simd/reduce.hpp>

namespace glimpse::inline v0 {

struct MelOptions {
  Index rate = 8000, bands = 40;
  double lowest = 60, highest = 3800;  // in hertz
  StftOptions stft{};
  float floor = 1e-5f;
};

/// The triangles (2): (bands, transform/2 + 1). Throws ValueError if the frequencies do not
/// increase or exceed half of the sample rate.
inline Tensor<float> mel_filters(const MelOptions& o) {
  if (o.bands < 1 ||
      !(o.lowest >= 0 && o.lowest < o.highest && 2 * o.highest <= static_cast<double>(o.rate)))
    fail("mel_filters", o.bands, " bands from ", o.lowest, " to ", o.highest, " hertz do not fit ",
         o.rate, " samples a second");
  // (1)
  const auto mel = [](double f) { return 2595 * std::log10(1 + f / 700); };
  const auto hertz = [](double m) { return 700 * (std::pow(10, m / 2595) - 1); };
  const auto center = [&](Index b) {  // of band b; -1 and `bands` are the ends
    return hertz(mel(o.lowest) + (mel(o.highest) - mel(o.lowest)) * static_cast<double>(b + 1) /
                                     static_cast<double>(o.bands + 1));
  };
  const Index bins = o.stft.transform / 2 + 1;
  Tensor<float> w({o.bands, bins});
  for (Index b = 0; b < o.bands; ++b)
    for (Index k = 0; k < bins; ++k) {
      const double f = static_cast<double>(k * o.rate) / static_cast<double>(o.stft.transform);
      const double up = (f - center(b - 1)) / (center(b) - center(b - 1)),
                   down = (center(b + 1) - f) / (center(b + 1) - center(b));
      w(b, k) = static_cast<float>(std::max(0.0, std::min(up, down)));
    }
  return w;
}

/// Log-mel frames (3) of a sound (n): (frames, bands).
inline Tensor<float> log_mel(const Tensor<float>& sound, const Tensor<float>& filters,
                             const MelOptions& o) {
  const Tensor<float> p = power_spectrogram(sound, o.stft);
  require(filters.rank() == 2 && filters.size(1) == p.size(1), "log_mel",
          "wants filters (bands, frequencies)", filters);
  Tensor<float> y({p.size(0), filters.size(0)});
  for (Index t = 0; t < p.size(0); ++t)
    for (Index b = 0; b < filters.size(0); ++b)
      y(t, b) = std::log(o.floor + simd::dot<float>(p.size(1), p.data() + t * p.size(1),
                                                    filters.data() + b * p.size(1)));
  return y;
}
inline Tensor<float> log_mel(const Tensor<float>& sound, const MelOptions& o = {}) {
  return log_mel(sound, mel_filters(o), o);
}

}  // namespace glimpse::inline v0
