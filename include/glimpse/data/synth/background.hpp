// background: surfaces behind a word, and the compositing of layers.
//
//   p <- p + alpha cover (gray - p)
#pragma once

#include <algorithm>
#include <cmath>

#include <glimpse/core/random.hpp>
#include <glimpse/data/synth/glyph_outlines.hpp>
#include <glimpse/data/synth/texture.hpp>

namespace glimpse::inline v0::synth {

/// Composites one gray: p <- p + alpha cover (gray - p).
inline void composite(GrayImage& p, const GrayImage& cover, float gray, float alpha = 1) {
  for (std::size_t i = 0; i < p.pixels.size(); ++i)
    p.pixels[i] += alpha * cover.pixels[i] * (gray - p.pixels[i]);
}
/// Composites an image: p <- p + alpha cover (gray - p), with one gray for each pixel.
inline void composite(GrayImage& p, const GrayImage& cover, const GrayImage& gray,
                      float alpha = 1) {
  for (std::size_t i = 0; i < p.pixels.size(); ++i)
    p.pixels[i] += alpha * cover.pixels[i] * (gray.pixels[i] - p.pixels[i]);
}

/// The background behind a word, (height, width): a level with gradient, clouds, stripes, stains
/// and grain. amount: magnitude of these, as a difference of gray.
inline GrayImage draw_background(Index height, Index width, float level, float amount,
                                 const Random& stream) {
  GrayImage background(height, width, level);
  if (!(amount > 0)) return background;
  Random rng = stream;
  const float size = static_cast<float>(height);
  const double kind = rng.uniform();
  if (rng.bernoulli(0.6)) add_gradient(background, 0.6f * amount, rng);
  if (kind < 0.5) {
    const float cell = size * static_cast<float>(std::exp(rng.uniform(-2.5, 0.8)));
    const auto octaves = static_cast<int>(1 + rng.uniform_int(3));
    add_clouds(background, amount * static_cast<float>(rng.uniform(0.2, 1)), cell, octaves, rng);
  } else if (kind < 0.65) {
    add_stripes(background, amount * static_cast<float>(rng.uniform(0.2, 0.8)), rng);
  } else if (kind < 0.8) {
    for (Index i = rng.uniform_int(4); i >= 0; --i)
      add_spot(background, amount * static_cast<float>(rng.uniform(-1.5, 1.5)), rng);
  }
  if (rng.bernoulli(0.4))
    add_grain(background, amount * static_cast<float>(rng.uniform(0.05, 0.3)), rng);
  return background;
}

/// Adds random shapes: wires, poles, leaves, edges of other objects.
inline void render_clutter(GrayImage& p, double magnitude, const Random& stream) {
  if (!(magnitude > 0)) return;
  Random rng = stream;
  const double w = static_cast<double>(p.width), h = static_cast<double>(p.height);
  const Index shapes = 1 + rng.uniform_int(5);
  for (Index i = 0; i < shapes; ++i) {
    GlyphOutlines shape;
    std::vector<Point> outline;
    const double cx = rng.uniform(0, w), cy = rng.uniform(0, h);
    const bool wire = rng.bernoulli(0.5);
    const double angle = rng.uniform(0, 6.28), length = wire ? w + h : rng.uniform(0.2, 1.2) * h;
    const double breadth = wire ? rng.uniform(0.01, 0.08) * h : length * rng.uniform(0.3, 1);
    const int corners = wire ? 4 : static_cast<int>(3 + rng.uniform_int(6));
    for (int k = 0; k < corners; ++k) {
      const double a = wire ? (k + 0.5) * 1.5707963 : 6.2831853 * k / corners,
                   r = wire ? 1 : rng.uniform(0.5, 1);
      const double x = length * r * std::cos(a), y = -breadth * r * std::sin(a);
      outline.push_back({static_cast<float>(cx + x * std::cos(angle) - y * std::sin(angle)),
                         static_cast<float>(cy + x * std::sin(angle) + y * std::cos(angle))});
    }
    shape.add(outline);
    const auto gray = static_cast<float>(rng.uniform());
    const auto alpha = static_cast<float>(std::min(1.0, rng.uniform(0.2, 1) * magnitude));
    composite(p, cover_of(std::move(shape), Map(), p.height, p.width), gray, alpha);
  }
}

}  // namespace glimpse::inline v0::synth
