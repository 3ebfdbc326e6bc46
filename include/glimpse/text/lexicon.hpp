// lexicon: the words that a reading may be.
//
//   Trie       node 0 is the empty word; the children of node i are the nodes [first_child(i),
//              first_child(i + 1)), in the order of their symbols: four arrays, level by level
//   BkTree     the same words by edit distance (text/bk_tree.hpp)
#pragma once

#include <algorithm>
#include <numeric>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <glimpse/text/bk_tree.hpp>
#include <glimpse/text/charset.hpp>

namespace glimpse::inline v0 {

/// Words as symbols, shared prefixes stored once.
class Trie {
 public:
  /// The empty trie: only the root.
  Trie() : Trie(std::vector<std::vector<Index>>{}) {}

  /// words: symbols >= 0 each. Of equal words the first counts. O(total length x log words).
  explicit Trie(const std::vector<std::vector<Index>>& words) {
    std::vector<Index> order(words.size());
    std::iota(order.begin(), order.end(), Index{0});
    const auto word = [&](Index i) -> const std::vector<Index>& {
      return words[static_cast<std::size_t>(i)];
    };
    std::stable_sort(order.begin(), order.end(),
                     [&](Index a, Index b) { return word(a) < word(b); });

    // A node is a run [begin, end) of the sorted words with its prefix. Runs are split level by
    // level.
    struct Run {
      std::size_t begin, end, depth;
    };
    std::vector<Run> runs{{0, order.size(), 0}};
    symbol_.push_back(-1);
    parent_.push_back(-1);
    for (std::size_t node = 0; node < runs.size(); ++node) {
      const Run run = runs[node];
      if (run.depth == levels_.size()) levels_.push_back(static_cast<Index>(node));
      std::size_t i = run.begin;
      while (i < run.end && word(order[i]).size() == run.depth)
        ++i;  // words that end here come first
      word_.push_back(i > run.begin ? order[run.begin] : -1);
      first_.push_back(static_cast<Index>(runs.size()));
      while (i < run.end) {
        const Index s = word(order[i])[run.depth];
        if (s < 0) fail("trie", "symbols start at 0, word ", order[i], " holds ", s);
        std::size_t j = i;
        while (j < run.end && word(order[j])[run.depth] == s) ++j;
        runs.push_back({i, j, run.depth + 1});
        symbol_.push_back(s);
        parent_.push_back(static_cast<Index>(node));
        i = j;
      }
    }
    first_.push_back(static_cast<Index>(runs.size()));
    levels_.push_back(static_cast<Index>(runs.size()));
  }

  static constexpr Index root() { return 0; }
  Index nodes() const { return static_cast<Index>(symbol_.size()); }
  /// Children of a node are the nodes [first_child(node), first_child(node + 1)).
  Index first_child(Index node) const { return first_[static_cast<std::size_t>(node)]; }
  /// The parent of a node, -1 for the root.
  Index parent(Index node) const { return parent_[static_cast<std::size_t>(node)]; }
  /// Symbols of the longest word.
  Index depth() const { return std::ssize(levels_) - 2; }
  /// Nodes of prefixes of d symbols are [level(d), level(d + 1)), for d up to the depth.
  Index level(Index d) const { return levels_[static_cast<std::size_t>(d)]; }
  /// The symbol on the edge into a node, -1 for the root.
  Index symbol(Index node) const { return symbol_[static_cast<std::size_t>(node)]; }
  /// Number of the word that ends at a node, -1 if none does.
  Index word(Index node) const { return word_[static_cast<std::size_t>(node)]; }
  /// The child along a symbol, -1 if there is none. O(log children).
  Index child(Index node, Index symbol) const {
    const auto begin = symbol_.begin() + first_child(node),
               end = symbol_.begin() + first_child(node + 1);
    const auto at = std::lower_bound(begin, end, symbol);
    return at != end && *at == symbol ? at - symbol_.begin() : -1;
  }
  /// Number of a word, -1 if it is not in the trie.
  Index find(std::span<const Index> word_symbols) const {
    Index node = root();
    for (const Index s : word_symbols)
      if ((node = child(node, s)) < 0) return -1;
    return word(node);
  }

