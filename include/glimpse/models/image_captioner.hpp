// image captioner: predicts symbols from an image, with attention over the positions of a feature
// map (Show, Attend, Tell).
//
//   image --> convolutions with pools --> map (N, C, H, W) --> H W positions h_i
//           --> sequence decoder, gated:  g_t = beta_t sum_i a_ti h_i,  beta_t = sigma(w^T s_t-1)
//
// The coordinates of a position (x, y in [-1, 1]) are appended to its features, because
// convolutions do not encode the position. Source: Xu, Ba, Kiros, Cho, Courville, Salakhutdinov,
// Zemel, Bengio 2015.
#pragma once

#include <span>
#include <vector>

#include <glimpse/models/sequence_decoder.hpp>
#include <glimpse/nn/conv_block.hpp>
#include <glimpse/nn/module.hpp>
#include <glimpse/ops/pool2d.hpp>

namespace glimpse::inline v0 {

struct ImageCaptionerConfig {
  struct Layer {
    Index out, kernel = 3;
    std::array<Index, 2> pool{1, 1};  // of the max pool after the convolution; 1, 1: none
  };
  Index in = 3;  // channels of the image
  std::vector<Layer> layers{{16, 3, {2, 2}}, {32}, {32, 3, {2, 2}}, {64}, {64, 1}};
  Index symbols = 0;  // without the end
  Index decoder = 128, attention = 64;
  bool gate = true;
  double dropout =
      0;  // of state and glimpse before the readout, so that each one must hold the information
  double state_dropout = 0;  // probability that the readout has no state
};

template <class T = float>
struct ImageCaptioner {
  ImageCaptionerConfig config;
  std::vector<ConvBlock<T>> conv;
  SequenceDecoder<T> decoder;

  ImageCaptioner() = default;
  ImageCaptioner(const ImageCaptionerConfig& c, Random& rng) : config(c) {
    if (c.layers.empty()) fail("image_captioner", "wants at least one layer");
    Index in = c.in;
    for (const auto& layer : c.layers) {
      conv.emplace_back(Conv2dConfig{.in = in,
                                     .out = layer.out,
                                     .kernel = {layer.kernel, layer.kernel},
                                     .padding = {layer.kernel / 2, layer.kernel / 2}},
                        true, rng);
      in = layer.out;
    }
    decoder = SequenceDecoder<T>({.symbols = c.symbols + 1,
                                  .hidden = c.decoder,
                                  .readout = c.decoder / 2,
                                  .attention = {.width = c.attention, .gate = c.gate},
                                  .frame = in + 2,
                                  .dropout = c.dropout,
                                  .state_dropout = c.state_dropout},
                                 rng);
    name_modules(*this);
  }

  /// The feature map (N, C, H', W') of images (N, in, H, W).
  Variable<T> map(const Variable<T>& images) {
    Variable<T> x = images;
    for (std::size_t i = 0; i < conv.size(); ++i) {
      x = conv[i](x);
      const auto pool = config.layers[i].pool;
      if (pool[0] > 1 || pool[1] > 1) x = max_pool2d(x, {.kernel = pool, .stride = pool});
    }
    return x;
  }

  Variable<T> loss(const Variable<T>& images, std::span<const std::vector<Index>> labels,
                   const SequenceLossOptions& options = {}, Index* right = nullptr) {
    return decoder.loss(decoder.attention.encode_memory(positions(map(images))), labels, options,
                        right);
  }

  /// The likeliest sequences for images (N, in, H, W). The attention of each one is (symbols, H'
  /// W'), row by row.
  std::vector<SequenceReading<T>> read(const Variable<T>& images, const BeamOptions& options = {}) {
    const NoGrad no_grad;
    return decoder.read(decoder.attention.encode_memory(positions(map(images))), options);
  }

  template <class F>
  void visit(F&& f) {
    f("conv", conv), f("decoder", decoder);
  }

 private:
  /// Positions (N, H W, C + 2) with their coordinates, from a map (N, C, H, W).
  static Variable<T> positions(const Variable<T>& x) {
    const Index h = x.size(2), w = x.size(3);
    Tensor<T> where({x.size(0), 2, h, w});
    for (Index n = 0; n < x.size(0); ++n)
      for (Index i = 0; i < h; ++i)
        for (Index j = 0; j < w; ++j) {
          where(n, 0, i, j) = static_cast<T>(2 * j + 1) / static_cast<T>(w) - 1;
          where(n, 1, i, j) = static_cast<T>(2 * i + 1) / static_cast<T>(h) - 1;
        }
    return flatten_spatial(concatenate<T>({x, constant(where)}, 1));
  }
};

}  // namespace glimpse::inline v0
