// text/edit_pattern.hpp, text/bk_tree.hpp
#include <glimpse/core/random.hpp>
#include <glimpse/text/bk_tree.hpp>
#include <glimpse/text/lexicon.hpp>

#include "../catch.hpp"

using namespace glimpse;

namespace {

std::vector<Index> random_symbols(Random& rng, Index longest, Index kinds) {
  std::vector<Index> word(static_cast<std::size_t>(rng.uniform_int(longest + 1)));
  for (Index& s : word) s = rng.uniform_int(kinds);
  return word;
}

}  // namespace

TEST_CASE("edit pattern: bits give the distance that the table gives") {
  Random rng(1);
  for (const Index longest : {3, 9, 20, 64, 70}) {
    for (int i = 0; i < 200; ++i) {
      const auto a = random_symbols(rng, longest, 4), b = random_symbols(rng, longest, 5);
      CHECK(EditPattern(a).distance<Index>(b) == edit_distance(a, b));
    }
  }
  const std::vector<Index> full(64, 2), longer(65, 2), none;
  CHECK(EditPattern(full).distance<Index>(longer) == 1);
  CHECK(EditPattern(longer).distance<Index>(full) == 1);
  CHECK(EditPattern(none).distance<Index>(full) == 64);
  CHECK(EditPattern(full).distance<Index>(none) == 64);
}

TEST_CASE("bk tree: finds what a search through all words finds, ties to the first") {
  Random rng(3);
  const Charset charset;
  std::vector<std::string> texts;
  for (int i = 0; i < 300; ++i) texts.push_back(charset.decode(random_symbols(rng, 7, 4)) + "a");
  const Lexicon lexicon(texts, charset);
  CHECK(lexicon.bk_tree().size() == lexicon.size());
  for (int i = 0; i < 150; ++i) {
    const std::vector<Index> question = random_symbols(rng, 8, 5);
    BkTree::Match best{-1, 1000};
    Index ties = 0, predicted = -1;
    for (Index w = 0; w < lexicon.size(); ++w) {
      const Index d = edit_distance(lexicon.symbols(w), question);
      ties = d < best.distance ? 0 : ties + (d == best.distance);
      if (d < best.distance) best = {w, d};
    }
    const BkTree::Match found = lexicon.bk_tree().nearest(question, -1, &predicted);
    CHECK(found.word == best.word);
    CHECK(found.distance == best.distance);
    CHECK(predicted == ties);
    CHECK((lexicon.bk_tree().nearest(question, 1).word >= 0) == (best.distance <= 1));
    for (const Index limit : {0, 1, 2, 3}) {
      std::vector<Index> wanted, near;
      for (Index w = 0; w < lexicon.size(); ++w)
        if (edit_distance(lexicon.symbols(w), question) <= limit) wanted.push_back(w);
      for (const BkTree::Match& m : lexicon.bk_tree().within(question, limit)) {
        near.push_back(m.word);
        CHECK(m.distance == edit_distance(lexicon.symbols(m.word), question));
      }
      CHECK(near == wanted);
    }
  }
  const std::vector<Index> some{1};
  CHECK(BkTree().nearest(some).word == -1);
  CHECK(BkTree().within(some, 3).empty());
}
