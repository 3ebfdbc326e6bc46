// charset: the characters that a reader knows, as numbers.
//
//   symbol      0 ... n - 1   the characters, in the order of the text that defines the set
//               n             the end of the word:  n + 1 symbols in all
//
// Texts are UTF-8; a character is one code point.
#pragma once

#include <algorithm>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <glimpse/core/error.hpp>

namespace glimpse::inline v0 {

/// Splits UTF-8 text into its characters. Throws ValueError for bytes that are not UTF-8.
inline std::vector<std::string_view> utf8_characters(std::string_view text) {
  std::vector<std::string_view> characters;
  for (std::size_t at = 0; at < text.size();) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned lead = byte(at);
    const std::size_t length = lead < 0x80   ? 1
                               : lead < 0xC2 ? 0
                               : lead < 0xE0 ? 2
                               : lead < 0xF0 ? 3
                               : lead < 0xF5 ? 4
                                             : 0;
    bool good = length > 0 && at + length <= text.size();
    for (std::size_t i = 1; good && i < length; ++i) good = (byte(at + i) & 0xC0) == 0x80;
    if (!good) fail("utf8", "byte ", at, " of a text of ", text.size(), " bytes is no UTF-8");
    characters.push_back(text.substr(at, length));
    at += length;
  }
  return characters;
}

class Charset {
 public:
  static constexpr std::string_view lower_and_digits = "abcdefghijklmnopqrstuvwxyz0123456789";

  /// text: every character of the set once. Throws ValueError if it is empty, repeats a character,
  /// or is not UTF-8.
  explicit Charset(std::string_view text = lower_and_digits) : text_(text) {
    for (const std::string_view c : utf8_characters(text_)) characters_.emplace_back(c);
    if (characters_.empty()) fail("charset", "has no characters");
    for (Index i = 0; i < count(); ++i)
      order_.emplace_back(characters_[static_cast<std::size_t>(i)], i);
    std::sort(order_.begin(), order_.end());
    for (std::size_t i = 1; i < order_.size(); ++i)
      if (order_[i].first == order_[i - 1].first)
        fail("charset", "holds '", order_[i].first, "' twice");
  }

  /// Number of characters, without the end of the word.
  Index count() const { return static_cast<Index>(characters_.size()); }
  /// Number of symbols: the characters and the end of the word.
  Index symbols() const { return count() + 1; }
  /// The symbol that ends a word: the last.
  Index end() const { return count(); }
  /// The text that defines the set.
  const std::string& text() const { return text_; }
  friend bool operator==(const Charset& a, const Charset& b) { return a.text_ == b.text_; }

  /// Symbol of a character, -1 if it is unknown.
  Index find(std::string_view character) const {
    const auto at =
        std::lower_bound(order_.begin(), order_.end(), character,
                         [](const auto& known, std::string_view c) { return known.first < c; });
    return at != order_.end() && at->first == character ? at->second : -1;
  }
  bool knows(std::string_view label) const {
    const auto characters = utf8_characters(label);
    return std::all_of(characters.begin(), characters.end(),
                       [&](std::string_view c) { return find(c) >= 0; });
  }

  /// Symbols of a label, without the end of the word. Throws ValueError with the first unknown
  /// character.
  std::vector<Index> encode(std::string_view label) const {
    std::vector<Index> symbols;
    for (const std::string_view c : utf8_characters(label)) {
      symbols.push_back(find(c));
      if (symbols.back() < 0) fail("charset", "does not know '", c, "' of '", label, "'");
    }
    return symbols;
  }

  /// The character of a symbol; empty for the end of the word.
  std::string_view character(Index symbol) const {
    if (symbol == end()) return {};
    if (symbol < 0 || symbol > end())
      fail("charset", "has ", symbols(), " symbols, none is number ", symbol);
    return characters_[static_cast<std::size_t>(symbol)];
  }
  /// The text of the symbols before the first end of the word.
  std::string decode(std::span<const Index> symbols) const {
    std::string label;
    for (const Index s : symbols) {
      if (s == end()) break;
      label += character(s);
    }
    return label;
  }

  /// A label in the characters of this set. A-Z become lower case if the set holds only the
  /// lower-case letter; unknown characters are dropped.
  std::string fit(std::string_view label) const {
    std::string kept;
    for (const std::string_view c : utf8_characters(label)) {
      if (find(c) >= 0) {
        kept += c;
      } else if (c.size() == 1 && c[0] >= 'A' && c[0] <= 'Z') {
        const char lower = static_cast<char>(c[0] - 'A' + 'a');
        if (find({&lower, 1}) >= 0) kept += lower;
      }
    }
    return kept;
  }

 private:
  std::string text_;
  std::vector<std::string> characters_;
  std::vector<std::pair<std::string, Index>> order_;  // by character
};

}  // namespace glimpse::inline v0
