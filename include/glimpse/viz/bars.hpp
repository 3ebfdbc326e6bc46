// bars: named values as horizontal bars from 0, one a line.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>
#include <string>
#include <vector>

#include <glimpse/viz/canvas.hpp>

namespace glimpse::inline v0 {

struct Bar {
  std::string name = {};
  double value = 0;
  std::string note = {};  // written to its right; the value if empty
  Index color = 0;        // number of a `category`
};

struct Bars {
  std::string title = {};
  std::vector<Bar> bars = {};
  double high = std::numeric_limits<
      double>::quiet_NaN();  // value of the full width; the greatest value if NaN
  std::string unit = {};     // written after every value
};

/// Draws horizontal bars from 0, one a line. Returns (3, height, width) in [0, 1]; the number of
/// bars determines the height.
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
  const float left = 24 + names + 14,
              available = std::max(10.0f, static_cast<float>(width) - 24 - notes - 12 - left);
  for (std::size_t i = 0; i < chart.bars.size(); ++i) {
    const Bar& bar = chart.bars[i];
    const float y = top + row * static_cast<float>(i);
    const double fraction = std::isfinite(bar.value) ? std::clamp(bar.value / high, 0.0, 1.0) : 0.0;
    const float length = static_cast<float>(fraction) * available;
    canvas.text({left - 14, y + 15}, bar.name, 10, ink::text, Align::right);
    canvas.box(left, y, left + available, y + 20, 4, ink::panel);
    if (length > 0.5f) canvas.box(left, y, left + length, y + 20, 4, category(bar.color));
    canvas.text({left + available + 12, y + 15}, texts[i], 10, ink::quiet);
  }
  return canvas.image();
}

}  // namespace glimpse::inline v0
