// prepare: normalizes every image before a network sees it, in training and in inference.
//
//   standardize:  x' = (x - mean) / (deviation + 0.05)
//   resize:       bilinear, half-pixel centers; when shrinking, the triangle filter is widened
//
// Standardizing gives dark, pale and inverted words the same range. The 0.05 keeps the noise of a
// flat image small.
#pragma once

#include <cmath>

#include <glimpse/core/tensor.hpp>
#include <glimpse/data/gray_image.hpp>
#include <glimpse/ops/resize_bilinear.hpp>

namespace glimpse::inline v0 {

/// The image as (1, 1, H, W) with mean 0 and deviation near 1; a uniform image becomes all zeros.
/// Throws ValueError for an empty image.
template <class T = float>
Tensor<T> standardized(const GrayImage& image) {
  if (image.empty()) fail("prepare", "image ", image.height, " x ", image.width, " is empty");
  double sum = 0, squares = 0;
  for (const float p : image.pixels)
    sum += static_cast<double>(p), squares += static_cast<double>(p) * static_cast<double>(p);
  const double n = static_cast<double>(image.pixels.size()), mean = sum / n;
  const double scale = 1 / (std::sqrt(std::max(0.0, squares / n - mean * mean)) + 0.05);
  Tensor<T> x({1, 1, image.height, image.width});
  for (Index i = 0; i < x.size(); ++i)
    x.data()[i] = static_cast<T>(
        (static_cast<double>(image.pixels[static_cast<std::size_t>(i)]) - mean) * scale);
  return x;
}

/// Resizes (1, 1, H, W) to (1, 1, height, width) without recording it on the tape.
template <class T>
Tensor<T> resized(const Tensor<T>& x, Index height, Index width) {
  if (x.size(2) == height && x.size(3) == width) return x;
  return resize_bilinear(constant(x), height, width, true).value();
}

}  // namespace glimpse::inline v0
