// warp: maps an image by a projective map, with one resampling.
//
//   (1)  out(q) = in(H^-1 q),    bilinear, half-pixel centers
//   (2)  outside the image, at distance d from its nearest border pixel b:
//        out = m + (in(b) - m) / (1 + (d / fade)^2),    m the mean of the border
//
// The border therefore continues for some pixels, and strokes at the border do not become bars.
// Notation: docs/math/notation.md.
#pragma once

#include <algorithm>
#include <cmath>

#include <glimpse/data/gray_image.hpp>
#include <glimpse/data/synth/geometry.hpp>

namespace glimpse::inline v0::synth {

/// Mean of the outermost pixels; 0 for an empty image.
inline float border_mean(const GrayImage& p) {
  if (p.empty()) return 0;
  double sum = 0, count = 0;
  for (Index y = 0; y < p.height; ++y) {
    const bool whole_row = y == 0 || y == p.height - 1;
    const Index step = whole_row ? 1 : std::max<Index>(p.width - 1, 1);
    for (Index x = 0; x < p.width; x += step) sum += static_cast<double>(p(y, x)), ++count;
  }
  return static_cast<float>(sum / count);
}

/// The warped image (height, width), equations (1) and (2). back: map from pixels of the result to
/// pixels of `p`. fade > 0, in pixels of `p`. Throws ValueError for an empty image.
inline GrayImage warped(const GrayImage& p, const Map& back, Index height, Index width,
                        double fade) {
  if (p.empty()) fail("warp", "expected an image, got ", p.height, " x ", p.width, " pixels");
  const float mean = border_mean(p), narrow = static_cast<float>(1 / (fade * fade));
  const float right = static_cast<float>(p.width - 1), bottom = static_cast<float>(p.height - 1);
  GrayImage out(height, width);
  for (Index y = 0; y < height; ++y) {
    float* row = out.row(y).data();
    for (Index x = 0; x < width; ++x) {
      const Point at = back({static_cast<float>(x) + 0.5f, static_cast<float>(y) + 0.5f});
      const float px = at.x - 0.5f, py = at.y - 0.5f;
      const float cx = std::clamp(px, 0.0f, right), cy = std::clamp(py, 0.0f, bottom);
      const Index left = static_cast<Index>(cx), top = static_cast<Index>(cy);
      const float tx = cx - static_cast<float>(left), ty = cy - static_cast<float>(top);
      const float* upper = p.row(top).data() + left;
      const Index next = left + 1 < p.width ? 1 : 0;
      const float* lower = upper + (top + 1 < p.height ? p.width : 0);
      const float a = upper[0] + tx * (upper[next] - upper[0]);
      const float b = lower[0] + tx * (lower[next] - lower[0]);
      float v = a + ty * (b - a);
      const float dx = px - cx, dy = py - cy, outside = dx * dx + dy * dy;
      if (outside > 0) v = mean + (v - mean) / (1 + outside * narrow);
      row[x] = v;
    }
  }
  return out;
}

}  // namespace glimpse::inline v0::synth
