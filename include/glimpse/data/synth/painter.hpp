// painter: draws words. One call gives one picture, and it is a pure function of (seed, index): any number of threads may
// draw at once and in any order, the pictures are the same.
//
//   text -> face -> outlines on a curve -> one map -> ground, panel, neighbours, shadow, border, fill -> light -> camera
//
// Every step has a stream of its own, so leaving one out changes nothing else about a picture.
#pragma once

#include <string>
#include <utility>

#include <glimpse/data/synth/camera.hpp>
#include <glimpse/data/synth/fonts.hpp>
#include <glimpse/data/synth/layout.hpp>
#include <glimpse/data/synth/recipe.hpp>
#include <glimpse/data/synth/scene.hpp>
#include <glimpse/data/synth/words.hpp>

namespace glimpse::inline v0::synth {

/// A drawn word.
struct WordSample {
  Picture picture;
  std::string label;  // a-z and 0-9
  std::string text;   // as drawn
};

/// Draws words from faces, texts and a recipe. Constant after construction: share it between threads.
class WordPainter {
 public:
  WordPainter(Fonts fonts, Words words, Recipe recipe = {})
      : fonts_(std::move(fonts)), words_(std::move(words)), recipe_(recipe) {}

  const Recipe& recipe() const { return recipe_; }
  const Fonts& fonts() const { return fonts_; }

  /// Picture number `index` of the endless row that `seed` names.
  WordSample draw(std::uint64_t seed, std::uint64_t index) const {
    const Random root = Random(seed, index).split(0x9A1E);
    WordSample sample;
    for (std::uint64_t attempt = 0; attempt < 12; ++attempt) {
      const Random rng = root.split(attempt);
      sample.text = words_.draw(rng.split(text), recipe_);
      if (compose(sample, rng, attempt >= 8)) break;
    }
    sample.label = label_of(sample.text);
    return sample;
  }

 private:
  enum Stream : std::uint64_t {
    text = 1, face, setting, letters, view, bending, framing, greys, grounds, panels, clutters, ruled, beside,
    shadows, extrusions, borders, hollows, reliefs, fills, lights, blurs, motions, coarsening, sharpening, noises,
    blocking, toning, cutting
  };

  struct Greys {
    float ground, ink, other;
  };

  // Paint and print lean to black and white; weathered signs are grey on grey.
  static Greys draw_greys(Random rng) {
    const double contrast = 0.14 + 0.8 * (rng.chance(0.3) ? rng.uniform(0, 0.3) : rng.uniform());
    const double low = (0.99 - contrast) * (0.5 - 0.5 * std::cos(std::numbers::pi * rng.uniform()));
    const bool light_on_dark = rng.chance(0.5);
    const auto l = static_cast<float>(low), h = static_cast<float>(low + contrast);
    return {light_on_dark ? l : h, light_on_dark ? h : l, static_cast<float>(rng.uniform())};
  }

  bool compose(WordSample& sample, const Random& rng, bool easy) const;
  void add_neighbours(Scene& scene, const Face& type, const Setting& style, std::array<double, 4>& margin, Random rng) const;
  Picture paint_word(const Scene& scene, const Greys& grey, const Random& rng, Picture& cover) const;
  void photograph(Picture& p, double capital, const Random& rng, bool easy) const;
  bool visible(const Picture& p, const Picture& cover) const;

