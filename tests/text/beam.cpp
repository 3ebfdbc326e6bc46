// text/beam.hpp: against an exhaustive search over every text, and derived properties.
#include <cmath>
#include <functional>
#include <map>
#include <vector>

#include <glimpse/core/random.hpp>
#include <glimpse/text/beam.hpp>

#include "../catch.hpp"

using namespace glimpse;

namespace {

/// A small random language: the scores of the next symbol depend on everything before it.
struct Language {
  Index symbols;
  std::uint64_t seed;
  double peak = 2;

  std::vector<double> next(const std::vector<Index>& before) const {
    std::uint64_t key = seed;
    for (const Index s : before) key = key * 31 + static_cast<std::uint64_t>(s) + 1;
    Random rng(key, 7);
    std::vector<double> p;
    double sum = 0;
    for (Index s = 0; s < symbols; ++s) p.push_back(std::exp(peak * rng.normal())), sum += p.back();
    for (double& v : p) v = std::log(v / sum);
    return p;
  }
};

struct Text {
  std::vector<Index> symbols;
  double log_probability;
};

/// Every text up to a length, likeliest first.
std::vector<Text> every_text(const Language& language, Index max_length) {
  std::vector<Text> all;
  const Index end = language.symbols - 1;
  std::function<void(std::vector<Index>&, double)> grow = [&](std::vector<Index>& text,
                                                              double score) {
    const auto p = language.next(text);
    all.push_back({text, score + p[static_cast<std::size_t>(end)]});
    if (static_cast<Index>(text.size()) == max_length) return;
    for (Index s = 0; s < end; ++s) {
      text.push_back(s);
      grow(text, score + p[static_cast<std::size_t>(s)]);
      text.pop_back();
    }
  };
  std::vector<Index> text;
  grow(text, 0);
  std::sort(all.begin(), all.end(),
            [](const Text& a, const Text& b) { return a.log_probability > b.log_probability; });
  return all;
}

auto stepper(const Language& language) {
  return [&language](const std::vector<Index>& before, Index symbol) {
    std::vector<Index> now = before;
    if (symbol >= 0) now.push_back(symbol);
    return std::pair(language.next(now), now);
  };
}

}  // namespace

TEST_CASE("beam: a wide beam finds what an exhaustive search finds, in order") {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const Language language{4, seed};
    const auto all = every_text(language, 4);
    const auto found = beam_search_states(std::vector<Index>{}, stepper(language),
                                          {.width = 200, .max_length = 4, .results = 10});
    REQUIRE(found.size() == 10);
    for (std::size_t i = 0; i < found.size(); ++i) {
      CHECK(found[i].symbols == all[i].symbols);
      CHECK(found[i].log_probability == Approx(all[i].log_probability));
      CHECK(found[i].finished);
    }
  }
}

TEST_CASE(
    "beam: a narrow beam never claims more than the truth, and wider is as good or better on the "
    "whole") {
  double sums[4] = {};
  const Index widths[4] = {1, 3, 7, 50};
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    const Language language{5, seed, 1.0};
    const double best = every_text(language, 5).front().log_probability;
    for (std::size_t w = 0; w < 4; ++w) {
      const auto found = beam_search_states(std::vector<Index>{}, stepper(language),
                                            {.width = widths[w], .max_length = 5});
      REQUIRE(found.size() == 1);
      CHECK(found[0].log_probability <= best + 1e-12);
      sums[w] += found[0].log_probability;
    }
  }
  CHECK(sums[0] < sums[1]);
  CHECK(sums[1] <= sums[2]);
  CHECK(sums[2] <= sums[3]);
}

