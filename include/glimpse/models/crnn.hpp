// crnn: reads a word without a symbol decoder: every frame predicts a symbol or the blank.
//
//   image --> encoder --> frames --> linear --> scores of every frame --> CTC
//
// The encoder is RARE's. Labels do not assign letters to frames, so the loss sums over all
// alignments (ops/ctc_loss.hpp). Decoding merges equal neighbors (text/ctc.hpp).
// Source: Shi, Bai, Yao, "An End-to-End Trainable Neural Network for Image-based Sequence
// Recognition", 2015.
#pragma once

#include <algorithm>
#include <span>
#include <vector>

#include <glimpse/data/prepare.hpp>
#include <glimpse/models/encoder.hpp>
#include <glimpse/models/rectifier.hpp>
#include <glimpse/nn/module.hpp>
#include <glimpse/ops/arithmetic.hpp>
#include <glimpse/ops/ctc_loss.hpp>
#include <glimpse/ops/reductions.hpp>
#include <glimpse/text/ctc.hpp>

namespace glimpse::inline v0 {

template <class T = float>
struct Crnn {
  ReaderConfig config;
  Charset charset;
  Encoder<T> encoder;
  Linear<T> output;  // characters and, last, the blank

  Crnn() = default;
  /// Throws ValueError for an invalid configuration.
  Crnn(const ReaderConfig& c, Random& random)
      : config((c.check(), c)),
        charset(c.characters),
        encoder(c, random),
        output(2 * c.recurrent, c.symbols(), random) {
    name_modules(*this);
  }

  Index blank() const { return charset.count(); }

  /// images: (N, 1, H, W), standardized.  Returns the words resized to height x width, unrectified.
  Rectified<T> rectify(const Variable<T>& images, Index width) {
    return {constant(resized(images.value(), config.height, width)), Variable<T>()};
  }

  /// Returns an undefined variable, because CRNN has no fiducial points.
  Variable<T> locate(const std::vector<Variable<T>>&) { return {}; }

  /// images: (n_i, 1, H_i, W_i), of different sizes.  Returns all words, resized.
  Rectified<T> rectify(const std::vector<Variable<T>>& images, const Variable<T>&, Index width) {
    std::vector<Variable<T>> words;
    for (const Variable<T>& p : images) words.push_back(rectify(p, width).image);
    return {concatenate(words, 0), Variable<T>()};
  }

  /// images: (N, 1, height, width).  Returns scores (columns, N, symbols).
  Variable<T> scores(const Variable<T>& images) { return output(encoder(images)); }

  /// Sum of -ln p(label) over the batch, divided by the number of characters. A label that is too
  /// long for its frames is left out, with its characters.
  /// right: if given, receives the number of words that the likeliest path spells correctly.
  Variable<T> loss(const Variable<T>& images, Index width,
                   std::span<const std::vector<Index>> labels, Index* right = nullptr) {
    const Variable<T> frames = scores(rectify(images, width).image);
    if (right) *right = count_right(frames.value(), labels);
    std::size_t characters = 0;
    for (const std::vector<Index>& label : labels)
      if (frames_wanted(label) <= frames.size(0))
        characters += std::max<std::size_t>(1, label.size());
    return sum(ctc_loss(frames, labels, {}, {.blank = blank(), .zero_infinity = true})) *
           (T(1) / static_cast<T>(std::max<std::size_t>(1, characters)));
  }

  /// Folds every batch norm into the convolution before it. For inference only.
  void fold() { glimpse::fold(*this); }

  template <class F>
  void visit(F&& f) {
    f("encoder", encoder), f("output", output);
  }

 private:
  /// Minimum number of frames: one for each symbol, and one for the blank between equal neighbors.
  static Index frames_wanted(const std::vector<Index>& label) {
    Index n = std::ssize(label);
    for (std::size_t i = 1; i < label.size(); ++i) n += label[i] == label[i - 1];
    return n;
  }

  static Index count_right(const Tensor<T>& scores, std::span<const std::vector<Index>> labels) {
    Index right = 0;
    for (std::size_t i = 0; i < labels.size(); ++i) {
      const Tensor<T> one = scores.select(1, static_cast<Index>(i)).contiguous();
      right += ctc_greedy(rows_of(one)).symbols == labels[i];
    }
    return right;
  }
};

}  // namespace glimpse::inline v0
