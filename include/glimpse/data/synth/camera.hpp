// camera: the effects of lens, sensor and file format. At magnitude 0 each step leaves the image
// unchanged.
//
//   blur     rows, then columns, of a sampled Gaussian,  w_k ~ exp(-k^2 / 2 sigma^2)
//   motion   mean over a line segment
//   sharpen  p + a (p - blur p): the halos of phone cameras
//   tone     p <- low + (high - low) p^gamma
//
// Fewer pixels: resample.hpp. JPEG: jpeg_artifacts.hpp.
#pragma once

#include <array>
#include <cmath>
#include <vector>

#include <glimpse/data/gray_image.hpp>

namespace glimpse::inline v0::synth {

/// Gaussian blur, sigma in pixels; borders repeat.
inline void blur(GrayImage& p, double sigma) {
  if (!(sigma > 0.15) || p.empty()) return;
  const Index r = std::min<Index>(static_cast<Index>(std::ceil(2.5 * sigma)), 15);
  std::array<float, 16> w{};
  float sum = 0;
  for (Index k = 0; k <= r; ++k) {
    const double q = static_cast<double>(k) / sigma;
    w[static_cast<std::size_t>(k)] = static_cast<float>(std::exp(-0.5 * q * q));
    sum += (k == 0 ? 1.0f : 2.0f) * w[static_cast<std::size_t>(k)];
  }
  for (float& v : w) v /= sum;
  std::vector<float> line(static_cast<std::size_t>(p.width + 2 * r));
  for (Index y = 0; y < p.height; ++y) {
    float* row = p.row(y).data();
    std::fill(line.begin(), line.begin() + r, row[0]);
    std::copy(row, row + p.width, line.begin() + r);
    std::fill(line.end() - r, line.end(), row[p.width - 1]);
    const float* l = line.data() + r;
    for (Index x = 0; x < p.width; ++x) row[x] = w[0] * l[x];
    for (Index k = 1; k <= r; ++k) {
      const float wk = w[static_cast<std::size_t>(k)];
      for (Index x = 0; x < p.width; ++x) row[x] += wk * (l[x - k] + l[x + k]);
    }
  }
  const GrayImage source = p;
  for (Index y = 0; y < p.height; ++y) {
    float* row = p.row(y).data();
    const float* here = source.row(y).data();
    for (Index x = 0; x < p.width; ++x) row[x] = w[0] * here[x];
    for (Index k = 1; k <= r; ++k) {
      const float* above = source.row(std::max<Index>(y - k, 0)).data();
      const float* below = source.row(std::min(y + k, p.height - 1)).data();
      const float wk = w[static_cast<std::size_t>(k)];
      for (Index x = 0; x < p.width; ++x) row[x] += wk * (above[x] + below[x]);
    }
  }
}

/// Motion blur along a segment of `length` pixels at an angle in radians.
inline void motion_blur(GrayImage& p, double length, double angle) {
  const int taps = static_cast<int>(std::ceil(length));
  if (taps < 1 || p.empty()) return;
  const GrayImage source = p;
  std::fill(p.pixels.begin(), p.pixels.end(), 0.0f);
  const float share = 1.0f / static_cast<float>(taps + 1);
  for (int k = 0; k <= taps; ++k) {
    const double t = (static_cast<double>(k) / taps - 0.5) * length;
    const Index dx = static_cast<Index>(std::lround(t * std::cos(angle)));
    const Index dy = static_cast<Index>(std::lround(t * std::sin(angle)));
    for (Index y = 0; y < p.height; ++y) {
      const float* from = source.row(std::clamp<Index>(y + dy, 0, p.height - 1)).data();
      float* row = p.row(y).data();
      for (Index x = 0; x < p.width; ++x)
        row[x] += share * from[std::clamp<Index>(x + dx, 0, p.width - 1)];
    }
  }
}

/// Adds `amount` times the difference to the blurred image.
inline void sharpen(GrayImage& p, double amount, double sigma) {
  if (!(amount > 0)) return;
  GrayImage soft = p;
  blur(soft, sigma);
  const float a = static_cast<float>(amount);
  for (std::size_t i = 0; i < p.pixels.size(); ++i)
    p.pixels[i] += a * (p.pixels[i] - soft.pixels[i]);
}

/// Clamps to [0, 1]; NaN becomes black.
inline void clamp_gray_levels(GrayImage& p) {
  for (float& v : p.pixels) v = v > 0 ? std::min(v, 1.0f) : 0.0f;
}

/// p <- low + (high - low) p^gamma, for an image in [0, 1].
inline void tone(GrayImage& p, float low, float high, float gamma) {
  std::array<float, 257> table{};
  for (std::size_t i = 0; i < table.size(); ++i)
    table[i] = low + (high - low) * std::pow(static_cast<float>(i) / 256.0f, gamma);
  for (float& v : p.pixels) {
    const float at = std::clamp(v, 0.0f, 1.0f) * 256.0f;
    const auto i = std::min<std::size_t>(static_cast<std::size_t>(at), 255);
    v = table[i] + (at - static_cast<float>(i)) * (table[i + 1] - table[i]);
  }
}

}  // namespace glimpse::inline v0::synth
