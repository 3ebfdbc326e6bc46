// camera: what lens, sensor and file format do to a picture. Every step leaves it as it was at strength 0.
//
//   blur     two box-free passes of a sampled Gaussian,  w_k ~ exp(-k^2 / 2 sigma^2)
//   motion   mean over a line segment
//   coarse   fewer pixels: areas averaged, read back bilinearly
//   sharpen  p + a (p - blur p): the halos of phone cameras
//   blocks   8 x 8 DCT, coefficients rounded to steps that grow with frequency, as JPEG does
//   tone     p <- low + (high - low) p^gamma
//
// Source for blocks: ITU-T T.81, annex K (the idea; the step table here is a plain slope).
#pragma once

#include <array>
#include <cmath>
#include <numbers>
#include <vector>

#include <glimpse/core/random.hpp>
#include <glimpse/data/picture.hpp>
#include <glimpse/data/synth/texture.hpp>

namespace glimpse::inline v0::synth {

/// Gaussian blur, sigma in pixels; borders repeat.
inline void blur(Picture& p, double sigma) {
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
  const Picture source = p;
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

/// Bilinear value at a place in pixels, borders repeat.
inline float sample(const Picture& p, float y, float x) {
  y = std::clamp(y - 0.5f, 0.0f, static_cast<float>(p.height - 1));
  x = std::clamp(x - 0.5f, 0.0f, static_cast<float>(p.width - 1));
  const Index iy = std::min(static_cast<Index>(y), std::max<Index>(p.height - 2, 0));
  const Index ix = std::min(static_cast<Index>(x), std::max<Index>(p.width - 2, 0));
  const Index jy = std::min(iy + 1, p.height - 1), jx = std::min(ix + 1, p.width - 1);
  const float ty = y - static_cast<float>(iy), tx = x - static_cast<float>(ix);
  const float a = p(iy, ix) + tx * (p(iy, jx) - p(iy, ix));
  const float b = p(jy, ix) + tx * (p(jy, jx) - p(jy, ix));
  return a + ty * (b - a);
}

/// The picture moved by (dx, dy) pixels; `outside` comes in from the borders.
inline Picture shifted(const Picture& p, Index dx, Index dy, float outside = 0) {
  Picture out(p.height, p.width, outside);
  for (Index y = std::max<Index>(0, dy); y < std::min(p.height, p.height + dy); ++y)
    for (Index x = std::max<Index>(0, dx); x < std::min(p.width, p.width + dx); ++x) out(y, x) = p(y - dy, x - dx);
  return out;
}

/// Motion blur along a segment of `length` pixels at an angle in radians.
inline void motion_blur(Picture& p, double length, double angle) {
  const int taps = static_cast<int>(std::ceil(length));
  if (taps < 1 || p.empty()) return;
  const Picture source = p;
  std::fill(p.pixels.begin(), p.pixels.end(), 0.0f);
  const float share = 1.0f / static_cast<float>(taps + 1);
  for (int k = 0; k <= taps; ++k) {
    const double t = (static_cast<double>(k) / taps - 0.5) * length;
    const Index dx = static_cast<Index>(std::lround(t * std::cos(angle)));
    const Index dy = static_cast<Index>(std::lround(t * std::sin(angle)));
    for (Index y = 0; y < p.height; ++y) {
      const float* from = source.row(std::clamp<Index>(y + dy, 0, p.height - 1)).data();
      float* row = p.row(y).data();
      for (Index x = 0; x < p.width; ++x) row[x] += share * from[std::clamp<Index>(x + dx, 0, p.width - 1)];
    }
  }
}

/// Resized: areas averaged where it shrinks, bilinear where it grows. Half-pixel centres.
inline Picture resized(const Picture& p, Index height, Index width) {
  struct Weights {
    std::vector<Index> first;
    std::vector<float> w;
    Index taps;
  };
  const auto make = [](Index from, Index to) {
    const double scale = static_cast<double>(from) / static_cast<double>(to), reach = std::max(scale, 1.0);
    Weights r;
    r.taps = static_cast<Index>(std::ceil(2 * reach)) + 1;
    for (Index i = 0; i < to; ++i) {
      const double centre = (static_cast<double>(i) + 0.5) * scale - 0.5;
      const Index first = static_cast<Index>(std::ceil(centre - reach));
      double sum = 0;
      const std::size_t begin = r.w.size();
      for (Index k = 0; k < r.taps; ++k) {
        const double v = std::max(0.0, 1 - std::fabs(static_cast<double>(first + k) - centre) / reach);
        r.w.push_back(static_cast<float>(v));
        sum += v;
      }
      for (std::size_t k = begin; k < r.w.size(); ++k) r.w[k] /= static_cast<float>(sum);
      r.first.push_back(first);
    }
    return r;
  };
  const Weights wy = make(p.height, height), wx = make(p.width, width);
  Picture tall(p.height, width), out(height, width);
  for (Index x = 0; x < width; ++x)
    for (Index k = 0; k < wx.taps; ++k) {
      const float w = wx.w[static_cast<std::size_t>(x * wx.taps + k)];
      if (w == 0) continue;
      const Index from = std::clamp<Index>(wx.first[static_cast<std::size_t>(x)] + k, 0, p.width - 1);
      for (Index y = 0; y < p.height; ++y) tall(y, x) += w * p(y, from);
    }
  for (Index y = 0; y < height; ++y)
    for (Index k = 0; k < wy.taps; ++k) {
      const float w = wy.w[static_cast<std::size_t>(y * wy.taps + k)];
      if (w == 0) continue;
      const float* from = tall.row(std::clamp<Index>(wy.first[static_cast<std::size_t>(y)] + k, 0, p.height - 1)).data();
      float* row = out.row(y).data();
      for (Index x = 0; x < width; ++x) row[x] += w * from[x];
    }
  return out;
}

/// Adds `amount` of what a blur takes away.
inline void sharpen(Picture& p, double amount, double sigma) {
  if (!(amount > 0)) return;
  Picture soft = p;
  blur(soft, sigma);
  const float a = static_cast<float>(amount);
  for (std::size_t i = 0; i < p.pixels.size(); ++i) p.pixels[i] += a * (p.pixels[i] - soft.pixels[i]);
}

namespace detail {

// Orthonormal DCT-II: row k, column n.
inline const std::array<float, 64>& dct_matrix() {
  static const std::array<float, 64> matrix = [] {
    std::array<float, 64> m{};
    for (std::size_t k = 0; k < 8; ++k)
      for (std::size_t n = 0; n < 8; ++n)
        m[k * 8 + n] = static_cast<float>((k == 0 ? std::sqrt(0.125) : 0.5) *
                                          std::cos(std::numbers::pi * static_cast<double>((2 * n + 1) * k) / 16));
    return m;
  }();
  return matrix;
}

// out = a b (transposed: a b^T), 8 x 8.
inline void product(const float* a, const float* b, float* out) {
  for (int i = 0; i < 8; ++i) {
    float row[8] = {};
    for (int k = 0; k < 8; ++k)
      for (int j = 0; j < 8; ++j) row[j] += a[i * 8 + k] * b[k * 8 + j];
    for (int j = 0; j < 8; ++j) out[i * 8 + j] = row[j];
  }
}

}  // namespace detail

/// JPEG-like loss. coarseness 0 keeps everything; 1 is poor quality (about 30 of 100), 2 very poor.
inline void compress_blocks(Picture& p, double coarseness) {
  if (!(coarseness > 0)) return;
  const std::array<float, 64>& m = detail::dct_matrix();
  std::array<float, 64> t{}, step{}, inverse{};
  for (std::size_t i = 0; i < 8; ++i)
    for (std::size_t j = 0; j < 8; ++j) {
      t[j * 8 + i] = m[i * 8 + j];
      const double s = coarseness * (24.0 + 9.0 * static_cast<double>(i + j) + 1.5 * static_cast<double>(i * j)) / 255;
      step[i * 8 + j] = static_cast<float>(i + j == 0 ? 0.5 * s : s);
      inverse[i * 8 + j] = 1.0f / step[i * 8 + j];
    }
  std::array<float, 64> block{}, work{};
  for (Index y0 = 0; y0 < p.height; y0 += 8)
    for (Index x0 = 0; x0 < p.width; x0 += 8) {
      for (Index y = 0; y < 8; ++y)
        for (Index x = 0; x < 8; ++x)
          block[static_cast<std::size_t>(y * 8 + x)] =
              p(std::min(y0 + y, p.height - 1), std::min(x0 + x, p.width - 1));
      detail::product(m.data(), block.data(), work.data());
      detail::product(work.data(), t.data(), block.data());
      for (std::size_t i = 0; i < 64; ++i) {
        const float q = block[i] * inverse[i];
        block[i] = step[i] * static_cast<float>(static_cast<std::int32_t>(q + (q < 0 ? -0.5f : 0.5f)));
      }
      detail::product(t.data(), block.data(), work.data());
      detail::product(work.data(), m.data(), block.data());
      for (Index y = 0; y < std::min<Index>(8, p.height - y0); ++y)
        for (Index x = 0; x < std::min<Index>(8, p.width - x0); ++x)
          p(y0 + y, x0 + x) = block[static_cast<std::size_t>(y * 8 + x)];
    }
}

/// Into [0, 1]; what is no number becomes black.
inline void clamp_greys(Picture& p) {
  for (float& v : p.pixels) v = v > 0 ? std::min(v, 1.0f) : 0.0f;
}

/// low + (high - low) p^gamma for a picture in [0, 1].
inline void tone(Picture& p, float low, float high, float gamma) {
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
