// rare characters: finds the characters of a set that are too rare in the usual texts to be
// learned, and draws among them.
//
//   (1)  f_c = share of character c among all characters of the usual texts
//   (2)  p_c  proportional to  max(0, 1 / 700 - f_c)
//
// The target is a share of 1 in 2,000 for every character. With the 1 / 700 of (2), the rarest of
// ascii94 has 1 in 1,360 (20,000 words, built-in list).
// Notation: docs/math/notation.md.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include <glimpse/core/random.hpp>

namespace glimpse::inline v0::synth {

/// Counts characters, then draws those with small counts.
class RareCharacters {
 public:
  RareCharacters() = default;
  /// characters: those that may be drawn, each once.
  explicit RareCharacters(std::u32string_view characters) : characters_(characters) {
    std::sort(characters_.begin(), characters_.end());
    sums_.resize(characters_.size());
  }
  void add(std::u32string_view text) {
    for (const char32_t c : text) {
      const auto at = std::lower_bound(characters_.begin(), characters_.end(), c);
      if (at != characters_.end() && *at == c)
        ++sums_[static_cast<std::size_t>(at - characters_.begin())];
      ++all_;
    }
  }
  /// Computes (1) and (2). Call it once, before the first draw.
  void finish() {
    double sum = 0;
    for (double& s : sums_) s = sum += std::max(0.0, 1.0 / 700 - s / std::max(all_, 1.0));
    need_ = std::min(2.0, 40 * sum);
    if (!(sum > 0)) characters_.clear();
  }

  /// Whether no character is rare.
  bool empty() const { return characters_.empty(); }
  /// Factor for the share of texts with rare characters: 1 for 18 characters that never occur, at
  /// most 2.
  double need() const { return need_; }
  char32_t draw(Random& rng) const {
    const double at = rng.uniform() * sums_.back();
    const auto k = static_cast<std::size_t>(std::upper_bound(sums_.begin(), sums_.end(), at) -
                                            sums_.begin());
    return characters_[std::min(k, characters_.size() - 1)];
  }

 private:
  std::u32string characters_;
  std::vector<double> sums_;  // counts, then running sums of equation (2)
  double all_ = 0, need_ = 0;
};

}  // namespace glimpse::inline v0::synth
