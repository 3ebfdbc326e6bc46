// text line size: height and length of a word along its own line, for any direction of the line.
//
//   (1)  height = mean |top_k - bottom_k|,   length = mean length of both edges, point to point
//        |(dx, dy)| = hypot(dx W/2, dy H/2): in pixels of the image, whose points are in [-1, 1]
//   (2)  rectified width = the least w of `widths` with 0.7 H' length / height <= w, else the last
//        H': the height of the rectified image
//
// A word that climbs through a square image is longer than the image is wide. If it were rectified
// to the image's aspect ratio, its letters would be squeezed. Its own aspect ratio keeps them.
// Notation: docs/math/notation.md.
#pragma once

#include <cmath>
#include <span>

#include <glimpse/data/gray_image.hpp>
#include <glimpse/models/config.hpp>

namespace glimpse::inline v0 {

struct TextLineSize {
  double height = 0, length = 0;  // in pixels of the image
};

/// The size (1). fiducials: (K, 2) in [-1, 1], x before y; K/2 along the top edge, then K/2 along
/// the bottom.
template <class T>
TextLineSize text_line_size(std::span<const T> fiducials, Index image_height, Index image_width) {
  const std::size_t half = fiducials.size() / 4;
  const auto distance = [&](std::size_t a, std::size_t b) {
    const auto across = static_cast<double>(fiducials[2 * a] - fiducials[2 * b]);
    const auto down = static_cast<double>(fiducials[2 * a + 1] - fiducials[2 * b + 1]);
    return std::hypot(across * static_cast<double>(image_width) / 2,
                      down * static_cast<double>(image_height) / 2);
  };
  TextLineSize extent;
  for (std::size_t k = 0; k < half; ++k) {
    extent.height += distance(k, k + half) / static_cast<double>(half);
    if (k > 0) extent.length += (distance(k - 1, k) + distance(k - 1 + half, k + half)) / 2;
  }
  return extent;
}

/// The size of a word that fills its image.
inline TextLineSize text_line_size(const GrayImage& image) {
  return {static_cast<double>(image.height), static_cast<double>(image.width)};
}

/// The rectified width (2) for a word: the smallest of `widths` that narrows it to no less than 0.7
/// of its aspect ratio, else the last.
inline Index rectified_width(const ReaderConfig& c, const TextLineSize& word) {
  const double natural = static_cast<double>(c.height) * word.length / word.height;
  for (const Index w : c.widths)
    if (0.7 * natural <= static_cast<double>(w)) return w;
  return c.widths.back();
}

}  // namespace glimpse::inline v0