TEST_CASE("beam: a margin drops what is far below the best, and nothing nearer") {
  // Two symbols and the end (2). After the first step the second hypothesis is ln 4 below the best,
  // but it ends with probability .99. The best one is followed by 0 or 1 (.45 each), or ends (.1).
  Index rows = 0;
  const auto step = [&](const BeamRows& batch) {
    rows += batch.size();
    Tensor<double> scores({batch.size(), 3});
    for (Index r = 0; r < batch.size(); ++r) {
      const Index last = batch.symbol[static_cast<std::size_t>(r)];
      const double p[3] = {last == -1 ? 0.8 : last == 0 ? 0.45 : 0.005,
                           last == -1 ? 0.2 : last == 0 ? 0.45 : 0.005,
                           last == -1 ? 0.0 : last == 0 ? 0.1 : 0.99};
      for (Index s = 0; s < 3; ++s) scores(r, s) = std::log(p[s]);
    }
    return scores;
  };
  const auto searched = [&](double margin) {
    rows = 0;
    return beam_search(step, 1, {.width = 2, .max_length = 6, .margin = margin}).front().front();
  };
  const auto all = searched(std::numeric_limits<double>::infinity());
  const Index all_rows = rows;
  CHECK(all.symbols == std::vector<Index>{0, 1});
  CHECK(searched(10).symbols == all.symbols);
  CHECK(rows == all_rows);
  // 0 margin is greedy, except for ties.
  CHECK(searched(1.0).log_probability <= all.log_probability);
  CHECK(rows < all_rows);
  CHECK_THROWS_AS(searched(-1), ValueError);
  CHECK_THROWS_AS(searched(std::nan("")), ValueError);
}

TEST_CASE("beam: width 1 takes the likeliest symbol at every step") {
  const Language language{6, 3};
  std::vector<Index> text;
  std::vector<double> probabilities;
  while (true) {
    const auto p = language.next(text);
    const auto best = std::max_element(p.begin(), p.end()) - p.begin();
    probabilities.push_back(std::exp(p[static_cast<std::size_t>(best)]));
    if (best == 5 || text.size() > 60) break;
    text.push_back(best);
  }
  const auto found = beam_search_states(std::vector<Index>{}, stepper(language), {.width = 1});
  REQUIRE(found.size() == 1);
  CHECK(found[0].symbols == text);
  REQUIRE(found[0].probabilities.size() == probabilities.size());
  double product = 1;
  for (std::size_t i = 0; i < probabilities.size(); ++i) {
    CHECK(found[0].probabilities[i] == Approx(probabilities[i]));
    product *= probabilities[i];
  }
  CHECK(found[0].confidence() == Approx(product));
}

TEST_CASE("beam: under a trie the best word of the lexicon wins") {
  Random rng(5);
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const Language language{5, seed};
    std::vector<std::vector<Index>> words;
    for (int i = 0; i < 30; ++i) {
      std::vector<Index> word(static_cast<std::size_t>(rng.uniform_int(5)));  // the empty word as well
      for (Index& s : word) s = rng.uniform_int(4);
      words.push_back(word);
    }
    const Trie trie(words);
    double best = -1e9;
    std::vector<Index> best_word;
    for (const auto& word : words) {
      std::vector<Index> before;
      double score = 0;
      for (const Index s : word)
        score += language.next(before)[static_cast<std::size_t>(s)], before.push_back(s);
      score += language.next(before)[4];
      if (score > best) best = score, best_word = word;
    }
    const auto found =
        beam_search_states(std::vector<Index>{}, stepper(language), {.width = 100, .trie = &trie});
    REQUIRE(found.size() == 1);
    CHECK(found[0].symbols == best_word);
    CHECK(found[0].log_probability == Approx(best));
    CHECK(trie.find(found[0].symbols) >= 0);
  }
}

