// The word renderer: a pure function of (seed, index), labels in the character set, images in [0,
// 1].
#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <set>

#include <glimpse/core/parallel.hpp>
#include <glimpse/data/synth.hpp>

#include "scratch.hpp"
#include "synth_fonts.hpp"
#include "tests/catch.hpp"

using namespace glimpse;
using namespace glimpse::synth;

namespace {

std::vector<WordSample> draw_all(const WordRenderer& renderer, Index count, int threads) {
  const ThreadScope scope(threads);
  std::vector<WordSample> samples(static_cast<std::size_t>(count));
  parallel_for(count, 1'000'000, [&](Index i) {
    samples[static_cast<std::size_t>(i)] = renderer.draw(11, static_cast<std::uint64_t>(i));
  });
  return samples;
}

}  // namespace

TEST_CASE("synthetic words are the same for any number of threads, and differ by seed and index",
          "[synth]") {
  const WordRenderer renderer(test_fonts(), Words::built_in());
  const auto one = draw_all(renderer, 64, 1), three = draw_all(renderer, 64, 3);
  for (std::size_t i = 0; i < one.size(); ++i) {
    REQUIRE(one[i].text == three[i].text);
    REQUIRE(one[i].image == three[i].image);
  }
  CHECK_FALSE(renderer.draw(11, 0).image == renderer.draw(12, 0).image);
  CHECK_FALSE(renderer.draw(11, 0).image == renderer.draw(11, 1).image);
}

TEST_CASE("labels are of a-z and 0-9, images are finite, in [0, 1] and of a sensible size",
          "[synth]") {
  const WordRenderer renderer(test_fonts(), Words::built_in());
  std::set<std::string> labels;
  for (std::uint64_t i = 0; i < 400; ++i) {
    const WordSample sample = renderer.draw(3, i);
    INFO("image " << i << " says " << sample.text);
    REQUIRE_FALSE(sample.label.empty());
    REQUIRE(sample.label == label_of(sample.text, Charset()));
    REQUIRE(std::all_of(sample.label.begin(), sample.label.end(),
                        [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }));
    REQUIRE(sample.image.height >= 12);
    REQUIRE(sample.image.width >= 8);
    REQUIRE(sample.image.size() <= 40000);
    REQUIRE(std::all_of(sample.image.pixels.begin(), sample.image.pixels.end(),
                        [](float v) { return v >= 0 && v <= 1; }));
    labels.insert(sample.label);
  }
  CHECK(labels.size() > 200);
}

TEST_CASE("a recipe without steps draws dark or light ink that fills its image", "[synth]") {
  Recipe recipe = Recipe::plain();
  recipe.upper.probability = 1;
  const WordRenderer renderer(test_fonts(), Words::built_in(), recipe);
  for (std::uint64_t i = 0; i < 20; ++i) {
    const GrayImage p = renderer.draw(5, i).image;
    const auto ends = std::minmax_element(p.pixels.begin(), p.pixels.end());
    const auto low = ends.first, high = ends.second;  // Clang 14: no captured structured bindings
    CHECK(*high - *low > 0.1f);
    // Two grays, and mixtures at the edges: most pixels are one of the two.
    const auto pure = std::count_if(p.pixels.begin(), p.pixels.end(), [&](float v) {
      return std::min(v - *low, *high - v) < 0.02f * (*high - *low);
    });
    CHECK(static_cast<double>(pure) > 0.5 * static_cast<double>(p.size()));
    // The crop is the ink's box, so the ink (one of the two grays) touches every border.
    const auto touched = [&](float background, Index y0, Index x0, Index y1, Index x1) {
      for (Index y = y0; y < y1; ++y)
        for (Index x = x0; x < x1; ++x)
          if (std::fabs(p(y, x) - background) > 0.05f * (*high - *low)) return true;
      return false;
    };
    const auto tight = [&](float background) {
      return touched(background, 0, 0, 2, p.width) &&
             touched(background, p.height - 2, 0, p.height, p.width) &&
             touched(background, 0, 0, p.height, 2) &&
             touched(background, 0, p.width - 2, p.height, p.width);
    };
    CHECK((tight(*low) || tight(*high)));
  }
}

TEST_CASE("a label says nothing that no face can draw", "[synth]") {
  Recipe recipe = Recipe::plain();
  recipe.codes.probability = 1;  // letters and digits
  for (const bool caps_only : {false, true}) {
    FontFolder folder("lacking");
    folder.put("lacking.ttf", bar_font(caps_only, false, "0123456789"));
    const WordRenderer renderer(Fonts::load(folder.options()), Words::built_in(), recipe);
    std::string labels;
    for (std::uint64_t i = 0; i < 60; ++i) labels += renderer.draw(1, i).label;
    CHECK_FALSE(labels.empty());
    CHECK(labels.find_first_of("0123456789") == std::string::npos);
  }
}

