// reading: a word that was read, with everything that a person would want to see of how.
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

/// A word that was read.
struct Reading {
  std::string text;
  double confidence = 0;
  /// Of every character; one more, for the end, where the decoder predicts one (attention).
  std::vector<double> character_confidence;
  /// (K, 2) in [-1, 1] of the image as it was rotated; undefined without rectifier.
  Tensor<float> fiducials;
  Tensor<float> rectified;  // (height, width), standardized
  /// Where the reader looked for each of the above: (characters, columns) or one row more; rows sum
  /// to 1. Attention weights, or under CTC how likely each frame shows the character.
  Tensor<float> attention;
  Index ties = 0;  // words of the lexicon that were as near (edit); the first of them was taken
  Index quarters = 0;  // by which the image was rotated to be read, clockwise; see rotate90()
};

/// The rotations of an image that are read, for the surest of the readings to win: as it stands;
/// where it is taller than 1.5 times its width and not read surely so, on either side, too; or all
/// four. See read_rotated.hpp.
enum class RotationPolicy { none, tall, all };

struct ReadOptions {
  RotationPolicy rotations = RotationPolicy::tall;
  /// Hypotheses kept. 1: greedy. 0: 2, the second dropped when it is a hundred times less likely
  /// (CTC: greedy); 7 along a lexicon's trie (CTC: 64).
  Index beam = 0;
  const Lexicon* lexicon = nullptr;  // only its words are read
  LexiconMode lexicon_mode = LexiconMode::automatic;
  /// One to an image, instead of `lexicon`; nullptr for an image that is read freely.
  std::span<const Lexicon* const> lexicons = {};
};

namespace detail {

/// The way of choosing: what is asked for; else posterior up to so many words, tree beyond.
inline LexiconMode chosen_mode(const Lexicon& lexicon, LexiconMode mode, Index posterior_words) {
  if (mode != LexiconMode::automatic) return mode;
  return lexicon.size() <= posterior_words ? LexiconMode::posterior : LexiconMode::tree;
}

}  // namespace detail

}  // namespace glimpse::inline v0
