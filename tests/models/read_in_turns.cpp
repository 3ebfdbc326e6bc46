#include <glimpse/models/read_in_turns.hpp>

#include "tests/catch.hpp"

using namespace glimpse;

namespace {

/// Reads two characters, as surely as the upper left pixel is bright; one, where the lower right is
/// bright, too; out of a lexicon, its first word.
std::vector<Reading> bright_corner(std::span<const Picture* const> pictures,
                                   const ReadOptions& options) {
  std::vector<Reading> readings;
  for (std::size_t i = 0; i < pictures.size(); ++i) {
    readings.emplace_back();
    const Picture& p = *pictures[i];
    readings.back().confidence = static_cast<double>(p(0, 0));
    readings.back().text = p(p.height - 1, p.width - 1) > 0.5f ? "\xC3\xA9" : "ab";
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

TEST_CASE("one character is not turned, nor is what is read surely as it stands", "[models]") {
  Picture letter = lit(4, 2, 3, 0);  // on its side, both corners are bright
  letter(0, 1) = 1;
  CHECK(read_one(letter, Turns::tall).quarters == 0);
  CHECK(read_one(letter, Turns::all).quarters == 1);  // asked for
  Picture word = lit(4, 2, 3, 0);
  for (const float sure : {0.69f, 0.71f}) {
    word(0, 0) = sure;
    int calls = 0;
    const auto counted = [&](std::span<const Picture* const> seen, const ReadOptions& options) {
      ++calls;
      return bright_corner(seen, options);
    };
    const Reading best = read_in_turns(std::span(&word, 1), {}, counted).front();
    CHECK(best.quarters == (sure < 0.7f ? 1 : 0));
    CHECK(calls == (sure < 0.7f ? 2 : 1));
  }
}

TEST_CASE("in its turns, every picture keeps its place and its words", "[models]") {
  const Charset charset("abc");
  const Lexicon a({"aa"}, charset), b({"bb"}, charset), c({"cc"}, charset);
  const std::vector<Picture> pictures{lit(2, 4, 0, 0), lit(4, 2, 3, 0), lit(4, 2, 0, 0)};
  const std::vector<const Lexicon*> own{&a, &b, &c};
  const std::vector<Reading> readings = read_in_turns(pictures, {.lexicons = own}, bright_corner);
  REQUIRE(readings.size() == 3);
  CHECK(readings[0].text == "aa");
  CHECK(readings[1].text == "bb");
  CHECK(readings[2].text == "cc");
  CHECK(readings[1].quarters == 1);
  CHECK(readings[2].quarters == 0);
  CHECK(read_in_turns({}, {}, bright_corner).empty());
}
