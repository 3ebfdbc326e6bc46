// Weights are copied to a model with another character set, row by row.
#include <glimpse/train/load_characters.hpp>
#include <glimpse/train/model_file.hpp>

#include "catch.hpp"

using namespace glimpse;

namespace {

Reader<float> made(ReaderModel model, const std::string& characters, std::uint64_t seed) {
  ReaderConfig c;
  c.model = model;
  c.characters = characters;
  c.widths = {48};
  c.channels = std::vector<Index>(7, 8);
  c.recurrent = c.attention = c.decoder = 8;
  c.projection = model == ReaderModel::crnn ? 8 : 0;
  Random random(seed);
  return Reader<float>(c, random);
}

Tensor<float> named(Reader<float>& reader, const std::string& name) {
  for (const auto& x : state_dict(reader))
    if (x.name == name) return x.tensor;
  FAIL("no tensor " << name);
  return {};
}

bool same(const Tensor<float>& a, const Tensor<float>& b) {
  const Tensor<float> x = a.contiguous(), y = b.contiguous();
  return x.shape() == y.shape() && std::equal(x.data(), x.data() + x.size(), y.data());
}

}  // namespace

TEST_CASE("rows follow their character, wherever it is in the new set", "[train]") {
  for (const ReaderModel kind : {ReaderModel::srn, ReaderModel::crnn}) {
    Reader<float> from = made(kind, "abc", 1), to = made(kind, "cAxa", 2),
                  fresh = made(kind, "cAxa", 2);
    const LoadedCharacters loaded =
        load_characters(to, model_checkpoint(clone(from)), from.charset(), "model");
    CHECK(loaded.kept == "ca");
    CHECK(loaded.other_case == "A");
    CHECK(loaded.initialized == "x");
    CHECK(loaded.dropped == "b");
    std::vector<std::string> tables = {"output.weight", "output.bias"};
    if (kind == ReaderModel::srn)
      tables = {"recognizer.decoder.symbol", "recognizer.decoder.output.weight",
                "recognizer.decoder.output.bias"};
    for (const std::string& name : tables) {
      INFO(name);
      const Tensor<float> old = named(from, name), now = named(to, name);
      const Index rows[] = {2, 0, -1, 0, 3};  // c A x a, and the end of the word
      for (Index i = 0; i < 5; ++i)
        CHECK(same(now.select(0, i), rows[i] < 0 ? named(fresh, name).select(0, i)
                                                 : old.select(0, rows[i])));
    }
    const std::string other = kind == ReaderModel::srn ? "recognizer.encoder.conv.2.conv.weight"
                                                       : "encoder.conv.2.conv.weight";
    CHECK(same(named(from, other), named(to, other)));
  }
}

TEST_CASE("the same set in another order reads the same", "[train]") {
  Reader<float> from = made(ReaderModel::srn, "abcd", 1), to = made(ReaderModel::srn, "dcba", 2);
  load_characters(to, model_checkpoint(clone(from)), from.charset(), "model");
  Random random(3);
  Tensor<float> image({2, 1, 64, 96});
  for (float& x : image.span()) x = static_cast<float>(random.normal());
  const std::vector<std::vector<Index>> labels{from.charset().encode("abca"),
                                               from.charset().encode("d")},
      again{to.charset().encode("abca"), to.charset().encode("d")};
  const float a = from.loss(constant(image), 48, labels).item(),
              b = to.loss(constant(image), 48, again).item();
  CHECK(std::abs(a - b) < 1e-5f);
}

TEST_CASE("weights of other layers are refused, and nothing is written", "[train]") {
  Reader<float> from = made(ReaderModel::srn, "abc", 1);
  Reader<float> to = made(ReaderModel::crnn, "abcd", 2), fresh = made(ReaderModel::crnn, "abcd", 2);
  CHECK_THROWS_AS(load_characters(to, model_checkpoint(clone(from)), from.charset(), "model"),
                  IoError);
  CHECK(same(named(to, "output.weight"), named(fresh, "output.weight")));
}

TEST_CASE("what was kept is described in a line", "[train]") {
  CHECK(describe({.kept = "ab", .other_case = "A", .initialized = "\u03b1\u03b2", .dropped = "z"}) ==
        "2 characters keep their rows, 1 begin with those of their other case: A, 2 begin at "
        "random: \u03b1\u03b2, 1 are no longer known: z");
}
