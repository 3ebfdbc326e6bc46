// label encoder: labels as symbols, with a rule for characters outside the character set.
//
//   skip    a label with such a character is left out
//   drop    such characters are left out of the label
//   error   the labels are rejected
//
// A-Z become a-z if the set holds only the lower-case letter, as the protocol of a-z and 0-9
// requires. The encoder counts everything that it leaves out or folds, for a report.
#pragma once

#include <algorithm>
#include <cstdio>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <glimpse/text/charset.hpp>

namespace glimpse::inline v0 {

enum class UnknownCharacters { skip, drop, error };

/// Number of occurrences of every character.
using CharacterCounts = std::map<std::string, Index, std::less<>>;

/// A character for a message: 'x'; 'x' U+1234 if it is not ASCII; U+0007 if it cannot be shown.
inline std::string shown_character(std::string_view character) {
  unsigned code = static_cast<unsigned char>(character[0]);
  if (character.size() > 1) {
    code &= 0xFFu >> (character.size() + 1);
    for (const char c : character.substr(1)) code = code << 6 | (static_cast<unsigned>(c) & 0x3F);
  }
  char number[16];
  std::snprintf(number, sizeof number, "U+%04X", code);
  const bool combining = code >= 0x300 && code < 0x370, control = code < 0x20 || code == 0x7F;
  if (control || combining || (code >= 0x80 && code < 0xA0)) return number;
  const std::string quoted = "'" + std::string(character) + "'";
  return character.size() == 1 ? quoted : quoted + " " + number;
}

/// Counts in one line, most frequent first, at most `most` of them: 'é' U+00E9 (12), '-' (3).
inline std::string shown_counts(const CharacterCounts& counts, std::size_t most = 20) {
  std::vector<std::pair<Index, std::string>> order;
  for (const auto& [character, count] : counts) order.emplace_back(-count, character);
  std::sort(order.begin(), order.end());
  std::string line;
  for (std::size_t i = 0; i < std::min(most, order.size()); ++i)
    line += (i ? ", " : "") + shown_character(order[i].second) + " (" +
            std::to_string(-order[i].first) + ")";
  if (order.size() > most) line += ", and " + std::to_string(order.size() - most) + " others";
  return line;
}

class LabelEncoder {
 public:
  explicit LabelEncoder(Charset charset, UnknownCharacters unknown = UnknownCharacters::skip)
      : charset_(std::move(charset)), policy_(unknown) {}

  /// Symbols of a label; empty if it is left out. Throws ValueError for bytes that are not UTF-8.
  std::vector<Index> encode(std::string_view label) const {
    std::vector<Index> symbols;
    for (const std::string_view c : utf8_characters(label)) {
      const Index symbol = symbol_of(c);
      if (symbol >= 0)
        symbols.push_back(symbol);
      else if (policy_ != UnknownCharacters::drop)
        return {};
    }
    return symbols;
  }

  /// Counts a label. Returns whether it can be used for training.
  bool count(std::string_view label) {
    ++labels_;
    bool fits = true, folds = false;
    Index kept = 0;
    const auto characters = utf8_characters(label);
    for (const std::string_view c : characters) {
      const Index symbol = symbol_of(c);
      fits = fits && symbol >= 0;
      kept += symbol >= 0;
      folds = folds || (symbol >= 0 && charset_.find(c) < 0);
      if (symbol < 0) ++unknown_[std::string(c)];
    }
    const bool left_out = kept == 0 || (!fits && policy_ != UnknownCharacters::drop);
    empty_ += characters.empty();
    left_out_ += left_out && !characters.empty();
    shortened_ += !left_out && !fits;
    folded_ += !left_out && folds;
    return !left_out;
  }

  Index labels() const { return labels_; }        // counted so far
  Index empty() const { return empty_; }          // without any character
  Index left_out() const { return left_out_; }    // because of characters outside the set
  Index shortened() const { return shortened_; }  // used without such characters
  Index folded() const { return folded_; }        // used with A-Z as a-z
  const CharacterCounts& unknown() const { return unknown_; }
  const Charset& charset() const { return charset_; }

  /// Remarks on the labels counted so far, one line each; empty if nothing was changed.
  std::vector<std::string> remarks() const {
    std::vector<std::string> lines;
    const auto labels = [](Index n) { return std::to_string(n) + (n == 1 ? " label" : " labels"); };
    if (!unknown_.empty()) lines.push_back("characters outside the set: " + shown_counts(unknown_));
    if (left_out_ > 0) lines.push_back(labels(left_out_) + " left out for them");
    if (shortened_ > 0) lines.push_back(labels(shortened_) + " learned without them");
    if (empty_ > 0) lines.push_back(labels(empty_) + " left out: empty");
    if (folded_ > 0)
      lines.push_back(labels(folded_) + " learned with A-Z as a-z: the set has no such capitals");
    return lines;
  }

  /// Throws ValueError if the rule is `error` and a character outside the set was counted.
  void check(std::string_view name) const {
    if (policy_ == UnknownCharacters::error && !unknown_.empty())
      fail("labels", "expected characters of the set alone, got ", left_out_, " labels of ", name,
           " with others: ", shown_counts(unknown_), "; 'skip' leaves such labels out");
  }

 private:
  Index symbol_of(std::string_view c) const {
    const Index symbol = charset_.find(c);
    if (symbol >= 0 || c.size() != 1 || c[0] < 'A' || c[0] > 'Z') return symbol;
    const char lower = static_cast<char>(c[0] - 'A' + 'a');
    return charset_.find({&lower, 1});
  }

  Charset charset_;
  UnknownCharacters policy_;
  Index labels_ = 0, empty_ = 0, left_out_ = 0, shortened_ = 0, folded_ = 0;
  CharacterCounts unknown_;
};

}  // namespace glimpse::inline v0
