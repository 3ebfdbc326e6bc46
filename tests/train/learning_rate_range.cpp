// train/learning_rate_range.hpp
#include <glimpse/train/learning_rate_range.hpp>

#include <cmath>
#include <limits>

#include "catch.hpp"
#include "tiny.hpp"

using namespace glimpse;

TEST_CASE("learning rate range: grows by a constant factor and suggests the steepest fall",
          "[train]") {
  // The loss falls along a logistic curve over ln r around 1e-3 and diverges from 0.1 on.
  const auto loss = [](double rate) {
    return 1 + 2 / (1 + std::exp(3 * std::log(rate / 1e-3))) + std::pow(rate / 0.1, 4);
  };
  const RateRange r = learning_rate_range({.smooth = 0}, loss);
  REQUIRE(r.rates.size() > 100);
  CHECK(r.rates.front() == Approx(1e-6));
  CHECK(r.rates[1] / r.rates[0] == Approx(r.rates[50] / r.rates[49]));
  CHECK(r.rates.size() < 200);  // ended at divergence
  CHECK(r.suggestion > 0.8e-3);
  CHECK(r.suggestion < 1.25e-3);
  CHECK(r.smoothed == r.losses);
  // Smoothing, as documented: the first smoothed value is the first loss.
  const RateRange s = learning_rate_range({}, loss);
  CHECK(s.smoothed[0] == Approx(s.losses[0]));
  CHECK(s.smoothed[1] == Approx((0.9 * 0.1 * s.losses[0] + 0.1 * s.losses[1]) / (1 - 0.81)));
}

TEST_CASE(
    "learning rate range: ends at a loss that is no number, suggests nothing where nothing "
    "falls",
    "[train]") {
  Index steps = 0;
  const RateRange r = learning_rate_range(
      {}, [&](double) { return ++steps > 20 ? std::numeric_limits<double>::quiet_NaN() : 1.0; });
  CHECK(steps == 21);
  CHECK(r.rates.size() == 20);
  CHECK(r.suggestion == 0);
  CHECK_THROWS_AS(learning_rate_range({.low = 0}, [](double) { return 1.0; }), ValueError);
  CHECK_THROWS_AS(learning_rate_range({.steps = 3}, [](double) { return 1.0; }), ValueError);
  const double nan = std::numeric_limits<double>::quiet_NaN();
  CHECK_THROWS_AS(learning_rate_range({.high = nan}, [](double) { return 1.0; }), ValueError);
}

TEST_CASE("learning rate range of a reader leaves the reader as it was, and draws", "[train]") {
  Random random(1);
  Reader<float> reader(tiny(), random);
  std::vector<std::vector<float>> before;
  for (const auto& [name, x] : state_dict(reader))
    before.emplace_back(x.data(), x.data() + x.size());
  const TrainOptions o = tiny_options("range");
  const RateRange r = learning_rate_range({.steps = 30}, reader, striped_word, o);
  CHECK(r.rates.size() > 10);
  std::size_t i = 0;
  for (const auto& [name, x] : state_dict(reader))
    CHECK(before[i++] == std::vector<float>(x.data(), x.data() + x.size()));
  std::filesystem::create_directories(o.out);
  write_rate_range(r, o.out);
  CHECK(read_image(o.out + "/learning_rate.png", 3).size(1) == 480);
  CHECK(std::filesystem::exists(o.out + "/learning_rate.tsv"));
}
