// encoder: turns an image of a word into a sequence of frames, one for every few columns.
//
//   seven convolutions, pools after 1, 2 (both ways) and 4, 6 (only down)
//     -->  map to sequence  -->  two BLSTMs
//
//   width 100:  32 x 100 -> 16 x 50 -> 8 x 25 -> 4 x 26 -> 2 x 27 -> 1 x 26
//   unpadded:                                 -> 4 x 25 -> 2 x 25 -> 1 x 24
//
// Every column of the last map is a frame. The recurrent layers give each frame the whole word as
// context. Source: Shi, Bai, Yao 2015 (CRNN).
#pragma once

#include <algorithm>
#include <vector>

#include <glimpse/models/config.hpp>
#include <glimpse/nn/bidirectional.hpp>
#include <glimpse/nn/conv_block.hpp>
#include <glimpse/nn/linear.hpp>
#include <glimpse/nn/lstm.hpp>
#include <glimpse/ops/pool2d.hpp>
#include <glimpse/ops/shape_ops.hpp>

namespace glimpse::inline v0 {

template <class T = float>
struct Encoder {
  std::vector<ConvBlock<T>> conv;
  Bidirectional<Lstm<T>> first, second;
  std::optional<Linear<T>> projection;
  bool padded = true;  // pools after 4 and 6 pad across: 26 columns, not 24

  Encoder() = default;
  Encoder(const ReaderConfig& c, Random& random) : padded(c.columns == 26) {
    Index in = 1;
    for (Index i = 0; i < 7; ++i) {
      const bool normed = std::find(c.normed.begin(), c.normed.end(), i + 1) != c.normed.end();
      const Index out = c.channels[static_cast<std::size_t>(i)], k = i < 6 ? 3 : 2,
                  pad = i < 6 ? 1 : 0;
      conv.emplace_back(Conv2dConfig{.in = in, .out = out, .kernel = {k, k}, .padding = {pad, pad}},
                        normed, random);
      in = out;
    }
    const Index features = in * (c.height / 16 - 1);
    first = Bidirectional<Lstm<T>>(features, c.recurrent, random);
    if (c.projection > 0) projection.emplace(2 * c.recurrent, c.projection, random);
    second = Bidirectional<Lstm<T>>(c.projection > 0 ? c.projection : 2 * c.recurrent, c.recurrent,
                                    random);
  }

  /// images: (N, 1, height, width).  Returns frames (columns, N, 2 x recurrent).
  Variable<T> operator()(const Variable<T>& images) {
    const Pool2dOptions both{.kernel = {2, 2}, .stride = {2, 2}};
    const Pool2dOptions down =
        padded ? Pool2dOptions{.kernel = {2, 2}, .stride = {2, 1}, .padding = {0, 1}}
               : Pool2dOptions{.kernel = {2, 1}, .stride = {2, 1}};
    Variable<T> x = conv[0].pooled(images, both);
    x = conv[1].pooled(x, both);
    x = conv[3].pooled(conv[2](x), down);
    x = conv[5].pooled(conv[4](x), down);
    x = second_layer(first(map_to_sequence(conv[6](x))));
    return x;
  }

  template <class F>
  void visit(F&& f) {
    f("conv", conv), f("first", first), f("projection", projection), f("second", second);
  }

 private:
  /// (N, C, H, W) to (W, N, C H): every column becomes a frame.
  static Variable<T> map_to_sequence(const Variable<T>& x) {
    return reshape(permute(x, {3, 0, 1, 2}), {x.size(3), x.size(0), x.size(1) * x.size(2)});
  }
  Variable<T> second_layer(const Variable<T>& x) {
    return second(projection ? (*projection)(x) : x);
  }
};

}  // namespace glimpse::inline v0
