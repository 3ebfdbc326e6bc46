// scene: a word in its surroundings before the camera: where it stands (one map), what is behind it, how it is painted.
//
//   plane --bend--> plane --map--> pixels,    map = stretch, slant, skew, rotation, view, then crop and scale
//
// Outlines go through the map as points, so nothing is resampled. Layers are painted back to front:
//   p <- p + alpha cover (grey - p)
#pragma once

#include <algorithm>
#include <cmath>

#include <glimpse/data/synth/camera.hpp>
#include <glimpse/data/synth/layout.hpp>
#include <glimpse/data/synth/texture.hpp>

namespace glimpse::inline v0::synth {

/// p <- p + alpha cover (grey - p).
inline void paint(Picture& p, const Picture& cover, float grey, float alpha = 1) {
  for (std::size_t i = 0; i < p.pixels.size(); ++i)
    p.pixels[i] += alpha * cover.pixels[i] * (grey - p.pixels[i]);
}
/// The same with a grey per pixel.
inline void paint(Picture& p, const Picture& cover, const Picture& grey, float alpha = 1) {
  for (std::size_t i = 0; i < p.pixels.size(); ++i)
    p.pixels[i] += alpha * cover.pixels[i] * (grey.pixels[i] - p.pixels[i]);
}

/// Draws the map from the text plane to the view: one step or several, mostly mild.
inline Map draw_view(const Random& stream, const Recipe& recipe, double text_width) {
  Map map;
  Random rng = stream.split(1);
  if (rng.chance(recipe.stretch.chance)) {
    const double s = recipe.stretch.strength, by = std::exp(std::clamp(rng.normal(0, 0.2), -0.6, 0.6) * s);
    map = map.then(Map::scale(by, 1));
    text_width *= by;
  }
  rng = stream.split(2);
  if (rng.chance(recipe.slant.chance))
    map = map.then(Map::skew(std::clamp(rng.normal(0.08, 0.2), -0.45, 0.5) * recipe.slant.strength, 0));
  rng = stream.split(3);
  if (rng.chance(recipe.skew.chance))
    map = map.then(Map::skew(0, std::clamp(rng.normal(0, 0.1), -0.3, 0.3) * recipe.skew.strength));
  rng = stream.split(4);
  if (rng.chance(recipe.rotation.chance)) {
    const double spread = rng.chance(0.2) ? 0.2 : 0.05;
    map = map.then(Map::rotation(std::clamp(rng.normal(0, spread), -0.6, 0.6) * recipe.rotation.strength));
  }
  rng = stream.split(5);
  if (rng.chance(recipe.perspective.chance)) {
    const double s = recipe.perspective.strength;
    const double yaw = std::clamp(rng.uniform(-0.9, 0.9) * s, -1.2, 1.2);
    const double pitch = std::clamp(rng.normal(0, 0.3) * s, -0.9, 0.9);
    map = map.then(Map::view(pitch, yaw, rng.uniform(0.9, 3) * std::max(text_width, 3.0)));
  }
  return map;
}

/// Bends all points smoothly: crumpled posters, cloth, cans.
inline void bend(Lettering& lettering, double strength, const Random& stream) {
  if (!(strength > 0)) return;
  Random rng = stream;
  const auto wave = [&](double size) {
    return std::array<float, 4>{static_cast<float>(rng.uniform(0, size)), static_cast<float>(rng.uniform(0.4, 1.6)),
                                static_cast<float>(rng.uniform(-1.5, 1.5)), static_cast<float>(rng.uniform(0, 6.28))};
  };
  const auto in_x = wave(0.12 * strength), in_y = wave(0.12 * strength);
  for (Point& p : lettering.points)
    p = {p.x + in_x[0] * std::sin(in_x[1] * p.x + in_x[2] * p.y + in_x[3]),
         p.y + in_y[0] * std::sin(in_y[1] * p.x + in_y[2] * p.y + in_y[3])};
}

/// A word with everything that is drawn by the same map, and the map to pixels.
struct Scene {
  Lettering word, others, rules;
  Box panel;  // in the plane, empty where there is none
  Map to_pixels;
  Index height = 0, width = 0;
  float capital = 0;  // height of a capital in pixels, about
};

/// Frames the word: crop by the ink with margins, scale to the picture's height. margin: share of the height of the
/// letters on left, top, right, bottom; negative cuts into the ink.
inline void frame(Scene& scene, const Map& view, const std::array<double, 4>& margin, double height) {
  Box ink, flat = scene.word.box();
  for (const Point p : scene.word.points) ink.take(view(p));
  const double letters = std::min<double>(static_cast<double>(ink.height()), 1.6 * static_cast<double>(flat.height()));
  const double left = static_cast<double>(ink.left) - margin[0] * letters;
  const double top = static_cast<double>(ink.top) - margin[1] * letters;
  const double w = std::max(static_cast<double>(ink.right) + margin[2] * letters - left, 0.05);
  const double h = std::max(static_cast<double>(ink.bottom) + margin[3] * letters - top, 0.05);
  // Tall pictures (steep or strongly curved words) keep letters of a readable size; very wide ones stay cheap.
  double pixels = height * std::clamp(h / (1.7 * letters), 1.0, 2.2);
  pixels = std::min(pixels, std::sqrt(20000.0 * h / w));
  scene.height = std::max<Index>(static_cast<Index>(std::lround(pixels)), 12);
  const double scale = static_cast<double>(scene.height) / h;
  scene.width = std::clamp<Index>(static_cast<Index>(std::lround(scale * w)), 8, 640);
  const double scale_x = static_cast<double>(scene.width) / w;
  scene.to_pixels = view.then(Map::shift(-left, -top)).then(Map::scale(scale_x, scale));
  scene.capital = static_cast<float>(scale * letters / std::max(static_cast<double>(flat.height()), 0.5));
}

/// The ground behind a word: a level with gradient, clouds, stripes, stains and grain, `amount` in greys.
inline Picture draw_ground(Index height, Index width, float level, float amount, const Random& stream) {
  Picture ground(height, width, level);
  if (!(amount > 0)) return ground;
  Random rng = stream;
  const float size = static_cast<float>(height);
  const double kind = rng.uniform();
  if (rng.chance(0.6)) add_gradient(ground, 0.6f * amount, rng);
  if (kind < 0.5) {
    const float cell = size * static_cast<float>(std::exp(rng.uniform(-2.5, 0.8)));
    add_clouds(ground, amount * static_cast<float>(rng.uniform(0.2, 1)), cell, static_cast<int>(1 + rng.below(3)), rng);
  } else if (kind < 0.65) {
    add_stripes(ground, amount * static_cast<float>(rng.uniform(0.2, 0.8)), rng);
  } else if (kind < 0.8) {
    for (Index i = rng.below(4); i >= 0; --i) add_spot(ground, amount * static_cast<float>(rng.uniform(-1.5, 1.5)), rng);
  }
  if (rng.chance(0.4)) add_grain(ground, amount * static_cast<float>(rng.uniform(0.05, 0.3)), rng);
  return ground;
}

/// Random shapes: wires, poles, leaves, edges of other things.
inline void paint_clutter(Picture& p, double strength, const Random& stream) {
  if (!(strength > 0)) return;
  Random rng = stream;
  const double w = static_cast<double>(p.width), h = static_cast<double>(p.height);
  const Index shapes = 1 + rng.below(5);
  for (Index i = 0; i < shapes; ++i) {
    Lettering shape;
    std::vector<Point> outline;
    const double cx = rng.uniform(0, w), cy = rng.uniform(0, h);
    const bool wire = rng.chance(0.5);
    const double turn = rng.uniform(0, 6.28), length = wire ? w + h : rng.uniform(0.2, 1.2) * h;
    const double breadth = wire ? rng.uniform(0.01, 0.08) * h : length * rng.uniform(0.3, 1);
    const int corners = wire ? 4 : static_cast<int>(3 + rng.below(6));
    for (int k = 0; k < corners; ++k) {
      const double a = wire ? (k + 0.5) * 1.5707963 : 6.2831853 * k / corners, r = wire ? 1 : rng.uniform(0.5, 1);
      const double x = length * r * std::cos(a), y = -breadth * r * std::sin(a);
      outline.push_back({static_cast<float>(cx + x * std::cos(turn) - y * std::sin(turn)),
                         static_cast<float>(cy + x * std::sin(turn) + y * std::cos(turn))});
    }
    shape.add(outline);
    paint(p, cover_of(std::move(shape), Map(), p.height, p.width), static_cast<float>(rng.uniform()),
          static_cast<float>(std::min(1.0, rng.uniform(0.2, 1) * strength)));
  }
}

}  // namespace glimpse::inline v0::synth
