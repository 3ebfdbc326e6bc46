// viz/plot.hpp, viz/reading.hpp: every input gives an image.
#include <cmath>
#include <limits>

#include <glimpse/viz/plot.hpp>
#include <glimpse/viz/reading.hpp>

#include "../catch.hpp"

using namespace glimpse;

namespace {

bool clean(const Tensor<float>& image) {
  for (const float v : image.span())
    if (!(v >= -1e-6f && v <= 1 + 1e-6f)) return false;
  return true;
}

Tensor<float> full_image() {
  Tensor<float> p(Shape{60, 140});
  for (Index i = 0; i < p.size(); ++i) p.data()[i] = static_cast<float>(i % 7) / 7;
  return p;
}

Tensor<float> full_attention() {
  Tensor<float> a = zeros<float>({5, 26});
  for (Index t = 0; t < 5; ++t) a(t, 3 + 5 * t) = 0.7f, a(t, 4 + 5 * t) = 0.3f;
  return a;
}

double difference(const Tensor<float>& a, const Tensor<float>& b) {
  REQUIRE(a.shape() == b.shape());
  double sum = 0;
  for (Index i = 0; i < a.size(); ++i)
    sum += std::fabs(static_cast<double>(a.data()[i] - b.data()[i]));
  return sum;
}

}  // namespace

TEST_CASE("plot: ticks are round numbers with short labels") {
  CHECK(detail::tick_step(10, 5) == Approx(2));
  CHECK(detail::tick_step(1, 10) == Approx(0.1));
  CHECK(detail::tick_step(37, 5) == Approx(10));
  CHECK(detail::tick_label(0.25, 0.05) == "0.25");
  CHECK(detail::tick_label(0, 0.5) == "0.0");
  CHECK(detail::tick_label(20000, 5000) == "20k");
  CHECK(detail::tick_label(2500, 500) == "2500");
  CHECK(detail::tick_label(3e6, 1e6) == "3M");
  CHECK(detail::tick_label(-0.0, 1) == "0");
  const detail::Axis axis{0.9, 10.1, 0, 100};
  const auto ticks = axis.ticks(5);
  REQUIRE(ticks.size() == 5);
  CHECK(ticks.front().first == Approx(2));
  CHECK(ticks.back().second == "10");
  const detail::Axis decades{0.01, 100, 0, 100, true};
  CHECK(decades.pixel(1) == Approx(50));
  CHECK(decades.ticks(6).size() == 5);
}

TEST_CASE("plot: ticks end where neighbors are the same number") {
  for (const double low : {1e17, -1e17, 1e300}) {
    const detail::Axis axis{low, low + std::fabs(low) * 4e-16, 0, 100};
    const auto ticks = axis.ticks(6);
    CHECK(ticks.size() <= 7);
    for (std::size_t i = 1; i < ticks.size(); ++i) CHECK(ticks[i].first > ticks[i - 1].first);
  }
  CHECK(clean(draw(Plot{.series = {{.y = {1e17, 1e17 + 32}}}})));
}

TEST_CASE("plot: curves are drawn where their values are") {
  const Plot plot{.title = "t", .series = {{.name = "a", .y = {0, 1, 2, 3}}}};
  const Plot falling{.title = "t", .series = {{.name = "a", .y = {3, 2, 1, 0}}}};
  const Tensor<float> image = draw(plot), mirrored = draw(falling);
  CHECK(image.shape() == Shape{3, 480, 860});
  CHECK(clean(image));
  const Color c = category(0);
  const auto inked = [&](const Tensor<float>& p, Index y0, Index x0) {  // a quarter of the image
    Index n = 0;
    for (Index y = y0; y < y0 + 150; ++y)
      for (Index x = x0; x < x0 + 300; ++x)
        n += std::fabs(p(0, y, x) - c.r) < 0.02f && std::fabs(p(2, y, x) - c.b) < 0.02f;
    return n;
  };
  CHECK(inked(image, 80, 500) > 50);
  CHECK(inked(image, 80, 100) == 0);
  CHECK(inked(mirrored, 80, 100) > 50);
  CHECK(inked(mirrored, 80, 500) == 0);
}

