// read: reads images with any model, with or without a lexicon.
//
//   text = argmax over the image's rotations of p(text | rotation)  read_rotated
//
// Images have any size. Each one is rectified from its own pixels to the width that fits its word
// (text_line_size.hpp). Fiducial points are located in batches, and images of one rectified width
// are read in batches. Batches change results only by rounding.
#pragma once

#include <algorithm>
#include <cmath>
#include <span>
#include <utility>
#include <vector>

#include <glimpse/autograd/mode.hpp>
#include <glimpse/core/concatenate.hpp>
#include <glimpse/data/prepare.hpp>
#include <glimpse/models/attention_word_decoder.hpp>
#include <glimpse/models/ctc_word_decoder.hpp>
#include <glimpse/models/read_rotated.hpp>
#include <glimpse/models/reader.hpp>
#include <glimpse/models/text_line_size.hpp>

namespace glimpse::inline v0 {

namespace detail {

/// An image as (1, 1, H, W) for the sampler: its own pixels, or reduced if sampling would alias.
template <class T>
Tensor<T> sampler_image(const ReaderConfig& c, const Tensor<T>& image, Index width) {
  return resized(image, std::min(image.size(2), c.source_scale * c.height),
                 std::min(image.size(3), c.source_scale * width));
}

/// The word decoder of a batch of images (N, 1, height, width).
template <class T>
AttentionWordDecoder<T> word_decoder(Rare<T>& model, const Variable<T>& words) {
  return {model, model.recognizer.encoder(words)};
}
template <class T>
CtcWordDecoder<T> word_decoder(Crnn<T>& model, const Variable<T>& words) {
  return {model, model.scores(words)};
}

inline constexpr std::size_t reading_batch = 64;

/// The fiducial points of every image, (K, 2) each; empty without a rectifier.
template <class T, class Model>
std::vector<Tensor<T>> locate(Model& model, const std::vector<Tensor<T>>& images) {
  std::vector<Tensor<T>> points;
  for (std::size_t begin = 0; begin < images.size(); begin += reading_batch) {
    std::vector<Variable<T>> batch;
    for (std::size_t i = begin; i < std::min(begin + reading_batch, images.size()); ++i)
      batch.push_back(constant(images[i]));
    const Variable<T> found = model.locate(batch);
    if (!found.defined()) return {};
    for (Index i = 0; i < found.size(0); ++i) points.push_back(found.value().select(0, i));
  }
  return points;
}

/// Reads images without rotation.
template <class T, class Model>
std::vector<Reading> read_upright(Model& model, std::span<const GrayImage* const> images,
                                  const ReadOptions& options) {
  const ReaderConfig& c = model.config;
  std::vector<Tensor<T>> upright;  // resolution for the widest word
  for (const GrayImage* p : images)
    upright.push_back(sampler_image(c, standardized<T>(*p), c.widths.back()));
  const std::vector<Tensor<T>> points = locate(model, upright);
  const auto extent = [&](std::size_t i) {
    const GrayImage& p = *images[i];
    return points.empty() ? text_line_size(p) : text_line_size(points[i].span(), p.height, p.width);
  };
  std::vector<Reading> readings(images.size());
  for (const Index width : c.widths) {
    std::vector<std::size_t> group;
    for (std::size_t i = 0; i < images.size(); ++i) {
      if (rectified_width(c, extent(i)) == width) group.push_back(i);
    }
    for (std::size_t begin = 0; begin < group.size(); begin += reading_batch) {
      std::vector<Variable<T>> seen;
      std::vector<Tensor<T>> located;
      std::vector<Reading*> targets;
      std::vector<const Lexicon*> lexicons;
      for (std::size_t g = begin; g < std::min(begin + reading_batch, group.size()); ++g) {
        const std::size_t i = group[g];
        seen.push_back(constant(sampler_image(c, upright[i], width)));
        targets.push_back(&readings[i]);
        lexicons.push_back(options.lexicons.empty() ? options.lexicon : options.lexicons[i]);
        if (points.empty()) continue;
        readings[i].fiducials = cast<float>(points[i]);
        located.push_back(points[i]);
      }
      const Variable<T> fiducials = located.empty() ? Variable<T>() : constant(stack(located));
      const Variable<T> words = model.rectify(seen, fiducials, width).image;
      for (std::size_t i = 0; i < targets.size(); ++i)
        targets[i]->rectified =
            cast<float>(words.value().select(0, static_cast<Index>(i)).reshape({c.height, width}));
      word_decoder(model, words).spell(targets, lexicons, options);
    }
  }
  return readings;
}

/// Reads images without rotation, of which some may hold NaN or infinity. These have an empty
/// reading with confidence 0 and enter no batch, because a NaN would spread to other images.
template <class T, class Model>
std::vector<Reading> read_finite(Model& model, std::span<const GrayImage* const> images,
                                 const ReadOptions& options) {
  std::vector<std::size_t> positions;
  std::vector<const GrayImage*> finite;
  std::vector<const Lexicon*> lexicons;
  for (std::size_t i = 0; i < images.size(); ++i) {
    const std::vector<float>& pixels = images[i]->pixels;
    if (!std::all_of(pixels.begin(), pixels.end(), [](float p) { return std::isfinite(p); }))
      continue;
    positions.push_back(i);
    finite.push_back(images[i]);
    if (!options.lexicons.empty()) lexicons.push_back(options.lexicons[i]);
  }
  ReadOptions own = options;
  own.lexicons = lexicons;
  std::vector<Reading> found = read_upright<T>(model, finite, own), readings(images.size());
  for (std::size_t i = 0; i < positions.size(); ++i) readings[positions[i]] = std::move(found[i]);
  return readings;
}

template <class T, class Model>
std::vector<Reading> read(Model& model, std::span<const GrayImage> images,
                          const ReadOptions& options) {
  const NoGrad no_grad;
  const std::span<const Lexicon* const> own = options.lexicons;
  if (!own.empty() && own.size() != images.size())
    fail<ShapeError>("read", own.size(), " lexicons for ", images.size(), " images");
  for (std::size_t i = 0; i < images.size(); ++i) {
    const Lexicon* lexicon = own.empty() ? options.lexicon : own[i];
    if (images[i].empty()) fail("read", "image ", i, " is empty");
    if (lexicon && lexicon->size() == 0) fail("read", "the lexicon of image ", i, " is empty");
  }
  return read_rotated(images, options,
                      [&](std::span<const GrayImage* const> seen, const ReadOptions& upright) {
                        return read_finite<T>(model, seen, upright);
                      });
}

}  // namespace detail

/// Reads images, each in the rotations of options.rotations. The model must be in evaluation mode
/// (`set_training(model, false)`). An image with NaN or infinity has an empty reading with
/// confidence 0. Throws ValueError for an empty image or an empty lexicon.
template <class T>
std::vector<Reading> read(Rare<T>& model, std::span<const GrayImage> images,
                          const ReadOptions& options = {}) {
  return detail::read<T>(model, images, options);
}
template <class T>
std::vector<Reading> read(Crnn<T>& model, std::span<const GrayImage> images,
                          const ReadOptions& options = {}) {
  return detail::read<T>(model, images, options);
}
template <class T>
std::vector<Reading> read(Reader<T>& model, std::span<const GrayImage> images,
                          const ReadOptions& options = {}) {
  return std::visit([&](auto& m) { return detail::read<T>(m, images, options); }, model.model);
}

/// Reads one image; see above.
template <class Model>
Reading read(Model& model, const GrayImage& image, const ReadOptions& options = {}) {
  return read(model, std::span<const GrayImage>(&image, 1), options).front();
}

}  // namespace glimpse::inline v0
