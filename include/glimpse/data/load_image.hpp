// load image: reads a file as a gray image. Includes stb_image.
#pragma once

#include <string>

#include <glimpse/data/gray_image.hpp>
#include <glimpse/io/image.hpp>

namespace glimpse::inline v0 {

/// A GrayImage from a gray tensor (1, H, W) or (H, W).
inline GrayImage gray_image_of(const Tensor<float>& gray) {
  const Tensor<float> dense = gray.contiguous();
  GrayImage image(dense.size(-2), dense.size(-1));
  std::copy_n(dense.data(), image.size(), image.pixels.begin());
  return image;
}

/// A tensor (H, W) from a GrayImage.
inline Tensor<float> image_of(const GrayImage& image) {
  return tensor<float>(std::span<const float>(image.pixels), {image.height, image.width});
}

/// Reads an image file in gray. Throws IoError with the path.
inline GrayImage load_image(const std::string& path) { return gray_image_of(read_image(path, 1)); }

}  // namespace glimpse::inline v0
