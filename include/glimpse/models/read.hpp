// read: pictures in, words out, with everything that a person would want to see of how they were read.
//
//   confidence of a word = product of the probabilities of its symbols, the end symbol included
//
// Pictures come in any size and are rectified one by one from their own pixels; those of the same rectified width are
// read in one batch, which changes nothing in the result.
#pragma once

#include <algorithm>
#include <span>
#include <string>
#include <vector>

#include <glimpse/autograd/mode.hpp>
#include <glimpse/core/concatenate.hpp>
#include <glimpse/core/gather.hpp>
#include <glimpse/data/prepare.hpp>
#include <glimpse/data/prepare.hpp>
#include <glimpse/models/rare.hpp>
#include <glimpse/text/beam.hpp>

namespace glimpse::inline v0 {

/// A word that was read.
struct Reading {
  std::string text;
  double confidence = 0;
  std::vector<double> character_confidence;  // one for every character, and one for the end
  Tensor<float> fiducials;  // (K, 2) in [-1, 1] of the picture; undefined without rectifier
  Tensor<float> rectified;  // (height, width), standardised
  Tensor<float> attention;  // (characters + 1, columns); rows sum to 1
};

struct ReadOptions {
  Index beam = 0;                    // hypotheses kept; 0: greedy, or 7 with a lexicon
  const Lexicon* lexicon = nullptr;  // only its words are read
};

namespace detail {

/// A picture as the sampler reads it: its own pixels, unless they are so fine that sampling would alias.
template <class T>
Tensor<T> sampler_picture(const ReaderConfig& c, const Picture& picture, Index width) {
  const Tensor<T> x = standardized<T>(picture);
  return resized(x, std::min(picture.height, c.source_scale * c.height),
                 std::min(picture.width, c.source_scale * width));
}

/// Spells the words of a batch of frames out into `readings`.
template <class T>
void decode(Rare<T>& model, const Variable<T>& frames, std::span<Reading* const> readings,
            const ReadOptions& options) {
  AttentionDecoder<T>& decoder = model.recognizer.decoder;
  const typename AttentionDecoder<T>::Memory words = decoder.remember(frames);
  typename AttentionDecoder<T>::Memory memory = words;  // of the rows at work
  std::vector<Index> at_work;
  Variable<T> state = decoder.start(static_cast<Index>(readings.size()));
  std::vector<Tensor<T>> looks;  // attention weights, step by step
  const auto step = [&](const BeamRows& rows) {
    if (!std::equal(rows.item.begin(), rows.item.end(), at_work.begin(), at_work.end())) {
      at_work.assign(rows.item.begin(), rows.item.end());
      memory = {constant(gather_rows(words.frames.value(), rows.item)),
                constant(gather_rows(words.keys.value(), rows.item))};
    }
    const auto now =
        decoder.step(memory, rows.symbol, constant(gather_rows(state.value(), rows.parent)));
    state = now.state;
    looks.push_back(now.weights.value());
    return log_softmax(decoder.scores(state)).value();
  };
  const auto found = beam_search(step, static_cast<Index>(readings.size()),
                                 {.width = options.beam > 0  ? options.beam
                                           : options.lexicon ? 7
                                                             : 1,
                                  .end = decoder.end_symbol(),
                                  .max_length = model.config.max_length,
                                  .begin = decoder.end_symbol(),
                                  .trie = options.lexicon ? &options.lexicon->trie() : nullptr});
  for (std::size_t i = 0; i < readings.size(); ++i) {
    if (found[i].empty()) continue;
    const Hypothesis& best = found[i].front();
    readings[i]->text = model.charset.decode(best.symbols);
    readings[i]->confidence = best.confidence();
    readings[i]->character_confidence = best.probabilities;
    readings[i]->attention = empty<float>({static_cast<Index>(best.rows.size()), frames.size(0)});
    for (std::size_t t = 0; t < best.rows.size(); ++t)
      readings[i]
          ->attention.select(0, static_cast<Index>(t))
          .copy_from(cast<float>(looks[t].select(0, best.rows[t])));
  }
}

}  // namespace detail

/// Reads pictures. The model must be in reading mode (`set_training(model, false)`).
/// Throws ValueError for an empty picture.
template <class T>
std::vector<Reading> read(Rare<T>& model, std::span<const Picture> pictures,
                          const ReadOptions& options = {}) {
  constexpr std::size_t batch = 64;
  const NoGrad no_grad;
  const ReaderConfig& c = model.config;
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
        const Rectified<T> word = model.rectify(
            constant(detail::sampler_picture<T>(c, pictures[group[g]], width)), width);
        if (word.fiducials.defined())
          reading.fiducials = cast<float>(word.fiducials.value().select(0, 0));
        reading.rectified = cast<float>(word.picture.value().reshape({c.height, width}));
        words.push_back(word.picture.value());
        targets.push_back(&reading);
      }
      detail::decode<T>(model, model.recognizer.encoder(constant(concatenate(words, 0))), targets,
                        options);
    }
  }
  return readings;
}

/// Reads one picture.
template <class T>
Reading read(Rare<T>& model, const Picture& picture, const ReadOptions& options = {}) {
  return read(model, std::span<const Picture>(&picture, 1), options).front();
}

}  // namespace glimpse::inline v0