 private:
  std::vector<Index> first_, symbol_, parent_, word_, levels_;
};

/// How a reader chooses a word (models/read.hpp). posterior: by the probability of every word.
/// edit: by the edit distance to the unconstrained reading. tree: by a beam search along the trie.
/// automatic: posterior up to a thousand words (CTC: ten thousand), tree beyond.
enum class LexiconMode { automatic, posterior, edit, tree };

/// Words that fit a character set, with their trie and their BK-tree.
class Lexicon {
 public:
  struct BadLine {
    Index line;  // from 1
    std::string text, reason;
  };

  Lexicon() = default;

  /// Words are fitted to the character set (Charset::fit). Words without any known character are
  /// listed in `bad()`; repetitions are dropped. Word numbers count only the words that were kept.
  Lexicon(const std::vector<std::string>& words, const Charset& charset) {
    for (std::size_t i = 0; i < words.size(); ++i)
      add(words[i], static_cast<Index>(i) + 1, charset);
    finish();
  }

  Index size() const { return static_cast<Index>(words_.size()); }
  const std::string& word(Index i) const { return words_[static_cast<std::size_t>(i)]; }
  const std::vector<std::string>& words() const { return words_; }
  const std::vector<Index>& symbols(Index i) const { return symbols_[static_cast<std::size_t>(i)]; }
  const Trie& trie() const { return trie_; }
  /// The words that were not used, and why.
  const std::vector<BadLine>& bad() const { return bad_; }
  bool contains(std::span<const Index> symbols) const { return trie_.find(symbols) >= 0; }

  /// The words by edit distance.
  const BkTree& bk_tree() const { return bk_tree_; }

  /// Remarks on how the words were fitted, in one line; empty if nothing was changed.
  std::string remarks() const {
    std::string line;
    const auto tell = [&](Index count, const std::string& what) {
      if (count > 0) line += (line.empty() ? "" : "; ") + std::to_string(count) + " " + what;
    };
    if (!bad_.empty())
      tell(std::ssize(bad_), "left out, first '" + bad_[0].text + "' of line " +
                                 std::to_string(bad_[0].line) + ": " + bad_[0].reason);
    tell(shortened_, "without the characters that the reader does not know");
    tell(repeated_, "named more than once");
    return line;
  }

 private:
  friend Lexicon read_lexicon(const std::string&, const Charset&);

  void add(std::string_view text, Index line, const Charset& charset) {
    try {
      const std::string word = charset.fit(text);
      if (word.empty()) {
        bad_.push_back({line, std::string(text), "has no character that the reader knows"});
        return;
      }
      words_.push_back(word);
      symbols_.push_back(charset.encode(word));
      shortened_ += symbols_.back().size() < utf8_characters(text).size();
    } catch (const ValueError&) {
      bad_.push_back({line, std::string(text), "is no UTF-8"});
    }
  }
  void finish() {
    // Keeps the first of equal words: the trie stores its number at the word's node.
    const Trie all(symbols_);
    std::vector<std::string> words;
    std::vector<std::vector<Index>> symbols;
    for (std::size_t i = 0; i < words_.size(); ++i) {
      if (all.find(symbols_[i]) != static_cast<Index>(i)) continue;
      words.push_back(std::move(words_[i]));
      symbols.push_back(std::move(symbols_[i]));
    }
    repeated_ += std::ssize(words_) - std::ssize(words);
    words_ = std::move(words), symbols_ = std::move(symbols);
    trie_ = Trie(symbols_);
    bk_tree_ = BkTree(symbols_);
  }

  std::vector<std::string> words_;
  std::vector<std::vector<Index>> symbols_;
  std::vector<BadLine> bad_;
  Index shortened_ = 0, repeated_ = 0;
  Trie trie_;
  BkTree bk_tree_;
};

}  // namespace glimpse::inline v0
