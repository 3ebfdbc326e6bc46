// recognizer: reads a straight word (SRN).
//
//   image --> encoder --> frames --> attention decoder --> symbols
//
// Source: Shi et al. 2016.
#pragma once

#include <span>
#include <vector>

#include <glimpse/models/attention_decoder.hpp>
#include <glimpse/models/encoder.hpp>

namespace glimpse::inline v0 {

template <class T = float>
struct Recognizer {
  Encoder<T> encoder;
  AttentionDecoder<T> decoder;

  Recognizer() = default;
  Recognizer(const ReaderConfig& c, Random& random)
      : encoder(c, random), decoder(2 * c.recurrent, c.attention, c.decoder, c.symbols(), random) {}

  /// See AttentionDecoder::loss.  images: (N, 1, height, width).
  Variable<T> loss(const Variable<T>& images, std::span<const std::vector<Index>> labels,
                   T label_smoothing = 0, Index* right = nullptr) {
    return decoder.loss(encoder(images), labels, label_smoothing, right);
  }

  template <class F>
  void visit(F&& f) {
    f("encoder", encoder), f("decoder", decoder);
  }
};

}  // namespace glimpse::inline v0
