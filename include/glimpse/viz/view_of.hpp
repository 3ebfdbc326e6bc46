// view_of: converts a reading to a panel.
#pragma once

#include <algorithm>

#include <glimpse/data/rotate90.hpp>
#include <glimpse/models/reading.hpp>
#include <glimpse/viz/reading.hpp>

namespace glimpse::inline v0 {

/// The image in the rotation that was read, and its reading. The rectified image is standardized
/// for the network, so it is rescaled to [0, 1].
inline ReadingView view_of(const GrayImage& image, const Reading& reading) {
  const GrayImage seen = rotate90(image, reading.quarters);
  ReadingView view{.image = tensor<float>(std::span<const float>(seen.pixels),
                                            {seen.height, seen.width}),
                   .fiducials = reading.fiducials,
                   .attention = reading.attention,
                   .text = reading.text,
                   .confidences = reading.character_confidence,
                   .confidence = reading.confidence};
  if (reading.rectified.defined()) {
    view.rectified = reading.rectified.clone();
    const std::span<float> pixels = view.rectified.span();
    const auto [low, high] = std::minmax_element(pixels.begin(), pixels.end());
    const float from = *low, range = std::max(*high - *low, 1e-6f);
    for (float& p : pixels) p = (p - from) / range;
  }
  return view;
}

}  // namespace glimpse::inline v0
