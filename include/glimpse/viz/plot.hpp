// plot: curves on a canvas.
//
//   smoothed curve   s_i = (beta s_i-1 + (1 - beta) y_i),  shown divided by 1 - beta^i: unbiased
//
// Values that are NaN (or not positive on a logarithmic axis) leave a gap.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include <glimpse/viz/axis.hpp>
#include <glimpse/viz/bars.hpp>
#include <glimpse/viz/canvas.hpp>

namespace glimpse::inline v0 {

/// One curve: as many x as y; if x is empty, it is 0, 1, 2, ...
struct Series {
  std::string name = {};
  std::vector<double> y = {}, x = {};
  Index color = -1;   // number of a `category`; if -1, the curve's index
  double smooth = 0;  // beta; above 0 the raw curve is drawn pale
  bool dots = false;  // a dot at every value
};

struct Plot {
  std::string title = {}, x_label = {}, y_label = {};
  std::vector<Series> series = {};
  bool log_x = false, log_y = false;
  // Range of y; NaN: from the values.
  double y_low = std::numeric_limits<double>::quiet_NaN();
  double y_high = std::numeric_limits<double>::quiet_NaN();
};

namespace detail {

/// The range of all values that can be shown; a constant curve gets a margin.
template <class Values>
std::pair<double, double> value_range(const std::vector<Series>& series, Values&& values,
                                      bool positive) {
  double low = std::numeric_limits<double>::infinity(), high = -low;
  for (const Series& s : series)
    for (std::size_t i = 0; i < s.y.size(); ++i) {
      const double v = values(s, i);
      if (!std::isfinite(v) || (positive && v <= 0)) continue;
      low = std::min(low, v), high = std::max(high, v);
    }
  if (low > high) return positive ? std::pair(0.1, 1.0) : std::pair(0.0, 1.0);
  if (low == high) {
    const double room = std::max(std::fabs(low) * 0.1, 1e-3);
    return positive ? std::pair(low / 1.5, high * 1.5) : std::pair(low - room, high + room);
  }
  return {low, high};
}

}  // namespace detail

/// Draws curves with axes, a grid and a legend. width, height: pixels. Returns (3, height, width)
/// in [0, 1]. Throws ShapeError if a curve has different numbers of x and y.
inline Tensor<float> draw(const Plot& plot, Index width = 860, Index height = 480) {
  const auto x_of = [](const Series& s, std::size_t i) {
    return s.x.empty() ? static_cast<double>(i) : s.x[i];
  };
  for (const Series& s : plot.series)
    if (!s.x.empty() && s.x.size() != s.y.size())
      fail<ShapeError>("plot", "curve '", s.name, "' has ", s.x.size(), " x and ", s.y.size(),
                       " y");

  Canvas canvas(width, height);
  const float w = static_cast<float>(width), h = static_cast<float>(height);
  const auto [x_low, x_high] = detail::value_range(plot.series, x_of, plot.log_x);
  auto [y_low, y_high] = detail::value_range(
      plot.series, [](const Series& s, std::size_t i) { return s.y[i]; }, plot.log_y);
  if (!plot.log_y) {
    const double step = detail::tick_step(y_high - y_low, 6);
    y_low = std::floor(y_low / step + 1e-9) * step, y_high = std::ceil(y_high / step - 1e-9) * step;
  }
  if (std::isfinite(plot.y_low)) y_low = plot.y_low;
  if (std::isfinite(plot.y_high)) y_high = plot.y_high;
  if (!(y_high > y_low)) y_high = y_low + 1;

  // Margins: left for the widest label, top for title and legend.
  detail::Axis y{y_low, y_high, h - (plot.x_label.empty() ? 40.0f : 62.0f),
                 plot.title.empty() ? 24.0f : 62.0f, plot.log_y};
  if (!plot.y_label.empty()) y.to += 20;
  const auto y_ticks = y.ticks(std::max(2, static_cast<int>((y.from - y.to) / 48)));
  float label = 0;
  for (const auto& tick : y_ticks) label = std::max(label, text_width(tick.second) * 9);
  const detail::Axis x{x_low, x_high, 34 + label, w - 28, plot.log_x};

  if (!plot.title.empty()) canvas.text({24, 38}, plot.title, 14);
  if (!plot.y_label.empty()) canvas.text({24, y.to - 16}, plot.y_label, 9, ink::quiet);
  for (const auto& [value, text] : y_ticks) {
    const float at = std::round(y.pixel(value)) + 0.5f;
    canvas.line({x.from, at}, {x.to, at}, ink::line);
    canvas.text({x.from - 10, at + 4.5f}, text, 9, ink::quiet, Align::right);
  }
  for (const auto& [value, text] : x.ticks(std::max(2, static_cast<int>((x.to - x.from) / 90)))) {
    const float at = std::round(x.pixel(value)) + 0.5f;
    canvas.line({at, y.from}, {at, y.from + 5}, ink::quiet);
    canvas.text({at, y.from + 21}, text, 9, ink::quiet, Align::center);
  }
  canvas.line({x.from, y.from + 0.5f}, {x.to, y.from + 0.5f}, ink::quiet);
  if (!plot.x_label.empty())
    canvas.text({(x.from + x.to) / 2, h - 16}, plot.x_label, 9, ink::quiet, Align::center);

  float legend = w - 28;
  for (std::size_t k = plot.series.size(); k-- > 0;) {
    const Series& s = plot.series[k];
    const Color color = category(s.color < 0 ? static_cast<Index>(k) : s.color);
    const auto curve = [&](const std::vector<double>& values, float pen, float opacity) {
      std::vector<Spot> run;
      for (std::size_t i = 0; i <= values.size(); ++i) {
        if (i < values.size() && x.shows(x_of(s, i)) && y.shows(values[i])) {
          run.push_back(
              {x.pixel(x_of(s, i)), std::clamp(y.pixel(values[i]), y.to - 1, y.from + 1)});
        } else if (!run.empty()) {
          canvas.polyline(run, color, pen, opacity);
          run.clear();
        }
      }
    };
    if (s.smooth > 0 && s.smooth < 1) {
      curve(s.y, 1.2f, 0.3f);
      std::vector<double> smooth(s.y.size(), std::numeric_limits<double>::quiet_NaN());
      double sum = 0, weight = 0;
      for (std::size_t i = 0; i < s.y.size(); ++i) {
        if (!y.shows(s.y[i])) continue;
        sum = s.smooth * sum + (1 - s.smooth) * s.y[i], weight = s.smooth * weight + 1 - s.smooth;
        smooth[i] = sum / weight;
      }
      curve(smooth, 2.4f, 1);
    } else {
      curve(s.y, 2.4f, 1);
    }
    if (s.dots)
      for (std::size_t i = 0; i < s.y.size(); ++i)
        if (x.shows(x_of(s, i)) && y.shows(s.y[i])) {
          const Spot at{x.pixel(x_of(s, i)), std::clamp(y.pixel(s.y[i]), y.to, y.from)};
          canvas.disk(at, 5, ink::paper);
          canvas.disk(at, 3.6f, color);
        }
    if (s.name.empty()) continue;
    const float length = text_width(s.name) * 10, line = plot.title.empty() ? 18.0f : 38.0f;
    canvas.text({legend - length, line}, s.name, 10);
    canvas.line({legend - length - 24, line - 5}, {legend - length - 10, line - 5}, color, 3);
    legend -= length + 46;
  }
  return canvas.image();
}

}  // namespace glimpse::inline v0
