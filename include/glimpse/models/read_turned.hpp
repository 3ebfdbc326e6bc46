// read_turned: words that may lie on their side or stand on their head.
//
// The picture is read in its four turns, and the reading with the highest p(text | picture) wins.
// Costs four readings.
#pragma once

#include <array>
#include <span>
#include <utility>

#include <glimpse/models/read.hpp>

namespace glimpse::inline v0 {

/// The picture turned by `quarters` times 90 degrees, clockwise.
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

/// A reading, and by how many quarters (clockwise) the picture was turned for it.
struct TurnedReading {
  Reading reading;
  Index quarters = 0;
  Picture picture;  // as it was read
};

/// Reads one picture in its four turns. Of equal confidences the smaller turn wins.
template <class Model>
TurnedReading read_turned(Model& model, const Picture& picture, const ReadOptions& options = {}) {
  std::array<Picture, 4> turns;
  for (Index q = 0; q < 4; ++q) turns[static_cast<std::size_t>(q)] = turned(picture, q);
  std::vector<Reading> readings = read(model, std::span<const Picture>(turns), options);
  std::size_t best = 0;
  for (std::size_t q = 1; q < 4; ++q)
    if (readings[q].confidence > readings[best].confidence) best = q;
  return {std::move(readings[best]), static_cast<Index>(best), std::move(turns[best])};
}

}  // namespace glimpse::inline v0
