// edit pattern: the edit distance of one word a to many words b, one column of the table at a time.
//
// Neighbors in the table of distances D (text/metrics.hpp) differ by -1, 0 or 1. Bit i of a 64-bit
// word describes row i of the column of symbol b_j. Names are Myers', with ours in parentheses:
//
//   EQ (same)                a_i = b_j
//   VP, VN (up, down)        D(i, j-1) - D(i-1, j-1)  is  +1, -1
//   (1)  XV (level)    = EQ | VN
//   (2)  XH (diagonal) = (((EQ & VP) + VP) ^ VP) | EQ        XH | VN:  D(i, j) = D(i-1, j-1)
//   (3)  HP (right)    = VN | ~(XH | VP)                     D(i, j) - D(i, j-1) = +1
//   (4)  HN (left)     = VP & XH                             D(i, j) - D(i, j-1) = -1
//   (5)  D(|a|, j) = D(|a|, j-1) + [bit |a| - 1 of HP] - [bit |a| - 1 of HN]
//   (6)  HP <- HP << 1 | 1,  HN <- HN << 1                   the 1: D(0, j) = j
//   (7)  VP <- HN | ~(XV | HP),  VN <- HP & XV               D(i, j) - D(i-1, j)
//
// The carry of the addition in (2) follows a run of matches down the column. Words of more than 64
// symbols use the table itself.
// Sources: Myers 1999; Hyyro 2003 for the distance of whole words.
// Notation: docs/math/notation.md.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include <glimpse/text/metrics.hpp>

namespace glimpse::inline v0 {

class EditPattern {
 public:
  explicit EditPattern(std::span<const Index> word) : word_(word.begin(), word.end()) {
    if (word.empty() || word.size() > 64) return;
    positions_.resize(static_cast<std::size_t>(*std::max_element(word.begin(), word.end())) + 1);
    for (std::size_t i = 0; i < word.size(); ++i)
      positions_[static_cast<std::size_t>(word[i])] |= std::uint64_t{1} << i;
  }

  /// Edit distance to another word, symbols >= 0. O(|b|) up to 64 symbols, else O(|a| |b|).
  template <class Symbol>
  Index distance(std::span<const Symbol> other) const {
    if (word_.empty()) return std::ssize(other);
    if (positions_.empty()) {
      const std::vector<Index> symbols(other.begin(), other.end());
      return edit_distance(word_, symbols);
    }
    std::uint64_t up = ~std::uint64_t{0}, down = 0;
    const std::uint64_t last = std::uint64_t{1} << (word_.size() - 1);
    Index d = std::ssize(word_);
    for (const Symbol s : other) {
      const auto at = static_cast<std::size_t>(s);
      const std::uint64_t same = at < positions_.size() ? positions_[at] : 0;
      const std::uint64_t level = same | down;  // (1)
      const std::uint64_t diagonal = (((same & up) + up) ^ up) | same;  // (2)
      std::uint64_t right = down | ~(diagonal | up), left = up & diagonal;  // (3), (4)
      d += (right & last) != 0;  // (5)
      d -= (left & last) != 0;
      right = right << 1 | 1;  // (6)
      left <<= 1;
      up = left | ~(level | right);  // (7)
      down = right & level;
    }
    return d;
  }

 private:
  std::vector<Index> word_;
  std::vector<std::uint64_t> positions_;  // bit i of entry s: symbol i of the word is s
};

}  // namespace glimpse::inline v0
