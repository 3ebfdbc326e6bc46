// paint: a scene as the eye sees it: ground, panel, clutter, other words, extrusion, shadow,
// border, letters.
#pragma once

#include <algorithm>
#include <cmath>
#include <numbers>

#include <glimpse/data/synth/camera.hpp>
#include <glimpse/data/synth/ground.hpp>
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

/// Paints a scene, back to front. `cover` becomes the coverage of the word's letters.
inline Picture paint_scene(const Scene& scene, const Greys& grey, const Recipe& recipe,
                           const Random& rng, Picture& cover) {
  const Index height = scene.height, width = scene.width;
  const float contrast = std::fabs(grey.ink - grey.ground), capital = scene.capital;
  const auto fill_of = [&](const Lettering& lettering, float amount) {
    return cover_of(lettering, scene.to_pixels, height, width, amount);
  };
  const auto in_plane = [](double v) { return static_cast<float>(v); };

  Random ground = rng.split(stream::grounds);
  const float amount = ground.chance(recipe.texture.chance)
                           ? contrast * in_plane(0.5 * ground.uniform() * ground.uniform() *
                                                 recipe.texture.strength) +
                                 0.02f * in_plane(recipe.texture.strength)
                           : 0.0f;
  Picture p = draw_ground(height, width, grey.ground, amount, ground.split(1));

  if (!scene.panel.empty()) {
    Lettering inside;
    add_rectangle(inside, scene.panel.left, scene.panel.top, scene.panel.right, scene.panel.bottom);
    Picture outside = fill_of(inside, 0);
    for (float& v : outside.pixels) v = 1 - v;
    Random panel = rng.split(stream::panels).split(1);
    const Picture far = draw_ground(height, width, in_plane(panel.uniform()), 0.2f, panel.split(1));
    paint(p, outside, far);
    if (panel.chance(0.4)) {
      Picture rim = fill_of(inside, in_plane(panel.uniform(0.02, 0.08)));
      for (std::size_t i = 0; i < rim.pixels.size(); ++i) rim.pixels[i] -= 1 - outside.pixels[i];
      paint(p, rim, panel.chance(0.5) ? grey.ink : grey.other);
    }
  }
  Random clutter = rng.split(stream::clutters);
  if (clutter.chance(recipe.clutter.chance))
    paint_clutter(p, 0.5 * recipe.clutter.strength, clutter.split(1));
  if (!scene.rules.points.empty())
    paint(p, fill_of(scene.rules, 0),
          rng.split(stream::ruled).split(1).chance(0.7) ? grey.ink : grey.other);
  if (!scene.others.points.empty()) paint(p, fill_of(scene.others, 0), grey.ink);

  cover = fill_of(scene.word, 0);
  float border = 0;
  Random edge = rng.split(stream::borders);
  if (edge.chance(recipe.border.chance))
    border = in_plane(edge.uniform(0.02, 0.13) * recipe.border.strength);
  const bool bordered = border > 0;
  Picture body = bordered ? fill_of(scene.word, border) : cover;

  Random extrusion = rng.split(stream::extrusions);
  if (extrusion.chance(recipe.extrusion.chance) && recipe.extrusion.strength > 0) {
    const double turn = extrusion.uniform(0, 6.2832), depth = extrusion.uniform(0.04, 0.28) *
                                                              recipe.extrusion.strength *
                                                              static_cast<double>(capital);
    Picture sides = body;
    const int steps = static_cast<int>(std::ceil(depth));
    for (int k = 1; k <= steps; ++k) {
      const double t = depth * k / steps;
      const Picture moved =
          shifted(body, std::lround(t * std::cos(turn)), std::lround(t * std::sin(turn)));
      for (std::size_t i = 0; i < sides.pixels.size(); ++i)
        sides.pixels[i] = std::max(sides.pixels[i], moved.pixels[i]);
    }
    const float between =
        grey.ground + (grey.ink - grey.ground) * in_plane(extrusion.uniform(-0.4, 0.6));
    paint(p, sides, std::clamp(between, 0.0f, 1.0f));
  }
  Random shade = rng.split(stream::shadows);
  if (shade.chance(recipe.shadow.chance) && recipe.shadow.strength > 0) {
    const double reach = 0.18 * static_cast<double>(capital) * recipe.shadow.strength;
    Picture soft = shifted(body, std::lround(shade.normal(0, 0.5) * reach),
                           std::lround(shade.uniform(-0.3, 1) * reach));
    blur(soft, shade.uniform(0, 0.08) * static_cast<double>(capital));
    paint(p, soft, shade.chance(0.8) ? 0.02f : 0.95f, in_plane(shade.uniform(0.2, 0.9)));
  }
  if (bordered) {
    float level = edge.chance(0.5) ? grey.other : edge.chance(0.5) ? 0.03f : 0.97f;
    if (std::fabs(level - grey.ink) < 0.2f) level = grey.ink > 0.5f ? level - 0.35f : level + 0.35f;
    paint(p, body, std::clamp(level, 0.0f, 1.0f));
  }

  Random relief = rng.split(stream::reliefs), hollow = rng.split(stream::hollows),
         fill = rng.split(stream::fills);
  if (relief.chance(recipe.relief.chance) && recipe.relief.strength > 0) {
    // The letter has the tone of its ground; light from one side shows its edges.
    const double turn = relief.uniform(0, 6.2832),
                 reach = std::max(1.0, 0.07 * static_cast<double>(capital));
    Picture soft = cover;
    blur(soft, 0.35 * reach);
    const Index dx = std::lround(reach * std::cos(turn)), dy = std::lround(reach * std::sin(turn));
    const Picture lit = shifted(soft, dx, dy), dark = shifted(soft, -dx, -dy);
    paint(p, cover, grey.ground + in_plane(relief.uniform(-0.1, 0.1)), 0.8f);
    const float k = 0.2f + contrast * in_plane(relief.uniform(0.5, 1.2));
    for (std::size_t i = 0; i < p.pixels.size(); ++i)
      p.pixels[i] += k * (lit.pixels[i] - dark.pixels[i]);
  } else if (hollow.chance(recipe.hollow.chance) && recipe.hollow.strength > 0) {
    const float stroke = in_plane(hollow.uniform(0.03, 0.06) * recipe.hollow.strength);
    Picture ring = fill_of(scene.word, stroke);
    const Picture hole = fill_of(scene.word, -0.5f * stroke);
    for (std::size_t i = 0; i < ring.pixels.size(); ++i)
      ring.pixels[i] = std::max(0.0f, ring.pixels[i] - hole.pixels[i]);
    paint(p, ring, grey.ink);
  } else if (fill.chance(recipe.fill.chance)) {
    const float uneven =
        contrast * in_plane(0.5 * fill.uniform() * fill.uniform() * recipe.fill.strength);
    paint(p, cover, draw_ground(height, width, grey.ink, uneven, fill.split(1)),
          in_plane(1 - 0.25 * fill.uniform() * recipe.fill.strength));
  } else {
    paint(p, cover, grey.ink);
  }
  return p;
}

}  // namespace glimpse::inline v0::synth
