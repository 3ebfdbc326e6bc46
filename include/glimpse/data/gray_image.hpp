// gray image: the data folder's image type, shared by loaders and renderers.
//
//   pixel (y, x) covers the square [x, x + 1) x [y, y + 1); its center is (x + 1/2, y + 1/2)
//
// pixels: (height, width) row-major, 0 black to 1 white.
#pragma once

#include <algorithm>
#include <span>
#include <vector>

#include <glimpse/core/error.hpp>
#include <glimpse/core/shape.hpp>

namespace glimpse::inline v0 {

/// A gray image of floats in [0, 1].
struct GrayImage {
  Index height = 0, width = 0;
  std::vector<float> pixels;

  GrayImage() = default;
  /// A uniform image. Throws ValueError for a negative extent.
  GrayImage(Index image_height, Index image_width, float gray = 0)
      : height(image_height), width(image_width) {
    if (height < 0 || width < 0) fail("image", "has a negative extent, ", height, " x ", width);
    pixels.assign(static_cast<std::size_t>(height * width), gray);
  }

  Index size() const { return height * width; }
  bool empty() const { return size() == 0; }
  float& operator()(Index y, Index x) { return pixels[static_cast<std::size_t>(y * width + x)]; }
  float operator()(Index y, Index x) const {
    return pixels[static_cast<std::size_t>(y * width + x)];
  }
  std::span<float> row(Index y) { return std::span(pixels).subspan(offset(y), extent()); }
  std::span<const float> row(Index y) const {
    return std::span(pixels).subspan(offset(y), extent());
  }

  friend bool operator==(const GrayImage&, const GrayImage&) = default;

 private:
  std::size_t offset(Index y) const { return static_cast<std::size_t>(y * width); }
  std::size_t extent() const { return static_cast<std::size_t>(width); }
};

}  // namespace glimpse::inline v0
