// An encoder carries over to a model with another decoder, as far as its shapes go.
#include <glimpse/train/load_encoder.hpp>

#include "catch.hpp"

using namespace glimpse;

namespace {

Reader<float> made(ReaderModel model, Index width, std::uint64_t seed) {
  ReaderConfig c;
  c.model = model;
  c.widths = {48};
  c.channels = std::vector<Index>(7, width);
  c.recurrent = c.attention = c.decoder = width;
  c.projection = model == ReaderModel::crnn ? width : 0;
  Random random(seed);
  return Reader<float>(c, random);
}

}  // namespace

TEST_CASE("an encoder carries over to a model with another decoder", "[train]") {
  Reader<float> crnn = made(ReaderModel::crnn, 8, 1), srn = made(ReaderModel::srn, 8, 2);
  const EncoderTaken taken = load_encoder(crnn, srn);
  const auto from = state_dict(crnn), to = state_dict(srn);
  Index same = 0, encoder = 0;
  for (const auto& mine : to) {
    if (!mine.name.starts_with("recognizer.encoder.")) continue;
    ++encoder;
    for (const auto& other : from)
      if (mine.name == "recognizer." + other.name && mine.tensor.shape() == other.tensor.shape())
        same += std::equal(mine.tensor.data(), mine.tensor.data() + mine.tensor.size(),
                           other.tensor.data());
  }
  CHECK(taken.of == encoder);
  CHECK(taken.tensors == same);
  // CRNN has a linear layer before its second recurrent one, whose input is therefore narrower.
  CHECK(taken.tensors == taken.of - 2);
}

TEST_CASE("an encoder of which nothing fits is told", "[train]") {
  Reader<float> narrow = made(ReaderModel::srn, 4, 1), wide = made(ReaderModel::srn, 8, 2);
  CHECK_THROWS_AS(load_encoder(narrow, wide), ValueError);
}
