// word renderer: renders words. Each image is a pure function of (seed, index), so any number of
// threads may render in any order and the images are the same.
//
//   text -> face -> outlines on a curve -> one map -> background, panel, neighbors, shadow, border,
//   fill -> light -> camera
//
// Every step has its own random stream, so leaving out one step changes no other step.
#pragma once

#include <string>
#include <utility>

#include <glimpse/data/synth/fonts.hpp>
#include <glimpse/data/synth/layout.hpp>
#include <glimpse/data/synth/render_scene.hpp>
#include <glimpse/data/synth/camera_effects.hpp>
#include <glimpse/data/synth/scene.hpp>
#include <glimpse/data/synth/words.hpp>

namespace glimpse::inline v0::synth {

/// A synthetic word.
struct WordSample {
  GrayImage image;
  std::string label;  // the text reduced to the words' character set, never empty
  std::string text;   // as rendered
  /// Points along the word, half above it from left to right and half below: the ideal output of a
  /// rectifier. In [-1, 1] of the image; points outside are clamped.
  std::vector<Point> fiducials;
};

/// Renders words from faces, texts and a recipe. Constant after construction, so threads may share
/// it.
class WordRenderer {
 public:
  /// Uses the character set of `words`. Throws ValueError if no face has any character of the set.
  WordRenderer(Fonts fonts, Words words, Recipe recipe = {}, BackgroundImages backgrounds = {})
      : fonts_(std::move(fonts)),
        words_(std::move(words)),
        images_(std::move(backgrounds)),
        recipe_(recipe) {
    const auto draws = [&](std::string_view c) {
      for (Index i = 0; i < fonts_.size(); ++i)
        if (const std::string seen = fonts_[i].seen(c);
            fonts_[i].has(seen) && !words_.label(seen).empty())
          return true;
      return false;
    };
    for (const std::string_view c : utf8_characters(words_.charset().text()))
      if (c != " " && draws(c)) drawable_.emplace_back(c);
    if (drawable_.empty())
      fail("renderer", "expected faces that draw characters of the set, got ", fonts_.size(),
           " that have none of '", words_.charset().text(), "'");
  }

  const Recipe& recipe() const { return recipe_; }
  const Fonts& fonts() const { return fonts_; }
  const Words& words() const { return words_; }

  /// Image number `index` of the sequence `seed`. fiducials: the number of points, even, at least
  /// 4.
  WordSample draw(std::uint64_t seed, std::uint64_t index, Index fiducials = 20) const {
    const Random root = Random(seed, index).split(0x9A1E);
    WordSample sample;
    sample.fiducials.resize(static_cast<std::size_t>(fiducials));
    for (std::uint64_t attempt = 0; attempt < 12; ++attempt) {
      const Random rng = root.split(attempt);
      sample.text = words_.draw(rng.split(stream::text), recipe_);
      if (compose(sample, rng, attempt >= 8)) break;
    }
    sample.label = words_.label(sample.text);
    return sample;
  }

 private:
  bool compose(WordSample& sample, const Random& rng, bool easy) const;
  void add_neighbors(Scene& scene, const Face& type, const Setting& style,
                      std::array<double, 4>& margin, Random rng) const;

