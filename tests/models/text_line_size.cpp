// Length and height of a word along its own line, and its rectified width.
#include <glimpse/models/text_line_size.hpp>

#include <cmath>
#include <vector>

#include "tests/catch.hpp"

using namespace glimpse;

namespace {

constexpr Index image_height = 80, image_width = 120;

/// The points of a line of text around (60, 40), `length` and `height` pixels, rotated by `angle`.
std::vector<double> line(double length, double height, double angle) {
  std::vector<double> points;
  for (const double v : {-0.5, 0.5})
    for (Index i = 0; i < 10; ++i) {
      const double x = length * (static_cast<double>(i) / 9 - 0.5), y = height * v;
      points.push_back((x * std::cos(angle) - y * std::sin(angle)) / (image_width / 2.0));
      points.push_back((x * std::sin(angle) + y * std::cos(angle)) / (image_height / 2.0));
    }
  return points;
}

TextLineSize extent(const std::vector<double>& points) {
  return text_line_size(std::span<const double>(points), image_height, image_width);
}

}  // namespace

TEST_CASE("a word is as long and as high whichever way it runs", "[models]") {
  for (const double angle : {0.0, 0.3, 0.8, 1.57}) {
    const TextLineSize e = extent(line(70, 12, angle));
    CHECK(e.length == Approx(70));
    CHECK(e.height == Approx(12));
  }
}

TEST_CASE("a word on an arc is as long as its arc", "[models]") {
  std::vector<double> points;  // half a circle, edges at radii 30 and 20
  for (const double r : {30.0, 20.0})
    for (Index i = 0; i < 10; ++i) {
      const double t = 3.14159265358979 * (1 - static_cast<double>(i) / 9);
      points.push_back(r * std::cos(t) / (image_width / 2.0));
      points.push_back(-r * std::sin(t) / (image_height / 2.0));
    }
  const TextLineSize e = extent(points);
  CHECK(e.height == Approx(10));
  CHECK(e.length == Approx(18 * 25 * std::sin(3.14159265358979 / 18)));  // nine chords an edge
}

TEST_CASE("a straightened word gets the width that its own shape wants", "[models]") {
  const ReaderConfig c;  // 100, 160, 240
  CHECK(rectified_width(c, text_line_size(GrayImage(32, 60))) == 100);
  CHECK(rectified_width(c, text_line_size(GrayImage(32, 200))) == 160);
  CHECK(rectified_width(c, text_line_size(GrayImage(32, 2000))) == 240);
  CHECK(rectified_width(c, extent(line(80, 20, 0.6))) == 100);
  CHECK(rectified_width(c, extent(line(80, 12, 0.6))) == 160);  // although its image is 80 x 120
}
