// photograph: from a painted scene to what a camera's file holds, and whether its word can still be
// seen.
#pragma once

#include <algorithm>
#include <cmath>

#include <glimpse/data/synth/blocks.hpp>
#include <glimpse/data/synth/camera.hpp>
#include <glimpse/data/synth/recipe.hpp>
#include <glimpse/data/synth/resample.hpp>
#include <glimpse/data/synth/texture.hpp>

namespace glimpse::inline v0::synth {

/// Takes a picture of a painted scene: light, lens, sensor, file. capital: height of a capital in
/// pixels, the measure of all blurs. `easy` spares the word the harsher steps. The picture keeps
/// its size and ends in [0, 1].
inline void photograph(Picture& p, double capital, const Recipe& recipe, const Random& rng,
                       bool easy) {
  const double height = static_cast<double>(p.height), ease = easy ? 0.3 : 1.0;
  const Index full_height = p.height, full_width = p.width;
  Random light = rng.split(stream::lights);
  if (light.chance(recipe.light.chance)) {
    const float s = static_cast<float>(recipe.light.strength * ease);
    Picture gain(p.height, p.width, 1.0f);
    add_gradient(gain, s * static_cast<float>(0.4 * light.uniform()), light);
    if (light.chance(0.3))
      add_clouds(gain, s * static_cast<float>(0.3 * light.uniform()),
                 1.5f * static_cast<float>(height), 1, light);
    for (std::size_t i = 0; i < p.pixels.size(); ++i) p.pixels[i] *= gain.pixels[i];
    if (light.chance(0.06)) add_spot(p, s * static_cast<float>(light.uniform(0.2, 0.6)), light);
  }
  Random soft = rng.split(stream::blurs);
  if (soft.chance(recipe.blur.chance)) {
    const double u = soft.uniform();
    blur(p, capital * 0.07 * u * u * recipe.blur.strength * ease);
  }
  Random shake = rng.split(stream::motions);
  if (shake.chance(recipe.motion.chance) && !easy) {
    const double angle = shake.uniform(0, 3.1416);
    motion_blur(p, capital * 0.2 * shake.uniform() * recipe.motion.strength, angle);
  }

  Random coarse = rng.split(stream::coarsening);
  if (coarse.chance(recipe.coarse.chance) && recipe.coarse.strength > 0 && !easy) {
    const double least = std::max(8.0 / capital, 1 - 0.68 * recipe.coarse.strength);
    const double share = std::min(1.0, coarse.uniform(std::min(least, 1.0), 1.0));
    p = resized(p, std::max<Index>(8, std::lround(height * share)),
                std::max<Index>(4, std::lround(static_cast<double>(p.width) * share)));
  }
  clamp_greys(p);
  Random noise = rng.split(stream::noises);
  if (noise.chance(recipe.noise.chance)) {
    const double u = noise.uniform();
    add_grain(p, static_cast<float>(0.04 * u * u * recipe.noise.strength * ease), noise);
  }
  Random block = rng.split(stream::blocking);
  if (block.chance(recipe.blocks.chance))
    compress_blocks(p, 0.9 * (block.uniform() * block.uniform()) * recipe.blocks.strength * ease);
  if (p.height != full_height || p.width != full_width) p = resized(p, full_height, full_width);
  Random sharp = rng.split(stream::sharpening);
  if (sharp.chance(recipe.sharpen.chance))
    sharpen(p, 1.2 * sharp.uniform() * recipe.sharpen.strength, 0.05 * capital);
  Random tones = rng.split(stream::toning);
  if (tones.chance(recipe.tone.chance)) {
    const double s = recipe.tone.strength * ease;
    const double range = 1 - 0.55 * s * (tones.uniform() * tones.uniform());
    const double low = std::max(0.0, 1 - range) * tones.uniform();
    tone(p, static_cast<float>(low), static_cast<float>(low + range),
         static_cast<float>(std::exp(tones.normal(0, 0.3) * s)));
  }
  clamp_greys(p);
}

/// Whether letters can be seen: ink against the ground close to it, in up to four parts of the word
/// from left to right. least: of the difference in grey. Reliefs have the tone of their ground, so
/// spread counts for them.
inline bool visible(const Picture& p, const Picture& cover, double least) {
  Picture near = cover;
  blur(near, std::max(1.0, 0.06 * static_cast<double>(p.height)));
  const Index parts = std::clamp<Index>(p.width / std::max<Index>(p.height, 1), 1, 4);
  for (Index part = 0; part < parts; ++part) {
    double ink = 0, inks = 0, ground = 0, weight = 0, squares = 0;
    for (Index y = 0; y < p.height; ++y)
      for (Index x = part * p.width / parts; x < (part + 1) * p.width / parts; ++x) {
        const double v = static_cast<double>(p(y, x)), c = static_cast<double>(cover(y, x));
        const double ring = std::max(0.0, static_cast<double>(near(y, x)) - c) + 0.02 * (1 - c);
        ink += c * v, inks += c, ground += ring * v, weight += ring, squares += v * v * (c + ring);
      }
    if (inks < 1 || weight < 0.1) continue;
    const double difference = std::fabs(ink / inks - ground / weight);
    const double mean = (ink + ground) / (inks + weight);
    const double spread = std::sqrt(std::max(0.0, squares / (inks + weight) - mean * mean));
    if (difference < least && spread < 1.2 * least) return false;
    if (difference < 0.35 * spread && spread < 3 * least) return false;
  }
  return true;
}

}  // namespace glimpse::inline v0::synth
