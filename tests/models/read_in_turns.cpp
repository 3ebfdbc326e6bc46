#include <glimpse/models/read_in_turns.hpp>

#include "tests/catch.hpp"

using namespace glimpse;

namespace {

/// Reads nothing but how bright the upper left pixel is; out of a lexicon, its first word.
std::vector<Reading> bright_corner(std::span<const Picture* const> pictures,
                                   const ReadOptions& options) {
  std::vector<Reading> readings;
  for (std::size_t i = 0; i < pictures.size(); ++i) {
    readings.emplace_back();
    readings.back().confidence = static_cast<double>((*pictures[i])(0, 0));
    if (!options.lexicons.empty()) readings.back().text = options.lexicons[i]->words().front();
  }
  return readings;
}

/// A grey picture with one bright pixel.
Picture lit(Index height, Index width, Index y, Index x) {
  Picture picture(height, width, 0.25f);
  picture(y, x) = 1;
  return picture;
}

Reading read_one(const Picture& picture, Turns turns) {
  return read_in_turns(std::span(&picture, 1), {.turns = turns}, bright_corner).front();
}

}  // namespace

TEST_CASE("a quarter turn is clockwise, four are none", "[data]") {
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
  for (Index q = 0; q < 4; ++q) {
    const Reading best = read_one(turned(lit(2, 3, 0, 0), -q), Turns::all);
    CHECK(best.quarters == q);
    CHECK(best.confidence == 1);
  }
  CHECK(read_one(Picture(4, 4, 0.5f), Turns::all).quarters == 0);
  CHECK(read_one(Picture(4, 4), Turns::all).quarters == 0);  // nothing is sure: as it stands
}

TEST_CASE("only a picture taller than 1.5 times its width is read on its sides", "[models]") {
  CHECK(read_one(lit(4, 2, 3, 0), Turns::tall).quarters == 1);
  CHECK(read_one(lit(4, 2, 0, 1), Turns::tall).quarters == 3);
  CHECK(read_one(lit(4, 2, 3, 1), Turns::tall).quarters == 0);  // never on its head
  CHECK(read_one(lit(3, 2, 2, 0), Turns::tall).quarters == 0);
  CHECK(read_one(lit(4, 2, 3, 0), Turns::none).quarters == 0);
}

TEST_CASE("in its turns, every picture keeps its place and its words", "[models]") {
  const Charset charset("abc");
  const Lexicon a({"a"}, charset), b({"b"}, charset), c({"c"}, charset);
  const std::vector<Picture> pictures{lit(2, 4, 0, 0), lit(4, 2, 3, 0), lit(4, 2, 0, 0)};
  const std::vector<const Lexicon*> own{&a, &b, &c};
  const std::vector<Reading> readings = read_in_turns(pictures, {.lexicons = own}, bright_corner);
  REQUIRE(readings.size() == 3);
  CHECK(readings[0].text == "a");
  CHECK(readings[1].text == "b");
  CHECK(readings[2].text == "c");
  CHECK(readings[1].quarters == 1);
  CHECK(readings[2].quarters == 0);
  CHECK(read_in_turns({}, {}, bright_corner).empty());
}
