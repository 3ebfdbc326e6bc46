// axis: maps values to pixels and chooses round numbers for the labels.
//
//   step between ticks = 1, 2 or 5 times a power of ten, the finest with space for the labels
//   logarithmic: powers of ten, with their doubles and fives if there is space
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include <glimpse/core/shape.hpp>

namespace glimpse::inline v0 {

namespace detail {

/// A number with as many digits as the step between ticks requires: 0.25, 12, 1.5k, 2M.
inline std::string tick_label(double value, double step) {
  const double size = std::max(std::fabs(value), step);
  const char* unit = "";
  if (size >= 1e6 && step >= 1e4)
    value /= 1e6, step /= 1e6, unit = "M";
  else if (size >= 1e4 && step >= 1e2)
    value /= 1e3, step /= 1e3, unit = "k";
  const bool tiny = step < 1e-4;
  const int digits =
      tiny ? 1 : std::clamp(static_cast<int>(std::ceil(-std::log10(step) - 1e-9)), 0, 6);
  char text[48];
  if (tiny && value != 0)
    std::snprintf(text, sizeof text, "%.*e", digits, value);
  else
    std::snprintf(text, sizeof text, "%.*f%s", digits, value == 0 ? 0.0 : value,
                  value == 0 ? "" : unit);
  return text;
}

/// The smallest step of 1, 2 or 5 times a power of ten that cuts `range` into at most `count`
/// parts.
inline double tick_step(double range, int count) {
  const double raw = range / std::max(count, 1),
               power = std::pow(10.0, std::floor(std::log10(raw)));
  for (const double m : {1.0, 2.0, 5.0})
    if (m * power >= raw * (1 - 1e-9)) return m * power;
  return 10 * power;
}

/// One axis: values to pixels.
struct Axis {
  double low, high;
  float from, to;
  bool logarithmic = false;

  double coordinate(double v) const { return logarithmic ? std::log10(v) : v; }
  bool shows(double v) const { return std::isfinite(v) && (!logarithmic || v > 0); }
  float pixel(double v) const {
    const double t = (coordinate(v) - coordinate(low)) / (coordinate(high) - coordinate(low));
    return from + static_cast<float>(t) * (to - from);
  }
  /// At most about `count` ticks, as (value, label).
  std::vector<std::pair<double, std::string>> ticks(int count) const {
    std::vector<std::pair<double, std::string>> found;
    if (logarithmic && high / low >= 20) {
      const double decades = coordinate(high) - coordinate(low),
                   every = std::max(1.0, std::ceil(decades / count));
      for (double e = std::floor(coordinate(low)); e <= coordinate(high) + 1e-9; e += every)
        for (const double m : {1.0, 2.0, 5.0}) {
          const double v = m * std::pow(10.0, e);
          if ((m > 1 && 3 * decades > count) || coordinate(v) < coordinate(low) - 1e-9 ||
              coordinate(v) > coordinate(high) + 1e-9)
            continue;
          char text[32];
          std::snprintf(text, sizeof text, "%g", v);
          found.emplace_back(v, text);
        }
      return found;
    }
    const double step = tick_step(high - low, count), first = std::ceil(low / step - 1e-9);
    for (int i = 0; i <= std::max(count, 1) + 1; ++i) {
      const double k = first + i, v = k * step;  // far from 0 neighbors may be equal
      if (!(v <= high + step * 1e-9)) break;
      if ((logarithmic && !(k > 0)) || (!found.empty() && found.back().first == v)) continue;
      found.emplace_back(v, tick_label(v, step));
    }
    return found;
  }
};

}  // namespace detail

}  // namespace glimpse::inline v0
