// paint: a scene as the eye sees it: ground, panel, clutter, other words, extrusion, shadow,
// border, letters.
#pragma once

#include <algorithm>
#include <cmath>
#include <numbers>

#include <glimpse/data/synth/camera.hpp>
#include <glimpse/data/synth/ground.hpp>
#include <glimpse/data/synth/photos.hpp>
#include <glimpse/data/synth/resample.hpp>
#include <glimpse/data/synth/scene.hpp>

namespace glimpse::inline v0::synth {

/// The greys of a picture: of its ground, its letters, and of a third thing.
struct Greys {
  float ground, ink, other;
};

/// Paint and print lean to black and white; weathered signs are grey on grey.
inline Greys draw_greys(Random rng) {
  const double contrast = 0.14 + 0.8 * (rng.chance(0.3) ? rng.uniform(0, 0.3) : rng.uniform());
  const double low = (0.99 - contrast) * (0.5 - 0.5 * std::cos(std::numbers::pi * rng.uniform()));
  const bool light_on_dark = rng.chance(0.5);
  const auto l = static_cast<float>(low), h = static_cast<float>(low + contrast);
  return {light_on_dark ? l : h, light_on_dark ? h : l, static_cast<float>(rng.uniform())};
}

/// Fills outlines of a scene, widened by `amount` of the text plane.
inline Picture fill_of(const Scene& scene, const Lettering& lettering, double amount = 0) {
  return cover_of(lettering, scene.to_pixels, scene.height, scene.width,
                  static_cast<float>(amount));
}

/// The ground as a photograph has it: its pattern about the level, quiet or loud.
inline Picture photo_ground(const Photos& photos, Index height, Index width, float level,
                            double strength, const Random& stream) {
  Random rng = stream;
  const auto contrast = static_cast<float>(rng.uniform(0.15, 1.2) * strength);
  Picture ground = photos.draw(height, width, rng.split(1));
  for (float& v : ground.pixels) v = level + contrast * v;
  return ground;
}

/// The sign's edge: outside the panel lies `beyond`, now and then behind a rim.
inline void paint_panel(Picture& p, const Scene& scene, const Greys& grey, const Picture& beyond,
                        const Random& stream) {
  Random rng = stream;
  Lettering inside;
  add_rectangle(inside, scene.panel.left, scene.panel.top, scene.panel.right, scene.panel.bottom);
  Picture outside = fill_of(scene, inside);
  for (float& v : outside.pixels) v = 1 - v;
  paint(p, outside, beyond);
  if (!rng.chance(0.4)) return;
  Picture rim = fill_of(scene, inside, rng.uniform(0.02, 0.08));
  for (std::size_t i = 0; i < rim.pixels.size(); ++i) rim.pixels[i] -= 1 - outside.pixels[i];
  paint(p, rim, rng.chance(0.5) ? grey.ink : grey.other);
}

/// Sides of solid letters: the union of the body along a short way.
inline void paint_extrusion(Picture& p, const Picture& body, const Greys& grey, double capital,
                            double strength, const Random& stream) {
  if (!(strength > 0)) return;
  Random rng = stream;
  const double turn = rng.uniform(0, 2 * std::numbers::pi);
  const double depth = rng.uniform(0.04, 0.28) * strength * capital;
  Picture sides = body;
  const int steps = static_cast<int>(std::ceil(depth));
  for (int k = 1; k <= steps; ++k) {
    const double t = depth * k / steps;
    const Picture moved =
        shifted(body, std::lround(t * std::cos(turn)), std::lround(t * std::sin(turn)));
    for (std::size_t i = 0; i < sides.pixels.size(); ++i)
      sides.pixels[i] = std::max(sides.pixels[i], moved.pixels[i]);
  }
  const auto toward_ink = static_cast<float>(rng.uniform(-0.4, 0.6));
  paint(p, sides, std::clamp(grey.ground + (grey.ink - grey.ground) * toward_ink, 0.0f, 1.0f));
}

/// A shadow on the ground, soft or hard; now and then a glow instead.
inline void paint_shadow(Picture& p, const Picture& body, double capital, double strength,
                         const Random& stream) {
  if (!(strength > 0)) return;
  Random rng = stream;
  const double reach = 0.18 * capital * strength;
  const Index dx = std::lround(rng.normal(0, 0.5) * reach);
  const Index dy = std::lround(rng.uniform(-0.3, 1) * reach);
  Picture soft = shifted(body, dx, dy);
  blur(soft, rng.uniform(0, 0.08) * capital);
  const float level = rng.chance(0.8) ? 0.02f : 0.95f;
  paint(p, soft, level, static_cast<float>(rng.uniform(0.2, 0.9)));
}

/// The letters have the tone of their ground; light from one side shows their edges.
inline void paint_relief(Picture& p, const Picture& cover, const Greys& grey, double capital,
                         const Random& stream) {
  Random rng = stream;
  const double turn = rng.uniform(0, 2 * std::numbers::pi), reach = std::max(1.0, 0.07 * capital);
  Picture soft = cover;
  blur(soft, 0.35 * reach);
  const Index dx = std::lround(reach * std::cos(turn)), dy = std::lround(reach * std::sin(turn));
  const Picture lit = shifted(soft, dx, dy), dark = shifted(soft, -dx, -dy);
  paint(p, cover, grey.ground + static_cast<float>(rng.uniform(-0.1, 0.1)), 0.8f);
  const float contrast = std::fabs(grey.ink - grey.ground);
  const float k = 0.2f + contrast * static_cast<float>(rng.uniform(0.5, 1.2));
  for (std::size_t i = 0; i < p.pixels.size(); ++i)
    p.pixels[i] += k * (lit.pixels[i] - dark.pixels[i]);
}

/// Only the strokes' edges are painted.
inline void paint_hollow(Picture& p, const Scene& scene, const Greys& grey, double strength,
                         const Random& stream) {
  Random rng = stream;
  const double stroke = rng.uniform(0.03, 0.06) * strength;
  Picture ring = fill_of(scene, scene.word, stroke);
  const Picture hole = fill_of(scene, scene.word, -0.5 * stroke);
  for (std::size_t i = 0; i < ring.pixels.size(); ++i)
    ring.pixels[i] = std::max(0.0f, ring.pixels[i] - hole.pixels[i]);
  paint(p, ring, grey.ink);
}

/// Paint that is uneven and lets the ground through.
inline void paint_uneven(Picture& p, const Picture& cover, const Greys& grey, double strength,
                         const Random& stream) {
  Random rng = stream;
  const auto uneven = static_cast<float>(0.5 * strength * (rng.uniform() * rng.uniform()));
  const auto alpha = static_cast<float>(1 - 0.25 * strength * rng.uniform());
  const float amount = uneven * std::fabs(grey.ink - grey.ground);
  paint(p, cover, draw_ground(p.height, p.width, grey.ink, amount, rng.split(1)), alpha);
}

/// Paints a scene, back to front. photos: real surfaces for the ground, or none. `cover` becomes
/// the coverage of the word's letters.
inline Picture paint_scene(const Scene& scene, const Greys& grey, const Recipe& recipe,
                           const Photos& photos, const Random& rng, Picture& cover) {
  const double capital = static_cast<double>(scene.capital);
  const double contrast = static_cast<double>(std::fabs(grey.ink - grey.ground));
  // A step happens or not by the first number of its stream; its own numbers come from a split.
  const auto happens = [&](std::uint64_t step, const Step& s) {
    return rng.split(step).chance(s.chance) && s.strength > 0;
  };
  const auto own = [&](std::uint64_t step) { return rng.split(step).split(1); };

  double amount = 0;
  if (happens(stream::grounds, recipe.texture)) {
    Random ground = own(stream::grounds);
    amount =
        (0.02 + 0.5 * contrast * (ground.uniform() * ground.uniform())) * recipe.texture.strength;
  }
  const bool photographed = !photos.empty() && happens(stream::photographs, recipe.photo);
  Random surface = own(stream::photographs);
  const bool sign = !scene.panel.empty() && surface.chance(0.6);  // the photo lies beyond the sign
  const auto photo = [&](float level) {
    return photo_ground(photos, scene.height, scene.width, level, recipe.photo.strength,
                        surface.split(1));
  };
  Picture p = photographed && !sign
                  ? photo(grey.ground)
                  : draw_ground(scene.height, scene.width, grey.ground, static_cast<float>(amount),
                                own(stream::grounds).split(1));
  if (!scene.panel.empty()) {
    const auto level = static_cast<float>(own(stream::panels).split(2).uniform());
    const Picture beyond = photographed && sign ? photo(level)
                                                : draw_ground(p.height, p.width, level, 0.2f,
                                                              own(stream::panels).split(1));
    paint_panel(p, scene, grey, beyond, own(stream::panels));
  }
  if (happens(stream::clutters, recipe.clutter))
    paint_clutter(p, 0.5 * recipe.clutter.strength, own(stream::clutters));
  if (!scene.rules.points.empty())
    paint(p, fill_of(scene, scene.rules), own(stream::ruled).chance(0.7) ? grey.ink : grey.other);
  if (!scene.others.points.empty()) paint(p, fill_of(scene, scene.others), grey.ink);

  cover = fill_of(scene, scene.word);
  const bool bordered = happens(stream::borders, recipe.border);
  Random edge = own(stream::borders);
  const double border = edge.uniform(0.02, 0.13) * recipe.border.strength;
  const Picture body = bordered ? fill_of(scene, scene.word, border) : cover;
  if (happens(stream::extrusions, recipe.extrusion))
    paint_extrusion(p, body, grey, capital, recipe.extrusion.strength, own(stream::extrusions));
  if (happens(stream::shadows, recipe.shadow))
    paint_shadow(p, body, capital, recipe.shadow.strength, own(stream::shadows));
  if (bordered) {
    float level = edge.chance(0.5) ? grey.other : edge.chance(0.5) ? 0.03f : 0.97f;
    if (std::fabs(level - grey.ink) < 0.2f) level += grey.ink > 0.5f ? -0.35f : 0.35f;
    paint(p, body, std::clamp(level, 0.0f, 1.0f));
  }

  if (happens(stream::reliefs, recipe.relief)) {
    paint_relief(p, cover, grey, capital, own(stream::reliefs));
  } else if (happens(stream::hollows, recipe.hollow)) {
    paint_hollow(p, scene, grey, recipe.hollow.strength, own(stream::hollows));
  } else if (happens(stream::fills, recipe.fill)) {
    paint_uneven(p, cover, grey, recipe.fill.strength, own(stream::fills));
  } else {
    paint(p, cover, grey.ink);
  }
  return p;
}

}  // namespace glimpse::inline v0::synth
