// layout: sets a text in a face along a curve, as outlines in the text plane.
//
//   (1)  pen_{i+1} = pen_i + advance_i + kern_{i,i+1} + spacing
//   (2)  point p of glyph i goes to  curve(pen_i + center_i) + R(angle) (p - (center_i, 0))
//   (3)  fiducial points of the line: curve(s) + R(angle) (0, y), s evenly from its first ink to
//        its last, y above and below all of its ink
//
// The unit is the height of a capital. The text is centered on x = 0 and its baseline starts from
// y = 0 (geometry.hpp). Ranges are chosen by hand; docs/training.md measures each group's effect.
// Notation: docs/math/notation.md.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include <glimpse/core/random.hpp>
#include <glimpse/data/synth/font.hpp>
#include <glimpse/data/synth/glyph_outlines.hpp>
#include <glimpse/data/synth/recipe.hpp>

namespace glimpse::inline v0::synth {

/// How a text is set.
struct Setting {
  double spacing = 0;         // between letters, in capitals
  double small_capitals = 1;  // size of all capitals but the first
  double jitter = 0;          // disorder of single letters
  double bold = 0;            // outlines move out by this much
  Curve curve;                // set_text sets its length
};

/// Draws a setting at random: spacing, curve, jitter, small capitals, weight.
inline Setting draw_setting(const Random& stream, const Recipe& recipe, const Face& face) {
  Setting setting;
  Random rng = stream.split(1);
  if (rng.bernoulli(recipe.spacing.probability)) {  // 40 % tighter by up to .07, 60 % wider
    // u^4 in [0, 1): most of the wider texts gain little, few gain up to .8 of a capital.
    const double u = rng.uniform();
    setting.spacing = rng.bernoulli(0.4) ? -0.07 * u : 0.8 * u * u * u * u;
    setting.spacing *= recipe.spacing.magnitude;
  }
  rng = stream.split(2);
  if (rng.bernoulli(recipe.curve.probability)) {
    const double kind = rng.uniform(), side = rng.bernoulli(0.65) ? 1 : -1;  // mostly a hill
    const double s = recipe.curve.magnitude;
    Curve& curve = setting.curve;
    if (kind < 0.65) {
      curve.kind = Curve::Kind::arc;
      curve.bend = side * rng.uniform(0.3, 2.6) * s;
    } else if (kind < 0.85) {
      curve.kind = Curve::Kind::parabola;
      curve.bend = side * rng.uniform(0.04, 0.3) * s;
    } else {
      curve.kind = Curve::Kind::wave;
      curve.bend = rng.uniform(0.02, 0.08) * s;
      curve.periods = rng.uniform(0.6, 1.5);
      curve.phase = rng.uniform(0, 6.28);
    }
    curve.rotates = rng.bernoulli(0.85);
  }
  rng = stream.split(3);
  if (rng.bernoulli(recipe.jitter.probability))
    setting.jitter = rng.uniform(0.2, 1) * recipe.jitter.magnitude;
  rng = stream.split(4);
  if (rng.bernoulli(recipe.small_capitals.probability))
    setting.small_capitals = 1 - rng.uniform(0.15, 0.3) * recipe.small_capitals.magnitude;
  rng = stream.split(5);
  if (rng.bernoulli(recipe.bold.probability)) {  // 80 % bolder, else thinner
    // Faces with much ink gain less, because the margin falls with the density.
    const double margin = std::clamp(0.45 - face.density, 0.05, 0.3);
    setting.bold = (rng.bernoulli(0.8) ? rng.uniform(0, 0.28) * margin
                                       : -rng.uniform(0, 0.1) * face.density * face.density) *
                   recipe.bold.magnitude;
  }
  return setting;
}

namespace detail {

/// Equation (3): half of the points above the line from left to right, half below. ink: the box of
/// all glyphs along a straight line centered on x = 0.
inline void place_fiducials(std::span<Point> points, const Curve& curve, const Box& ink) {
  const std::size_t half = points.size() / 2;
  const double margin = 0.1;  // around the ink, in capitals
  const double left = static_cast<double>(ink.left) - margin,
               step =
                   (static_cast<double>(ink.width()) + 2 * margin) / static_cast<double>(half - 1);
  for (std::size_t i = 0; i < half; ++i) {
    const Curve::CurvePoint point = curve.at(left + step * static_cast<double>(i));
    const double up_x = -std::sin(point.angle), up_y = std::cos(point.angle);
    for (const bool below : {false, true}) {
      const double y =
          below ? static_cast<double>(ink.bottom) + margin : static_cast<double>(ink.top) - margin;
      points[below ? i + half : i] = {static_cast<float>(point.x + up_x * y),
                                      static_cast<float>(point.y + up_y * y)};
    }
  }
}

}  // namespace detail

/// Sets a UTF-8 text, equations (1) and (2). Characters that the face lacks are left out.
/// fiducials: receives (3) in an even number of points, at least 4, or is empty.
inline GlyphOutlines set_text(const Face& face, std::string_view utf8_text, const Setting& setting,
                              const Random& stream, std::span<Point> fiducials = {}) {
  const std::u32string text = code_points(utf8_text);
  Random rng = stream;
  std::vector<double> pens, sizes;
  double pen = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool small = i > 0 && is_upper(text[i]);
    const double size = small ? setting.small_capitals : 1;
    if (i > 0) pen += setting.spacing + static_cast<double>(face.kern(text[i - 1], text[i])) * size;
    pens.push_back(pen);
    sizes.push_back(size);
    pen += size * static_cast<double>(text[i] == ' ' ? face.space : face.glyph(text[i]).advance);
  }
  Curve curve = setting.curve;
  curve.length = std::max(pen, 1.0);
  if (curve.kind == Curve::Kind::arc)  // in a smaller circle the letters would overlap
    curve.bend = std::clamp(curve.bend, -curve.length / 1.6, curve.length / 1.6);

  GlyphOutlines outlines;
  Box ink;
  std::vector<Point> outline;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const Glyph& glyph = face.glyph(text[i]);
    const double half = 0.5 * static_cast<double>(glyph.advance);
    const Curve::CurvePoint point = curve.at(pens[i] + half * sizes[i] - 0.5 * pen);
    double angle = point.angle, x = point.x, y = point.y, size = sizes[i];
    if (setting.jitter > 0) {
      angle += rng.normal(0, 0.07) * setting.jitter;
      y += rng.normal(0, 0.06) * setting.jitter;
      size *= 1 + rng.normal(0, 0.06) * setting.jitter;
    }
    const double c = std::cos(angle) * size, s = std::sin(angle) * size;
    const Map map = Map::shift(-half, 0).then(Map::affine(c, -s, s, c, x, y));
    for (std::uint32_t k = glyph.begin; k < glyph.end; ++k) {
      const std::span<const Point> contour = face.contour(k);
      outline.assign(contour.begin(), contour.end());
      widen(outline, static_cast<float>(setting.bold));
      if (!fiducials.empty()) {
        const Box own = box_of(outline);
        const float at = static_cast<float>(pens[i] - 0.5 * pen),
                    scale = static_cast<float>(sizes[i]);
        ink.take(Point{at + scale * own.left, scale * own.top});
        ink.take(Point{at + scale * own.right, scale * own.bottom});
      }
      for (Point& p : outline) p = map(p);
      outlines.add(outline);
    }
  }
  if (!ink.empty()) detail::place_fiducials(fiducials, curve, ink);
  return outlines;
}

}  // namespace glimpse::inline v0::synth
