// words: the texts of synthetic images. Lexicon words, common short words, numbers, prices, codes
// and random letters are mixed, because a reader trained only on English would guess spellings. A
// share of the texts holds characters of the set that the others lack (rare_characters.hpp).
//
//   text    UTF-8 as rendered, with case and punctuation; letters, digits and blanks are of the set
//   label   text reduced to the set (label_of)
#pragma once

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <glimpse/core/random.hpp>
#include <glimpse/data/synth/common_words.hpp>
#include <glimpse/data/synth/letters.hpp>
#include <glimpse/data/synth/number_texts.hpp>
#include <glimpse/data/synth/rare_characters.hpp>
#include <glimpse/data/synth/recipe.hpp>
#include <glimpse/data/synth/sign_texts.hpp>
#include <glimpse/data/synth/split.hpp>
#include <glimpse/data/synth/word_style.hpp>
#include <glimpse/io/lines.hpp>

namespace glimpse::inline v0::synth {

/// A source of texts: a lexicon, sorted by length, and a character set.
class Words {
 public:
  /// Words without a file: common words and pronounceable inventions; random letters of the set if
  /// it lacks some of a-z.
  static Words built_in(const Charset& charset = Charset()) {
    Words words(charset);
    words.count_characters();
    return words;
  }

  /// Words of a UTF-8 text file, one a line, in their own case (NFC). A list entirely in capitals
  /// is read as lower case, because it has no information about case. Left out and counted: lines
  /// over 24 characters, lines without a letter or digit, and lines with letters, digits or blanks
  /// that the set lacks in both cases. Words outside the split are skipped. Throws IoError as
  /// read_lines does, and for a file without a word.
  static Words from_file(const std::string& path, Split split = Split::all,
                         const Charset& charset = Charset()) {
    Words words(charset);
    bool small = false;  // letters in lower case
    for (const std::string& line : read_lines(path))
      if (const std::string_view word = trimmed(line); !word.empty())
        words.add(nfc(word), split, small);
    if (words.lexicon_.empty())
      fail<IoError>("words", "expected words of the character set, got none in '", path, "'");
    if (!small)
      for (std::string& word : words.lexicon_) word = lower_case(word);
    words.count_characters();
    return words;
  }

  std::size_t size() const { return lexicon_.size(); }
  /// Lines of the file that were left out.
  std::size_t left_out() const { return left_out_; }
  const Charset& charset() const { return charset_; }
  /// The text reduced to the character set.
  std::string label(std::string_view text) const { return label_of(text, charset_); }

  /// One text, with letters in the case to render; its label is never empty.
  std::string draw(const Random& stream, const Recipe& recipe) const {
    if (!rare_.empty()) {
      Random rng = stream.split(0x5B);
      if (rng.bernoulli(recipe.symbols.probability * rare_.need())) return with_rare(rng, recipe);
    }
    for (std::uint64_t attempt = 0; attempt < 8; ++attempt)
      if (const auto text = suited(usual(attempt == 0 ? stream : stream.split(attempt), recipe)))
        return *text;
    Random rng = stream.split(0x5C);
    return spelled(rng, 0);
  }

 private:
  explicit Words(const Charset& charset) : charset_(charset) {
    latin_ = true;
    for (char32_t c = 'a'; c <= 'z'; ++c) latin_ = latin_ && knows(c) != nowhere;
    for (const char32_t c : code_points(charset.text())) {
      if (is_letter(c) && (!latin_ || c < 0x80)) letters_ += lower(c);
      if (utf8proc_category(static_cast<utf8proc_int32_t>(c)) != UTF8PROC_CATEGORY_ZS) visible_ += c;
    }
    if (visible_.empty()) fail("words", "expected a character set with more than blanks");
    std::sort(letters_.begin(), letters_.end());
    letters_.erase(std::unique(letters_.begin(), letters_.end()), letters_.end());
    for (const std::string_view text : sign_texts)
      if (in_set(text)) signs_.push_back(text);
  }

  // Adds one line of the list.
  void add(const std::string& word, Split split, bool& small) {
    const std::u32string characters = code_points(word);
    std::string name;  // key of the split: letters and digits in lower case
    for (const char32_t c : characters)
      if (is_letter_or_digit(c)) name += utf8(lower(c));
    if (name.empty() || characters.size() > longest || !suited(word)) {
      ++left_out_;
      return;
    }
    if (!in_split(split, name)) return;
    for (const char32_t c : characters) small = small || upper(c) != c;
    by_length_[characters.size()].push_back(lexicon_.size());
    lexicon_.push_back(word);
  }

  // Counts the characters of texts without the rare-character kind.
  void count_characters() {
    const Recipe recipe;
    RareCharacters counts(visible_);
    for (std::uint64_t i = 0; i < 6000; ++i) counts.add(code_points(label(draw(Random(7, i), recipe))));
    counts.finish();
    rare_ = std::move(counts);
  }

