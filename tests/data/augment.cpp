// data/augment.hpp: properties of a photograph that the steps keep, and that each step acts.
#include <cmath>
#include <limits>

#include <glimpse/data/augment.hpp>

#include "tests/catch.hpp"

using namespace glimpse;

namespace {

GrayImage noise_image(Index height, Index width) {
  GrayImage p(height, width);
  Random rng(4);
  for (float& v : p.pixels) v = static_cast<float>(rng.uniform(0.1, 0.9));
  return p;
}

// Dark, with a bright frame of lines `inset` pixels from the border.
GrayImage framed_image(Index height, Index width, Index inset) {
  GrayImage p(height, width, 0.0f);
  for (Index y = inset; y < height - inset; ++y)
    for (Index x = inset; x < width - inset; ++x)
      if (y < inset + 3 || y >= height - inset - 3 || x < inset + 3 || x >= width - inset - 3)
        p(y, x) = 1;
  return p;
}

bool in_range(const GrayImage& p) {
  for (const float v : p.pixels)
    if (!(v >= 0 && v <= 1)) return false;
  return true;
}

double mass(const GrayImage& p) {
  double sum = 0;
  for (const float v : p.pixels) sum += static_cast<double>(v);
  return sum;
}

// Only one step, always.
AugmentOptions only(std::string_view wanted, double magnitude = 1) {
  AugmentOptions options = AugmentOptions::none();
  options.share = 1;
  options.visit([&](std::string_view name, synth::Augmentation& step) {
    if (name == wanted) step = {1, magnitude};
  });
  return options;
}

// All geometry steps, always, with default magnitude; no crop.
AugmentOptions geometry() {
  AugmentOptions options = AugmentOptions::none();
  options.share = 1;
  for (synth::Augmentation* step :
       {&options.stretch, &options.slant, &options.skew, &options.rotation, &options.perspective})
    step->probability = 1;
  return options;
}

std::vector<std::string> step_names() {
  std::vector<std::string> names;
  AugmentOptions().visit(
      [&](std::string_view name, synth::Augmentation&) { names.emplace_back(name); });
  return names;
}

}  // namespace

TEST_CASE("no step, no share or no magnitude leaves an image as it is", "[augment]") {
  AugmentOptions no_share;
  no_share.share = 0;
  for (const auto& [height, width] : {std::pair<Index, Index>{31, 90}, {300, 900}}) {
    const GrayImage p = noise_image(height, width);
    for (std::uint64_t i = 0; i < 5; ++i) {
      CHECK(augment(p, AugmentOptions::none(), Random(1, i)) == p);
      CHECK(augment(p, no_share, Random(1, i)) == p);
      CHECK(augment(p, AugmentOptions().scaled(0), Random(1, i)) == p);
    }
  }
}

TEST_CASE("the same generator changes an image in the same way, another in another", "[augment]") {
  const GrayImage p = noise_image(40, 130);
  AugmentOptions options;
  options.share = 1;
  CHECK(augment(p, options, Random(3, 5)) == augment(p, options, Random(3, 5)));
  CHECK_FALSE(augment(p, options, Random(3, 5)) == augment(p, options, Random(3, 6)));
}

TEST_CASE("a share of images is left as it is", "[augment]") {
  const GrayImage p = noise_image(24, 60);
  int changed = 0;
  for (std::uint64_t i = 0; i < 400; ++i) changed += augment(p, {}, Random(8, i)) == p ? 0 : 1;
  // 0.7 of 400, of which nearly all are changed by some step
  CHECK(changed > 235);
  CHECK(changed < 310);
}

