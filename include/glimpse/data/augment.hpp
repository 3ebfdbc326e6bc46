// augment: random changes to photographs of words, for training.
//
//   image --reduce--> --map--> --light--> --camera--> --invert--> image,
//   map = stretch, slant, skew, rotation, view, then crop: one matrix, one resampling
//
// The steps are those of synthetic words (synth/recipe.hpp). Their defaults are milder, because a
// photograph has already been through a camera. The canvas grows with the map, so the map cuts no
// letter off. Only the crop cuts: at most 4 % of the shorter side at magnitude 1. Blurs scale with
// the height of the letters; noise and JPEG loss scale with the contrast. Values stay in [0, 1].
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>
#include <utility>

#include <glimpse/core/random.hpp>
#include <glimpse/data/synth/camera_effects.hpp>
#include <glimpse/data/synth/scene.hpp>
#include <glimpse/data/synth/warp.hpp>
#include <glimpse/data/word_loader.hpp>

namespace glimpse::inline v0 {

/// Probability and magnitude of each step. Magnitude 1 is that of synthetic words; 0 does nothing.
struct AugmentOptions {
  double share = 0.7;  // of images that are changed; each step's probability applies to these
  // geometry
  synth::Augmentation stretch{0.5, 0.8}, slant{0.2, 0.7}, skew{0.2, 0.7}, rotation{0.6};
  synth::Augmentation perspective{0.4, 0.7}, crop{0.5};
  // camera
  synth::Augmentation light{0.3}, blur{0.5, 0.9}, motion{0.12, 0.6}, downscale{0.35, 0.8},
      noise{0.4};
  synth::Augmentation jpeg{0.45}, sharpen{0.15}, tone{0.4, 0.8};
  synth::Augmentation invert{0.15};  // every magnitude above 0 inverts

  /// Calls f(name, step) for every step.
  template <class F>
  void visit(F&& f) {
    f("stretch", stretch), f("slant", slant), f("skew", skew), f("rotation", rotation);
    f("perspective", perspective), f("crop", crop), f("light", light), f("blur", blur);
    f("motion", motion), f("downscale", downscale), f("noise", noise), f("jpeg", jpeg);
    f("sharpen", sharpen), f("tone", tone), f("invert", invert);
  }

