// Submodules are copied to another model, as far as their shapes match.
#include <glimpse/train/load_submodule.hpp>

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
  const LoadedParameters taken = load_submodule(crnn, srn, "encoder");
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

TEST_CASE("a rectifier carries over, and nothing else", "[train]") {
  Reader<float> a = made(ReaderModel::rare, 8, 1), b = made(ReaderModel::rare, 8, 2);
  const LoadedParameters taken = load_submodule(a, b, "rectifier");
  CHECK(taken.tensors == taken.of);
  Reader<float> fresh = made(ReaderModel::rare, 8, 2);
  const auto from = state_dict(a), to = state_dict(b), before = state_dict(fresh);
  for (std::size_t i = 0; i < to.size(); ++i) {
    INFO(to[i].name);
    const auto same = [&](const Tensor<float>& x) {
      return std::equal(x.data(), x.data() + x.size(), to[i].tensor.data());
    };
    CHECK(same(to[i].name.starts_with("rectifier.") ? from[i].tensor : before[i].tensor));
  }
  Reader<float> srn = made(ReaderModel::srn, 8, 1);
  CHECK_THROWS_AS(load_submodule(srn, b, "rectifier"), ValueError);
}

TEST_CASE("an encoder of which nothing fits is reported", "[train]") {
  Reader<float> narrow = made(ReaderModel::srn, 4, 1), wide = made(ReaderModel::srn, 8, 2);
  CHECK_THROWS_AS(load_submodule(narrow, wide, "encoder"), ValueError);
}