TEST_CASE("plot: empty, single, constant and impossible values all make an image") {
  const double nan = std::nan(""), inf = std::numeric_limits<double>::infinity();
  for (const std::vector<double>& y : std::vector<std::vector<double>>{{},
                                                                       {1},
                                                                       {2, 2, 2},
                                                                       {nan, nan},
                                                                       {1, nan, 3},
                                                                       {inf, 1, -inf},
                                                                       {-1, 0, -3},
                                                                       {1e-30, 1e30},
                                                                       {0, 0}}) {
    for (const bool log_y : {false, true}) {
      for (const double smooth : {0.0, 0.9}) {
        Plot plot{.title = "odd", .x_label = "x", .y_label = "y", .log_y = log_y};
        plot.series = {{.name = "values", .y = y, .smooth = smooth, .dots = true}};
        CHECK(clean(draw(plot, 300, 200)));
      }
    }
  }
  CHECK(clean(draw(Plot{}, 200, 120)));
  CHECK_THROWS_AS(draw(Plot{.series = {{.y = {1, 2}, .x = {1}}}}), ShapeError);
  CHECK(clean(draw(Bars{})));
  CHECK(clean(draw(Bars{.title = "b", .bars = {{"a", 1}, {"b", nan}, {"c", -3}, {"d", inf}}})));
}

TEST_CASE("plot: a logarithmic axis of x spaces decades evenly") {
  const Plot plot{.series = {{.y = {0, 1, 2}, .x = {1e-4, 1e-2, 1}}}, .log_x = true};
  const Plot straight{.series = {{.y = {0, 1, 2}, .x = {-4, -2, 0}}}};
  const Tensor<float> a = draw(plot, 300, 200), b = draw(straight, 300, 200);
  // Only the row of labels below the axis differs.
  CHECK(difference(a.slice(1, 0, 155).contiguous(), b.slice(1, 0, 155).contiguous()) < 1e-3);
  CHECK(difference(a, b) > 1);
}

TEST_CASE("plot: a limit on the values cuts the curve at the frame") {
  Plot plot{.series = {{.y = {0, 100, 0}}}};
  plot.y_high = 1;
  CHECK(clean(draw(plot)));
}

TEST_CASE("reading: a panel of every part, and of every part left out") {
  Tensor<float> fiducials(Shape{20, 2});
  for (Index i = 0; i < 20; ++i)
    fiducials(i, 0) = -0.9f + 0.2f * static_cast<float>(i % 10),
                 fiducials(i, 1) = i < 10 ? -0.6f : 0.6f;
  const ReadingView view_of_all{.image = full_image(),
                                .fiducials = fiducials,
                                .rectified = zeros<float>({1, 32, 100}),
                                .attention = full_attention(),
                                .text = "word",
                                .confidences = {0.9, 0.8, 0.99, 1, 0.97}};
  const Tensor<float> image = draw(view_of_all);
  CHECK(image.size(2) == 760);
  CHECK(clean(image));
  for (int part = 0; part < 32; ++part) {
    ReadingView view = view_of_all;
    if (part & 1) view.image = {};
    if (part & 2) view.fiducials = {};
    if (part & 4) view.rectified = {};
    if (part & 8) view.attention = {};
    if (part & 16) view.text.clear(), view.confidences.clear();
    CHECK(clean(draw(view, 500)));
  }
  ReadingView other = view_of_all;
  other.attention = view_of_all.attention.clone();
  other.attention.select(0, 1).fill(0);
  CHECK(difference(draw(other), image) > 10);
  other = view_of_all;
  other.truth = "ward";
  CHECK(difference(draw(other), image) > 1);
}

TEST_CASE("reading: extreme images and texts") {
  ReadingView view{.image = ones<float>({3, 500, 2}),
                   .rectified = ones<float>({2, 900}),
                   .text = "a very long text that no panel has room for, with \u00e9\u4e2d in it"};
  CHECK(clean(draw(view)));
  view.attention = full_attention();
  CHECK(clean(draw(view)));
  view.attention = Tensor<float>(Shape{3});
  CHECK_THROWS_AS(draw(view), ShapeError);
  view.attention = {};
  view.fiducials = zeros<float>({4, 3});
  CHECK_THROWS_AS(draw(view), ShapeError);
}