TEST_CASE(
    "beam: images searched together read what they read alone, and rows say where they came from") {
  const Index items = 5;
  std::vector<Language> languages;
  for (Index i = 0; i < items; ++i) languages.push_back({5, static_cast<std::uint64_t>(100 + i)});
  std::vector<std::vector<std::vector<Index>>> batches;  // the texts at every row of every step
  const auto step = [&](const BeamRows& rows) {
    std::vector<std::vector<Index>> texts;
    Tensor<double> scores(Shape{rows.size(), 5});
    for (Index r = 0; r < rows.size(); ++r) {
      const auto at = static_cast<std::size_t>(r);
      std::vector<Index> text;
      if (!batches.empty()) {
        text = batches.back()[static_cast<std::size_t>(rows.parent[at])];
        text.push_back(rows.symbol[at]);
      } else {
        CHECK(rows.symbol[at] == 42);
      }
      const auto p = languages[static_cast<std::size_t>(rows.item[at])].next(text);
      std::copy(p.begin(), p.end(), scores.data() + r * 5);
      texts.push_back(text);
    }
    batches.push_back(texts);
    return scores;
  };
  const auto together =
      beam_search(step, items, {.width = 4, .max_length = 8, .begin = 42, .results = 3});
  REQUIRE(together.size() == 5);
  for (Index i = 0; i < items; ++i) {
    const auto alone =
        beam_search_states(std::vector<Index>{}, stepper(languages[static_cast<std::size_t>(i)]),
                           {.width = 4, .max_length = 8, .results = 3});
    const auto& found = together[static_cast<std::size_t>(i)];
    REQUIRE(found.size() == alone.size());
    for (std::size_t k = 0; k < found.size(); ++k) {
      CHECK(found[k].symbols == alone[k].symbols);
      CHECK(found[k].log_probability == alone[k].log_probability);
      REQUIRE(found[k].rows.size() == found[k].symbols.size() + 1);
      for (std::size_t t = 0; t < found[k].rows.size(); ++t) {
        const std::vector<Index> before(found[k].symbols.begin(),
                                        found[k].symbols.begin() + static_cast<Index>(t));
        CHECK(batches[t][static_cast<std::size_t>(found[k].rows[t])] == before);
      }
    }
  }
}

TEST_CASE("beam: a text must end at the longest length, and impossible ends are reported") {
  const auto never = [](int, Index) {
    return std::pair(std::vector<float>{-0.1f, -5.0f, -9.0f}, 0);
  };
  auto found = beam_search_states(0, never, {.width = 2, .max_length = 3});
  REQUIRE(found.size() == 1);
  CHECK(found[0].finished);
  CHECK(found[0].symbols.size() <= 3);

  const float impossible = -std::numeric_limits<float>::infinity();
  const auto endless = [&](int, Index) {
    return std::pair(std::vector<float>{-0.1f, -5.0f, impossible}, 0);
  };
  found = beam_search_states(0, endless, {.width = 2, .max_length = 3});
  REQUIRE(found.size() == 1);
  CHECK_FALSE(found[0].finished);
  CHECK(found[0].symbols == std::vector<Index>{0, 0, 0});
  CHECK(found[0].confidence() == 0);

  const float no_number = std::numeric_limits<float>::quiet_NaN();
  const auto broken = [&](int, Index) { return std::pair(std::vector<float>(3, no_number), 0); };
  found = beam_search_states(0, broken, {.width = 2, .max_length = 3});
  REQUIRE(found.size() == 1);
  CHECK(found[0].confidence() == 0);  // nothing was read

  const Trie trie({{0, 0, 0, 0, 1}});
  found = beam_search_states(0, never, {.width = 2, .max_length = 3, .trie = &trie});
  REQUIRE(found.size() == 1);
  CHECK_FALSE(found[0].finished);
  CHECK(beam_search_states(0, never, {.width = 2, .max_length = 3, .trie = &trie})[0]
            .symbols.size() == 3);
}

TEST_CASE("beam: options out of range and scores of the wrong shape are errors") {
  const auto step = [](const BeamRows& rows) { return zeros<float>({rows.size() + 1, 3}); };
  CHECK_THROWS_AS(beam_search(step, 1, {}), ShapeError);
  CHECK_THROWS_AS(beam_search(step, 1, {.width = 0}), ValueError);
  CHECK_THROWS_AS(beam_search(step, 1, {.results = 0}), ValueError);
  CHECK(beam_search(step, 0, {}).empty());
}
