// texture: random fields of gray: gradients, clouds, stripes, blobs. Each one is added to an image,
// scaled by `amount`.
//
//   (1)  hash(i): 32 mixed bits of a counter; one integer for each pixel, so grain costs little
//   (2)  cloud = sum_o 2^-o noise_o,    noise_o bilinear between random values on a grid of
//        cell / 2^o pixels
//
// Amount 0 leaves every image unchanged. All fields have a mean of about 0 and a range of about
// +-amount.
// Notation: docs/math/notation.md.
#pragma once

#include <cmath>
#include <cstdint>
#include <numbers>
#include <vector>

#include <glimpse/core/random.hpp>
#include <glimpse/data/gray_image.hpp>

namespace glimpse::inline v0::synth {

/// Equation (1): random numbers by index.
struct Hash {
  std::uint32_t seed;
  std::uint32_t bits(std::uint32_t i) const {
    std::uint32_t h = i * 0x9E3779B9u ^ seed;
    h = (h ^ h >> 16) * 0x85EBCA6Bu;
    h = (h ^ h >> 13) * 0xC2B2AE35u;
    return h ^ h >> 16;
  }
  /// Uniform on [-1, 1).
  float uniform(std::uint32_t i) const {
    return static_cast<float>(static_cast<std::int32_t>(bits(i))) * 0x1p-31f;
  }
  /// Nearly normal, mean 0, deviation 1: the sum of four bytes.
  float normal(std::uint32_t i) const {
    const std::uint32_t h = bits(i);
    const std::uint32_t sum = (h & 255u) + (h >> 8 & 255u) + (h >> 16 & 255u) + (h >> 24);
    return (static_cast<float>(static_cast<std::int32_t>(sum)) - 510.0f) * (1.0f / 147.8f);
  }
};

/// Adds a gradient of gray across the image in a random direction.
inline void add_gradient(GrayImage& p, float amount, Random& rng) {
  const double angle = rng.uniform(0, 2 * std::numbers::pi);
  const float dx = amount * 2 * static_cast<float>(std::cos(angle)) / static_cast<float>(p.width);
  const float dy = amount * 2 * static_cast<float>(std::sin(angle)) / static_cast<float>(p.height);
  for (Index y = 0; y < p.height; ++y) {
    float* row = p.row(y).data();
    const float base =
        dy * (static_cast<float>(y) + 0.5f) -
        0.5f * (dx * static_cast<float>(p.width) + dy * static_cast<float>(p.height));
    for (Index x = 0; x < p.width; ++x) row[x] += base + dx * (static_cast<float>(x) + 0.5f);
  }
}

/// Adds clouds (2). cell: size of the largest features in pixels.
inline void add_clouds(GrayImage& p, float amount, float cell, int octaves, Random& rng) {
  for (int o = 0; o < octaves && cell >= 1.0f; ++o, cell *= 0.5f, amount *= 0.6f) {
    const Hash hash{rng.bits()};
    const Index columns = static_cast<Index>(static_cast<float>(p.width) / cell) + 2;
    std::vector<float> line(static_cast<std::size_t>(columns));
    for (Index y = 0; y < p.height; ++y) {
      const float fy = static_cast<float>(y) / cell;
      const Index iy = static_cast<Index>(fy);
      const float ty = fy - static_cast<float>(iy);
      for (Index c = 0; c < columns; ++c) {
        const auto at = static_cast<std::uint32_t>(iy * columns + c);
        const float above = hash.uniform(at),
                    below = hash.uniform(at + static_cast<std::uint32_t>(columns));
        line[static_cast<std::size_t>(c)] = amount * (above + ty * (below - above));
      }
      float* row = p.row(y).data();
      const float step = 1.0f / cell;
      float fx = 0;
      for (Index x = 0; x < p.width; ++x, fx += step) {
        const Index ix = std::min(static_cast<Index>(fx), columns - 2);
        const float tx = fx - static_cast<float>(ix);
        const float l = line[static_cast<std::size_t>(ix)],
                    r = line[static_cast<std::size_t>(ix + 1)];
        row[x] += l + tx * (r - l);
      }
    }
  }
}

/// Adds parallel bands, hard or soft, as in boards, shutters, brick courses, corrugated iron.
inline void add_stripes(GrayImage& p, float amount, Random& rng) {
  const double angle = rng.bernoulli(0.7)
                           ? rng.normal(rng.bernoulli(0.6) ? std::numbers::pi / 2 : 0.0, 0.05)
                           : rng.uniform(0, std::numbers::pi);
  const float period =
      static_cast<float>(rng.uniform(0.08, 0.9)) * static_cast<float>(p.height) + 2.0f;
  const float duty = static_cast<float>(rng.uniform(0.1, 0.6)),
              soft = static_cast<float>(rng.uniform(1, 4));
  const float dx = static_cast<float>(std::cos(angle)) / period,
              dy = static_cast<float>(std::sin(angle)) / period;
  const float phase = static_cast<float>(rng.uniform()) + 64.0f;
  for (Index y = 0; y < p.height; ++y) {
    float* row = p.row(y).data();
    for (Index x = 0; x < p.width; ++x) {
      const float t = phase + dx * static_cast<float>(x) + dy * static_cast<float>(y);
      const float d = std::fabs(t - std::floor(t) - 0.5f) * 2.0f;  // 0 mid-band, 1 between
      row[x] += amount * (2.0f * std::clamp((d - duty) * period / soft + 0.5f, 0.0f, 1.0f) - 1.0f);
    }
  }
}

/// Adds independent noise to each pixel.
inline void add_grain(GrayImage& p, float amount, Random& rng) {
  const Hash hash{rng.bits()};
  float* v = p.pixels.data();
  for (std::uint32_t i = 0, n = static_cast<std::uint32_t>(p.size()); i < n; ++i)
    v[i] += amount * hash.normal(i);
}

/// Adds a soft round light or stain.
inline void add_spot(GrayImage& p, float amount, Random& rng) {
  const float cx = static_cast<float>(rng.uniform(0, 1)) * static_cast<float>(p.width);
  const float cy = static_cast<float>(rng.uniform(0, 1)) * static_cast<float>(p.height);
  const float size = static_cast<float>(rng.uniform(0.3, 1.5)) * static_cast<float>(p.height);
  const float k = 1.0f / (size * size);
  for (Index y = 0; y < p.height; ++y) {
    float* row = p.row(y).data();
    const float dy = static_cast<float>(y) - cy;
    for (Index x = 0; x < p.width; ++x) {
      const float dx = static_cast<float>(x) - cx;
      const float fall = 1.0f / (1.0f + (dx * dx + dy * dy) * k);
      row[x] += amount * fall * fall;
    }
  }
}

}  // namespace glimpse::inline v0::synth
