// plot: curves and bars on a canvas.
//
//   ticks at multiples of  1, 2 or 5 times a power of ten,  the finest of which leaves room between the labels
//   smoothed curve  s_i = beta s_i-1 + (1 - beta) y_i,  divided by 1 - beta^i so that it starts unbiased
//
// Values that are no number (or not positive on a logarithmic axis) leave a gap.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include <glimpse/viz/canvas.hpp>

namespace glimpse::inline v0 {

/// One curve: as many x as y; without x, 0, 1, 2, ...
struct Series {
  std::string name = {};
  std::vector<double> y = {}, x = {};
  Index colour = -1;     // number of a `category`; its place in the plot if -1
  double smooth = 0;     // beta; above 0 the raw curve stays behind, pale
  bool dots = false;     // a dot at every value
};

struct Plot {
  std::string title = {}, x_label = {}, y_label = {};
  std::vector<Series> series = {};
  bool log_y = false;
  // Range of y; what is NaN is taken from the values.
  double y_low = std::numeric_limits<double>::quiet_NaN();
  double y_high = std::numeric_limits<double>::quiet_NaN();
};

namespace detail {

/// A number with as many places as a step between ticks needs: 0.25, 12, 1.5k, 2M.
inline std::string tick_label(double value, double step) {
  const double size = std::max(std::fabs(value), step);
  const char* unit = "";
  if (size >= 1e6 && step >= 1e4) value /= 1e6, step /= 1e6, unit = "M";
  else if (size >= 1e4 && step >= 1e2) value /= 1e3, step /= 1e3, unit = "k";
  const bool tiny = step < 1e-4;
  const int places = tiny ? 1 : std::clamp(static_cast<int>(std::ceil(-std::log10(step) - 1e-9)), 0, 6);
  char text[48];
  if (tiny && value != 0) std::snprintf(text, sizeof text, "%.*e", places, value);
  else std::snprintf(text, sizeof text, "%.*f%s", places, value == 0 ? 0.0 : value, value == 0 ? "" : unit);
  return text;
}

/// A step of 1, 2 or 5 times a power of ten that cuts `range` into at most `count` parts.
inline double tick_step(double range, int count) {
  const double raw = range / std::max(count, 1), power = std::pow(10.0, std::floor(std::log10(raw)));
  for (const double m : {1.0, 2.0, 5.0})
    if (m * power >= raw * (1 - 1e-9)) return m * power;
  return 10 * power;
}

/// One axis: values to pixels.
struct Axis {
  double low, high;
  float from, to;
  bool logarithmic = false;

