// render scene: renders a scene from back to front: background, panel, clutter, other words,
// extrusion, shadow, border, letters.
#pragma once

#include <algorithm>
#include <cmath>
#include <numbers>

#include <glimpse/data/synth/background.hpp>
#include <glimpse/data/synth/background_images.hpp>
#include <glimpse/data/synth/camera.hpp>
#include <glimpse/data/synth/resample.hpp>
#include <glimpse/data/synth/scene.hpp>

namespace glimpse::inline v0::synth {

/// The grays of an image: its background, its letters, and a third gray.
struct GrayLevels {
  float background, ink, other;
};

/// Draws grays. contrast: 30 % of words up to .38, the others evenly up to .94. The cosine moves
/// `low` toward 0 and its maximum, because paint and print are mostly near black or white.
inline GrayLevels draw_gray_levels(Random rng) {
  const double contrast = 0.14 + 0.8 * (rng.bernoulli(0.3) ? rng.uniform(0, 0.3) : rng.uniform());
  const double low = (0.99 - contrast) * (0.5 - 0.5 * std::cos(std::numbers::pi * rng.uniform()));
  const bool light_on_dark = rng.bernoulli(0.5);
  const auto l = static_cast<float>(low), h = static_cast<float>(low + contrast);
  return {light_on_dark ? l : h, light_on_dark ? h : l, static_cast<float>(rng.uniform())};
}

/// Coverage of outlines of a scene, widened by `amount` of the text plane.
inline GrayImage fill_of(const Scene& scene, const GlyphOutlines& outlines, double amount = 0) {
  return cover_of(outlines, scene.to_pixels, scene.height, scene.width, static_cast<float>(amount));
}

/// A photograph as background: its pattern about the level, with a random contrast.
inline GrayImage photo_background(const BackgroundImages& backgrounds, Index height, Index width,
                                  float level, double magnitude, const Random& stream) {
  Random rng = stream;
  const auto contrast = static_cast<float>(rng.uniform(0.15, 1.2) * magnitude);
  GrayImage background = backgrounds.draw(height, width, rng.split(1));
  for (float& v : background.pixels) v = level + contrast * v;
  return background;
}

/// The edge of the sign: `beyond` shows outside the panel; 40 % of panels have a rim.
inline void render_panel(GrayImage& p, const Scene& scene, const GrayLevels& gray,
                         const GrayImage& beyond, const Random& stream) {
  Random rng = stream;
  GlyphOutlines inside;
  add_rectangle(inside, scene.panel.left, scene.panel.top, scene.panel.right, scene.panel.bottom);
  GrayImage outside = fill_of(scene, inside);
  for (float& v : outside.pixels) v = 1 - v;
  composite(p, outside, beyond);
  if (!rng.bernoulli(0.4)) return;
  GrayImage rim = fill_of(scene, inside, rng.uniform(0.02, 0.08));
  for (std::size_t i = 0; i < rim.pixels.size(); ++i) rim.pixels[i] -= 1 - outside.pixels[i];
  composite(p, rim, rng.bernoulli(0.5) ? gray.ink : gray.other);
}

/// Sides of solid letters: the union of the letters shifted along a short segment.
inline void render_extrusion(GrayImage& p, const GrayImage& body, const GrayLevels& gray,
                             double capital, double magnitude, const Random& stream) {
  if (!(magnitude > 0)) return;
  Random rng = stream;
  const double angle = rng.uniform(0, 2 * std::numbers::pi);
  const double depth = rng.uniform(0.04, 0.28) * magnitude * capital;
  GrayImage sides = body;
  const int steps = static_cast<int>(std::ceil(depth));
  for (int k = 1; k <= steps; ++k) {
    const double t = depth * k / steps;
    const GrayImage moved =
        shifted(body, std::lround(t * std::cos(angle)), std::lround(t * std::sin(angle)));
    for (std::size_t i = 0; i < sides.pixels.size(); ++i)
      sides.pixels[i] = std::max(sides.pixels[i], moved.pixels[i]);
  }
  const auto toward_ink = static_cast<float>(rng.uniform(-0.4, 0.6));
  composite(p, sides,
            std::clamp(gray.background + (gray.ink - gray.background) * toward_ink, 0.0f, 1.0f));
}

/// A shadow on the background, soft or hard; 20 % are a glow instead.
inline void render_shadow(GrayImage& p, const GrayImage& body, double capital, double magnitude,
                          const Random& stream) {
  if (!(magnitude > 0)) return;
  Random rng = stream;
  const double distance = 0.18 * capital * magnitude;
  const Index dx = std::lround(rng.normal(0, 0.5) * distance);
  const Index dy = std::lround(rng.uniform(-0.3, 1) * distance);
  GrayImage soft = shifted(body, dx, dy);
  blur(soft, rng.uniform(0, 0.08) * capital);
  const float level = rng.bernoulli(0.8) ? 0.02f : 0.95f;
  composite(p, soft, level, static_cast<float>(rng.uniform(0.2, 0.9)));
}

/// Letters with the gray of their background; light from one side shows their edges.
inline void render_relief(GrayImage& p, const GrayImage& cover, const GrayLevels& gray,
                          double capital, const Random& stream) {
  Random rng = stream;
  const double angle = rng.uniform(0, 2 * std::numbers::pi),
               distance = std::max(1.0, 0.07 * capital);
  GrayImage soft = cover;
  blur(soft, 0.35 * distance);
  const Index dx = std::lround(distance * std::cos(angle)),
              dy = std::lround(distance * std::sin(angle));
  const GrayImage lit = shifted(soft, dx, dy), dark = shifted(soft, -dx, -dy);
  composite(p, cover, gray.background + static_cast<float>(rng.uniform(-0.1, 0.1)), 0.8f);
  const float contrast = std::fabs(gray.ink - gray.background);
  const float k = 0.2f + contrast * static_cast<float>(rng.uniform(0.5, 1.2));
  for (std::size_t i = 0; i < p.pixels.size(); ++i)
    p.pixels[i] += k * (lit.pixels[i] - dark.pixels[i]);
}

/// Paints only the edges of the strokes.
inline void render_outline(GrayImage& p, const Scene& scene, const GrayLevels& gray,
                           double magnitude, const Random& stream) {
  Random rng = stream;
  const double stroke = rng.uniform(0.03, 0.06) * magnitude;
  GrayImage ring = fill_of(scene, scene.word, stroke);
  const GrayImage hole = fill_of(scene, scene.word, -0.5 * stroke);
  for (std::size_t i = 0; i < ring.pixels.size(); ++i)
    ring.pixels[i] = std::max(0.0f, ring.pixels[i] - hole.pixels[i]);
  composite(p, ring, gray.ink);
}

/// Uneven paint that lets the background show through.
inline void render_uneven(GrayImage& p, const GrayImage& cover, const GrayLevels& gray,
                          double magnitude, const Random& stream) {
  Random rng = stream;
  const auto uneven = static_cast<float>(0.5 * magnitude * (rng.uniform() * rng.uniform()));
  const auto alpha = static_cast<float>(1 - 0.25 * magnitude * rng.uniform());
  const float amount = uneven * std::fabs(gray.ink - gray.background);
  composite(p, cover, draw_background(p.height, p.width, gray.ink, amount, rng.split(1)), alpha);
}

/// Renders a scene, back to front. backgrounds: photographs for the background; may be empty.
/// `cover` receives the coverage of the word's letters.
inline GrayImage render_scene(const Scene& scene, const GrayLevels& gray, const Recipe& recipe,
                              const BackgroundImages& backgrounds, const Random& rng,
                              GrayImage& cover) {
  const double capital = static_cast<double>(scene.capital);
  const double contrast = static_cast<double>(std::fabs(gray.ink - gray.background));
  // The first number of a step's stream decides whether it happens; a split of the stream gives its
  // other numbers.
  const auto happens = [&](std::uint64_t step, const Augmentation& s) {
    return rng.split(step).bernoulli(s.probability) && s.magnitude > 0;
  };
  const auto own = [&](std::uint64_t step) { return rng.split(step).split(1); };

  double amount = 0;
  if (happens(stream::background_levels, recipe.texture)) {
    Random background = own(stream::background_levels);
    amount = (0.02 + 0.5 * contrast * (background.uniform() * background.uniform())) *
             recipe.texture.magnitude;
  }
  const bool photographed =
      !backgrounds.empty() && happens(stream::photographs, recipe.background_image);
  Random surface = own(stream::photographs);
  const bool sign =
      !scene.panel.empty() && surface.bernoulli(0.6);  // the photograph is outside the sign
  const auto background_image = [&](float level) {
    return photo_background(backgrounds, scene.height, scene.width, level,
                            recipe.background_image.magnitude, surface.split(1));
  };
  GrayImage p = photographed && !sign ? background_image(gray.background)
                                      : draw_background(scene.height, scene.width, gray.background,
                                                        static_cast<float>(amount),
                                                        own(stream::background_levels).split(1));
  if (!scene.panel.empty()) {
    const auto level = static_cast<float>(own(stream::panels).split(2).uniform());
    const GrayImage beyond = photographed && sign ? background_image(level)
                                                  : draw_background(p.height, p.width, level, 0.2f,
                                                                    own(stream::panels).split(1));
    render_panel(p, scene, gray, beyond, own(stream::panels));
  }
  if (happens(stream::clutters, recipe.clutter))
    render_clutter(p, 0.5 * recipe.clutter.magnitude, own(stream::clutters));
  if (!scene.rules.points.empty())
    composite(p, fill_of(scene, scene.rules),
              own(stream::ruled).bernoulli(0.7) ? gray.ink : gray.other);
  if (!scene.others.points.empty()) composite(p, fill_of(scene, scene.others), gray.ink);

  cover = fill_of(scene, scene.word);
  const bool bordered = happens(stream::borders, recipe.border);
  Random edge = own(stream::borders);
  const double border = edge.uniform(0.02, 0.13) * recipe.border.magnitude;
  const GrayImage body = bordered ? fill_of(scene, scene.word, border) : cover;
  if (happens(stream::extrusions, recipe.extrusion))
    render_extrusion(p, body, gray, capital, recipe.extrusion.magnitude, own(stream::extrusions));
  if (happens(stream::shadows, recipe.shadow))
    render_shadow(p, body, capital, recipe.shadow.magnitude, own(stream::shadows));
  if (bordered) {
    float level = edge.bernoulli(0.5) ? gray.other : edge.bernoulli(0.5) ? 0.03f : 0.97f;
    if (std::fabs(level - gray.ink) < 0.2f) level += gray.ink > 0.5f ? -0.35f : 0.35f;
    composite(p, body, std::clamp(level, 0.0f, 1.0f));
  }

  if (happens(stream::reliefs, recipe.relief)) {
    render_relief(p, cover, gray, capital, own(stream::reliefs));
  } else if (happens(stream::outlined_letters, recipe.outlined)) {
    render_outline(p, scene, gray, recipe.outlined.magnitude, own(stream::outlined_letters));
  } else if (happens(stream::fills, recipe.fill)) {
    render_uneven(p, cover, gray, recipe.fill.magnitude, own(stream::fills));
  } else {
    composite(p, cover, gray.ink);
  }
  return p;
}

}  // namespace glimpse::inline v0::synth