  Fonts fonts_;
  Words words_;
  BackgroundImages images_;
  Recipe recipe_;
  std::vector<std::string> drawable_;  // characters of the set that some face has
};

// Returns false if the word is not visible; the caller then draws again from another stream. easy:
// leaves out the harsher steps, because a recipe that hides every word must end too.
inline bool WordRenderer::compose(WordSample& sample, const Random& rng, bool easy) const {
  Random faces = rng.split(stream::face);
  const Face* type = fonts_.draw(faces, sample.text);
  if (type == nullptr && easy) {
    sample.text = drawable_[static_cast<std::size_t>(
        faces.uniform_int(static_cast<Index>(drawable_.size())))];
    type = fonts_.draw(faces, sample.text);
  }
  if (type == nullptr) {  // no face has all characters
    sample.image = GrayImage(32, 32, 0.5f);
    return false;
  }
  sample.text = type->seen(sample.text);

  Setting style = draw_setting(rng.split(stream::setting), recipe_, *type);
  if (letters_and_digits_of(sample.text) < 3) style.curve = Curve{};
  Scene scene;
  scene.fiducials.add(sample.fiducials);
  scene.word =
      set_text(*type, sample.text, style, rng.split(stream::letters), scene.fiducials.points);
  if (scene.word.points.empty()) {
    sample.image = GrayImage(32, 32, 0.5f);
    return false;
  }
  const Box box = scene.word.box();
  const auto center = [&](GlyphOutlines& l) {
    l.move(-0.5f * (box.left + box.right), -0.5f * (box.top + box.bottom));
  };

  std::array<double, 4> margin{};
  Random frames = rng.split(stream::framing);
  const bool cropped = frames.bernoulli(recipe_.crop.probability);
  const double loose = frames.bernoulli(0.25) ? 0.35 : 0.14;
  for (double& m : margin)
    m = cropped ? (0.02 + loose * (frames.uniform() * frames.uniform())) * recipe_.crop.magnitude
                : 0;
  margin[0] *= 1.3, margin[2] *= 1.3;
  Random cuts = rng.split(stream::cutting);
  if (cuts.bernoulli(recipe_.truncate.probability) && !easy)
    margin[static_cast<std::size_t>(cuts.uniform_int(4))] =
        -0.09 * cuts.uniform() * recipe_.truncate.magnitude;

  add_neighbors(scene, *type, style, margin, rng.split(stream::beside));
  Random lines = rng.split(stream::ruled);
  if (lines.bernoulli(recipe_.rules.probability)) {
    const float y = lines.bernoulli(0.7)
                        ? box.bottom + static_cast<float>(lines.uniform(0.06, 0.25))
                        : box.top - static_cast<float>(lines.uniform(0.1, 0.3));
    const float thick = static_cast<float>(lines.uniform(0.02, 0.1) * recipe_.rules.magnitude);
    const float distance = lines.bernoulli(0.5) ? 50.0f : 0.2f;
    add_rectangle(scene.rules, box.left - distance, y, box.right + distance, y + thick);
  }
  Random panel = rng.split(stream::panels);
  if (panel.bernoulli(recipe_.panel.probability) && recipe_.panel.magnitude > 0) {
    const auto side = [&] { return static_cast<float>(panel.uniform(0.08, 0.7)); };
    scene.panel.take(Point{box.left - side(), box.top - side()});
    scene.panel.take(Point{box.right + side(), box.bottom + side()});
  }
  center(scene.word), center(scene.others), center(scene.rules), center(scene.fiducials);
  if (!scene.panel.empty()) {
    GlyphOutlines corners;
    corners.add(std::array{Point{scene.panel.left, scene.panel.top},
                           Point{scene.panel.right, scene.panel.bottom}});
    center(corners);
    scene.panel = corners.box();
  }

  const Map map = draw_view(rng.split(stream::view), recipe_, static_cast<double>(box.width()));
  Random bends = rng.split(stream::bending);
  if (bends.bernoulli(recipe_.elastic.probability)) {
    bend(scene.word, recipe_.elastic.magnitude, bends.split(1));
    bend(scene.others, recipe_.elastic.magnitude, bends.split(1));
    bend(scene.rules, recipe_.elastic.magnitude, bends.split(1));
    bend(scene.fiducials, recipe_.elastic.magnitude, bends.split(1));
  }
  const double u = frames.uniform();
  frame(scene, map, margin,
        recipe_.min_height + (recipe_.max_height - recipe_.min_height) * u * u);
  for (std::size_t i = 0; i < sample.fiducials.size(); ++i) {
    const Point p = scene.to_pixels(scene.fiducials.points[i]);
    sample.fiducials[i] = {std::clamp(2 * p.x / static_cast<float>(scene.width) - 1, -1.0f, 1.0f),
                           std::clamp(2 * p.y / static_cast<float>(scene.height) - 1, -1.0f, 1.0f)};
  }

  GrayImage cover;
  sample.image = render_scene(scene, draw_gray_levels(rng.split(stream::gray_levels)), recipe_,
                              images_, rng, cover);
  apply_camera_effects(sample.image, static_cast<double>(scene.capital), recipe_, rng, easy);
  return visible(sample.image, cover, recipe_.min_contrast);
}

// Parts of other words: a line above or below, a word before or after. The margins grow to show
// them, and they never overlap the word.
inline void WordRenderer::add_neighbors(Scene& scene, const Face& type, const Setting& style,
                                        std::array<double, 4>& margin, Random rng) const {
  if (!rng.bernoulli(recipe_.neighbors.probability) || !(recipe_.neighbors.magnitude > 0)) return;
  const Box box = scene.word.box();
  const bool curved = style.curve.kind != Curve::Kind::straight;
  for (std::size_t side = 0; side < 4; ++side) {
    if (!rng.bernoulli(0.4) || (curved && side % 2 == 0)) continue;
    std::string words = words_.draw(rng.split(side), recipe_);
    Setting other = style;
    if (side % 2 == 1) words += " " + words_.draw(rng.split(side + 10), recipe_);
    words = type.seen(words);
    GlyphOutlines line = set_text(type, words, other, rng.split(side + 20));
    if (line.points.empty()) continue;
    const Box own = line.box();
    const float gap = static_cast<float>(rng.uniform(side % 2 == 0 ? 0.35 : 0.15, 0.6));
    if (side == 0) line.move(box.left - gap - own.right, 0);
    if (side == 2) line.move(box.right + gap - own.left, 0);
    const float sideways =
        static_cast<float>(rng.uniform(-1, 1)) * 0.5f * std::max(own.width(), box.width());
    if (side == 1) line.move(curved ? 0 : sideways, box.top - gap - own.bottom);
    if (side == 3) line.move(curved ? 0 : sideways, box.bottom + gap - own.top);
    margin[side] = std::max(margin[side], static_cast<double>(gap) * 0.75 +
                                              rng.uniform(-0.25, side % 2 == 0 ? 0.05 : 0.3) *
                                                  recipe_.neighbors.magnitude);
    line.each_contour([&](std::span<Point> outline) { scene.others.add(outline); });
  }
}

}  // namespace glimpse::inline v0::synth
