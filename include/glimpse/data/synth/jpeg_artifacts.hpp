// jpeg artifacts: the loss of JPEG files.
//
//   Y = M X M^T,   Q = step round(Y / step),   X' = M^T Q M,      M the orthonormal DCT of 8 points
//
// Steps grow with frequency. Source: ITU-T T.81. The step table here is linear in the frequency; it
// is not that of annex K.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <numbers>

#include <glimpse/data/gray_image.hpp>

namespace glimpse::inline v0::synth {

namespace detail {

// Orthonormal DCT-II: row k, column n.
inline const std::array<float, 64>& dct_matrix() {
  static const std::array<float, 64> matrix = [] {
    std::array<float, 64> m{};
    for (std::size_t k = 0; k < 8; ++k)
      for (std::size_t n = 0; n < 8; ++n)
        m[k * 8 + n] = static_cast<float>(
            (k == 0 ? std::sqrt(0.125) : 0.5) *
            std::cos(std::numbers::pi * static_cast<double>((2 * n + 1) * k) / 16));
    return m;
  }();
  return matrix;
}

// out = a b, 8 x 8.
inline void product(const float* a, const float* b, float* out) {
  for (int i = 0; i < 8; ++i) {
    float row[8] = {};
    for (int k = 0; k < 8; ++k)
      for (int j = 0; j < 8; ++j) row[j] += a[i * 8 + k] * b[k * 8 + j];
    for (int j = 0; j < 8; ++j) out[i * 8 + j] = row[j];
  }
}

}  // namespace detail

/// JPEG-like loss. coarseness: 0 changes nothing; 1 is poor quality (about 30 of 100), 2 very poor.
inline void jpeg_artifacts(GrayImage& p, double coarseness) {
  if (!(coarseness > 0)) return;
  const std::array<float, 64>& m = detail::dct_matrix();
  std::array<float, 64> t{}, step{}, inverse{};
  for (std::size_t i = 0; i < 8; ++i)
    for (std::size_t j = 0; j < 8; ++j) {
      t[j * 8 + i] = m[i * 8 + j];
      const double s =
          coarseness *
          (24.0 + 9.0 * static_cast<double>(i + j) + 1.5 * static_cast<double>(i * j)) / 255;
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
        block[i] =
            step[i] * static_cast<float>(static_cast<std::int32_t>(q + (q < 0 ? -0.5f : 0.5f)));
      }
      detail::product(t.data(), block.data(), work.data());
      detail::product(work.data(), m.data(), block.data());
      for (Index y = 0; y < std::min<Index>(8, p.height - y0); ++y)
        for (Index x = 0; x < std::min<Index>(8, p.width - x0); ++x)
          p(y0 + y, x0 + x) = block[static_cast<std::size_t>(y * 8 + x)];
    }
}

}  // namespace glimpse::inline v0::synth
