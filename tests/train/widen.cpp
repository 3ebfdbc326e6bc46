// A widened model computes the function of the narrow one, and its copies become different.
#include <glimpse/train/widen.hpp>

#include "catch.hpp"

using namespace glimpse;

namespace {

ReaderConfig sized(ReaderModel model, bool wide) {
  ReaderConfig c;
  c.model = model;
  c.widths = {48};
  c.channels =
      wide ? std::vector<Index>{6, 11, 8, 12, 9, 8, 10} : std::vector<Index>{4, 5, 8, 6, 8, 7, 8};
  c.recurrent = wide ? 12 : 8, c.attention = wide ? 9 : 6, c.decoder = wide ? 11 : 10;
  c.projection = model == ReaderModel::crnn ? wide ? 10 : 8 : 0;
  c.localization_channels = wide ? std::vector<Index>{6, 5} : std::vector<Index>{4, 4};
  c.localization_hidden = {wide ? 20 : 8};
  c.localization_height = 16, c.localization_width = 32;
  return c;
}

/// A reader in which every number differs from its initial value.
Reader<float> shaken(const ReaderConfig& c) {
  Random random(5);
  Reader<float> reader(c, random);
  for (const auto& [name, tensor] : state_dict(reader))
    for (float& x : Tensor<float>(tensor).span())
      x += static_cast<float>(name.ends_with("running_var") ? random.uniform(0, 0.5)
                                                            : random.normal(0, 0.05));
  return reader;
}

}  // namespace

TEST_CASE("a widened model computes what the narrow one does", "[train]") {
  const auto model = GENERATE(ReaderModel::rare, ReaderModel::srn, ReaderModel::crnn);
  const bool training = GENERATE(false, true);
  Reader<float> narrow = shaken(sized(model, false)), wide = shaken(sized(model, true));
  Random random(6);
  widen(narrow, wide, random);
  set_training(narrow, training);
  set_training(wide, training);

  Tensor<float> images({3, 1, 40, 60});
  for (float& x : images.span()) x = static_cast<float>(random.normal());
  const std::vector<std::vector<Index>> labels = {{1, 2, 3}, {30, 4}, {7, 7, 8, 9}};
  const Variable<float> a = narrow.loss(constant(images), 48, labels),
                        b = wide.loss(constant(images), 48, labels);
  CHECK(b.item() == Approx(a.item()).epsilon(1e-4));
  CHECK(a.item() > 1);

  // Unit 4 of the first convolution is a copy of unit 0: the same weights, another gradient.
  b.backward();
  float apart = 0, most = 0;
  for (const auto& p : parameters(wide)) {
    if (!p.name.ends_with("encoder.conv.0.conv.weight")) continue;
    for (Index i = 0; i < 9; ++i) {
      CHECK(p.variable.value().data()[i] == p.variable.value().data()[4 * 9 + i]);
      const float g = p.variable.grad().data()[i], copy = p.variable.grad().data()[4 * 9 + i];
      apart = std::max(apart, std::abs(g - copy)), most = std::max(most, std::abs(g));
    }
  }
  CHECK(apart > 0.01f * most);
  CHECK(most > 0);
}

TEST_CASE("what cannot grow is reported by name", "[train]") {
  Reader<float> narrow = shaken(sized(ReaderModel::srn, false)),
                wide = shaken(sized(ReaderModel::srn, true)),
                other = shaken(sized(ReaderModel::crnn, true));
  Random random(7);
  CHECK_THROWS_AS(widen(wide, narrow, random), ShapeError);
  CHECK_THROWS_AS(widen(narrow, other, random), ValueError);
}
