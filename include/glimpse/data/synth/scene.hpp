// scene: the objects to render, as outlines in the text plane, and one map from the plane to
// pixels.
//
//   plane --bend--> plane --map--> pixels
//   map = stretch, slant, skew, rotation, view, then crop and scale
//
// The map is applied to the points of the outlines, so nothing is resampled.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>

#include <glimpse/core/random.hpp>
#include <glimpse/data/synth/glyph_outlines.hpp>
#include <glimpse/data/synth/recipe.hpp>

namespace glimpse::inline v0::synth {

/// Draws the map from the text plane to the view. Angles are in radians. Most steps are normal with
/// a small deviation and clamped. Of the rotations, 20 % have deviation .2 and the rest .05. The
/// camera is .9 to 3 text lengths away.
inline Map draw_view(const Random& stream, const Recipe& recipe, double text_width) {
  Map map;
  Random rng = stream.split(1);
  if (rng.bernoulli(recipe.stretch.probability)) {
    const double s = recipe.stretch.magnitude,
                 by = std::exp(std::clamp(rng.normal(0, 0.2), -0.6, 0.6) * s);
    map = map.then(Map::scale(by, 1));
    text_width *= by;
  }
  rng = stream.split(2);
  if (rng.bernoulli(recipe.slant.probability))
    map = map.then(
        Map::skew(std::clamp(rng.normal(0.08, 0.2), -0.45, 0.5) * recipe.slant.magnitude, 0));
  rng = stream.split(3);
  if (rng.bernoulli(recipe.skew.probability))
    map = map.then(Map::skew(0, std::clamp(rng.normal(0, 0.1), -0.3, 0.3) * recipe.skew.magnitude));
  rng = stream.split(4);
  if (rng.bernoulli(recipe.rotation.probability)) {
    const double stddev = rng.bernoulli(0.2) ? 0.2 : 0.05;
    map = map.then(
        Map::rotation(std::clamp(rng.normal(0, stddev), -0.6, 0.6) * recipe.rotation.magnitude));
  }
  rng = stream.split(5);
  if (rng.bernoulli(recipe.perspective.probability)) {
    const double s = recipe.perspective.magnitude;
    const double yaw = std::clamp(rng.uniform(-0.9, 0.9) * s, -1.2, 1.2);
    const double pitch = std::clamp(rng.normal(0, 0.3) * s, -0.9, 0.9);
    map = map.then(Map::view(pitch, yaw, rng.uniform(0.9, 3) * std::max(text_width, 3.0)));
  }
  return map;
}

/// Bends all points smoothly, as in crumpled posters, cloth and cans.
inline void bend(GlyphOutlines& outlines, double magnitude, const Random& stream) {
  if (!(magnitude > 0)) return;
  Random rng = stream;
  const auto wave = [&](double size) {
    return std::array<float, 4>{
        static_cast<float>(rng.uniform(0, size)), static_cast<float>(rng.uniform(0.4, 1.6)),
        static_cast<float>(rng.uniform(-1.5, 1.5)), static_cast<float>(rng.uniform(0, 6.28))};
  };
  const auto in_x = wave(0.12 * magnitude), in_y = wave(0.12 * magnitude);
  for (Point& p : outlines.points)
    p = {p.x + in_x[0] * std::sin(in_x[1] * p.x + in_x[2] * p.y + in_x[3]),
         p.y + in_y[0] * std::sin(in_y[1] * p.x + in_y[2] * p.y + in_y[3])};
}

/// A word, all objects under the same map, and the map to pixels.
struct Scene {
  GlyphOutlines word, others, rules;
  GlyphOutlines fiducials;  // points along the word, not painted
  Box panel;  // in the plane; empty without a panel
  Map to_pixels;
  Index height = 0, width = 0;
  float capital = 0;  // approximate height of a capital in pixels
};

/// Frames the word: crops to the ink with margins and scales to the height in pixels. margin: share
/// of the letters' height on left, top, right, bottom; a negative margin cuts into the ink.
inline void frame(Scene& scene, const Map& view, const std::array<double, 4>& margin,
                  double height) {
  Box ink, flat = scene.word.box();
  for (const Point p : scene.word.points) ink.take(view(p));
  const double letters =
      std::min<double>(static_cast<double>(ink.height()), 1.6 * static_cast<double>(flat.height()));
  const double left = static_cast<double>(ink.left) - margin[0] * letters;
  const double top = static_cast<double>(ink.top) - margin[1] * letters;
  const double w = std::max(static_cast<double>(ink.right) + margin[2] * letters - left, 0.05);
  const double h = std::max(static_cast<double>(ink.bottom) + margin[3] * letters - top, 0.05);
  // Tall images (steep or strongly curved words) get up to 2.2 times the height, so their letters
  // stay readable. The area is at most 20000 pixels, which limits the cost of wide images.
  double pixels = height * std::clamp(h / (1.7 * letters), 1.0, 2.2);
  pixels = std::min(pixels, std::sqrt(20000.0 * h / w));
  scene.height = std::max<Index>(static_cast<Index>(std::lround(pixels)), 12);
  const double scale = static_cast<double>(scene.height) / h;
  scene.width = std::clamp<Index>(static_cast<Index>(std::lround(scale * w)), 8, 640);
  const double scale_x = static_cast<double>(scene.width) / w;
  scene.to_pixels = view.then(Map::shift(-left, -top)).then(Map::scale(scale_x, scale));
  scene.capital =
      static_cast<float>(scale * letters / std::max(static_cast<double>(flat.height()), 0.5));
}

}  // namespace glimpse::inline v0::synth
