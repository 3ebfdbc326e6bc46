// text/ctc.hpp, text/ctc_trie.hpp: everything against the enumeration of all paths.
#include <map>

#include <glimpse/core/random.hpp>
#include <glimpse/simd/isa.hpp>
#include <glimpse/text/ctc.hpp>
#include <glimpse/text/ctc_trie.hpp>

#include "../catch.hpp"

using namespace glimpse;

namespace {

using Text = std::vector<Index>;

/// Logarithms of random distributions; a higher `contrast` makes them more peaked.
Tensor<double> random_frames(Index frames, Index classes, std::uint64_t seed, double contrast = 3) {
  Random random(seed);
  Tensor<double> x({frames, classes});
  for (Index t = 0; t < frames; ++t) {
    double sum = 0;
    for (Index c = 0; c < classes; ++c)
      sum += std::exp(x(t, c) = random.uniform(-contrast, contrast));
    for (Index c = 0; c < classes; ++c) x(t, c) -= std::log(sum);
  }
  return x;
}

Text text_of(const std::vector<Index>& path, Index blank) {
  Text text;
  Index before = blank;
  for (const Index c : path) {
    if (c != blank && c != before) text.push_back(c);
    before = c;
  }
  return text;
}

/// f(path, its probability) for every path.
template <class F>
void for_each_path(const Tensor<double>& log_p, F&& f) {
  const Index frames = log_p.size(0), classes = log_p.size(1);
  Index count = 1;
  for (Index t = 0; t < frames; ++t) count *= classes;
  for (Index k = 0; k < count; ++k) {
    std::vector<Index> path;
    double p = 0;
    for (Index t = 0, rest = k; t < frames; ++t, rest /= classes) {
      path.push_back(rest % classes);
      p += log_p(t, path.back());
    }
    f(path, std::exp(p));
  }
}

std::map<Text, double> all_texts(const Tensor<double>& log_p, Index blank) {
  std::map<Text, double> texts;
  for_each_path(log_p, [&](const auto& path, double p) { texts[text_of(path, blank)] += p; });
  return texts;
}

Text likeliest(const std::map<Text, double>& texts) {
  return std::max_element(texts.begin(), texts.end(),
                          [](const auto& a, const auto& b) { return a.second < b.second; })
      ->first;
}

}  // namespace

TEST_CASE("ctc greedy: merges neighbors, drops blanks, and reports the frames") {
  Tensor<float> scores = zeros<float>({8, 4});
  const Index path[] = {3, 1, 1, 3, 1, 0, 0, 3};
  for (Index t = 0; t < 8; ++t) scores(t, path[t]) = 1;
  const CtcPath read = ctc_greedy(rows_of(std::as_const(scores)));
  CHECK(read.symbols == Text{1, 1, 0});
  REQUIRE(read.runs.size() == 3);
  CHECK((read.runs[0].begin == 1 && read.runs[0].end == 3));
  CHECK((read.runs[1].begin == 4 && read.runs[1].end == 5));
  CHECK((read.runs[2].begin == 5 && read.runs[2].end == 7));
  CHECK(read.log_probability == Approx(8));
  CHECK(ctc_greedy(rows_of(std::as_const(scores)), 1).symbols == Text{3, 3, 0, 3});
}

TEST_CASE("ctc alignment: the text's likelihood and its frames are those of all paths") {
  for (const Text& text : {Text{}, Text{0}, Text{1, 1}, Text{0, 1, 0}, Text{2, 0}}) {
    const Tensor<double> log_p = random_frames(6, 4, 5);
    double sum = 0;
    Tensor<double> frames = zeros<double>({std::ssize(text), 6});
    for_each_path(log_p, [&](const std::vector<Index>& path, double p) {
      if (text_of(path, 3) != text) return;
      sum += p;
      Index i = -1, before = 3;
      for (std::size_t t = 0; t < 6; before = path[t++]) {
        i += path[t] != 3 && path[t] != before;
        if (path[t] != 3) frames(i, static_cast<Index>(t)) += p;
      }
    });
    const CtcAlignment found = ctc_alignment(rows_of(log_p), text);
    CHECK(found.log_probability == Approx(std::log(sum)));
    for (Index i = 0; i < frames.size(); ++i)
      CHECK(found.frames.data()[i] == Approx(frames.data()[i] / sum).margin(1e-12));
  }
  const Tensor<double> log_p = random_frames(3, 4, 6);
  CHECK(std::isinf(ctc_alignment(rows_of(log_p), Text{1, 1, 2}).log_probability));
  CHECK(ctc_alignment(rows_of(log_p), Text{1, 1, 2}).frames.shape() == Shape{3, 3});
  CHECK_THROWS_AS(ctc_alignment(rows_of(log_p), Text{3}), ValueError);
}