TEST_CASE("grays stay in range for every size, and the work is bounded", "[augment]") {
  AugmentOptions options;
  options.share = 1;
  for (const auto& [height, width] : {std::pair<Index, Index>{1, 1},
                                      {1, 2},
                                      {2, 1},
                                      {1, 700},
                                      {3, 5},
                                      {8, 8},
                                      {300, 9},
                                      {14, 60},
                                      {32, 3000},
                                      {700, 500},
                                      {3000, 20}}) {
    const GrayImage p = noise_image(height, width);
    for (const double magnitude : {1.0, 2.0})
      for (std::uint64_t i = 0; i < 12; ++i) {
        const GrayImage q = augment(p, options.scaled(magnitude), Random(2, i));
        INFO(height << " x " << width << ", " << i << ": " << q.height << " x " << q.width);
        CHECK(in_range(q));
        CHECK(q.size() >= 1);
        CHECK(q.size() < 300'000);
      }
  }
  CHECK(augment(GrayImage(), options, Random(2)).empty());
  GrayImage broken = noise_image(20, 50);
  broken(3, 4) = std::numeric_limits<float>::quiet_NaN();
  broken(9, 9) = std::numeric_limits<float>::infinity();
  broken(12, 9) = -7;
  for (std::uint64_t i = 0; i < 20; ++i) CHECK(in_range(augment(broken, options, Random(6, i))));
}

TEST_CASE("large photographs are reduced and keep their shape", "[augment]") {
  const GrayImage q = augment(noise_image(512, 1536), only("invert"), Random(1));
  CHECK(q.height == 128);
  CHECK(q.width == 384);
}

TEST_CASE("each step alone changes an image", "[augment]") {
  const GrayImage p = noise_image(100, 200);
  for (const std::string& name : step_names()) {
    int changed = 0;
    for (std::uint64_t i = 0; i < 20; ++i)
      changed += augment(p, only(name), Random(7, i)) == p ? 0 : 1;
    INFO(name);
    CHECK(changed >= 15);  // some random changes are nearly zero
    CHECK(augment(p, only(name, 0), Random(7)) == p);
  }
}

TEST_CASE("inversion is exact", "[augment]") {
  const GrayImage p = noise_image(32, 100), q = augment(p, only("invert"), Random(1));
  REQUIRE(q.size() == p.size());
  for (std::size_t i = 0; i < p.pixels.size(); ++i) CHECK(q.pixels[i] == 1 - p.pixels[i]);
}

TEST_CASE("geometry lets no letter leave the image", "[augment]") {
  for (const auto& [height, width] :
       {std::pair<Index, Index>{64, 200}, {60, 60}, {150, 50}, {50, 600}}) {
    const Index inset = 3;
    const GrayImage p = framed_image(height, width, inset);
    for (std::uint64_t i = 0; i < 60; ++i) {
      const GrayImage q = augment(p, geometry(), Random(5, i));
      INFO(height << " x " << width << ", " << i << ": " << q.height << " x " << q.width);
      // The border is black, so bright pixels are the frame; its area follows the map's scale.
      CHECK(mass(q) > 0.5 * mass(p));
      CHECK(mass(q) < 2.5 * mass(p));
      float edge = 0;
      for (Index x = 0; x < q.width; ++x) edge = std::max({edge, q(0, x), q(q.height - 1, x)});
      for (Index y = 0; y < q.height; ++y) edge = std::max({edge, q(y, 0), q(y, q.width - 1)});
      CHECK(edge < 0.3f);
    }
  }
}

TEST_CASE("a crop cuts at most 4 % of the shorter side from each", "[augment]") {
  const GrayImage p = framed_image(100, 300, 5);
  for (std::uint64_t i = 0; i < 60; ++i) {
    const GrayImage q = augment(p, only("crop"), Random(5, i));
    CHECK(q.height >= 92);
    CHECK(q.width >= 292);
    CHECK(mass(q) == Approx(mass(p)).epsilon(0.03));
  }
}

TEST_CASE("all geometry is one resampling", "[augment]") {
  // A rotation and its inverse cancel. Two resamplings would blur a checkerboard of pixels.
  GrayImage p(12, 16);
  for (Index y = 0; y < p.height; ++y)
    for (Index x = 0; x < p.width; ++x) p(y, x) = static_cast<float>((x + y) % 2);
  const synth::Map there = synth::Map::rotation(0.4).then(synth::Map::view(0.2, -0.3, 40));
  const GrayImage same = synth::warped(p, there.then(there.inverse()), p.height, p.width, 3);
  for (std::size_t i = 0; i < p.pixels.size(); ++i)
    CHECK(same.pixels[i] == Approx(p.pixels[i]).margin(1e-3));
  const GrayImage once = synth::warped(p, there, p.height, p.width, 3);
  const GrayImage twice = synth::warped(once, there.inverse(), p.height, p.width, 3);
  double lost = 0;
  for (std::size_t i = 0; i < p.pixels.size(); ++i)
    lost += static_cast<double>(std::fabs(twice.pixels[i] - p.pixels[i]));
  CHECK(lost > 10);
}

TEST_CASE("outside the image its border fades into the border's mean", "[augment]") {
  GrayImage p(10, 10, 0.5f);
  for (Index y = 0; y < 10; ++y) p(y, 0) = 1;  // the left border is bright
  const float mean = synth::border_mean(p);
  CHECK(mean == Approx((10 * 1.0 + 26 * 0.5) / 36));
  CHECK(synth::border_mean(GrayImage(1, 1, 0.3f)) == Approx(0.3));
  const GrayImage wide = synth::warped(p, synth::Map::shift(-40, 0), 10, 50, 4);
  CHECK(wide(5, 40) == Approx(1));
  CHECK(wide(5, 39) < wide(5, 40));
  CHECK(wide(5, 30) < wide(5, 39));
  CHECK(wide(5, 0) == Approx(mean).margin(0.02));
  CHECK_THROWS_WITH(synth::warped(GrayImage(), synth::Map(), 2, 2, 1),
                    Catch::Contains("expected an image"));
}

TEST_CASE("a map and its inverse meet at every point", "[augment]") {
  const synth::Map map = synth::Map::skew(0.3, -0.2).then(synth::Map::view(0.4, 0.5, 9));
  for (const synth::Point p : {synth::Point{0, 0}, {3, -2}, {-4, 1}}) {
    const synth::Point back = map.inverse()(map(p));
    CHECK(back.x == Approx(p.x).margin(1e-4));
    CHECK(back.y == Approx(p.y).margin(1e-4));
  }
}

TEST_CASE("augmented words keep their labels and are a function of their number", "[augment]") {
  const WordSource plain = [](std::uint64_t i) {
    return LabeledWord{noise_image(20, 50 + static_cast<Index>(i)), {1, 2}, {0.5f, 0.5f}};
  };
  const WordSource words = augmented_words(plain, {}, 9), others = augmented_words(plain, {}, 10);
  bool differs = false;
  for (std::uint64_t i = 0; i < 12; ++i) {
    const LabeledWord word = words(i);
    CHECK(word.symbols == std::vector<Index>{1, 2});
    CHECK(word.fiducials.empty());
    CHECK(word.image == words(i).image);
    differs = differs || !(word.image == others(i).image);
  }
  CHECK(differs);
}

TEST_CASE("a step out of range is refused, and options print on one line", "[augment]") {
  AugmentOptions options;
  options.blur = {1.5, 1};
  CHECK_THROWS_WITH(augment(GrayImage(4, 4), options, Random(1)), Catch::Contains("blur"));
  options.blur = {0.5, -1};
  CHECK_THROWS_WITH(augmented_words({}, options, 1), Catch::Contains("magnitude"));
  const std::string text = to_string(AugmentOptions());
  CHECK(text.find("share=0.7 stretch=") == 0);
  CHECK(text.find('\n') == text.npos);
}
