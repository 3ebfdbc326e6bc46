// Single steps: each is the identity at magnitude 0, and exact if an exact result is known.
#include <cmath>

#include <glimpse/data/synth/jpeg_artifacts.hpp>
#include <glimpse/data/synth/camera.hpp>
#include <glimpse/data/synth/fonts.hpp>
#include <glimpse/data/synth/geometry.hpp>
#include <glimpse/data/synth/background.hpp>
#include <glimpse/data/synth/split.hpp>
#include <glimpse/data/synth/background_images.hpp>
#include <glimpse/data/synth/raster.hpp>
#include <glimpse/data/synth/resample.hpp>
#include <glimpse/data/synth/scene.hpp>

#include "tests/catch.hpp"

using namespace glimpse;
using namespace glimpse::synth;

namespace {

GrayImage noise_image(Index height, Index width) {
  GrayImage p(height, width);
  Random rng(4);
  for (float& v : p.pixels) v = static_cast<float>(rng.uniform());
  return p;
}

double largest_difference(const GrayImage& a, const GrayImage& b) {
  REQUIRE(a.height == b.height);
  REQUIRE(a.width == b.width);
  float most = 0;
  for (std::size_t i = 0; i < a.pixels.size(); ++i)
    most = std::max(most, std::fabs(a.pixels[i] - b.pixels[i]));
  return static_cast<double>(most);
}

double total(const GrayImage& p) {
  double sum = 0;
  for (const float v : p.pixels) sum += static_cast<double>(v);
  return sum;
}

}  // namespace

TEST_CASE("every camera and texture step at magnitude 0 leaves the image as it was", "[synth]") {
  const GrayImage original = noise_image(13, 29);
  GrayImage p = original;
  Random rng(1);
  blur(p, 0);
  motion_blur(p, 0, 1);
  sharpen(p, 0, 2);
  jpeg_artifacts(p, 0);
  add_gradient(p, 0, rng);
  add_clouds(p, 0, 5, 3, rng);
  add_stripes(p, 0, rng);
  add_grain(p, 0, rng);
  add_spot(p, 0, rng);
  render_clutter(p, 0, rng);
  composite(p, GrayImage(13, 29, 1.0f), 0.5f, 0);
  CHECK(p == original);
  CHECK(shifted(original, 0, 0) == original);
  CHECK(largest_difference(resized(original, 13, 29), original) < 1e-6);
  tone(p, 0, 1, 1);
  CHECK(largest_difference(p, original) < 1e-6);
}

TEST_CASE("blur and resize keep flat images flat and grays in range", "[synth]") {
  GrayImage flat(17, 31, 0.7f);
  blur(flat, 2.3);
  motion_blur(flat, 5, 0.6);
  CHECK(largest_difference(flat, GrayImage(17, 31, 0.7f)) < 1e-5);
  CHECK(largest_difference(resized(flat, 40, 9), GrayImage(40, 9, 0.7f)) < 1e-5);
  CHECK(largest_difference(resized(flat, 1, 1), GrayImage(1, 1, 0.7f)) < 1e-5);
  GrayImage jpeg = noise_image(11, 21);
  const GrayImage before = jpeg;
  jpeg_artifacts(jpeg, 1e-4);  // with steps this fine only rounding errors of floats remain
  CHECK(largest_difference(jpeg, before) < 1e-3);
  jpeg_artifacts(jpeg, 1);
  CHECK(largest_difference(jpeg, before) > 0.05);
}

TEST_CASE("coverage is exact: areas of polygons at any place", "[synth]") {
  for (const float shift : {0.0f, 0.25f, 0.7f}) {
    Raster raster(20, 24);
    raster.outline(std::array{Point{3 + shift, 4 + shift}, Point{3 + shift, 11.5f + shift},
                              Point{13.25f + shift, 11.5f + shift},
                              Point{13.25f + shift, 4 + shift}});
    CHECK(total(raster.cover()) == Approx(7.5 * 10.25).epsilon(1e-5));
    Raster triangle(20, 24);
    triangle.outline(
        std::array{Point{2 + shift, 2}, Point{5 + shift, 17.5f}, Point{20 + shift, 9}});
    const double area = 0.5 * ((20.0 - 2) * (17.5 - 2) - (5.0 - 2) * (9.0 - 2));
    CHECK(total(triangle.cover()) == Approx(area).epsilon(1e-4));
  }
  // Outlines are clipped at the border; the opposite orientation has no ink.
  Raster clipped(8, 8);
  clipped.outline(std::array{Point{-50, -50}, Point{-50, 4}, Point{50, 4}, Point{50, -50}});
  CHECK(total(clipped.cover()) == Approx(32.0));
  Raster inside_out(8, 8);
  inside_out.outline(std::array{Point{2, 2}, Point{6, 2}, Point{6, 6}, Point{2, 6}});
  CHECK(total(inside_out.cover()) == 0.0);
}

