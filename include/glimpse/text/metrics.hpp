// metrics: measures of accuracy for readings of words.
//
//   (1)  D(i, j) = min(D(i-1, j) + 1, D(i, j-1) + 1, D(i-1, j-1) + [a_i != b_j]),
//        D(i, 0) = i,  D(0, j) = j;   edit distance of a and b = D(|a|, |b|)
//   (2)  1-NED   = mean over words of 1 - D(a, b) / max(|a|, |b|);  1 if both are empty
//   (3)  word accuracy = words read exactly / words
//
// A protocol (protocol.hpp) selects the characters of both sides first. Characters are code points.
// Sources: Levenshtein 1966; ICDAR 2019 for (2).
// Notation: docs/math/notation.md.
#pragma once

#include <algorithm>
#include <numeric>
#include <string_view>
#include <vector>

#include <glimpse/core/shape.hpp>
#include <glimpse/text/charset.hpp>
#include <glimpse/text/protocol.hpp>

namespace glimpse::inline v0 {

/// Edit distance (1) of two sequences: text (bytes) or symbols. If the distance exceeds `limit`,
/// the function stops early and returns limit + 1. O(|a| |b|) time, O(|b|) memory.
template <class Sequence>
Index edit_distance(const Sequence& a, const Sequence& b, Index limit = -1) {
  const Index n = static_cast<Index>(a.size()), m = static_cast<Index>(b.size());
  if (limit >= 0 && (n > m ? n - m : m - n) > limit) return limit + 1;
  std::vector<Index> row(static_cast<std::size_t>(m + 1));
  std::iota(row.begin(), row.end(), Index{0});
  for (Index i = 1; i <= n; ++i) {
    Index diagonal = row[0], best = row[0] = i;
    for (std::size_t j = 1; j <= static_cast<std::size_t>(m); ++j) {
      const Index swap = diagonal + (a[static_cast<std::size_t>(i - 1)] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, swap});
      best = std::min(best, row[j]);
    }
    if (limit >= 0 && best > limit) return limit + 1;
  }
  const Index distance = row[static_cast<std::size_t>(m)];
  return limit >= 0 && distance > limit ? limit + 1 : distance;
}
inline Index edit_distance(const char* a, const char* b) {
  return edit_distance(std::string_view(a), std::string_view(b));
}

/// 1 - distance / longer length, one term of (2).
template <class Sequence>
double similarity(const Sequence& a, const Sequence& b) {
  const std::size_t longer = std::max(a.size(), b.size());
  return longer == 0 ? 1.0
                     : 1.0 - static_cast<double>(edit_distance(a, b)) / static_cast<double>(longer);
}
inline double similarity(const char* a, const char* b) {
  return similarity(std::string_view(a), std::string_view(b));
}

/// Counts readings against the truth. Counters of two runs can be added.
struct WordScore {
  Index words = 0, correct = 0, edits = 0, characters = 0;
  double similarities = 0;

  /// Normalizes both sides and counts them. Throws ValueError for text that is not UTF-8.
  void add(std::string_view reading, std::string_view truth,
           Protocol protocol = Protocol::lower36) {
    const std::string read = normalize(reading, protocol), wanted = normalize(truth, protocol);
    const auto a = utf8_characters(read), b = utf8_characters(wanted);
    ++words;
    correct += read == wanted;
    edits += edit_distance(a, b);
    characters += static_cast<Index>(b.size());
    similarities += similarity(a, b);
  }
  void add(const WordScore& other) {
    words += other.words, correct += other.correct, edits += other.edits,
        characters += other.characters;
    similarities += other.similarities;
  }

  /// Word accuracy (3); 0 without words.
  double accuracy() const {
    return words ? static_cast<double>(correct) / static_cast<double>(words) : 0;
  }
  /// Mean similarity (2); 0 without words.
  double one_minus_ned() const { return words ? similarities / static_cast<double>(words) : 0; }
  /// Edits per character of the truth.
  double character_error_rate() const {
    return characters ? static_cast<double>(edits) / static_cast<double>(characters) : 0;
  }
};

}  // namespace glimpse::inline v0
