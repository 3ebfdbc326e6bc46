// word sources: sources of training words: synthetic, photographed (data/dataset_words.hpp), or a
// mixture of both.
#pragma once

#include <cstdint>
#include <memory>
#include <utility>

#include <glimpse/data/dataset_words.hpp>
#include <glimpse/data/synth.hpp>
#include <glimpse/data/word_loader.hpp>
#include <glimpse/text/charset.hpp>

namespace glimpse::inline v0 {

/// Sample i is the renderer's word (seed, i) with `fiducials` fiducial points. The label is the
/// rendered text, reduced to the character set. It is never empty if the renderer uses the same
/// set.
inline WordSource synthetic_words(std::shared_ptr<const synth::WordRenderer> renderer,
                                  const Charset& charset, std::uint64_t seed,
                                  Index fiducials = 20) {
  return [renderer, charset, seed, fiducials](std::uint64_t i) {
    synth::WordSample sample = renderer->draw(seed, i, fiducials);
    LabeledWord word{std::move(sample.image),
                     charset.encode(synth::label_of(sample.text, charset))};
    for (const synth::Point p : sample.fiducials) {
      word.fiducials.push_back(p.x);
      word.fiducials.push_back(p.y);
    }
    return word;
  };
}

/// Sample i comes from `second` with probability `share_of_second`, else from `first`.
inline WordSource mixed_words(WordSource first, WordSource second, double share_of_second,
                              std::uint64_t seed) {
  return [first = std::move(first), second = std::move(second), share_of_second,
          seed](std::uint64_t i) {
    return Random(seed ^ 0x6D6978u, i).bernoulli(share_of_second) ? second(i) : first(i);
  };
}

}  // namespace glimpse::inline v0
