// text/charset.hpp, text/metrics.hpp, text/lexicon.hpp
#include <filesystem>
#include <fstream>
#include <set>

#include <glimpse/core/random.hpp>
#include <glimpse/text/charset.hpp>
#include <glimpse/text/lexicon.hpp>
#include <glimpse/text/metrics.hpp>
#include <glimpse/text/read_lexicon.hpp>

#include "../catch.hpp"
#include "scratch.hpp"

using namespace glimpse;

namespace {

Index slow_distance(const std::string& a, const std::string& b) {
  if (a.empty()) return static_cast<Index>(b.size());
  if (b.empty()) return static_cast<Index>(a.size());
  const std::string x = a.substr(1), y = b.substr(1);
  if (a[0] == b[0]) return slow_distance(x, y);
  return 1 + std::min({slow_distance(x, b), slow_distance(a, y), slow_distance(x, y)});
}

std::string random_word(Random& rng, Index longest, Index letters) {
  std::string word;
  const Index n = rng.uniform_int(longest + 1);
  for (Index i = 0; i < n; ++i) word += static_cast<char>('a' + rng.uniform_int(letters));
  return word;
}

}  // namespace

TEST_CASE("charset: the default knows 36 characters and the end") {
  const Charset charset;
  CHECK(charset.count() == 36);
  CHECK(charset.symbols() == 37);
  CHECK(charset.end() == 36);
  CHECK(charset.encode("az09") == std::vector<Index>{0, 25, 26, 35});
  const std::vector<Index> symbols{7, 8, 36, 1};
  CHECK(charset.decode(symbols) == "hi");
  CHECK(charset.decode(charset.encode("glimpse2026")) == "glimpse2026");
  CHECK(charset.encode("").empty());
  CHECK(charset.character(36).empty());
}

TEST_CASE("charset: what it does not know is named") {
  const Charset charset;
  CHECK_THROWS_WITH(charset.encode("caf\u00e9"), "charset: does not know '\u00e9' of 'caf\u00e9'");
  CHECK_THROWS_AS(charset.encode("A"), ValueError);
  CHECK_THROWS_AS(charset.character(37), ValueError);
  CHECK_THROWS_AS(charset.character(-1), ValueError);
  CHECK_THROWS_WITH(Charset("abca"), "charset: holds 'a' twice");
  CHECK_THROWS_AS(Charset(""), ValueError);
  for (const char* broken : {"\x80", "\xC3", "\xC0\xAF", "\xE2\x82", "\xFF", "a\xC3z"}) {
    CHECK_THROWS_AS(Charset(broken), ValueError);
    CHECK_THROWS_AS(charset.encode(broken), ValueError);
  }
}

TEST_CASE("charset: a character may take several bytes") {
  const Charset charset("a\u00e9\u4e2d\U0001F600");
  CHECK(charset.count() == 4);
  CHECK(charset.encode("\u4e2da\U0001F600\u00e9") == std::vector<Index>{2, 0, 3, 1});
  CHECK(charset.decode(charset.encode("\u4e2d\u00e9")) == "\u4e2d\u00e9");
  CHECK(charset.knows("a\u00e9"));
  CHECK_FALSE(charset.knows("ab"));
}

TEST_CASE("charset: labels are made to fit, and normalized for scoring") {
  CHECK(Charset().fit("Don't 42!") == "dont42");
  CHECK(Charset("abcABC").fit("aBcD") == "aBc");
  CHECK(normalize("Don't 42!") == "dont42");
  CHECK(normalize("\u00c9t\u00e9") == "t");
  CHECK(normalize("") == "");
}

TEST_CASE("metrics: edit distance against the recursive definition, with and without a limit") {
  CHECK(edit_distance("kitten", "sitting") == 3);
  CHECK(edit_distance("", "") == 0);
  CHECK(edit_distance("", "abc") == 3);
  Random rng(1);
  for (int i = 0; i < 300; ++i) {
    const std::string a = random_word(rng, 6, 3), b = random_word(rng, 6, 3);
    const Index want = slow_distance(a, b);
    CHECK(edit_distance(a, b) == want);
    CHECK(edit_distance(b, a) == want);
    for (Index limit = 0; limit < 5; ++limit)
      CHECK(edit_distance(a, b, limit) == std::min(want, limit + 1));
  }
}

