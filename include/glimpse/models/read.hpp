// read: pictures in, words out, by any model, freely or out of a lexicon.
//
//   text = argmax over the picture's turns of p(text | turn)      read_in_turns
//
// Pictures come in any size and are rectified from their own pixels, each to the width that its word
// wants (word_extent.hpp). They are located in batches, and those of the same width read in batches,
// which changes the result by rounding alone.
#pragma once

#include <algorithm>
#include <cmath>
#include <span>
#include <utility>
#include <vector>

#include <glimpse/autograd/mode.hpp>
#include <glimpse/core/concatenate.hpp>
#include <glimpse/data/prepare.hpp>
#include <glimpse/models/attention_speller.hpp>
#include <glimpse/models/ctc_speller.hpp>
#include <glimpse/models/read_in_turns.hpp>
#include <glimpse/models/reader.hpp>
#include <glimpse/models/word_extent.hpp>

namespace glimpse::inline v0 {

namespace detail {

/// A picture, (1, 1, H, W), as the sampler reads it: its own pixels, unless they are so fine that
/// sampling would alias.
template <class T>
Tensor<T> sampler_picture(const ReaderConfig& c, const Tensor<T>& picture, Index width) {
  return resized(picture, std::min(picture.size(2), c.source_scale * c.height),
                 std::min(picture.size(3), c.source_scale * width));
}

/// What spells the words of a batch, (N, 1, height, width).
template <class T>
AttentionSpeller<T> speller(Rare<T>& model, const Variable<T>& words) {
  return {model, model.recognizer.encoder(words)};
}
template <class T>
CtcSpeller<T> speller(Crnn<T>& model, const Variable<T>& words) {
  return {model, model.scores(words)};
}

inline constexpr std::size_t reading_batch = 64;

/// Finds the fiducial points of every picture, (K, 2) each; none if the model straightens nothing.
template <class T, class Model>
std::vector<Tensor<T>> locate(Model& model, const std::vector<Tensor<T>>& pictures) {
  std::vector<Tensor<T>> points;
  for (std::size_t begin = 0; begin < pictures.size(); begin += reading_batch) {
    std::vector<Variable<T>> batch;
    for (std::size_t i = begin; i < std::min(begin + reading_batch, pictures.size()); ++i)
      batch.push_back(constant(pictures[i]));
    const Variable<T> found = model.locate(batch);
    if (!found.defined()) return {};
    for (Index i = 0; i < found.size(0); ++i) points.push_back(found.value().select(0, i));
  }
  return points;
}

/// Reads pictures as they stand.
template <class T, class Model>
std::vector<Reading> read_standing(Model& model, std::span<const Picture* const> pictures,
                                   const ReadOptions& options) {
  const ReaderConfig& c = model.config;
  std::vector<Tensor<T>> standing;  // fine enough for the widest word
  for (const Picture* p : pictures)
    standing.push_back(sampler_picture(c, standardized<T>(*p), c.widths.back()));
  const std::vector<Tensor<T>> points = locate(model, standing);
  const auto extent = [&](std::size_t i) {
    const Picture& p = *pictures[i];
    return points.empty() ? word_extent(p) : word_extent(points[i].span(), p.height, p.width);
  };
  std::vector<Reading> readings(pictures.size());
  for (const Index width : c.widths) {
    std::vector<std::size_t> group;
    for (std::size_t i = 0; i < pictures.size(); ++i) {
      if (rectified_width(c, extent(i)) == width) group.push_back(i);
    }
    for (std::size_t begin = 0; begin < group.size(); begin += reading_batch) {
      std::vector<Variable<T>> seen;
      std::vector<Tensor<T>> located;
      std::vector<Reading*> targets;
      std::vector<const Lexicon*> lexicons;
      for (std::size_t g = begin; g < std::min(begin + reading_batch, group.size()); ++g) {
        const std::size_t i = group[g];
        seen.push_back(constant(sampler_picture(c, standing[i], width)));
        targets.push_back(&readings[i]);
        lexicons.push_back(options.lexicons.empty() ? options.lexicon : options.lexicons[i]);
        if (points.empty()) continue;
        readings[i].fiducials = cast<float>(points[i]);
        located.push_back(points[i]);
      }
      const Variable<T> fiducials = located.empty() ? Variable<T>() : constant(stack(located));
      const Variable<T> words = model.rectify(seen, fiducials, width).picture;
      for (std::size_t i = 0; i < targets.size(); ++i)
        targets[i]->rectified =
            cast<float>(words.value().select(0, static_cast<Index>(i)).reshape({c.height, width}));
      speller(model, words).spell(targets, lexicons, options);
    }
  }
  return readings;
}

/// The same of pictures of which some may hold NaN or infinity: of these nothing is read, with
/// confidence 0, and they enter no batch, since a NaN would spread to its neighbours there.
template <class T, class Model>
std::vector<Reading> read_finite(Model& model, std::span<const Picture* const> pictures,
                                 const ReadOptions& options) {
  std::vector<std::size_t> places;
  std::vector<const Picture*> finite;
  std::vector<const Lexicon*> lexicons;
  for (std::size_t i = 0; i < pictures.size(); ++i) {
    const std::vector<float>& pixels = pictures[i]->pixels;
    if (!std::all_of(pixels.begin(), pixels.end(), [](float p) { return std::isfinite(p); }))
      continue;
    places.push_back(i);
    finite.push_back(pictures[i]);
    if (!options.lexicons.empty()) lexicons.push_back(options.lexicons[i]);
  }
  ReadOptions own = options;
  own.lexicons = lexicons;
  std::vector<Reading> found = read_standing<T>(model, finite, own), readings(pictures.size());
  for (std::size_t i = 0; i < places.size(); ++i) readings[places[i]] = std::move(found[i]);
  return readings;
}

template <class T, class Model>
std::vector<Reading> read(Model& model, std::span<const Picture> pictures,
                          const ReadOptions& options) {
  const NoGrad no_grad;
  const std::span<const Lexicon* const> own = options.lexicons;
  if (!own.empty() && own.size() != pictures.size())
    fail<ShapeError>("read", own.size(), " lexicons for ", pictures.size(), " pictures");
  for (std::size_t i = 0; i < pictures.size(); ++i) {
    const Lexicon* lexicon = own.empty() ? options.lexicon : own[i];
    if (pictures[i].empty()) fail("read", "picture ", i, " is empty");
    if (lexicon && lexicon->size() == 0) fail("read", "the lexicon of picture ", i, " is empty");
  }
  return read_in_turns(pictures, options,
                       [&](std::span<const Picture* const> seen, const ReadOptions& standing) {
                         return read_finite<T>(model, seen, standing);
                       });
}

}  // namespace detail

/// Reads pictures, each in the turns that options.turns asks for. The model must be in reading mode
/// (`set_training(model, false)`). Of a picture that holds NaN or infinity nothing is read, with
/// confidence 0. Throws ValueError for an empty picture or an empty lexicon.
template <class T>
std::vector<Reading> read(Rare<T>& model, std::span<const Picture> pictures,
                          const ReadOptions& options = {}) {
  return detail::read<T>(model, pictures, options);
}
template <class T>
std::vector<Reading> read(Crnn<T>& model, std::span<const Picture> pictures,
                          const ReadOptions& options = {}) {
  return detail::read<T>(model, pictures, options);
}
template <class T>
std::vector<Reading> read(Reader<T>& model, std::span<const Picture> pictures,
                          const ReadOptions& options = {}) {
  return std::visit([&](auto& m) { return detail::read<T>(m, pictures, options); }, model.model);
}

/// Reads one picture.
template <class Model>
Reading read(Model& model, const Picture& picture, const ReadOptions& options = {}) {
  return read(model, std::span<const Picture>(&picture, 1), options).front();
}

}  // namespace glimpse::inline v0