TEST_CASE("widening moves every side of a square outwards by the amount", "[synth]") {
  std::array template_side{Point{0, 0}, Point{0, 4}, Point{4, 4}, Point{4, 0}};
  widen(template_side, 0.5f);
  const Box box = box_of(template_side);
  CHECK(box.left == Approx(-0.5));
  CHECK(box.top == Approx(-0.5));
  CHECK(box.right == Approx(4.5));
  CHECK(box.bottom == Approx(4.5));
}

TEST_CASE("maps compose into one, curves keep their length", "[synth]") {
  const Map a = Map::rotation(0.3).then(Map::skew(0.2, -0.1)),
            b = Map::view(0.4, -0.5, 7).then(Map::scale(3, 2));
  for (const Point p : {Point{0, 0}, Point{1, -2}, Point{-3, 0.5f}}) {
    const Point one = b(a(p)), both = a.then(b)(p);
    CHECK(one.x == Approx(both.x).margin(1e-5));
    CHECK(one.y == Approx(both.y).margin(1e-5));
  }
  CHECK(Map::view(0, 0, 5)(Point{1, 2}).x == Approx(1.0));
  Curve arc;
  arc.kind = Curve::Kind::arc;
  arc.length = 10;
  arc.bend = 1.5;
  double walked = 0;
  for (int i = 0; i < 1000; ++i) {
    const auto p = arc.at(-5 + 0.01 * i), q = arc.at(-5 + 0.01 * (i + 1));
    walked += std::hypot(q.x - p.x, q.y - p.y);
  }
  CHECK(walked == Approx(10).epsilon(1e-4));
  arc.bend = 0;
  CHECK(arc.at(3).x == Approx(3.0));
  CHECK(arc.at(3).y == 0.0);
}

TEST_CASE("a photograph lies behind the word with the level and the contrast asked for", "[synth]") {
  GrayImage stripes(100, 300);
  for (Index y = 0; y < 100; ++y)
    for (Index x = 0; x < 300; ++x) stripes(y, x) = x / 10 % 2 == 0 ? 0.2f : 0.8f;
  BackgroundImages backgrounds;
  backgrounds.add(GrayImage(20, 20, 0.5f));  // too small to be a surface
  CHECK(backgrounds.empty());
  backgrounds.add(stripes);
  REQUIRE(backgrounds.size() == 1);
  for (std::uint64_t i = 0; i < 30; ++i) {
    const GrayImage window = backgrounds.draw(30, 80, Random(i));
    CHECK(window == backgrounds.draw(30, 80, Random(i)));
    double sum = 0, most = 0;
    for (const float v : window.pixels) {
      sum += static_cast<double>(v);
      most = std::max(most, static_cast<double>(std::fabs(v)));
    }
    CHECK(sum / static_cast<double>(window.size()) == Approx(0).margin(1e-5));
    CHECK(most < 0.61);
    CHECK(most > 0.1);
  }
  const GrayImage large = backgrounds.draw(200, 900, Random(1));  // larger than the photograph
  CHECK(large.width == 900);
}

TEST_CASE("what is held out is held out, and everything is one or the other", "[synth]") {
  int held = 0;
  for (int i = 0; i < 2000; ++i) {
    const std::string name = "name" + std::to_string(i);
    CHECK(in_split(Split::all, name));
    REQUIRE(in_split(Split::training, name) != in_split(Split::held_out, name));
    held += in_split(Split::held_out, name);
  }
  CHECK(held > 60);
  CHECK(held < 140);
  CHECK(family_of("/fonts/lato/Lato-Bold.ttf") == family_of("/fonts/lato/Lato-Thin.ttf"));
}