  // Whether the set has a letter as it is, only in its other case, or not at all.
  enum Knows { as_it_is, as_lower, as_upper, nowhere };
  Knows knows(char32_t c) const {
    if (charset_.find(utf8(c)) >= 0) return as_it_is;
    if (charset_.find(utf8(lower(c))) >= 0) return as_lower;
    return charset_.find(utf8(upper(c))) >= 0 ? as_upper : nowhere;
  }

  // The text, in capitals if the set has no lower case. Nothing if the set lacks one of its
  // letters, digits or blanks. Punctuation that the set lacks stays in the image.
  std::optional<std::string> suited(std::string text) const {
    bool capitals = false, kept = false;
    for (const char32_t c : code_points(text)) {
      const Knows how = knows(c);
      if (how == nowhere && (is_letter_or_digit(c) || c == ' ')) return std::nullopt;
      capitals = capitals || how == as_upper;
      kept = kept || how != nowhere;
    }
    if (!kept) return std::nullopt;
    return capitals ? upper_case(text) : text;
  }

  // Whether the set has all literal characters of a pattern of sign_texts.
  bool in_set(std::string_view pattern) const {
    for (const char32_t c : code_points(pattern)) {
      const bool place = c == 'W' || c == 'A';
      if (!(place ? !letters_.empty() : knows(c) != nowhere)) return false;
    }
    return true;
  }

  // A text of the usual kinds, for any set.
  std::string usual(const Random& stream, const Recipe& recipe) const {
    Random rng = stream;
    double kind = rng.uniform();
    const auto take = [&](const Augmentation& step) { return (kind -= step.probability) < 0; };
    if (take(recipe.numbers)) return number_text(rng);
    if (take(recipe.prices)) return price_text(rng);
    if (take(recipe.codes)) return code(rng);
    std::string word;
    if (take(recipe.letters)) {
      word = letters(rng);
    } else if (take(recipe.joined)) {
      word = first_characters(lexical(rng, recipe), 10);
      const std::string second = first_characters(lexical(rng, recipe), 8);
      word += rng.bernoulli(0.25) ? "-" + second : rng.bernoulli(0.2) ? "&" + second : second;
    } else if (take(recipe.addresses)) {
      const std::string_view ends[] = {".com", ".org", ".net", ".in", ".co"};
      std::string address = rng.bernoulli(0.7) ? "www." : "";
      address += first_characters(lexical(rng, recipe), 12);
      return address.append(ends[static_cast<std::size_t>(rng.uniform_int(5))]);
    } else if (take(recipe.common)) {
      word = common(rng, recipe);
    } else {
      word = lexical(rng, recipe);
    }
    return punctuated(cased(std::move(word), rng, recipe), rng, recipe);
  }

  // A text with rare characters: random characters, a word with one of them, or a sign pattern.
  std::string with_rare(Random& rng, const Recipe& recipe) const {
    const double kind = rng.uniform();
    if (kind < 0.35 && !signs_.empty()) {
      const auto at = static_cast<std::size_t>(rng.uniform_int(static_cast<Index>(signs_.size())));
      if (const auto text = suited(sign(signs_[at], rng, recipe))) return *text;
    }
    if (kind < 0.7)
      if (const auto text = suited(dressed(rng, recipe))) return *text;
    return spelled(rng, 0.5);
  }

  // Random characters of the set; `rare`: share of the rare ones. At least one is a letter or a
  // digit, because it shows the size of the marks and the position of the line.
  std::string spelled(Random& rng, double rare) const {
    const auto any = [&] {
      return visible_[static_cast<std::size_t>(
          rng.uniform_int(static_cast<Index>(visible_.size())))];
    };
    std::u32string text;
    for (Index n = 1 + rng.uniform_int(rng.bernoulli(0.5) ? 4 : 8); n > 0; --n)
      text += rng.bernoulli(rare) ? rare_.draw(rng) : any();
    char32_t c = text[0];
    for (int i = 0; i < 40 && !is_letter_or_digit(c); ++i) c = any();
    if (std::none_of(text.begin(), text.end(), is_letter_or_digit) && is_letter_or_digit(c))
      text.insert(static_cast<std::size_t>(rng.uniform_int(static_cast<Index>(text.size()) + 1)), 1,
                  c);
    return utf8(text);
  }

