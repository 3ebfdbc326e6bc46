// recipe: probability and magnitude of each step of a synthetic word. Plain numbers that are
// printed, saved and changed by name.
//
//   probability  share of the images that take the step
//   magnitude    1: as in photographs; 0: no effect; it scales the range at the step
//
// The kinds of steps and their ranges follow MJSynth (Jaderberg et al. 2014) and SynthTIGER (Yim et
// al. 2021); the numbers are chosen by hand. docs/training.md measures the effect of each group.
#pragma once

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>

#include <glimpse/core/error.hpp>

namespace glimpse::inline v0::synth {

/// The random streams of the steps: one number for each, never reused.
namespace stream {
enum : std::uint64_t {
  text = 1,
  face,
  setting,
  letters,
  view,
  bending,
  framing,
  gray_levels,
  background_levels,
  panels,
  clutters,
  ruled,
  beside,
  shadows,
  extrusions,
  borders,
  outlined_letters,
  reliefs,
  fills,
  lights,
  blurs,
  motions,
  coarsening,
  sharpening,
  noises,
  blocking,
  toning,
  cutting,
  photographs
};
}  // namespace stream

/// One step of the recipe.
struct Augmentation {
  double probability = 0, magnitude = 1;
};

/// All parameters of the appearance of words.
struct Recipe {
  // words: shares of the kinds; the rest comes from the lexicon
  Augmentation common{0.20}, numbers{0.09}, prices{0.025}, codes{0.03}, letters{0.05}, joined{0.03},
      addresses{0.01};
  Augmentation symbols{0.075};                  // rare characters (rare_characters.hpp)
  Augmentation flatten{0.2};                    // word length drawn evenly from 1 to 14
  Augmentation upper{0.46}, capitalized{0.30};  // the rest is lower case
  Augmentation punctuation{0.07};
  // layout
  Augmentation spacing{0.5}, curve{0.16}, jitter{0.08}, small_capitals{0.05}, bold{0.5};
  // geometry
  Augmentation stretch{0.5}, slant{0.15}, rotation{0.5}, perspective{0.35}, skew{0.15},
      elastic{0.1};
  // surfaces
  Augmentation texture{0.75}, background_image{0.35}, panel{0.25}, clutter{0.15}, rules{0.1},
      neighbors{0.3};
  Augmentation shadow{0.15}, extrusion{0.08}, border{0.12}, outlined{0.03}, relief{0.04}, fill{0.4},
      light{0.6};
  // camera
  Augmentation crop{1.0}, truncate{0.12}, blur{0.75}, motion{0.12}, downscale{0.5}, sharpen{0.2},
      noise{0.6}, jpeg{0.45}, tone{0.5};
  // image; a finished image with less contrast (difference of gray) is drawn again
  double min_contrast = 0.06;
  double min_height = 26, max_height = 64;  // pixels

  /// Calls f(name, step) for every step.
  template <class F>
  void visit(F&& f) {
    f("common", common), f("numbers", numbers), f("prices", prices), f("codes", codes);
    f("letters", letters), f("joined", joined), f("addresses", addresses), f("symbols", symbols);
    f("flatten", flatten);
    f("upper", upper), f("capitalized", capitalized), f("punctuation", punctuation);
    f("spacing", spacing), f("curve", curve), f("jitter", jitter),
        f("small_capitals", small_capitals);
    f("bold", bold), f("stretch", stretch), f("slant", slant), f("rotation", rotation);
    f("perspective", perspective), f("skew", skew), f("elastic", elastic), f("texture", texture);
    f("background_image", background_image);
    f("panel", panel), f("clutter", clutter), f("rules", rules), f("neighbors", neighbors);
    f("shadow", shadow), f("extrusion", extrusion), f("border", border), f("outlined", outlined);
    f("relief", relief), f("fill", fill), f("light", light), f("crop", crop),
        f("truncate", truncate);
    f("blur", blur), f("motion", motion), f("downscale", downscale), f("sharpen", sharpen);
    f("noise", noise), f("jpeg", jpeg), f("tone", tone);
  }

  /// No step: black words on white, cropped to the ink.
  static Recipe plain() {
    Recipe r;
    r.visit([](std::string_view, Augmentation& step) { step.probability = 0; });
    return r;
  }
  /// The same recipe with `factor` times each magnitude, except for the choice of words. Below 1,
  /// images are easier.
  Recipe scaled(double factor) const {
    Recipe r = *this;
    bool words = true;
    r.visit([&](std::string_view name, Augmentation& step) {
      if (name == "spacing") words = false;  // from here on layout, geometry, surfaces, camera
      if (!words) step.magnitude *= factor;
    });
    return r;
  }
  /// Only straight words, seen from the front.
  static Recipe straight() {
    Recipe r;
    r.curve = r.perspective = r.skew = r.elastic = Augmentation{0};
    r.rotation.magnitude = 0.3;
    return r;
  }
  /// Every word on a curve.
  static Recipe curved() {
    Recipe r;
    r.curve.probability = 1;
    return r;
  }
  /// Every word in strong perspective, none on a curve.
  static Recipe perspective_only() {
    Recipe r;
    r.perspective = {1, 1.4};
    r.curve.probability = 0;
    return r;
  }
};

/// The recipe as text: one `name=probability:magnitude` a line.
inline std::string to_string(Recipe recipe) {
  std::string text;
  recipe.visit([&](std::string_view name, const Augmentation& step) {
    char line[96];
    std::snprintf(line, sizeof line, "%.*s=%g:%g\n", static_cast<int>(name.size()), name.data(),
                  step.probability, step.magnitude);
    text += line;
  });
  return text;
}

/// Changes one step: `name=probability` or `name=probability:magnitude`. Throws ValueError for any
/// other text.
inline void change(Recipe& recipe, std::string_view setting) {
  const std::size_t equals = setting.find('='), colon = setting.find(':');
  const auto number = [&](std::string_view digits) {
    double value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (error != std::errc{} || end != digits.data() + digits.size() || !(value >= 0) ||
        value > 100)
      fail("recipe", "wants name=probability:magnitude with numbers from 0 up, got ", setting);
    return value;
  };
  if (equals == setting.npos) fail("recipe", "wants name=probability:magnitude, got ", setting);
  bool found = false;
  recipe.visit([&](std::string_view name, Augmentation& step) {
    if (name != setting.substr(0, equals)) return;
    found = true;
    const std::size_t end = colon == setting.npos ? setting.size() : colon;
    step.probability = number(setting.substr(equals + 1, end - equals - 1));
    if (step.probability > 1) fail("recipe", "wants a probability from 0 to 1, got ", setting);
    if (colon != setting.npos) step.magnitude = number(setting.substr(colon + 1));
  });
  if (!found) fail("recipe", "has no step named ", setting.substr(0, equals));
}

/// Reads the text of to_string: one setting a line; blank lines are skipped. Throws ValueError as
/// `change` does.
inline Recipe recipe_from_string(std::string_view text) {
  Recipe recipe;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    if (end > begin) change(recipe, text.substr(begin, end - begin));
    begin = end + 1;
  }
  return recipe;
}

}  // namespace glimpse::inline v0::synth
