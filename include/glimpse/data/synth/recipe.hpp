// recipe: how often and how strongly each step of a drawn word acts. Plain numbers: printed, saved,
// changed by name.
//
//   chance     share of the pictures that take the step
//   strength   1 as photographs show it; 0 leaves the picture as it was; what it multiplies stands
//              at the step
//
// Ranges: MJSynth (Jaderberg et al. 2014) and SynthTIGER (Yim et al. 2021).
#pragma once

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>

#include <glimpse/core/error.hpp>

namespace glimpse::inline v0::synth {

/// The streams of random numbers that the steps draw from: a number each, never reused.
namespace stream {
enum : std::uint64_t {
  text = 1,
  face,
  setting,
  letters,
  view,
  bending,
  framing,
  greys,
  grounds,
  panels,
  clutters,
  ruled,
  beside,
  shadows,
  extrusions,
  borders,
  hollows,
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
struct Step {
  double chance = 0, strength = 1;
};

/// Everything that decides how words look.
struct Recipe {
  // words: shares of the kinds; what is left over comes from the lexicon
  Step common{0.20}, numbers{0.09}, prices{0.025}, codes{0.03}, letters{0.05}, joined{0.03},
      addresses{0.01};
  Step symbols{0.075};                  // texts with rare characters of the set (rare_characters.hpp)
  Step flatten{0.2};                    // word length drawn evenly from 1 to 14
  Step upper{0.46}, capitalised{0.30};  // the rest is lower case
  Step punctuation{0.07};
  // layout
  Step spacing{0.5}, curve{0.16}, jitter{0.08}, small_capitals{0.05}, bold{0.5};
  // geometry
  Step stretch{0.5}, slant{0.15}, rotation{0.5}, perspective{0.35}, skew{0.15}, elastic{0.1};
  // paint
  Step texture{0.75}, photo{0.35}, panel{0.25}, clutter{0.15}, rules{0.1}, neighbours{0.3};
  Step shadow{0.15}, extrusion{0.08}, border{0.12}, hollow{0.03}, relief{0.04}, fill{0.4},
      light{0.6};
  // camera
  Step crop{1.0}, cut{0.12}, blur{0.75}, motion{0.12}, coarse{0.5}, sharpen{0.2}, noise{0.6},
      blocks{0.45}, tone{0.5};
  // picture; contrast is that of the finished picture in greys, below the least it is drawn again
  double least_contrast = 0.06;
  double least_height = 26, most_height = 64;  // pixels

  /// Calls f(name, step) for every step.
  template <class F>
  void visit(F&& f) {
    f("common", common), f("numbers", numbers), f("prices", prices), f("codes", codes);
    f("letters", letters), f("joined", joined), f("addresses", addresses), f("symbols", symbols);
    f("flatten", flatten);
    f("upper", upper), f("capitalised", capitalised), f("punctuation", punctuation);
    f("spacing", spacing), f("curve", curve), f("jitter", jitter),
        f("small_capitals", small_capitals);
    f("bold", bold), f("stretch", stretch), f("slant", slant), f("rotation", rotation);
    f("perspective", perspective), f("skew", skew), f("elastic", elastic), f("texture", texture);
    f("photo", photo);
    f("panel", panel), f("clutter", clutter), f("rules", rules), f("neighbours", neighbours);
    f("shadow", shadow), f("extrusion", extrusion), f("border", border), f("hollow", hollow);
    f("relief", relief), f("fill", fill), f("light", light), f("crop", crop), f("cut", cut);
    f("blur", blur), f("motion", motion), f("coarse", coarse), f("sharpen", sharpen);
    f("noise", noise), f("blocks", blocks), f("tone", tone);
  }

  /// No step at all: black words on white, cropped to the ink.
  static Recipe plain() {
    Recipe r;
    r.visit([](std::string_view, Step& step) { step.chance = 0; });
    return r;
  }
  /// The same steps, all but the choice of words at `factor` times their strength: below 1 for
  /// easier pictures.
  Recipe scaled(double factor) const {
    Recipe r = *this;
    bool words = true;
    r.visit([&](std::string_view name, Step& step) {
      if (name == "spacing") words = false;  // from here on layout, geometry, paint, camera
      if (!words) step.strength *= factor;
    });
    return r;
  }
  /// Only straight words, seen from the front.
  static Recipe straight() {
    Recipe r;
    r.curve = r.perspective = r.skew = r.elastic = Step{0};
    r.rotation.strength = 0.3;
    return r;
  }
  /// Every word on a curve.
  static Recipe curved() {
    Recipe r;
    r.curve.chance = 1;
    return r;
  }
  /// Every word seen from the side, none on a curve.
  static Recipe perspective_only() {
    Recipe r;
    r.perspective = {1, 1.4};
    r.curve.chance = 0;
    return r;
  }
};

/// The recipe as text: one `name=chance:strength` a line.
inline std::string to_string(Recipe recipe) {
  std::string text;
  recipe.visit([&](std::string_view name, const Step& step) {
    char line[96];
    std::snprintf(line, sizeof line, "%.*s=%g:%g\n", static_cast<int>(name.size()), name.data(),
                  step.chance, step.strength);
    text += line;
  });
  return text;
}

/// Changes one step: `name=chance` or `name=chance:strength`. Throws ValueError for anything else.
inline void change(Recipe& recipe, std::string_view setting) {
  const std::size_t equals = setting.find('='), colon = setting.find(':');
  const auto number = [&](std::string_view digits) {
    double value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (error != std::errc{} || end != digits.data() + digits.size() || !(value >= 0) ||
        value > 100)
      fail("recipe", "wants name=chance:strength with numbers from 0 up, got ", setting);
    return value;
  };
  if (equals == setting.npos) fail("recipe", "wants name=chance:strength, got ", setting);
  bool found = false;
  recipe.visit([&](std::string_view name, Step& step) {
    if (name != setting.substr(0, equals)) return;
    found = true;
    const std::size_t end = colon == setting.npos ? setting.size() : colon;
    step.chance = number(setting.substr(equals + 1, end - equals - 1));
    if (step.chance > 1) fail("recipe", "wants a chance from 0 to 1, got ", setting);
    if (colon != setting.npos) step.strength = number(setting.substr(colon + 1));
  });
  if (!found) fail("recipe", "has no step named ", setting.substr(0, equals));
}

/// Reads what to_string wrote: one setting a line; blank lines are passed over.
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
