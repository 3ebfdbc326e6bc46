// reading: the result for one image, with details for people.
//
//   confidence of a word = p(text | image):
//     attention    product of the probabilities of its symbols, the end symbol included
//     CTC          sum over all paths through the frames that spell it
#pragma once

#include <span>
#include <string>
#include <vector>

#include <glimpse/core/tensor.hpp>
#include <glimpse/text/lexicon.hpp>

namespace glimpse::inline v0 {

/// The reading of a word.
struct Reading {
  std::string text;
  double confidence = 0;
  /// For every character, and for the end if the decoder predicts one (attention).
  std::vector<double> character_confidence;
  /// (K, 2) in [-1, 1] of the rotated image; undefined without a rectifier.
  Tensor<float> fiducials;
  Tensor<float> rectified;  // (height, width), standardized
  /// Attention map, a row for each entry of character_confidence: (characters, columns), or one row
  /// more; rows sum to 1. With CTC: the probability that each frame shows the character.
  Tensor<float> attention;
  Index ties = 0;  // other words at the same distance (edit); the first one was chosen
  Index quarters = 0;  // clockwise rotation before reading, in quarters; see rotate90()
};

/// The rotations in which an image is read; the most confident reading wins. none: unrotated. tall:
/// also to both sides, if the image is taller than 1.5 times its width and the unrotated reading is
/// not confident. all: all four. See read_rotated.hpp.
enum class RotationPolicy { none, tall, all };

struct ReadOptions {
  RotationPolicy rotations = RotationPolicy::tall;
  /// Number of hypotheses; 1: greedy. 0: 2, of which the second is dropped if it is a hundred times
  /// less likely (CTC: greedy); 7 along a lexicon's trie (CTC: 64).
  Index beam = 0;
  const Lexicon* lexicon = nullptr;  // the only words that may be read
  LexiconMode lexicon_mode = LexiconMode::automatic;
  /// One for each image, instead of `lexicon`; nullptr for an image without a lexicon.
  std::span<const Lexicon* const> lexicons = {};
};

namespace detail {

/// The requested mode; for automatic: posterior up to `posterior_words` words, tree beyond.
inline LexiconMode chosen_mode(const Lexicon& lexicon, LexiconMode mode, Index posterior_words) {
  if (mode != LexiconMode::automatic) return mode;
  return lexicon.size() <= posterior_words ? LexiconMode::posterior : LexiconMode::tree;
}

}  // namespace detail

}  // namespace glimpse::inline v0