TEST_CASE("ctc beam: wide enough it is the exhaustive search, likelihoods included") {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const Tensor<double> log_p = random_frames(5, 4, seed, 1);
    const std::map<Text, double> texts = all_texts(log_p, 3);
    const auto found = ctc_beam(rows_of(log_p), {.width = 1000, .results = 1000});
    CHECK(found.size() == texts.size());
    CHECK(found.front().symbols == likeliest(texts));
    for (const CtcHypothesis& h : found)
      CHECK(std::exp(h.log_probability) == Approx(texts.at(h.symbols)));
    for (std::size_t i = 1; i < found.size(); ++i)
      CHECK(found[i - 1].log_probability >= found[i].log_probability);
  }
}

TEST_CASE(
    "ctc beam: beats the greedy path where many paths share a text, and never exceeds it all") {
  // Every frame's best is the blank, but most paths contain a 0.
  Tensor<double> log_p({3, 2});
  for (Index t = 0; t < 3; ++t) log_p(t, 0) = std::log(0.4), log_p(t, 1) = std::log(0.6);
  CHECK(ctc_greedy(rows_of(log_p)).symbols.empty());
  const auto found = ctc_beam(rows_of(log_p), {.width = 3});
  CHECK(found.front().symbols == Text{0});
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    const Tensor<double> frames = random_frames(12, 6, seed);
    const auto narrow = ctc_beam(rows_of(frames), {.width = 4}).front();
    const double whole = ctc_alignment(rows_of(frames), narrow.symbols).log_probability;
    CHECK(narrow.log_probability <= whole + 1e-9);
    CHECK(whole >= ctc_greedy(rows_of(frames)).log_probability);
  }
}

TEST_CASE("ctc beam along a trie: the likeliest word of all that fit") {
  Random random(4);
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    const Tensor<double> log_p = random_frames(5, 4, seed, 1);
    std::vector<Text> words;
    for (int i = 0; i < 6; ++i) {
      words.emplace_back(static_cast<std::size_t>(random.uniform_int(5)));
      for (Index& c : words.back()) c = random.uniform_int(3);
    }
    const Trie trie(words);
    const std::map<Text, double> texts = all_texts(log_p, 3);
    Text best;
    double most = -1;
    for (const Text& word : words) {
      const auto at = texts.find(word);
      if (at != texts.end() && at->second > most) most = at->second, best = word;
    }
    const auto found = ctc_beam(rows_of(log_p), {.width = 100, .trie = &trie});
    REQUIRE(!found.empty());
    CHECK(found.front().symbols == best);
    CHECK(std::exp(found.front().log_probability) == Approx(most));
    CHECK(trie.find(found.front().symbols) == trie.word(found.front().node));
  }
  const Trie long_words(std::vector<Text>{{0, 0, 0, 0}});
  CHECK(ctc_beam(rows_of(random_frames(5, 4, 1)), {.trie = &long_words}).empty());
  CHECK_THROWS_AS(ctc_beam(rows_of(random_frames(5, 4, 1)), {.width = 0}), ValueError);
}

TEST_CASE("ctc trie: every word's likelihood is that of its alignment, at every instruction set") {
  Random random(5);
  for (const Index count : {1, 3, 40, 500}) {
    std::vector<Text> words;
    for (Index i = 0; i < count; ++i) {
      words.emplace_back(static_cast<std::size_t>(random.uniform_int(9)));
      for (Index& c : words.back()) c = random.uniform_int(count < 40 ? 2 : 6);
    }
    const Trie trie(words);
    for (const Index frames : {0, 1, 7, 12}) {
      const Tensor<double> log_p = random_frames(frames, 7, static_cast<std::uint64_t>(count));
      const Tensor<float> in_float = cast<float>(log_p);
      for (const simd::Isa level : {simd::Isa::baseline, simd::Isa::avx2, simd::Isa::avx512}) {
        const simd::IsaScope scope(level);
        const std::vector<double> predicted = ctc_trie(rows_of(log_p), trie);
        const std::vector<float> told_float = ctc_trie(rows_of(in_float), trie);
        for (const Text& word : words) {
          Index node = 0;
          for (const Index c : word) node = trie.child(node, c);
          const auto v = static_cast<std::size_t>(node);
          const double wanted = ctc_alignment(rows_of(log_p), word).log_probability;
          if (std::isinf(wanted)) {
            CHECK(predicted[v] < -1e29);
            CHECK(told_float[v] < -1e29f);
          } else {
            CHECK(predicted[v] == Approx(wanted).margin(1e-9));
            CHECK(static_cast<double>(told_float[v]) == Approx(wanted).epsilon(1e-5).margin(1e-4));
          }
        }
      }
    }
  }
  CHECK(ctc_trie(rows_of(random_frames(4, 3, 1)), Trie()).size() == 1);
  CHECK_THROWS_AS(ctc_trie(rows_of(random_frames(4, 3, 1)), Trie(std::vector<Text>{{2}})),
                  ValueError);
}
