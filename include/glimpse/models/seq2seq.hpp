// seq2seq: translates one sequence of symbols into another (RNNsearch).
//
//   x_i --> embedding --> bidirectional GRUs --> frames h_i --> sequence decoder --> y_t
//
// Every frame encodes its symbol with the context on both sides. The decoder attends to frames.
// Source: Bahdanau, Cho, Bengio 2015.
#pragma once

#include <algorithm>
#include <span>
#include <vector>

#include <glimpse/models/sequence_decoder.hpp>
#include <glimpse/nn/bidirectional.hpp>
#include <glimpse/nn/embedding.hpp>
#include <glimpse/nn/gru.hpp>
#include <glimpse/nn/module.hpp>

namespace glimpse::inline v0 {

struct Seq2SeqConfig {
  Index from = 0, to = 0;                          // symbols of each side, without the end
  Index embedding = 32, encoder = 64, layers = 1;  // encoder: cells for each direction
  Index decoder = 128, attention = 64;
  double dropout = 0;
};

template <class T = float>
struct Seq2Seq {
  Seq2SeqConfig config;
  Embedding<T> embedding;
  Stacked<Bidirectional<Gru<T>>> encoder;
  SequenceDecoder<T> decoder;

  Seq2Seq() = default;
  Seq2Seq(const Seq2SeqConfig& c, Random& rng)
      : config(c),
        embedding(c.from, c.embedding, rng),
        encoder(c.embedding, c.encoder, c.layers, rng, c.dropout),
        decoder({.symbols = c.to + 1,
                 .hidden = c.decoder,
                 .readout = c.decoder / 2,
                 .attention = {.width = c.attention},
                 .frame = 2 * c.encoder,
                 .dropout = c.dropout},
                rng) {
    walk(encoder, [&](const std::string&, auto& x) {
      if constexpr (requires { x.weight_h; }) orthogonal(x.weight_h, rng, 1, 3);
    });
    name_modules(*this);
  }

  /// Mean of -ln p over all symbols; see SequenceDecoder::loss.
  Variable<T> loss(std::span<const std::vector<Index>> from, std::span<const std::vector<Index>> to,
                   const SequenceLossOptions& options = {}, Index* right = nullptr) {
    const std::vector<Index> lengths = lengths_of(from);
    return decoder.loss(decoder.encode_memory(encode(from, lengths), lengths), to, options, right);
  }

  /// The likeliest sequences; see SequenceDecoder::read.
  std::vector<SequenceReading<T>> read(std::span<const std::vector<Index>> from,
                                       const BeamOptions& options = {}) {
    const NoGrad no_grad;
    const EvalScope mode(*this);
    const std::vector<Index> lengths = lengths_of(from);
    return decoder.read(decoder.encode_memory(encode(from, lengths), lengths), options);
  }

  template <class F>
  void visit(F&& f) {
    f("embedding", embedding), f("encoder", encoder), f("decoder", decoder);
  }

 private:
  static std::vector<Index> lengths_of(std::span<const std::vector<Index>> from) {
    if (from.empty()) fail("seq2seq", "wants at least one sequence");
    std::vector<Index> lengths;
    for (const auto& x : from) {
      if (x.empty()) fail("seq2seq", "wants at least one symbol in every sequence");
      lengths.push_back(std::ssize(x));
    }
    return lengths;
  }

  /// Frames (T, N, C).
  Variable<T> encode(std::span<const std::vector<Index>> from, const std::vector<Index>& lengths) {
    const Index n = std::ssize(from), steps = *std::max_element(lengths.begin(), lengths.end());
    std::vector<Index> symbols(static_cast<std::size_t>(steps * n), 0);
    for (std::size_t i = 0; i < from.size(); ++i)
      for (std::size_t t = 0; t < from[i].size(); ++t) symbols[t * from.size() + i] = from[i][t];
    return encoder(embedding(symbols, Shape{steps, n}), lengths);
  }
};

}  // namespace glimpse::inline v0
