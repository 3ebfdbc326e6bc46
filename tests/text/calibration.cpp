#include <cmath>

#include <glimpse/core/random.hpp>
#include <glimpse/text/calibration.hpp>

#include "tests/catch.hpp"

using namespace glimpse;

namespace {

/// Words of which a share of p^a is right, p uniform in [0, 1].
std::vector<ScoredPrediction> predictions_scored(double a) {
  Random random(4);
  std::vector<ScoredPrediction> result;
  for (int i = 0; i < 20000; ++i) {
    const double p = random.uniform();
    result.push_back({p, random.uniform() < std::pow(p, a)});
  }
  return result;
}

}  // namespace

TEST_CASE("confidence that keeps its word has no calibration error", "[text]") {
  CHECK(calibration_error(predictions_scored(1)) < 0.02);
  CHECK(calibration_error(predictions_scored(3)) > 0.15);
  CHECK(calibration_error({}) == 0);
  CHECK(calibration_error({{1.0, true}, {1.0, false}}) == Approx(0.5));
}

TEST_CASE("every word is in one bin, those at the ends too", "[text]") {
  const auto bins = calibration_bins({{0.0, false}, {0.999, true}, {1.0, true}, {0.25, true}}, 4);
  REQUIRE(bins.size() == 4);
  CHECK(bins[0].words == 1);
  CHECK(bins[1].words == 1);
  CHECK(bins[2].words == 0);
  CHECK(bins[3].words == 2);
  CHECK(bins[3].right == 1);
  CHECK(calibration_bins({{std::nan(""), false}, {2, true}}, 4)[0].words == 1);
  CHECK_THROWS_AS(calibration_bins({}, 0), ValueError);
}

TEST_CASE("the exponent that makes confidence honest is found", "[text]") {
  for (const double a : {0.5, 1.0, 3.0}) {
    std::vector<ScoredPrediction> words = predictions_scored(a);
    const double found = fit_temperature(words);
    CHECK(found == Approx(a).epsilon(0.05));
    for (ScoredPrediction& t : words) t.confidence = std::pow(t.confidence, found);
    CHECK(calibration_error(words) < 0.02);
  }
  CHECK(fit_temperature({}) == 1);
}
