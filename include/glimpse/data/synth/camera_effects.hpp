// camera effects: turns a rendered scene into a camera's image, and checks that its word is still
// visible.
#pragma once

#include <algorithm>
#include <cmath>

#include <glimpse/data/synth/camera.hpp>
#include <glimpse/data/synth/jpeg_artifacts.hpp>
#include <glimpse/data/synth/recipe.hpp>
#include <glimpse/data/synth/resample.hpp>
#include <glimpse/data/synth/texture.hpp>

namespace glimpse::inline v0::synth {

/// Applies light, lens, sensor and file effects. capital: height of a capital in pixels, the unit
/// of all blurs. easy: leaves out the harsher steps. The image keeps its size and ends in [0, 1].
inline void apply_camera_effects(GrayImage& p, double capital, const Recipe& recipe,
                                 const Random& rng, bool easy) {
  const double height = static_cast<double>(p.height), ease = easy ? 0.3 : 1.0;
  const Index full_height = p.height, full_width = p.width;
  Random light = rng.split(stream::lights);
  if (light.bernoulli(recipe.light.probability)) {
    const float s = static_cast<float>(recipe.light.magnitude * ease);
    GrayImage gain(p.height, p.width, 1.0f);
    add_gradient(gain, s * static_cast<float>(0.4 * light.uniform()), light);
    if (light.bernoulli(0.3))
      add_clouds(gain, s * static_cast<float>(0.3 * light.uniform()),
                 1.5f * static_cast<float>(height), 1, light);
    for (std::size_t i = 0; i < p.pixels.size(); ++i) p.pixels[i] *= gain.pixels[i];
    if (light.bernoulli(0.06)) add_spot(p, s * static_cast<float>(light.uniform(0.2, 0.6)), light);
  }
  Random soft = rng.split(stream::blurs);
  if (soft.bernoulli(recipe.blur.probability)) {
    const double u = soft.uniform();
    blur(p, capital * 0.07 * u * u * recipe.blur.magnitude * ease);
  }
  Random shake = rng.split(stream::motions);
  if (shake.bernoulli(recipe.motion.probability) && !easy) {
    const double angle = shake.uniform(0, 3.1416);
    motion_blur(p, capital * 0.2 * shake.uniform() * recipe.motion.magnitude, angle);
  }

  Random downscale = rng.split(stream::coarsening);
  if (downscale.bernoulli(recipe.downscale.probability) && recipe.downscale.magnitude > 0 &&
      !easy) {
    const double least = std::max(8.0 / capital, 1 - 0.68 * recipe.downscale.magnitude);
    const double share = std::min(1.0, downscale.uniform(std::min(least, 1.0), 1.0));
    p = resized(p, std::max<Index>(8, std::lround(height * share)),
                std::max<Index>(4, std::lround(static_cast<double>(p.width) * share)));
  }
  clamp_gray_levels(p);
  Random noise = rng.split(stream::noises);
  if (noise.bernoulli(recipe.noise.probability)) {
    const double u = noise.uniform();
    add_grain(p, static_cast<float>(0.04 * u * u * recipe.noise.magnitude * ease), noise);
  }
  Random block = rng.split(stream::blocking);
  if (block.bernoulli(recipe.jpeg.probability))
    jpeg_artifacts(p, 0.9 * (block.uniform() * block.uniform()) * recipe.jpeg.magnitude * ease);
  if (p.height != full_height || p.width != full_width) p = resized(p, full_height, full_width);
  Random sharp = rng.split(stream::sharpening);
  if (sharp.bernoulli(recipe.sharpen.probability))
    sharpen(p, 1.2 * sharp.uniform() * recipe.sharpen.magnitude, 0.05 * capital);
  Random tones = rng.split(stream::toning);
  if (tones.bernoulli(recipe.tone.probability)) {
    const double s = recipe.tone.magnitude * ease;
    const double range = 1 - 0.55 * s * (tones.uniform() * tones.uniform());
    const double low = std::max(0.0, 1 - range) * tones.uniform();
    tone(p, static_cast<float>(low), static_cast<float>(low + range),
         static_cast<float>(std::exp(tones.normal(0, 0.3) * s)));
  }
  clamp_gray_levels(p);
}

/// Whether letters are visible: compares the gray of the ink with the background close to it, in up
/// to four parts of the word from left to right. least: minimum difference of gray. A relief has
/// the gray of its background, so a large standard deviation also counts as visible.
inline bool visible(const GrayImage& p, const GrayImage& cover, double least) {
  GrayImage near = cover;
  blur(near, std::max(1.0, 0.06 * static_cast<double>(p.height)));
  const Index parts = std::clamp<Index>(p.width / std::max<Index>(p.height, 1), 1, 4);
  for (Index split = 0; split < parts; ++split) {
    double ink = 0, inks = 0, background = 0, weight = 0, squares = 0;
    for (Index y = 0; y < p.height; ++y)
      for (Index x = split * p.width / parts; x < (split + 1) * p.width / parts; ++x) {
        const double v = static_cast<double>(p(y, x)), c = static_cast<double>(cover(y, x));
        const double ring = std::max(0.0, static_cast<double>(near(y, x)) - c) + 0.02 * (1 - c);
        ink += c * v, inks += c, background += ring * v, weight += ring,
            squares += v * v * (c + ring);
      }
    if (inks < 1 || weight < 0.1) continue;
    const double difference = std::fabs(ink / inks - background / weight);
    const double mean = (ink + background) / (inks + weight);
    const double stddev = std::sqrt(std::max(0.0, squares / (inks + weight) - mean * mean));
    if (difference < least && stddev < 1.2 * least) return false;
    if (difference < 0.35 * stddev && stddev < 3 * least) return false;
  }
  return true;
}

}  // namespace glimpse::inline v0::synth
