// edit pattern: the edit distance of one word to many, a column of the table at a time.
//
// Neighbors in the table of distances D (text/metrics.hpp) differ by -1, 0 or 1. Bit i of `up` and
// `down` says that D(i, j) - D(i-1, j) is 1 or -1; a symbol of the other word turns one column into
// the next with some fifteen operations on words of 64 bits. The last row is followed as a number.
// Words of more than 64 symbols take the table itself.
// Sources: Myers 1999; Hyyro 2003 for the distance of whole words.
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

  /// Edit distance to another word, of symbols from 0.
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
      const std::uint64_t level = same | down;
      const std::uint64_t diagonal = (((same & up) + up) ^ up) | same;
      std::uint64_t right = down | ~(diagonal | up), left = up & diagonal;
      d += (right & last) != 0;
      d -= (left & last) != 0;
      right = right << 1 | 1;
      left <<= 1;
      up = left | ~(level | right);
      down = right & level;
    }
    return d;
  }

 private:
  std::vector<Index> word_;
  std::vector<std::uint64_t> positions_;  // of each symbol in the word, as bits
};

}  // namespace glimpse::inline v0
