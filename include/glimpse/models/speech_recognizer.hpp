// speech recognizer: predicts symbols from frames of sound (Chorowski's attention-based
// recognizer).
//
//   frames of bands --> `stack` of them in one --> bidirectional GRUs --> h_i --> sequence decoder
//
//   location-aware:  e_ti = w^T tanh(W s_t-1 + V h_i + U f_ti + b),   f_t = F * a_t-1
//
// A word that occurs twice sounds the same both times, so content cannot decide which one comes
// next. Filters F over the previous attention weights can. Source: Chorowski, Bahdanau, Serdyuk,
// Cho, Bengio 2015.
#pragma once

#include <algorithm>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <glimpse/models/sequence_decoder.hpp>
#include <glimpse/nn/bidirectional.hpp>
#include <glimpse/nn/gru.hpp>
#include <glimpse/nn/module.hpp>

namespace glimpse::inline v0 {

struct SpeechRecognizerConfig {
  Index bands = 40, stack = 4;  // bands of a frame; frames per position
  Index symbols = 0;            // without the end
  Index encoder = 64, layers = 2, decoder = 128, attention = 64;
  Index filters = 10, taps = 51;  // of the location features; 0 filters: only content
  AttentionNormalization weights = AttentionNormalization::softmax;
  double dropout = 0;
};

template <class T = float>
struct SpeechRecognizer {
  SpeechRecognizerConfig config;
  Stacked<Bidirectional<Gru<T>>> encoder;
  SequenceDecoder<T> decoder;

  SpeechRecognizer() = default;
  SpeechRecognizer(const SpeechRecognizerConfig& c, Random& rng)
      : config(c),
        encoder(c.bands * c.stack, c.encoder, c.layers, rng, c.dropout),
        decoder({.symbols = c.symbols + 1,
                 .hidden = c.decoder,
                 .readout = c.decoder / 2,
                 .attention = {.width = c.attention,
                               .filters = c.filters,
                               .taps = c.taps,
                               .weights = c.weights},
                 .frame = 2 * c.encoder,
                 .dropout = c.dropout},
                rng) {
    name_modules(*this);
  }

  /// The loss; see SequenceDecoder::loss. sounds: N tensors (frames, bands), each with at least
  /// `stack` frames; symbols: N sequences without the end.
  Variable<T> loss(std::span<const Tensor<T>> sounds, std::span<const std::vector<Index>> symbols,
                   const SequenceLossOptions& options = {}, Index* right = nullptr) {
    const std::vector<Index> lengths = lengths_of(sounds);
    return decoder.loss(
        decoder.encode_memory(encoder(constant(stacked(sounds, lengths)), lengths), lengths),
        symbols, options, right);
  }

  /// The likeliest sequences; see SequenceDecoder::read. window: number of positions on each side
  /// of the previous attention step that the next step may use; 0: all.
  std::vector<SequenceReading<T>> read(std::span<const Tensor<T>> sounds,
                                       const BeamOptions& options = {}, Index window = 0) {
    const NoGrad no_grad;
    const EvalScope mode(*this);
    const std::vector<Index> lengths = lengths_of(sounds);
    struct Restore {
      Index &window, before;
      ~Restore() { window = before; }
    };
    Index& now = decoder.attention.config.window;
    const Restore restore{now, std::exchange(now, window)};
    return decoder.read(
        decoder.encode_memory(encoder(constant(stacked(sounds, lengths)), lengths), lengths),
        options);
  }

  template <class F>
  void visit(F&& f) {
    f("encoder", encoder), f("decoder", decoder);
  }

 private:
  std::vector<Index> lengths_of(std::span<const Tensor<T>> sounds) const {
    if (sounds.empty()) fail("speech_recognizer", "wants at least one sound");
    std::vector<Index> lengths;
    for (const Tensor<T>& x : sounds) {
      require(x.rank() == 2 && x.size(1) == config.bands && x.size(0) >= config.stack, "listener",
              "wants frames (at least " + std::to_string(config.stack) + ", " +
                  std::to_string(config.bands) + ")",
              x);
      lengths.push_back(x.size(0) / config.stack);
    }
    return lengths;
  }

  /// Stacked frames (positions, N, stack bands), zeros after each sound's end.
  Tensor<T> stacked(std::span<const Tensor<T>> sounds, const std::vector<Index>& lengths) const {
    const Index positions = *std::max_element(lengths.begin(), lengths.end()),
                width = config.stack * config.bands;
    Tensor<T> x = zeros<T>({positions, std::ssize(sounds), width});
    for (std::size_t n = 0; n < sounds.size(); ++n)
      for (Index t = 0; t < lengths[n]; ++t)
        std::copy_n(sounds[n].data() + t * width, width, &x(t, static_cast<Index>(n), 0));
    return x;
  }
};

}  // namespace glimpse::inline v0
