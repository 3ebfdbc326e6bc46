// legibility: finds symbol fonts. A symbol font maps letters to pictures, and no table of the file
// says so, so faces are compared with a prototype. Every face draws each letter and digit as a
// small template. The mean over all faces is the prototype of that character. A face is illegible
// if its templates are not nearest to their own prototypes.
//
//   (1)  v_f,c = glyph c of face f, made upright, in its ink box, 10 x 10 pixels,
//                minus its mean, scaled to length 1
//        upright: sheared back by  cov(x, y) / var(y)  of the ink of letters with mirror symmetry
//                 (A H I M O T ...)
//   (2)  m_c = mean_f v_f,c,                 twice: the second time over the legible half
//   (3)  legibility_f = share of characters with  argmax_c' <v_f,c, m_c'> = c;  A and a are one
// Notation: docs/math/notation.md.
#pragma once

#include <array>
#include <string_view>
#include <vector>

#include <glimpse/core/parallel.hpp>
#include <glimpse/data/synth/font.hpp>
#include <glimpse/data/synth/glyph_outlines.hpp>

namespace glimpse::inline v0::synth {

namespace detail {

inline constexpr std::string_view letters_and_digits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789abcdefghijklmnopqrstuvwxyz";
inline constexpr Index template_side = 10;
using GlyphTemplate = std::array<float, template_side * template_side>;

// Slant of a face: dx / dy of its ink, 0 for upright faces.
inline float lean(const Face& face) {
  constexpr Index side = 32;
  double along = 0, across = 0;
  for (const char c : std::string_view("AHIMOTUVWXY")) {
    const Glyph& glyph = face.glyph(static_cast<char32_t>(c));
    Raster raster(side, 2 * side);
    std::vector<Point> points;
    const float scale = static_cast<float>(side) / std::max(glyph.box.height(), 0.05f);
    for (std::uint32_t k = glyph.begin; k < glyph.end; ++k) {
      points.clear();
      for (const Point p : face.contour(k))
        points.push_back({(p.x - glyph.box.left) * scale, (p.y - glyph.box.top) * scale});
      raster.outline(points);
    }
    const GrayImage cover = raster.cover();
    double n = 0, sx = 0, sy = 0, sxy = 0, syy = 0;
    for (Index y = 0; y < cover.height; ++y)
      for (Index x = 0; x < cover.width; ++x) {
        const double v = static_cast<double>(cover(y, x)), dx = static_cast<double>(x),
                     dy = static_cast<double>(y);
        n += v, sx += v * dx, sy += v * dy, sxy += v * dx * dy, syy += v * dy * dy;
      }
    if (n < 1) continue;
    along += sxy / n - sx / n * sy / n;
    across += syy / n - sy / n * sy / n;
  }
  return across > 0 ? static_cast<float>(along / across) : 0.0f;
}

// The template (1) of one character; `slope` shears the glyph: x - slope y.
inline GlyphTemplate small_template(const Face& face, char32_t c, float slope) {
  const Glyph& glyph = face.glyph(c);
  GlyphTemplate out{};
  if (!glyph.drawn()) return out;
  GlyphOutlines upright;
  std::vector<Point> points;
  for (std::uint32_t k = glyph.begin; k < glyph.end; ++k) {
    points.clear();
    for (const Point p : face.contour(k)) points.push_back({p.x - slope * p.y, p.y});
    upright.add(points);
  }
  const Box box = upright.box();
  const float side = static_cast<float>(template_side);
  // A narrow letter keeps its proportions: l stays a bar.
  const float scale_y = side / std::max(box.height(), 0.05f);
  const float scale_x = side / std::max({box.width(), 0.6f * box.height(), 0.05f});
  const float shift = 0.5f * (side - box.width() * scale_x);
  for (Point& p : upright.points)
    p = {(p.x - box.left) * scale_x + shift, (p.y - box.top) * scale_y};
  Raster raster(template_side, template_side);
  upright.each_contour([&](std::span<Point> outline) { raster.outline(outline); });
  const GrayImage cover = raster.cover();
  std::copy(cover.pixels.begin(), cover.pixels.end(), out.begin());
  float mean = 0, norm = 0;
  for (const float v : out) mean += v / static_cast<float>(out.size());
  for (float& v : out) norm += (v - mean) * (v - mean);
  for (float& v : out) v = (v - mean) / std::sqrt(norm + 1e-6f);
  return out;
}

// Whether lower case has the shapes of upper case, at any size: mean <v_a, v_A> over letters whose
// two cases usually differ. Usual faces have 0.1 to 0.65, small capitals 0.85 to 1; faces between
// these mix both.
inline bool shapes_repeat(const Face& face) {
  constexpr std::u32string_view asked = U"abdegqrt";
  const float slope = lean(face);
  float sum = 0;
  for (const char32_t c : asked) {
    const GlyphTemplate small = small_template(face, c, slope),
                        capital = small_template(face, upper(c), slope);
    for (std::size_t i = 0; i < small.size(); ++i) sum += small[i] * capital[i];
  }
  return sum > 0.66f * static_cast<float>(asked.size());
}

using Squares = std::array<GlyphTemplate, letters_and_digits.size()>;

inline double legibility(const Squares& own, const Squares& mean, const Face& face) {
  int there = 0, right = 0;
  for (std::size_t c = 0; c < own.size(); ++c) {
    if (!face.has(static_cast<char32_t>(letters_and_digits[c]))) continue;
    ++there;
    std::size_t best = 0;
    float highest = -2;
    for (std::size_t k = 0; k < mean.size(); ++k) {
      float dot = 0;
      for (std::size_t i = 0; i < own[c].size(); ++i) dot += own[c][i] * mean[k][i];
      if (dot > highest) highest = dot, best = k;
    }
    const auto fold = [](char ch) { return ch >= 'a' ? static_cast<char>(ch - 'a' + 'A') : ch; };
    // Pairs of letters that many faces draw with the same shape.
    const auto alike = [&](char a, char b) {
      constexpr std::string_view same = "O0 I1 Il 1L IL 5S 2Z 8B UV 6G";
      return a == b || same.find(std::string{a, b}) != same.npos ||
             same.find(std::string{b, a}) != same.npos;
    };
    right += alike(fold(letters_and_digits[c]), fold(letters_and_digits[best]));
  }
  return there == 0 ? 0 : static_cast<double>(right) / there;
}

}  // namespace detail

/// Sets Face::legibility by equation (3). Fewer than 20 faces give no prototype. They keep
/// legibility 1, because the user has chosen them.
inline void judge_legibility(std::vector<Face>& faces) {
  if (faces.size() < 20) return;
  std::vector<detail::Squares> squares(faces.size());
  parallel_for(static_cast<Index>(faces.size()), 1'000'000, [&](Index i) {
    const auto k = static_cast<std::size_t>(i);
    const float slope = detail::lean(faces[k]);
    for (std::size_t c = 0; c < squares[k].size(); ++c)
      squares[k][c] = detail::small_template(faces[k], static_cast<char32_t>(detail::letters_and_digits[c]), slope);
  });
  for (int pass = 0; pass < 2; ++pass) {
    detail::Squares mean{};  // (2)
    for (std::size_t k = 0; k < faces.size(); ++k) {
      if (pass == 1 && faces[k].legibility < 0.8) continue;
      for (std::size_t c = 0; c < mean.size(); ++c)
        for (std::size_t i = 0; i < mean[c].size(); ++i) mean[c][i] += squares[k][c][i];
    }
    for (detail::GlyphTemplate& m : mean) {
      float norm = 1e-6f;
      for (const float v : m) norm += v * v;
      for (float& v : m) v /= std::sqrt(norm);
    }
    parallel_for(static_cast<Index>(faces.size()), 1'000'000, [&](Index i) {
      const auto k = static_cast<std::size_t>(i);
      faces[k].legibility = detail::legibility(squares[k], mean, faces[k]);
    });
  }
}

}  // namespace glimpse::inline v0::synth
