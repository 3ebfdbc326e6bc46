// confusion: counts which characters were read as which.
//
// The edit distance of metrics.hpp aligns the reading with the truth. A walk back through its table
// labels each pair as kept, changed, missed (only in the truth) or invented (only in the reading).
// If several walks are equally short, a change is preferred to a missed or invented character.
#pragma once

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

#include <glimpse/core/shape.hpp>
#include <glimpse/text/protocol.hpp>

namespace glimpse::inline v0 {

/// Counts pairs of characters of normalized text, a-z and 0-9; `none` means no character.
class Confusion {
 public:
  static constexpr char none = '-';

  /// Aligns one reading with its truth and counts.
  void add(std::string_view reading, std::string_view truth) {
    const std::string a = normalize(truth), b = normalize(reading);
    const std::size_t n = a.size(), m = b.size(), row = m + 1;
    std::vector<Index> cost((n + 1) * row);
    for (std::size_t i = 0; i <= n; ++i)
      for (std::size_t j = 0; j <= m; ++j) {
        Index& c = cost[i * row + j];
        if (i == 0 || j == 0) {
          c = static_cast<Index>(i + j);
          continue;
        }
        c = std::min({cost[(i - 1) * row + j] + 1, cost[i * row + j - 1] + 1,
                      cost[(i - 1) * row + j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)});
      }
    for (std::size_t i = n, j = m; i > 0 || j > 0;) {
      const Index c = cost[i * row + j];
      if (i > 0 && j > 0 && c == cost[(i - 1) * row + j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)) {
        --i, --j;
        ++count(a[i], b[j]);
      } else if (i > 0 && c == cost[(i - 1) * row + j] + 1) {
        ++count(a[--i], none);
      } else {
        ++count(none, b[--j]);
      }
    }
  }

  /// How often `truth` was read as `reading`; either may be `none`.
  Index operator()(char truth, char reading) const { return counts_[index(truth)][index(reading)]; }

  struct Mistake {
    char truth, reading;
    Index count;
    double share;  // count / occurrences of the truth's character; 0 for `none`
  };
  /// The mistakes, most frequent first; ties in the order of the characters.
  std::vector<Mistake> mistakes() const {
    std::vector<Mistake> all;
    for (const char t : characters) {
      Index total = 0;
      for (const char r : characters) total += (*this)(t, r);
      for (const char r : characters)
        if (const Index c = (*this)(t, r); c > 0 && t != r)
          all.push_back(
              {t, r, c, t == none ? 0.0 : static_cast<double>(c) / static_cast<double>(total)});
    }
    std::stable_sort(all.begin(), all.end(),
                     [](const Mistake& x, const Mistake& y) { return x.count > y.count; });
    return all;
  }

 private:
  static constexpr std::string_view characters = "0123456789abcdefghijklmnopqrstuvwxyz-";

  static std::size_t index(char c) { return std::min(characters.find(c), characters.size() - 1); }
  Index& count(char truth, char reading) { return counts_[index(truth)][index(reading)]; }

  std::array<std::array<Index, characters.size()>, characters.size()> counts_{};
};

}  // namespace glimpse::inline v0
