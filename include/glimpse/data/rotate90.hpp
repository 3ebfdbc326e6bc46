// rotate90: rotates an image by multiples of 90 degrees.
//
//   y(i, j) = x(H-1-j, i), x(H-1-i, W-1-j), x(j, W-1-i)   after one, two, three quarters
#pragma once

#include <glimpse/data/gray_image.hpp>

namespace glimpse::inline v0 {

/// The image rotated by `quarters` times 90 degrees clockwise; negative numbers rotate back.
inline GrayImage rotate90(const GrayImage& image, Index quarters) {
  const Index q = (quarters % 4 + 4) % 4, h = image.height, w = image.width;
  GrayImage result(q % 2 == 0 ? h : w, q % 2 == 0 ? w : h);
  for (Index y = 0; y < result.height; ++y)
    for (Index x = 0; x < result.width; ++x)
      result(y, x) = q == 0   ? image(y, x)
                     : q == 1 ? image(h - 1 - x, y)
                     : q == 2 ? image(h - 1 - y, w - 1 - x)
                              : image(x, w - 1 - y);
  return result;
}

}  // namespace glimpse::inline v0
