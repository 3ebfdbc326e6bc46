// resample: shifts and resizes images.
//
//   out_i = sum_k w_ik in_k,    w_ik ~ max(0, 1 - |k - c_i| / max(s, 1)),
//   s = old / new,  c_i = (i + 1/2) s - 1/2
//
// When shrinking, the triangle is widened, so areas are averaged. When growing, it is bilinear.
// Borders repeat.
#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

#include <glimpse/data/gray_image.hpp>

namespace glimpse::inline v0::synth {

/// The image shifted by (dx, dy) pixels; `outside` fills the pixels from beyond the border.
inline GrayImage shifted(const GrayImage& p, Index dx, Index dy, float outside = 0) {
  GrayImage out(p.height, p.width, outside);
  for (Index y = std::max<Index>(0, dy); y < std::min(p.height, p.height + dy); ++y)
    for (Index x = std::max<Index>(0, dx); x < std::min(p.width, p.width + dx); ++x)
      out(y, x) = p(y - dy, x - dx);
  return out;
}

/// The image resized to (height, width): averaged when shrinking, bilinear when growing. Half-pixel
/// centers.
inline GrayImage resized(const GrayImage& p, Index height, Index width) {
  struct Weights {
    std::vector<Index> from;  // `taps` per result, each within the image
    std::vector<float> w;
    Index taps;
  };
  const auto make = [](Index from, Index to) {
    const double scale = static_cast<double>(from) / static_cast<double>(to),
                 distance = std::max(scale, 1.0);
    Weights r;
    r.taps = static_cast<Index>(std::ceil(2 * distance)) + 1;
    for (Index i = 0; i < to; ++i) {
      const double center = (static_cast<double>(i) + 0.5) * scale - 0.5;
      const Index first = static_cast<Index>(std::ceil(center - distance));
      double sum = 0;
      const std::size_t begin = r.w.size();
      for (Index k = 0; k < r.taps; ++k) {
        const double v =
            std::max(0.0, 1 - std::fabs(static_cast<double>(first + k) - center) / distance);
        r.from.push_back(std::clamp<Index>(first + k, 0, from - 1));
        r.w.push_back(static_cast<float>(v));
        sum += v;
      }
      for (std::size_t k = begin; k < r.w.size(); ++k) r.w[k] /= static_cast<float>(sum);
    }
    return r;
  };
  const Weights wy = make(p.height, height), wx = make(p.width, width);
  GrayImage tall(p.height, width), out(height, width);
  for (Index y = 0; y < p.height; ++y) {
    const float* source = p.row(y).data();
    const float* w = wx.w.data();
    const Index* from = wx.from.data();
    float* row = tall.row(y).data();
    for (Index x = 0; x < width; ++x, w += wx.taps, from += wx.taps) {
      float sum = 0;
      for (Index k = 0; k < wx.taps; ++k) sum += w[k] * source[from[k]];
      row[x] = sum;
    }
  }
  for (Index y = 0; y < height; ++y)
    for (Index k = 0; k < wy.taps; ++k) {
      const float w = wy.w[static_cast<std::size_t>(y * wy.taps + k)];
      if (w == 0) continue;
      const float* from = tall.row(wy.from[static_cast<std::size_t>(y * wy.taps + k)]).data();
      float* row = out.row(y).data();
      for (Index x = 0; x < width; ++x) row[x] += w * from[x];
    }
  return out;
}

}  // namespace glimpse::inline v0::synth
