// alignment: a table of squares with the attention weights between two sequences.
//
//   columns: input symbols,  rows: predicted symbols,  darkness of a square: the weight a_ti
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include <glimpse/viz/canvas.hpp>

namespace glimpse::inline v0 {

struct AlignmentView {
  std::string title{};
  std::vector<std::string> from{}, to{};  // T columns, S rows
  Tensor<float> attention{};              // (S, T)
};

/// Draws the table, `cell` pixels per square.  Returns (3, height, width) in [0, 1].
/// Throws ShapeError if the attention has fewer rows or columns than there are names.
inline Tensor<float> draw(const AlignmentView& view, float cell = 22) {
  const Index columns = std::ssize(view.from), rows = std::ssize(view.to);
  require(view.attention.rank() == 2 && view.attention.size(0) >= rows &&
              view.attention.size(1) >= columns,
          "alignment", "wants a weight for every pair of symbols", view.attention);
  const float letter = cell * 0.42f, margin = 18;
  float widest = 0;
  for (const std::string& s : view.to) widest = std::max(widest, text_width(s) * letter);
  const float left = margin + widest + 12, top = margin + (view.title.empty() ? 0 : 34) + cell;
  const float right = left + cell * static_cast<float>(columns),
              bottom = top + cell * static_cast<float>(rows);
  const float title = margin * 2 + text_width(view.title) * 11;
  Canvas canvas(static_cast<Index>(std::max(right + margin, title)),
                static_cast<Index>(bottom + margin));
  if (!view.title.empty()) canvas.text({margin, margin + 14}, view.title, 11);
  canvas.rectangle(left, top, right, bottom, ink::panel);
  for (Index i = 0; i < columns; ++i)
    canvas.text({left + (static_cast<float>(i) + 0.5f) * cell, top - 8},
                view.from[static_cast<std::size_t>(i)], letter, ink::text, Align::center);
  for (Index t = 0; t < rows; ++t) {
    const float y = top + static_cast<float>(t) * cell;
    canvas.text({left - 10, y + cell / 2 + letter / 2}, view.to[static_cast<std::size_t>(t)],
                letter, ink::text, Align::right);
    for (Index i = 0; i < columns; ++i) {
      const float x = left + static_cast<float>(i) * cell,
                  a = std::clamp(view.attention(t, i), 0.0f, 1.0f);
      canvas.box(x + 1, y + 1, x + cell - 1, y + cell - 1, 3, ink::blue, a);
    }
  }
  return canvas.image();
}

}  // namespace glimpse::inline v0
