#include <glimpse/models/read_rotated.hpp>

#include "tests/catch.hpp"

using namespace glimpse;

namespace {

/// Reads two characters, with the upper left pixel's brightness as confidence; one character, if
/// the lower right is bright too; with a lexicon, its first word.
std::vector<Reading> bright_corner(std::span<const GrayImage* const> images,
                                   const ReadOptions& options) {
  std::vector<Reading> readings;
  for (std::size_t i = 0; i < images.size(); ++i) {
    readings.emplace_back();
    const GrayImage& p = *images[i];
    readings.back().confidence = static_cast<double>(p(0, 0));
    readings.back().text = p(p.height - 1, p.width - 1) > 0.5f ? "\xC3\xA9" : "ab";
    if (!options.lexicons.empty()) readings.back().text = options.lexicons[i]->words().front();
  }
  return readings;
}

/// A gray image with one bright pixel.
GrayImage lit(Index height, Index width, Index y, Index x) {
  GrayImage image(height, width, 0.25f);
  image(y, x) = 1;
  return image;
}

Reading read_one(const GrayImage& image, RotationPolicy rotations) {
  return read_rotated(std::span(&image, 1), {.rotations = rotations}, bright_corner).front();
}

}  // namespace

TEST_CASE("a quarter turn is clockwise, four are none", "[data]") {
  GrayImage image(2, 3);
  for (std::size_t i = 0; i < 6; ++i) image.pixels[i] = static_cast<float>(i);
  const GrayImage once = rotate90(image, 1);
  CHECK(once.height == 3);
  CHECK(once.width == 2);
  CHECK(once(0, 0) == 3);  // the lower left moves to the upper left
  CHECK(once(0, 1) == 0);
  CHECK(once(2, 0) == 5);
  CHECK(rotate90(image, 2) == rotate90(once, 1));
  CHECK(rotate90(image, 3) == rotate90(image, -1));
  CHECK(rotate90(rotate90(image, 3), 1) == image);
}

TEST_CASE("of the four rotations the surest reading is kept", "[models]") {
  for (Index q = 0; q < 4; ++q) {
    const Reading best = read_one(rotate90(lit(2, 3, 0, 0), -q), RotationPolicy::all);
    CHECK(best.quarters == q);
    CHECK(best.confidence == 1);
  }
  CHECK(read_one(GrayImage(4, 4, 0.5f), RotationPolicy::all).quarters == 0);
  CHECK(read_one(GrayImage(4, 4), RotationPolicy::all).quarters ==
        0);  // no confidence anywhere: unrotated
}

TEST_CASE("only an image taller than 1.5 times its width is read on its sides", "[models]") {
  CHECK(read_one(lit(4, 2, 3, 0), RotationPolicy::tall).quarters == 1);
  CHECK(read_one(lit(4, 2, 0, 1), RotationPolicy::tall).quarters == 3);
  CHECK(read_one(lit(4, 2, 3, 1), RotationPolicy::tall).quarters == 0);  // never upside down
  CHECK(read_one(lit(3, 2, 2, 0), RotationPolicy::tall).quarters == 0);
  CHECK(read_one(lit(4, 2, 3, 0), RotationPolicy::none).quarters == 0);
}

TEST_CASE("one character is not rotated, nor is an image that is read confidently upright", "[models]") {
  GrayImage letter = lit(4, 2, 3, 0);  // rotated to its side, both corners are bright
  letter(0, 1) = 1;
  CHECK(read_one(letter, RotationPolicy::tall).quarters == 0);
  CHECK(read_one(letter, RotationPolicy::all).quarters == 1);  // requested
  GrayImage word = lit(4, 2, 3, 0);
  for (const float sure : {0.69f, 0.71f}) {
    word(0, 0) = sure;
    int calls = 0;
    const auto counted = [&](std::span<const GrayImage* const> seen, const ReadOptions& options) {
      ++calls;
      return bright_corner(seen, options);
    };
    const Reading best = read_rotated(std::span(&word, 1), {}, counted).front();
    CHECK(best.quarters == (sure < 0.7f ? 1 : 0));
    CHECK(calls == (sure < 0.7f ? 2 : 1));
  }
}

TEST_CASE("in its rotations, every image keeps its place and its words", "[models]") {
  const Charset charset("abc");
  const Lexicon a({"aa"}, charset), b({"bb"}, charset), c({"cc"}, charset);
  const std::vector<GrayImage> images{lit(2, 4, 0, 0), lit(4, 2, 3, 0), lit(4, 2, 0, 0)};
  const std::vector<const Lexicon*> own{&a, &b, &c};
  const std::vector<Reading> readings = read_rotated(images, {.lexicons = own}, bright_corner);
  REQUIRE(readings.size() == 3);
  CHECK(readings[0].text == "aa");
  CHECK(readings[1].text == "bb");
  CHECK(readings[2].text == "cc");
  CHECK(readings[1].quarters == 1);
  CHECK(readings[2].quarters == 0);
  CHECK(read_rotated({}, {}, bright_corner).empty());
}