TEST_CASE("fiducial points hold the ink of a bent word, and hold it closely", "[synth]") {
  Recipe recipe = Recipe::plain();
  recipe.crop = {1, 10};  // so loose that no point falls outside
  recipe.curve.probability = recipe.perspective.probability = recipe.elastic.probability =
      recipe.slant.probability = 1;
  const WordRenderer renderer(test_fonts(), Words::built_in(), recipe);
  double out_of_points = 0, out_of_less = 0;
  for (std::uint64_t i = 0; i < 30; ++i) {
    const WordSample sample = renderer.draw(8, i, 24);
    const GrayImage& p = sample.image;
    INFO("image " << i << " says " << sample.text);
    REQUIRE(sample.fiducials.size() == 24);
    // Share of the ink outside the points, with the points moved to `distance` times their distance
    // from the middle line.
    const auto outside = [&](float distance) {
      std::vector<Point> ring;
      for (std::size_t k = 0; k < 24; ++k) {
        const std::size_t n = k < 12 ? k : 35 - k;  // along the top, and back along the bottom
        const Point a = sample.fiducials[n], b = sample.fiducials[n < 12 ? n + 12 : n - 12];
        const float s = 0.5f * (1 + distance), t = 1 - s;
        ring.push_back({(s * a.x + t * b.x + 1) / 2 * static_cast<float>(p.width),
                        (s * a.y + t * b.y + 1) / 2 * static_cast<float>(p.height)});
      }
      double all = 0, out = 0;
      for (Index y = 0; y < p.height; ++y)
        for (Index x = 0; x < p.width; ++x) {
          const float px = static_cast<float>(x) + 0.5f, py = static_cast<float>(y) + 0.5f;
          bool inside = false;  // an odd number of edges to the right
          for (std::size_t k = 0, j = 23; k < 24; j = k++) {
            const Point a = ring[k], b = ring[j];
            if ((a.y > py) != (b.y > py) && px < a.x + (b.x - a.x) * (py - a.y) / (b.y - a.y))
              inside = !inside;
          }
          const double ink = static_cast<double>(std::fabs(p(y, x) - p(0, 0)));
          all += ink, out += inside ? 0 : ink;
        }
      return out / all;
    };
    CHECK(outside(1) < 0.1);  // wide letters' corners may extend beyond a narrow bend
    out_of_points += outside(1) / 30, out_of_less += outside(0.7f) / 30;
  }
  CHECK(out_of_points < 0.01);
  CHECK(out_of_less > 0.15);
}

TEST_CASE("leaving one step out changes nothing else about an image", "[synth]") {
  Recipe without;
  without.curve.probability = 0;
  without.neighbors.probability = 0;
  const WordRenderer full(test_fonts(), Words::built_in()),
      less(test_fonts(), Words::built_in(), without);
  int same_words = 0;
  for (std::uint64_t i = 0; i < 50; ++i)
    same_words += full.draw(2, i).label == less.draw(2, i).label;
  CHECK(same_words >= 45);  // an image redrawn for its contrast may have another word
}

TEST_CASE("a recipe goes through text and back, and turns down what it does not know", "[synth]") {
  Recipe recipe;
  change(recipe, "curve=0.75:1.5");
  CHECK(recipe.curve.probability == 0.75);
  CHECK(recipe.curve.magnitude == 1.5);
  CHECK(to_string(recipe_from_string(to_string(recipe))) == to_string(recipe));
  for (const char* wrong : {"curve", "curve=", "curve=x", "curve=2", "curve=-1",
                            "curve=0.5:", "bend=0.5", "=1", "curve=0.5:1:2"})
    CHECK_THROWS_AS(change(recipe, wrong), ValueError);
}

TEST_CASE("words come from a file, in many shapes, and are cased by the recipe", "[synth]") {
  const auto path = scratch_path("words.txt");
  std::ofstream(path) << "apple\nBanana\n\nc'est\npneumonoultramicroscopicsilicovolcanoconiosis\n";
  const Words words = Words::from_file(path.string());
  CHECK(words.size() == 3);
  Recipe recipe = Recipe::plain();
  recipe.upper.probability = 1;
  std::set<std::string> seen;
  for (std::uint64_t i = 0; i < 100; ++i) seen.insert(words.draw(Random(1, i), recipe));
  CHECK(seen == std::set<std::string>{"APPLE", "BANANA", "C'EST"});
  std::ofstream(path, std::ios::trunc) << "\n--\n";
  CHECK_THROWS_AS(Words::from_file(path.string()), IoError);
  CHECK_THROWS_AS(Words::from_file("no/such/list.txt"), IoError);
  std::filesystem::remove(path);
}
