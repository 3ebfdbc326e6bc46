#include <glimpse/models/read_turned.hpp>

#include "tests/catch.hpp"

namespace {

/// Reads nothing but how bright the upper left pixel is.
struct BrightCorner {};

std::vector<glimpse::Reading> read(BrightCorner&, std::span<const glimpse::Picture> pictures,
                                   const glimpse::ReadOptions&) {
  std::vector<glimpse::Reading> readings;
  for (const glimpse::Picture& picture : pictures) {
    readings.emplace_back();
    readings.back().confidence = static_cast<double>(picture(0, 0));
  }
  return readings;
}

}  // namespace

using namespace glimpse;

TEST_CASE("a quarter turn is clockwise, four are none", "[models]") {
  Picture picture(2, 3);
  for (std::size_t i = 0; i < 6; ++i) picture.pixels[i] = static_cast<float>(i);
  const Picture once = turned(picture, 1);
  CHECK(once.height == 3);
  CHECK(once.width == 2);
  CHECK(once(0, 0) == 3);  // the lower left comes to the upper left
  CHECK(once(0, 1) == 0);
  CHECK(once(2, 0) == 5);
  CHECK(turned(picture, 2) == turned(once, 1));
  CHECK(turned(picture, 3) == turned(picture, -1));
  CHECK(turned(turned(picture, 3), 1) == picture);
}

TEST_CASE("of the four turns the surest reading is kept", "[models]") {
  BrightCorner reader;
  Picture picture(2, 3, 0.25f);
  picture(0, 2) = 1;  // comes to the upper left after three quarters
  const TurnedReading best = read_turned(reader, picture);
  CHECK(best.quarters == 3);
  CHECK(best.reading.confidence == 1);
  CHECK(best.picture == turned(picture, 3));
  CHECK(read_turned(reader, Picture(4, 4, 0.5f)).quarters == 0);
}
