// read: pictures in, words out, with everything that a person would want to see of how they were read.
//
//   confidence of a word = product of the probabilities of its symbols, the end symbol included
//
// Pictures come in any size and are rectified one by one from their own pixels; those of the same rectified width are
// read in one batch, which changes nothing in the result.
#pragma once

#include <algorithm>
#include <cmath>
#include <span>
#include <string>
#include <vector>

#include <glimpse/autograd/mode.hpp>
#include <glimpse/core/concatenate.hpp>
#include <glimpse/data/prepare.hpp>
#include <glimpse/data/prepare.hpp>
#include <glimpse/models/rare.hpp>

namespace glimpse::inline v0 {

/// A word that was read.
struct Reading {
  std::string text;
  double confidence = 0;
  std::vector<double> character_confidence;  // one for every character, and one for the end
  Tensor<float> fiducials;                   // (K, 2) in [-1, 1] of the picture; undefined without rectifier
  Tensor<float> rectified;                   // (height, width), standardised
  Tensor<float> attention;                   // (characters + 1, columns); rows sum to 1
};

namespace detail {

/// A picture as the sampler reads it: its own pixels, unless they are so fine that sampling would alias.
template <class T>
Tensor<T> sampler_picture(const RareConfig& c, const Picture& picture, Index width) {
  const Tensor<T> x = standardized<T>(picture);
  return resized(x, std::min(picture.height, c.source_scale * c.height), std::min(picture.width, c.source_scale * width));
}

/// Row-wise softmax of scores as doubles.
template <class T>
std::vector<double> probabilities(std::span<const T> scores) {
  const double top = static_cast<double>(*std::max_element(scores.begin(), scores.end()));
  std::vector<double> p;
  double sum = 0;
  for (const T s : scores) p.push_back(std::exp(static_cast<double>(s) - top)), sum += p.back();
  for (double& v : p) v /= sum;
  return p;
}

/// The most probable symbol at every step, for a batch; words that ended wait for the others.
template <class T>
void read_greedily(Rare<T>& model, const Variable<T>& frames, std::span<Reading*> readings) {
  AttentionDecoder<T>& decoder = model.recognizer.decoder;
  const typename AttentionDecoder<T>::Memory memory = decoder.remember(frames);
  const std::size_t n = readings.size();
  std::vector<std::vector<float>> attention(n);
  std::vector<Index> symbol(n, decoder.end_symbol());
  std::vector<char> ended(n, 0);
  for (Reading* r : readings) r->confidence = 1;
  Variable<T> state = decoder.start(static_cast<Index>(n));
  for (Index t = 0; t <= model.config.max_length && std::count(ended.begin(), ended.end(), 0) > 0; ++t) {
    const auto step = decoder.step(memory, symbol, state);
    state = step.state;
    const Tensor<T> scores = decoder.scores(state).value();
    for (std::size_t i = 0; i < n; ++i) {
      if (ended[i]) continue;
      const std::vector<double> p = probabilities(rows_of(scores).row(static_cast<Index>(i)));
      symbol[i] = std::max_element(p.begin(), p.end()) - p.begin();
      const double chosen = p[static_cast<std::size_t>(symbol[i])];
      readings[i]->confidence *= chosen;
      readings[i]->character_confidence.push_back(chosen);
      for (const T a : rows_of(step.weights.value()).row(static_cast<Index>(i))) attention[i].push_back(static_cast<float>(a));
      if (symbol[i] == decoder.end_symbol()) ended[i] = 1;
      else readings[i]->text += model.charset.character(symbol[i]);
    }
  }
  for (std::size_t i = 0; i < n; ++i)
    readings[i]->attention = tensor<float>(attention[i], {static_cast<Index>(readings[i]->character_confidence.size()), frames.size(0)});
}

}  // namespace detail

/// Reads pictures greedily. The model must be in reading mode (`set_training(model, false)`).
/// Throws ValueError for an empty picture.
template <class T>
std::vector<Reading> read(Rare<T>& model, std::span<const Picture> pictures) {
  constexpr std::size_t batch = 64;
  const NoGrad no_grad;
  const RareConfig& c = model.config;
  std::vector<Reading> readings(pictures.size());
  for (const Index width : c.widths) {
    std::vector<std::size_t> group;
    for (std::size_t i = 0; i < pictures.size(); ++i) {
      if (pictures[i].empty()) fail("read", "picture ", i, " is empty");
      if (rectified_width(c, pictures[i].height, pictures[i].width) == width) group.push_back(i);
    }
    for (std::size_t begin = 0; begin < group.size(); begin += batch) {
      std::vector<Tensor<T>> words;
      std::vector<Reading*> targets;
      for (std::size_t g = begin; g < std::min(begin + batch, group.size()); ++g) {
        Reading& reading = readings[group[g]];
        const Rectified<T> word = model.rectify(constant(detail::sampler_picture<T>(c, pictures[group[g]], width)), width);
        if (word.fiducials.defined()) reading.fiducials = cast<float>(word.fiducials.value().select(0, 0));
        reading.rectified = cast<float>(word.picture.value().reshape({c.height, width}));
        words.push_back(word.picture.value());
        targets.push_back(&reading);
      }
      detail::read_greedily<T>(model, model.recognizer.encoder(constant(concatenate(words, 0))), targets);
    }
  }
  return readings;
}

/// Reads one picture.
template <class T>
Reading read(Rare<T>& model, const Picture& picture) {
  return read(model, std::span<const Picture>(&picture, 1)).front();
}

}  // namespace glimpse::inline v0