  /// No step.
  static AugmentOptions none() {
    AugmentOptions options;
    options.visit([](std::string_view, synth::Augmentation& step) { step.probability = 0; });
    return options;
  }
  /// The same steps with `factor` times their magnitude.
  AugmentOptions scaled(double factor) const {
    AugmentOptions options = *this;
    options.visit([&](std::string_view, synth::Augmentation& step) { step.magnitude *= factor; });
    return options;
  }
};

/// The options on one line: `share=number`, then `name=probability:magnitude` for every step.
inline std::string to_string(AugmentOptions options) {
  char line[96];
  std::snprintf(line, sizeof line, "share=%g", options.share);
  std::string text = line;
  options.visit([&](std::string_view name, const synth::Augmentation& step) {
    std::snprintf(line, sizeof line, " %.*s=%g:%g", static_cast<int>(name.size()), name.data(),
                  step.probability, step.magnitude);
    text += line;
  });
  return text;
}

namespace detail {

// Maximum of the shorter side and of the area after reduction: twice a reader's input size.
inline constexpr double most_side = 128, most_area = 128 * 1024;

// Whether any step can act. Throws ValueError for a step out of range.
inline bool augments(AugmentOptions options) {
  bool any = false;
  options.visit([&](std::string_view name, const synth::Augmentation& step) {
    if (!(step.probability >= 0 && step.probability <= 1 && step.magnitude >= 0 &&
          step.magnitude <= 2))
      fail("augment", "expected a probability from 0 to 1 and a magnitude from 0 to 2 for ", name,
           ", got ", step.probability, " and ", step.magnitude);
    any = any || (step.probability > 0 && step.magnitude > 0);
  });
  return any;
}

inline GrayImage reduced(const GrayImage& p) {
  const double h = static_cast<double>(p.height), w = static_cast<double>(p.width);
  const double scale = std::min({1.0, most_side / std::min(h, w), std::sqrt(most_area / (h * w))});
  if (scale == 1.0) return p;
  const auto extent = [&](double n) { return std::max<Index>(1, std::lround(n * scale)); };
  return synth::resized(p, extent(h), extent(w));
}

// Geometry and crop. Returns the zoom: pixels of the result per pixel of `p`.
inline double move(GrayImage& p, const AugmentOptions& options, const Random& rng) {
  using synth::Map, synth::Point;
  const double h = static_cast<double>(p.height), w = static_cast<double>(p.width);
  const double side = std::min(h, w), unit = 0.6 * side;         // unit: about a capital's height
  const double mild = std::min(1.0, 2 * side / std::max(h, w));  // long words are rotated less
  synth::Recipe view = synth::Recipe::plain();
  view.stretch = options.stretch, view.slant = options.slant;
  view.skew = {options.skew.probability, options.skew.magnitude * mild};
  view.rotation = {options.rotation.probability, options.rotation.magnitude * mild};
  view.perspective = options.perspective;
  const Map map =
      Map::shift(-w / 2, -h / 2)
          .then(Map::scale(1 / unit, 1 / unit))
          .then(synth::draw_view(rng.split(synth::stream::view), view, std::max(h, w) / unit))
          .then(Map::scale(unit, unit))
          .then(Map::shift(w / 2, h / 2));

  const float right = static_cast<float>(w), bottom = static_cast<float>(h);
  synth::Box box;
  for (const Point corner : {Point{0, 0}, Point{right, 0}, Point{right, bottom}, Point{0, bottom}})
    box.take(map(corner));
  Random truncate = rng.split(synth::stream::framing);
  if (truncate.bernoulli(options.crop.probability)) {
    const auto inward = [&] {
      return static_cast<float>(side * options.crop.magnitude * truncate.uniform(-0.12, 0.04));
    };
    box.left += inward(), box.top += inward(), box.right -= inward(), box.bottom -= inward();
  }
  const auto near = [](float a, float b) { return std::fabs(a - b) < 1e-3f; };
  const Point corner = map({right, 0}), other = map({0, bottom});
  if (near(box.left, 0) && near(box.top, 0) && near(box.right, right) && near(box.bottom, bottom) &&
      near(corner.x, right) && near(corner.y, 0) && near(other.x, 0) && near(other.y, bottom))
    return 1;

  // Bilinear interpolation blurs, so small images are mapped to up to twice as many pixels.
  const double wide = static_cast<double>(box.width()), tall = static_cast<double>(box.height());
  const double zoom =
      std::min(std::clamp(48 / side, 1.0, 2.0), std::sqrt(2 * most_area / (wide * tall)));
  const auto extent = [&](double n) { return std::max<Index>(1, std::lround(n * zoom)); };
  const Index height = extent(tall), width = extent(wide);
  const Map forth =
      map.then(Map::shift(-static_cast<double>(box.left), -static_cast<double>(box.top)))
          .then(Map::scale(static_cast<double>(width) / wide, static_cast<double>(height) / tall));
  p = synth::warped(p, forth.inverse(), height, width, 0.15 * side);
  return zoom;
}

// A gradient of light with maximum gain 1, so no pixel is clipped at white.
inline void shade(GrayImage& p, const synth::Augmentation& step, Random rng) {
  if (!rng.bernoulli(step.probability)) return;
  GrayImage gain(p.height, p.width, 1.0f);
  synth::add_gradient(gain, static_cast<float>(0.35 * rng.uniform() * step.magnitude), rng);
  const float most = *std::max_element(gain.pixels.begin(), gain.pixels.end());
  for (std::size_t i = 0; i < p.pixels.size(); ++i) p.pixels[i] *= gain.pixels[i] / most;
}

inline double deviation(const GrayImage& p) {
  double sum = 0, squares = 0;
  for (const float v : p.pixels)
    sum += static_cast<double>(v), squares += static_cast<double>(v) * static_cast<double>(v);
  const double n = static_cast<double>(p.size()), mean = sum / n;
  return std::sqrt(std::max(0.0, squares / n - mean * mean));
}

}  // namespace detail

/// Augments an image (H, W) in [0, 1]; equal generators give equal results. A part of the images,
/// 1 - share, is returned unchanged. The others are reduced to at most 128 pixels on the shorter
/// side, and their size and shape change. Throws ValueError for a probability or a magnitude out of
/// range.
inline GrayImage augment(const GrayImage& image, const AugmentOptions& options, Random rng) {
  if (!detail::augments(options) || image.empty() || !rng.bernoulli(options.share)) return image;
  GrayImage p = detail::reduced(image);
  synth::clamp_gray_levels(p);
  const double side = static_cast<double>(std::min(p.height, p.width));
  const double zoom = detail::move(p, options, rng);
  detail::shade(p, options.light, rng.split(synth::stream::lights));

  const double contrast = std::clamp(detail::deviation(p) / 0.15, 0.1, 1.0);
  synth::Recipe camera = synth::Recipe::plain();
  camera.blur = options.blur, camera.motion = options.motion, camera.downscale = options.downscale;
  camera.noise = {options.noise.probability, options.noise.magnitude * contrast};
  camera.jpeg = {options.jpeg.probability, options.jpeg.magnitude * contrast};
  camera.sharpen = options.sharpen, camera.tone = options.tone;
  const bool small = side < 24;  // small images are hard to read already
  synth::apply_camera_effects(p, 0.6 * side * zoom, camera, rng, small);

  Random inversion = rng.split(synth::stream::gray_levels);
  if (inversion.bernoulli(options.invert.probability) && options.invert.magnitude > 0)
    for (float& v : p.pixels) v = 1 - v;
  return p;
}

/// A source with augmented images: word i uses the generator (seed, i). The fiducial points are
/// removed, because the geometry moves them. Throws ValueError as `augment` does.
inline WordSource augmented_words(WordSource source, AugmentOptions options, std::uint64_t seed) {
  detail::augments(options);
  return [source = std::move(source), options, seed](std::uint64_t i) {
    LabeledWord word = source(i);
    word.image = augment(word.image, options, Random(seed ^ 0x617567u, i));
    word.fiducials.clear();
    return word;
  };
}

}  // namespace glimpse::inline v0