  Fonts fonts_;
  Words words_;
  Recipe recipe_;
};

// Returns false where the word cannot be seen: then it is drawn again from another stream. `easy` leaves the harsher
// steps out, so that a recipe that hides everything still ends.
inline bool WordPainter::compose(WordSample& sample, const Random& rng, bool easy) const {
  Random faces = rng.split(face);
  const Face* type = fonts_.draw(faces, sample.text);
  if (type == nullptr) {
    sample.text = label_of(sample.text);
    type = fonts_.draw(faces, sample.text);
    if (type == nullptr) type = &fonts_[0];
  }
  if (type->caps_only) sample.text = upper_case(sample.text);

  Setting style = draw_setting(rng.split(setting), recipe_, *type);
  if (label_of(sample.text).size() < 3) style.curve = Curve{};
  Scene scene;
  scene.word = set_text(*type, sample.text, style, rng.split(letters));
  if (scene.word.points.empty()) {
    sample.picture = Picture(32, 32, 0.5f);
    return false;
  }
  const Box box = scene.word.box();
  const auto centre = [&](Lettering& l) { l.move(-0.5f * (box.left + box.right), -0.5f * (box.top + box.bottom)); };

  std::array<double, 4> margin{};
  Random frames = rng.split(framing);
  const bool cropped = frames.chance(recipe_.crop.chance);
  const double loose = frames.chance(0.25) ? 0.35 : 0.14;
  for (double& m : margin) m = cropped ? (0.02 + loose * frames.uniform() * frames.uniform()) * recipe_.crop.strength : 0;
  margin[0] *= 1.3, margin[2] *= 1.3;
  Random cuts = rng.split(cutting);
  if (cuts.chance(recipe_.cut.chance) && !easy)
    margin[static_cast<std::size_t>(cuts.below(4))] = -0.09 * cuts.uniform() * recipe_.cut.strength;

  add_neighbours(scene, *type, style, margin, rng.split(beside));
  Random lines = rng.split(ruled);
  if (lines.chance(recipe_.rules.chance)) {
    const float y = lines.chance(0.7) ? box.bottom + static_cast<float>(lines.uniform(0.06, 0.25))
                                      : box.top - static_cast<float>(lines.uniform(0.1, 0.3));
    const float thick = static_cast<float>(lines.uniform(0.02, 0.1) * recipe_.rules.strength);
    const float reach = lines.chance(0.5) ? 50.0f : 0.2f;
    add_rectangle(scene.rules, box.left - reach, y, box.right + reach, y + thick);
  }
  Random panel = rng.split(panels);
  if (panel.chance(recipe_.panel.chance) && recipe_.panel.strength > 0) {
    const auto side = [&] { return static_cast<float>(panel.uniform(0.08, 0.7)); };
    scene.panel.take(Point{box.left - side(), box.top - side()});
    scene.panel.take(Point{box.right + side(), box.bottom + side()});
  }
  centre(scene.word), centre(scene.others), centre(scene.rules);
  if (!scene.panel.empty()) {
    Lettering corners;
    corners.add(std::array{Point{scene.panel.left, scene.panel.top}, Point{scene.panel.right, scene.panel.bottom}});
    centre(corners);
    scene.panel = corners.box();
  }

  const Map map = draw_view(rng.split(view), recipe_, static_cast<double>(box.width()));
  Random bends = rng.split(bending);
  if (bends.chance(recipe_.elastic.chance)) {
    bend(scene.word, recipe_.elastic.strength, bends.split(1));
    bend(scene.others, recipe_.elastic.strength, bends.split(1));
    bend(scene.rules, recipe_.elastic.strength, bends.split(1));
  }
  const double u = frames.uniform();
  frame(scene, map, margin, recipe_.least_height + (recipe_.most_height - recipe_.least_height) * u * u);

  Picture cover;
  sample.picture = paint_word(scene, draw_greys(rng.split(greys)), rng, cover);
  photograph(sample.picture, static_cast<double>(scene.capital), rng, easy);
  return visible(sample.picture, cover);
}

// Parts of other words: a line above or below, a word before or after. The crop opens up to them, never over them.
inline void WordPainter::add_neighbours(Scene& scene, const Face& type, const Setting& style,
                                        std::array<double, 4>& margin, Random rng) const {
  if (!rng.chance(recipe_.neighbours.chance) || !(recipe_.neighbours.strength > 0)) return;
  const Box box = scene.word.box();
  const bool curved = style.curve.kind != Curve::Kind::straight;
  for (std::size_t side = 0; side < 4; ++side) {
    if (!rng.chance(0.4) || (curved && side % 2 == 0)) continue;
    std::string words = words_.draw(rng.split(side), recipe_);
    Setting other = style;
    if (side % 2 == 1) words += " " + words_.draw(rng.split(side + 10), recipe_);
    if (type.caps_only) words = upper_case(words);
    Lettering line = set_text(type, words, other, rng.split(side + 20));
    if (line.points.empty()) continue;
    const Box own = line.box();
    const float gap = static_cast<float>(rng.uniform(side % 2 == 0 ? 0.35 : 0.15, 0.6));
    if (side == 0) line.move(box.left - gap - own.right, 0);
    if (side == 2) line.move(box.right + gap - own.left, 0);
    const float sideways = static_cast<float>(rng.uniform(-1, 1)) * 0.5f * std::max(own.width(), box.width());
    if (side == 1) line.move(curved ? 0 : sideways, box.top - gap - own.bottom);
    if (side == 3) line.move(curved ? 0 : sideways, box.bottom + gap - own.top);
    margin[side] = std::max(margin[side], static_cast<double>(gap) * 0.75 +
                                              rng.uniform(-0.25, side % 2 == 0 ? 0.05 : 0.3) * recipe_.neighbours.strength);
    line.each_contour([&](std::span<Point> outline) { scene.others.add(outline); });
  }
}

inline Picture WordPainter::paint_word(const Scene& scene, const Greys& grey, const Random& rng, Picture& cover) const {
  const Index height = scene.height, width = scene.width;
  const float contrast = std::fabs(grey.ink - grey.ground), capital = scene.capital;
  const auto fill_of = [&](const Lettering& lettering, float amount) {
    return cover_of(lettering, scene.to_pixels, height, width, amount);
  };
  const auto in_plane = [](double v) { return static_cast<float>(v); };

  Random ground = rng.split(grounds);
  const float amount = ground.chance(recipe_.texture.chance)
                           ? contrast * in_plane(0.5 * ground.uniform() * ground.uniform() * recipe_.texture.strength) +
                                 0.02f * in_plane(recipe_.texture.strength)
                           : 0.0f;
  Picture p = draw_ground(height, width, grey.ground, amount, ground.split(1));

  if (!scene.panel.empty()) {
    Lettering inside;
    add_rectangle(inside, scene.panel.left, scene.panel.top, scene.panel.right, scene.panel.bottom);
    Picture outside = fill_of(inside, 0);
    for (float& v : outside.pixels) v = 1 - v;
    Random panel = rng.split(panels).split(1);
    const Picture far = draw_ground(height, width, in_plane(panel.uniform()), 0.2f, panel.split(1));
    paint(p, outside, far);
    if (panel.chance(0.4)) {
      Picture rim = fill_of(inside, in_plane(panel.uniform(0.02, 0.08)));
      for (std::size_t i = 0; i < rim.pixels.size(); ++i) rim.pixels[i] -= 1 - outside.pixels[i];
      paint(p, rim, panel.chance(0.5) ? grey.ink : grey.other);
    }
  }
  Random clutter = rng.split(clutters);
  if (clutter.chance(recipe_.clutter.chance)) paint_clutter(p, 0.5 * recipe_.clutter.strength, clutter.split(1));
  if (!scene.rules.points.empty()) paint(p, fill_of(scene.rules, 0), rng.split(ruled).split(1).chance(0.7) ? grey.ink : grey.other);
  if (!scene.others.points.empty()) paint(p, fill_of(scene.others, 0), grey.ink);

  cover = fill_of(scene.word, 0);
  float border = 0;
  Random edge = rng.split(borders);
  if (edge.chance(recipe_.border.chance)) border = in_plane(edge.uniform(0.02, 0.13) * recipe_.border.strength);
  const bool bordered = border > 0;
  Picture body = bordered ? fill_of(scene.word, border) : cover;

  Random extrusion = rng.split(extrusions);
  if (extrusion.chance(recipe_.extrusion.chance) && recipe_.extrusion.strength > 0) {
    const double turn = extrusion.uniform(0, 6.2832), depth = extrusion.uniform(0.04, 0.28) * recipe_.extrusion.strength * static_cast<double>(capital);
    Picture sides = body;
    const int steps = static_cast<int>(std::ceil(depth));
    for (int k = 1; k <= steps; ++k) {
      const double t = depth * k / steps;
      const Picture moved = shifted(body, std::lround(t * std::cos(turn)), std::lround(t * std::sin(turn)));
      for (std::size_t i = 0; i < sides.pixels.size(); ++i) sides.pixels[i] = std::max(sides.pixels[i], moved.pixels[i]);
    }
    const float between = grey.ground + (grey.ink - grey.ground) * in_plane(extrusion.uniform(-0.4, 0.6));
    paint(p, sides, std::clamp(between, 0.0f, 1.0f));
  }
  Random shade = rng.split(shadows);
  if (shade.chance(recipe_.shadow.chance) && recipe_.shadow.strength > 0) {
    const double reach = 0.18 * static_cast<double>(capital) * recipe_.shadow.strength;
    Picture soft = shifted(body, std::lround(shade.normal(0, 0.5) * reach), std::lround(shade.uniform(-0.3, 1) * reach));
    blur(soft, shade.uniform(0, 0.08) * static_cast<double>(capital));
    paint(p, soft, shade.chance(0.8) ? 0.02f : 0.95f, in_plane(shade.uniform(0.2, 0.9)));
  }
  if (bordered) {
    float level = edge.chance(0.5) ? grey.other : edge.chance(0.5) ? 0.03f : 0.97f;
    if (std::fabs(level - grey.ink) < 0.2f) level = grey.ink > 0.5f ? level - 0.35f : level + 0.35f;
    paint(p, body, std::clamp(level, 0.0f, 1.0f));
  }

  Random relief = rng.split(reliefs), hollow = rng.split(hollows), fill = rng.split(fills);
  if (relief.chance(recipe_.relief.chance) && recipe_.relief.strength > 0) {
    // The letter has the tone of its ground; light from one side shows its edges.
    const double turn = relief.uniform(0, 6.2832), reach = std::max(1.0, 0.07 * static_cast<double>(capital));
    Picture soft = cover;
    blur(soft, 0.35 * reach);
    const Index dx = std::lround(reach * std::cos(turn)), dy = std::lround(reach * std::sin(turn));
    const Picture lit = shifted(soft, dx, dy), dark = shifted(soft, -dx, -dy);
    paint(p, cover, grey.ground + in_plane(relief.uniform(-0.1, 0.1)), 0.8f);
    const float k = 0.2f + contrast * in_plane(relief.uniform(0.5, 1.2));
    for (std::size_t i = 0; i < p.pixels.size(); ++i) p.pixels[i] += k * (lit.pixels[i] - dark.pixels[i]);
  } else if (hollow.chance(recipe_.hollow.chance) && recipe_.hollow.strength > 0) {
    const float stroke = in_plane(hollow.uniform(0.03, 0.06) * recipe_.hollow.strength);
    Picture ring = fill_of(scene.word, stroke);
    const Picture hole = fill_of(scene.word, -0.5f * stroke);
    for (std::size_t i = 0; i < ring.pixels.size(); ++i) ring.pixels[i] = std::max(0.0f, ring.pixels[i] - hole.pixels[i]);
    paint(p, ring, grey.ink);
  } else if (fill.chance(recipe_.fill.chance)) {
    const float uneven = contrast * in_plane(0.5 * fill.uniform() * fill.uniform() * recipe_.fill.strength);
    paint(p, cover, draw_ground(height, width, grey.ink, uneven, fill.split(1)), in_plane(1 - 0.25 * fill.uniform() * recipe_.fill.strength));
  } else {
    paint(p, cover, grey.ink);
  }
  return p;
}

// capital: height of a capital in pixels, the measure of all blurs.
inline void WordPainter::photograph(Picture& p, double capital, const Random& rng, bool easy) const {
  const double height = static_cast<double>(p.height), ease = easy ? 0.3 : 1.0;
  const Index full_height = p.height, full_width = p.width;
  Random light = rng.split(lights);
  if (light.chance(recipe_.light.chance)) {
    const float s = static_cast<float>(recipe_.light.strength * ease);
    Picture gain(p.height, p.width, 1.0f);
    add_gradient(gain, s * static_cast<float>(0.4 * light.uniform()), light);
    if (light.chance(0.3)) add_clouds(gain, s * static_cast<float>(0.3 * light.uniform()), 1.5f * static_cast<float>(height), 1, light);
    for (std::size_t i = 0; i < p.pixels.size(); ++i) p.pixels[i] *= gain.pixels[i];
    if (light.chance(0.06)) add_spot(p, s * static_cast<float>(light.uniform(0.2, 0.6)), light);
  }
  Random soft = rng.split(blurs);
  if (soft.chance(recipe_.blur.chance)) {
    const double u = soft.uniform();
    blur(p, capital * 0.07 * u * u * recipe_.blur.strength * ease);
  }
  Random shake = rng.split(motions);
  if (shake.chance(recipe_.motion.chance) && !easy)
    motion_blur(p, capital * 0.2 * shake.uniform() * recipe_.motion.strength, shake.uniform(0, 3.1416));

  Random coarse = rng.split(coarsening);
  if (coarse.chance(recipe_.coarse.chance) && recipe_.coarse.strength > 0 && !easy) {
    const double least = std::max(8.0 / capital, 1 - 0.68 * recipe_.coarse.strength);
    const double share = std::min(1.0, coarse.uniform(std::min(least, 1.0), 1.0));
    p = resized(p, std::max<Index>(8, std::lround(height * share)),
                std::max<Index>(4, std::lround(static_cast<double>(p.width) * share)));
  }
  clamp_greys(p);
  Random noise = rng.split(noises);
  if (noise.chance(recipe_.noise.chance)) {
    const double u = noise.uniform();
    add_grain(p, static_cast<float>(0.04 * u * u * recipe_.noise.strength * ease), noise);
  }
  Random block = rng.split(blocking);
  if (block.chance(recipe_.blocks.chance)) compress_blocks(p, 0.9 * block.uniform() * block.uniform() * recipe_.blocks.strength * ease);
  if (p.height != full_height || p.width != full_width) p = resized(p, full_height, full_width);
  Random sharp = rng.split(sharpening);
  if (sharp.chance(recipe_.sharpen.chance)) sharpen(p, 1.2 * sharp.uniform() * recipe_.sharpen.strength, 0.05 * capital);
  Random tones = rng.split(toning);
  if (tones.chance(recipe_.tone.chance)) {
    const double s = recipe_.tone.strength * ease;
    const double range = 1 - 0.55 * tones.uniform() * tones.uniform() * s, low = (1 - range) * tones.uniform();
    tone(p, static_cast<float>(low), static_cast<float>(low + range), static_cast<float>(std::exp(tones.normal(0, 0.3) * s)));
  }
  clamp_greys(p);
}

// Ink against the ground close to it, in four parts of the word from left to right: all of them must differ.
inline bool WordPainter::visible(const Picture& p, const Picture& cover) const {
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
    if (difference < recipe_.least_contrast && spread < 1.2 * recipe_.least_contrast) return false;
    if (difference < 0.35 * spread && spread < 3 * recipe_.least_contrast) return false;
  }
  return true;
}

}  // namespace glimpse::inline v0::synth
