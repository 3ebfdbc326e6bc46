// text/trie_posteriors.hpp, against a model whose next symbol depends on the two previous ones.
#include <glimpse/core/random.hpp>
#include <glimpse/text/trie_posteriors.hpp>

#include "../catch.hpp"

using namespace glimpse;

namespace {

/// Four symbols, the last one the end. A row's state is its last two symbols.
struct Chain {
  std::vector<std::vector<Index>> before, now;  // of the rows of the last step, and of this one

  static double log_p(Index item, const std::vector<Index>& text, Index next) {
    double scores[4], sum = 0;
    Random random(static_cast<std::uint64_t>(item));
    std::uint64_t seed = static_cast<std::uint64_t>(item) * 1000 + 7;
    for (std::size_t i = text.size() < 2 ? 0 : text.size() - 2; i < text.size(); ++i)
      seed = 5 * seed + static_cast<std::uint64_t>(text[i]) + 1;
    Random draw(seed);
    for (double& s : scores) sum += s = draw.uniform(0.05, 1);
    return std::log(scores[next] / sum);
  }

  Tensor<double> operator()(const BeamRows& rows) {
    before = std::move(now);
    now.clear();
    Tensor<double> scores({rows.size(), 4});
    for (Index r = 0; r < rows.size(); ++r) {
      const auto at = static_cast<std::size_t>(r);
      std::vector<Index> text;
      if (rows.symbol[at] >= 0) {
        if (!before.empty()) text = before[static_cast<std::size_t>(rows.parent[at])];
        text.push_back(rows.symbol[at]);
      }
      for (Index c = 0; c < 4; ++c) scores(r, c) = log_p(rows.item[at], text, c);
      now.push_back(text);
    }
    return scores;
  }
};

double whole(Index item, const std::vector<Index>& word) {
  double sum = 0;
  std::vector<Index> text;
  for (const Index c : word) sum += Chain::log_p(item, text, c), text.push_back(c);
  return sum + Chain::log_p(item, text, 3);
}

}  // namespace

TEST_CASE("trie posteriors: every word's likelihood, for images with tries of their own") {
  Random random(1);
  std::vector<std::vector<std::vector<Index>>> words(3);
  std::vector<Trie> tries;
  for (std::size_t i = 0; i < 3; ++i) {
    for (int k = 0; k < 12; ++k) {
      words[i].emplace_back(static_cast<std::size_t>(random.uniform_int(6)));
      for (Index& c : words[i].back()) c = random.uniform_int(3);
    }
    tries.emplace_back(words[i]);
  }
  const std::vector<const Trie*> all{&tries[0], &tries[1], &tries[2]};
  const auto node_of = [](const Trie& trie, const std::vector<Index>& word) {
    Index node = 0;
    for (const Index c : word) node = trie.child(node, c);
    return static_cast<std::size_t>(node);
  };
  const auto predicted = trie_posteriors(Chain(), all);
  std::vector<double> floor;
  for (std::size_t i = 0; i < 3; ++i) {
    double best = -1e9;
    for (const auto& word : words[i]) {
      const double wanted = whole(static_cast<Index>(i), word);
      CHECK(predicted[i][node_of(tries[i], word)] == Approx(wanted));
      best = std::max(best, wanted);
    }
    floor.push_back(best - 1e-9);
  }
  const auto pruned = trie_posteriors(Chain(), all, {.floor = floor});
  for (std::size_t i = 0; i < 3; ++i)
    for (const auto& word : words[i]) {
      const double wanted = whole(static_cast<Index>(i), word),
                   found = pruned[i][node_of(tries[i], word)];
      if (wanted >= floor[i])
        CHECK(found == Approx(wanted));
      else
        CHECK((std::isinf(found) || found == Approx(wanted)));
    }
  CHECK_THROWS_AS(trie_posteriors(Chain(), all, {.floor = std::vector<double>{0}}), ShapeError);
}

TEST_CASE("beam search with a trie to each image reads each image's words") {
  const std::vector<std::vector<Index>> first{{0, 1}, {2}}, second{{1, 1, 1}, {0}};
  const Trie a(first), b(second);
  const std::vector<const Trie*> tries{&a, &b, nullptr};
  const auto found =
      beam_search(Chain(), 3, {.width = 50, .max_length = 4, .results = 50, .tries = tries});
  CHECK(found[0].size() == 2);
  CHECK(found[1].size() == 2);
  CHECK(found[2].size() > 4);
  for (const Hypothesis& h : found[0]) {
    CHECK(a.find(h.symbols) >= 0);
    CHECK(h.log_probability == Approx(whole(0, h.symbols)));
  }
  for (const Hypothesis& h : found[1]) CHECK(b.find(h.symbols) >= 0);
  CHECK_THROWS_AS(beam_search(Chain(), 2, {.tries = tries}), ShapeError);
}