  double place(double v) const { return logarithmic ? std::log10(v) : v; }
  bool shows(double v) const { return std::isfinite(v) && (!logarithmic || v > 0); }
  float pixel(double v) const {
    const double t = (place(v) - place(low)) / (place(high) - place(low));
    return from + static_cast<float>(t) * (to - from);
  }
  /// (value, label).
  std::vector<std::pair<double, std::string>> ticks(int count) const {
    std::vector<std::pair<double, std::string>> found;
    if (logarithmic && high / low >= 20) {
      const double decades = place(high) - place(low), every = std::max(1.0, std::ceil(decades / count));
      for (double e = std::floor(place(low)); e <= place(high) + 1e-9; e += every)
        for (const double m : {1.0, 2.0, 5.0}) {
          const double v = m * std::pow(10.0, e);
          if ((m > 1 && 3 * decades > count) || place(v) < place(low) - 1e-9 || place(v) > place(high) + 1e-9) continue;
          char text[32];
          std::snprintf(text, sizeof text, "%g", v);
          found.emplace_back(v, text);
        }
      return found;
    }
    const double step = tick_step(high - low, count);
    for (double k = std::ceil(low / step - 1e-9); k * step <= high + step * 1e-9; ++k)
      if (!logarithmic || k > 0) found.emplace_back(k * step, tick_label(k * step, step));
    return found;
  }
};

/// The range of all values that can be shown; a little room where it is flat.
template <class Values>
std::pair<double, double> value_range(const std::vector<Series>& series, Values&& values, bool positive) {
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

/// Draws curves with axes, a grid and a legend. width, height: pixels.
/// Returns (3, height, width). Throws ShapeError where a curve has not as many x as y.
inline Tensor<float> draw(const Plot& plot, Index width = 860, Index height = 480) {
  const auto x_of = [](const Series& s, std::size_t i) { return s.x.empty() ? static_cast<double>(i) : s.x[i]; };
  for (const Series& s : plot.series)
    if (!s.x.empty() && s.x.size() != s.y.size())
      fail<ShapeError>("plot", "curve '", s.name, "' has ", s.x.size(), " x and ", s.y.size(), " y");

  Canvas canvas(width, height);
  const float w = static_cast<float>(width), h = static_cast<float>(height);
  const auto [x_low, x_high] = detail::value_range(plot.series, x_of, false);
  auto [y_low, y_high] = detail::value_range(plot.series, [](const Series& s, std::size_t i) { return s.y[i]; },
                                             plot.log_y);
  if (!plot.log_y) {
    const double step = detail::tick_step(y_high - y_low, 6);
    y_low = std::floor(y_low / step + 1e-9) * step, y_high = std::ceil(y_high / step - 1e-9) * step;
  }
  if (std::isfinite(plot.y_low)) y_low = plot.y_low;
  if (std::isfinite(plot.y_high)) y_high = plot.y_high;
  if (!(y_high > y_low)) y_high = y_low + 1;

  // Room at the left for the widest label, at the top for title and legend.
  detail::Axis y{y_low, y_high, h - (plot.x_label.empty() ? 40.0f : 62.0f), plot.title.empty() ? 24.0f : 62.0f,
                 plot.log_y};
  if (!plot.y_label.empty()) y.to += 20;
  const auto y_ticks = y.ticks(std::max(2, static_cast<int>((y.from - y.to) / 48)));
  float label = 0;
  for (const auto& tick : y_ticks) label = std::max(label, text_width(tick.second) * 9);
  const detail::Axis x{x_low, x_high, 34 + label, w - 28};

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
    canvas.text({at, y.from + 21}, text, 9, ink::quiet, Align::centre);
  }
  canvas.line({x.from, y.from + 0.5f}, {x.to, y.from + 0.5f}, ink::quiet);
  if (!plot.x_label.empty()) canvas.text({(x.from + x.to) / 2, h - 16}, plot.x_label, 9, ink::quiet, Align::centre);

  float legend = w - 28;
  for (std::size_t k = plot.series.size(); k-- > 0;) {
    const Series& s = plot.series[k];
    const Colour colour = category(s.colour < 0 ? static_cast<Index>(k) : s.colour);
    const auto curve = [&](const std::vector<double>& values, float pen, float opacity) {
      std::vector<Spot> run;
      for (std::size_t i = 0; i <= values.size(); ++i) {
        if (i < values.size() && x.shows(x_of(s, i)) && y.shows(values[i])) {
          run.push_back({x.pixel(x_of(s, i)), std::clamp(y.pixel(values[i]), y.to - 1, y.from + 1)});
        } else if (!run.empty()) {
          canvas.polyline(run, colour, pen, opacity);
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
          canvas.disk(at, 3.6f, colour);
        }
    if (s.name.empty()) continue;
    const float length = text_width(s.name) * 10, line = plot.title.empty() ? 18.0f : 38.0f;
    canvas.text({legend - length, line}, s.name, 10);
    canvas.line({legend - length - 24, line - 5}, {legend - length - 10, line - 5}, colour, 3);
    legend -= length + 46;
  }
  return canvas.image();
}

struct Bar {
  std::string name = {};
  double value = 0;
  std::string note = {};  // written at its right; the value if empty
  Index colour = 0;       // number of a `category`
};

struct Bars {
  std::string title = {};
  std::vector<Bar> bars = {};
  double high = std::numeric_limits<double>::quiet_NaN();  // where the full width ends; the greatest value if NaN
  std::string unit = {};                                   // behind every value
};

/// Draws horizontal bars, one a line, from 0. Returns (3, height, width) as high as the bars need.
inline Tensor<float> draw(const Bars& chart, Index width = 720) {
  const float top = chart.title.empty() ? 24.0f : 62.0f, row = 30;
  const Index height = static_cast<Index>(top + row * static_cast<float>(chart.bars.size()) + 20);
  Canvas canvas(width, height);
  if (!chart.title.empty()) canvas.text({24, 38}, chart.title, 14);
  double high = 0;
  float names = 0, notes = 0;
  std::vector<std::string> texts;
  for (const Bar& bar : chart.bars) {
    char number[48];
    std::snprintf(number, sizeof number, "%.4g", bar.value);
    texts.push_back(!bar.note.empty() ? bar.note : number + chart.unit);
    if (std::isfinite(bar.value)) high = std::max(high, bar.value);
    names = std::max(names, text_width(bar.name) * 10);
    notes = std::max(notes, text_width(texts.back()) * 10);
  }
  if (std::isfinite(chart.high)) high = chart.high;
  if (!(high > 0)) high = 1;
  const float left = 24 + names + 14, room = std::max(10.0f, static_cast<float>(width) - 24 - notes - 12 - left);
  for (std::size_t i = 0; i < chart.bars.size(); ++i) {
    const Bar& bar = chart.bars[i];
    const float y = top + row * static_cast<float>(i);
    const double part = std::isfinite(bar.value) ? std::clamp(bar.value / high, 0.0, 1.0) : 0.0;
    const float length = static_cast<float>(part) * room;
    canvas.text({left - 14, y + 15}, bar.name, 10, ink::text, Align::right);
    canvas.box(left, y, left + room, y + 20, 4, ink::panel);
    if (length > 0.5f) canvas.box(left, y, left + length, y + 20, 4, category(bar.colour));
    canvas.text({left + room + 12, y + 15}, texts[i], 10, ink::quiet);
  }
  return canvas.image();
}

}  // namespace glimpse::inline v0
