// bk tree: finds the words near a word without computing the distance to every word.
//
//   A child at the end of edge d is the root of all words at distance d from its parent.
//   (1)  |D(q, parent) - d| <= D(q, any word below that edge)       the triangle inequality
//
// At a node with distance D from the question q, only edges in [D - r, D + r] can lead to words
// within r. Source: Burkhard, Keller 1973.
// Notation: docs/math/notation.md.
#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include <glimpse/text/edit_pattern.hpp>

namespace glimpse::inline v0 {

class BkTree {
 public:
  /// The number of a word, and its distance.
  struct Match {
    Index word = -1, distance = 0;
  };

  BkTree() = default;

  /// words: symbols >= 0 each; no word occurs twice. Word numbers are positions in `words`.
  explicit BkTree(const std::vector<std::vector<Index>>& words) {
    begin_.push_back(0);
    for (std::size_t i = 0; i < words.size(); ++i) {
      for (const Index s : words[i]) symbols_.push_back(static_cast<std::uint32_t>(s));
      begin_.push_back(static_cast<std::uint32_t>(symbols_.size()));
      insert(static_cast<std::int32_t>(i), EditPattern(words[i]));
    }
  }

  Index size() const { return std::ssize(nodes_); }

  /// Calls f(word number, distance) for every word within `limit` edits, in no particular order. f
  /// returns the limit for the rest of the search, at most the old one.
  template <class F>
  void search(std::span<const Index> question, Index limit, F&& f) const {
    if (nodes_.empty()) return;
    const EditPattern pattern(question);
    std::vector<std::int32_t> open{0};
    while (!open.empty()) {
      const std::int32_t at = open.back();
      open.pop_back();
      const Index d = pattern.distance(word(at));
      if (d <= limit) limit = f(Index{at}, d);
      for (std::int32_t c = node(at).child; c >= 0; c = node(c).sibling)
        if (node(c).edge >= d - limit && node(c).edge <= d + limit) open.push_back(c);  // (1)
    }
  }

  /// The nearest word; of equally near ones the first. Its number is -1 if no word is within
  /// `limit` (-1: no limit). ties: if given, receives the number of other words at the same
  /// distance.
  Match nearest(std::span<const Index> question, Index limit = -1, Index* ties = nullptr) const {
    if (limit < 0) limit = std::ssize(question) + std::ssize(symbols_);
    Match best;
    Index others = 0;
    search(question, limit, [&](Index w, Index d) {
      if (best.word < 0 || d < best.distance) {
        best = {w, d}, others = 0;
      } else {
        best.word = std::min(best.word, w), ++others;
      }
      return best.distance;
    });
    if (ties) *ties = others;
    return best;
  }

  /// All words within `limit` edits, in the order of their numbers.
  std::vector<Match> within(std::span<const Index> question, Index limit) const {
    std::vector<Match> found;
    search(question, limit, [&](Index w, Index d) {
      found.push_back({w, d});
      return limit;
    });
    std::sort(found.begin(), found.end(),
              [](const Match& a, const Match& b) { return a.word < b.word; });
    return found;
  }

 private:
  struct Node {
    std::int32_t edge = 0, child = -1, sibling = -1;
  };

  const Node& node(std::int32_t i) const { return nodes_[static_cast<std::size_t>(i)]; }
  std::span<const std::uint32_t> word(std::int32_t i) const {
    const auto at = static_cast<std::size_t>(i);
    return {symbols_.data() + begin_[at], symbols_.data() + begin_[at + 1]};
  }

  /// Node i is word i.
  void insert(std::int32_t i, const EditPattern& pattern) {
    nodes_.emplace_back();
    for (std::int32_t at = 0; at != i;) {
      const auto d = static_cast<std::int32_t>(pattern.distance(word(at)));
      std::int32_t next = node(at).child;
      while (next >= 0 && node(next).edge != d) next = node(next).sibling;
      if (next < 0) {
        nodes_.back() = {d, -1, node(at).child};
        nodes_[static_cast<std::size_t>(at)].child = next = i;
      }
      at = next;
    }
  }

  std::vector<std::uint32_t> symbols_, begin_;  // of word i: [begin_[i], begin_[i + 1])
  std::vector<Node> nodes_;
};

}  // namespace glimpse::inline v0