TEST_CASE("metrics: words are scored in lower case, without signs") {
  WordScore score;
  score.add("coffee", "COFFEE!");
  score.add("word", "world");
  score.add("", "");
  score.add("abc", "");
  CHECK(score.words == 4);
  CHECK(score.correct == 2);
  CHECK(score.accuracy() == 0.5);
  CHECK(score.edits == 4);
  CHECK(score.one_minus_ned() == Approx((1 + 0.8 + 1 + 0) / 4));
  CHECK(score.character_error_rate() == Approx(4.0 / 11));
  WordScore sum;
  CHECK(sum.accuracy() == 0);
  CHECK(sum.one_minus_ned() == 0);
  sum.add(score);
  sum.add(score);
  CHECK(sum.words == 8);
  CHECK(sum.one_minus_ned() == Approx(score.one_minus_ned()));
}

TEST_CASE("trie: parents and levels") {
  const Trie trie({{1, 2, 3}, {1, 2}, {0}, {1, 4}});
  REQUIRE(trie.nodes() == 6);
  CHECK(trie.depth() == 3);
  CHECK(trie.level(0) == 0);
  CHECK(trie.level(1) == 1);
  CHECK(trie.level(2) == 3);
  CHECK(trie.level(3) == 5);
  CHECK(trie.level(4) == 6);
  CHECK(trie.parent(0) == -1);
  for (Index v = 0; v < trie.nodes(); ++v)
    for (Index c = trie.first_child(v); c < trie.first_child(v + 1); ++c) CHECK(trie.parent(c) == v);
  CHECK(Trie().depth() == 0);
  CHECK(Trie().level(1) == 1);
}

TEST_CASE("trie: finds exactly the words it was made from, and its children are ordered") {
  Random rng(2);
  const Charset charset;
  std::vector<std::vector<Index>> words;
  std::set<std::string> known;
  for (int i = 0; i < 500; ++i) {
    const std::string word = random_word(rng, 5, 4);
    known.insert(word);
    words.push_back(charset.encode(word));
  }
  const Trie trie(words);
  for (std::size_t i = 0; i < words.size(); ++i) {
    const Index found = trie.find(words[i]);
    REQUIRE(found >= 0);
    CHECK(words[static_cast<std::size_t>(found)] == words[i]);
    CHECK(found <= static_cast<Index>(i));  // the first of equal words
  }
  for (int i = 0; i < 500; ++i) {
    const std::string word = random_word(rng, 6, 5);
    CHECK((trie.find(charset.encode(word)) >= 0) == (known.count(word) > 0));
  }
  for (Index node = 0; node < trie.nodes(); ++node)
    for (Index c = trie.first_child(node) + 1; c < trie.first_child(node + 1); ++c)
      CHECK(trie.symbol(c - 1) < trie.symbol(c));
  CHECK(Trie().nodes() == 1);
  CHECK(Trie().find({}) == -1);
  CHECK_THROWS_AS(Trie({{0, -1}}), ValueError);
}

TEST_CASE("lexicon: a file of words, with its bad lines reported") {
  const auto path = scratch_path("lexicon.txt");
  std::ofstream(path, std::ios::binary)
      << "\xEF\xBB\xBF"
         "Hotel\r\n\n# cities\n  Paris\t\n!!!\nhotel\n?\nRoma 7";
  const Lexicon lexicon = read_lexicon(path.string(), Charset());
  CHECK(lexicon.words() == std::vector<std::string>{"hotel", "paris", "roma7"});
  REQUIRE(lexicon.bad().size() == 2);
  CHECK(lexicon.bad()[0].line == 5);
  CHECK(lexicon.bad()[0].text == "!!!");
  CHECK(lexicon.bad()[1].line == 7);
  CHECK(lexicon.remarks() ==
        "2 left out, first '!!!' of line 5: has no character that the reader knows; "
        "1 without the characters that the reader does not know; 1 named more than once");
  CHECK(Lexicon({"a", "B"}, Charset()).remarks().empty());
  CHECK(lexicon.contains(Charset().encode("paris")));
  CHECK_FALSE(lexicon.contains(Charset().encode("pari")));

  std::ofstream(path, std::ios::binary) << "\n!!\n";
  CHECK_THROWS_AS(read_lexicon(path.string(), Charset()), IoError);
  std::filesystem::remove(path);
  CHECK_THROWS_WITH(read_lexicon(path.string(), Charset()),
                    "read: '" + path.string() + "' does not exist");
}