  // A word with a rare character: a letter replaces its base letter or any other letter; a mark
  // goes before, after or into the word.
  std::string dressed(Random& rng, const Recipe& recipe) const {
    std::string word = cased(first_characters(lexical(rng, recipe), 10), rng, recipe);
    const char32_t c = rare_.draw(rng);
    if (!is_letter(c)) {
      const double place = rng.uniform();
      const char32_t end = closing(c);
      if (place < 0.2 && end != 0 && charset_.find(utf8(end)) >= 0) return utf8(c) + word + utf8(end);
      if (place < 0.4) return utf8(c) + word;
      if (place < 0.7) return word + utf8(c);
      return first_characters(word, 7) + utf8(c) + cased(first_characters(lexical(rng, recipe), 7), rng, recipe);
    }
    const bool capitals = is_upper(c) && rng.bernoulli(0.5);
    word = capitals ? upper_case(word) : lower_case(word);
    std::u32string letters = code_points(word);
    std::size_t at = letters.find(base_letter(c));
    if (at == letters.npos)
      at = is_upper(c) && (!capitals || rng.bernoulli(0.5))
               ? 0
               : static_cast<std::size_t>(rng.uniform_int(static_cast<Index>(letters.size())));
    letters[at] = c;
    return utf8(letters);
  }
  // Fills a pattern of sign_texts.
  std::string sign(std::string_view pattern, Random& rng, const Recipe& recipe) const {
    std::string text;
    const Random how = rng.split(1);  // all words of a sign have one case
    for (const char32_t c : code_points(pattern)) {
      Random same = how;
      if (c == 'W')
        text += cased(first_characters(rng.bernoulli(0.5) ? common(rng, recipe) : lexical(rng, recipe), 9),
                      same, recipe);
      else if (c == 'A')
        text += utf8(upper(code_points(letter(rng))[0]));
      else if (c == '0')
        text += random_digit(rng);
      else
        text += utf8(c);
    }
    const bool address = pattern.find('@') != pattern.npos || pattern.find(".com") != pattern.npos;
    return address && rng.bernoulli(0.8) ? lower_case(text) : text;
  }

  static constexpr std::size_t longest = 24;

  // A small letter of the set; a digit if it has none.
  std::string letter(Random& rng) const {
    if (letters_.empty()) return std::string(1, random_digit(rng));
    return utf8(
        letters_[static_cast<std::size_t>(rng.uniform_int(static_cast<Index>(letters_.size())))]);
  }
  std::string common(Random& rng, const Recipe& recipe) const {
    if (!latin_) return lexical(rng, recipe);
    const std::string_view list = common_words();
    std::size_t at = static_cast<std::size_t>(rng.uniform_int(static_cast<Index>(list.size())));
    while (at > 0 && list[at - 1] != ' ') --at;
    while (list[at] == ' ') ++at;
    return std::string(list.substr(at, std::min(list.find(' ', at), list.size()) - at));
  }

  std::string letters(Random& rng) const {
    std::string word;
    const Index length = 1 + rng.uniform_int(rng.bernoulli(0.5) ? 4 : 10);
    const double share = rng.bernoulli(0.3) ? 0.3 : 0.0;
    for (Index i = 0; i < length; ++i)
      word += rng.bernoulli(share) ? std::string(1, random_digit(rng)) : letter(rng);
    return word;
  }

  std::string code(Random& rng) const {
    std::string text;
    const Index length = 2 + rng.uniform_int(7);
    for (Index i = 0; i < length; ++i) {
      text += rng.bernoulli(0.5) ? upper_case(letter(rng)) : std::string(1, random_digit(rng));
      if (i + 1 < length && rng.bernoulli(0.08)) text += '-';
    }
    return text;
  }

  // Signs have mostly short words: lengths 1 to 14, in per mille. `flatten` draws a share evenly.
  static std::size_t length(Random& rng, const Recipe& recipe) {
    if (rng.bernoulli(recipe.flatten.probability))
      return static_cast<std::size_t>(1 + rng.uniform_int(14));
    constexpr int per_mille[] = {10, 35, 90, 150, 165, 150, 125, 95, 70, 50, 28, 16, 10, 6};
    Index at = rng.uniform_int(1000);
    std::size_t n = 0;
    while (n < 13 && at >= per_mille[n]) at -= per_mille[n++];
    return n + 1;
  }

  std::string lexical(Random& rng, const Recipe& recipe) const {
    const std::size_t wanted = length(rng, recipe);
    if (lexicon_.empty() && !latin_) {
      std::string word;
      for (std::size_t i = 0; i < wanted; ++i) word += letter(rng);
      return word;
    }
    if (lexicon_.empty())
      return rng.bernoulli(0.4) ? common(rng, recipe) : invented_word(rng, wanted);
    const auto& shelf = by_length_[wanted];
    if (shelf.empty())
      return lexicon_[static_cast<std::size_t>(
          rng.uniform_int(static_cast<Index>(lexicon_.size())))];
    return lexicon_[shelf[static_cast<std::size_t>(
        rng.uniform_int(static_cast<Index>(shelf.size())))]];
  }

  Charset charset_;
  std::u32string letters_;  // of the set, in lower case; a-z if it has them all
  std::u32string visible_;  // all of the set but blanks
  bool latin_ = true;       // the set has all of a-z
  RareCharacters rare_;
  std::vector<std::string_view> signs_;  // those of sign_texts that the set can spell
  std::size_t left_out_ = 0;
  std::vector<std::string> lexicon_;
  std::array<std::vector<std::size_t>, longest + 1> by_length_{};
};

}  // namespace glimpse::inline v0::synth
