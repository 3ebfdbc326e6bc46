// turned: a picture turned by quarters.
//
//   y(i, j) = x(H-1-j, i), x(H-1-i, W-1-j), x(j, W-1-i)   after one, two, three quarters
#pragma once

#include <glimpse/data/picture.hpp>

namespace glimpse::inline v0 {

/// The picture turned by `quarters` times 90 degrees, clockwise; negative ones turn back.
inline Picture turned(const Picture& picture, Index quarters) {
  const Index q = (quarters % 4 + 4) % 4, h = picture.height, w = picture.width;
  Picture result(q % 2 == 0 ? h : w, q % 2 == 0 ? w : h);
  for (Index y = 0; y < result.height; ++y)
    for (Index x = 0; x < result.width; ++x)
      result(y, x) = q == 0   ? picture(y, x)
                     : q == 1 ? picture(h - 1 - x, y)
                     : q == 2 ? picture(h - 1 - y, w - 1 - x)
                              : picture(x, w - 1 - y);
  return result;
}

}  // namespace glimpse::inline v0
