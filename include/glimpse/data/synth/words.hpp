// words: what the pictures say. Lexicon words, the short words that signs repeat, numbers, prices,
// codes, random letters: a reader that saw nothing but English would spell instead of look.
//
//   text    as drawn, with case and punctuation
//   label   text in lower case, a-z and 0-9 only
#pragma once

#include <array>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include <glimpse/core/random.hpp>
#include <glimpse/data/synth/common_words.hpp>
#include <glimpse/data/synth/part.hpp>
#include <glimpse/data/synth/recipe.hpp>

namespace glimpse::inline v0::synth {

/// Lower case, without everything but a-z and 0-9.
inline std::string label_of(std::string_view text) {
  std::string label;
  for (const char c : text) {
    if (c >= 'A' && c <= 'Z') label += static_cast<char>(c - 'A' + 'a');
    if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) label += c;
  }
  return label;
}

inline std::string upper_case(std::string text) {
  for (char& c : text) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  return text;
}

/// Where words come from: a lexicon, filed by length.
class Words {
 public:
  /// No file: common words and pronounceable inventions.
  static Words built_in() { return Words(); }

  /// A text file, one word a line. Characters beyond a-z, A-Z, 0-9 are dropped, words over 24
  /// letters too, as are words outside the part. Throws IoError for a file that is not there or
  /// holds no word.
  static Words from_file(const std::string& path, Part part = Part::all) {
    std::ifstream file(path);
    if (!file) fail<IoError>("words", "cannot open ", path);
    Words words;
    std::string line;
    while (std::getline(file, line)) {
      const std::string word = label_of(line);
      if (word.empty() || word.size() > longest || !belongs(part, word)) continue;
      words.lexicon_.push_back(word);
      words.by_length_[word.size()].push_back(words.lexicon_.size() - 1);
    }
    if (words.lexicon_.empty()) fail<IoError>("words", path, " holds no word");
    return words;
  }

  std::size_t size() const { return lexicon_.size(); }

  /// One text, letters in the case that they are drawn in; its label is never empty.
  std::string draw(const Random& stream, const Recipe& recipe) const {
    Random rng = stream;
    double kind = rng.uniform();
    const auto take = [&](const Step& step) { return (kind -= step.chance) < 0; };
    if (take(recipe.numbers)) return number(rng);
    if (take(recipe.prices)) return price(rng);
    if (take(recipe.codes)) return code(rng);
    std::string word;
    if (take(recipe.letters)) {
      word = letters(rng);
    } else if (take(recipe.joined)) {
      word = lexical(rng, recipe).substr(0, 10);
      const std::string second = lexical(rng, recipe).substr(0, 8);
      word += rng.chance(0.25) ? "-" + second : rng.chance(0.2) ? "&" + second : second;
    } else if (take(recipe.addresses)) {
      const std::string_view ends[] = {".com", ".org", ".net", ".in", ".co"};
      std::string address = rng.chance(0.7) ? "www." : "";
      address += lexical(rng, recipe).substr(0, 12);
      return address.append(ends[static_cast<std::size_t>(rng.below(5))]);
    } else if (take(recipe.common)) {
      word = common(rng);
    } else {
      word = lexical(rng, recipe);
    }
    return punctuated(cased(std::move(word), rng, recipe), rng, recipe);
  }

 private:
  static constexpr std::size_t longest = 24;
  static constexpr std::string_view digits = "0123456789";

  static char letter(Random& rng) { return static_cast<char>('a' + rng.below(26)); }
  static char digit(Random& rng) { return static_cast<char>('0' + rng.below(10)); }

  static std::string common(Random& rng) {
    const std::string_view list = common_words();
    std::size_t at = static_cast<std::size_t>(rng.below(static_cast<Index>(list.size())));
    while (at > 0 && list[at - 1] != ' ') --at;
    while (list[at] == ' ') ++at;
    return std::string(list.substr(at, std::min(list.find(' ', at), list.size()) - at));
  }

  // Consonants and vowels in turn, some doubled.
  static std::string invented(Random& rng, std::size_t length) {
    constexpr std::string_view vowels = "aeiouaeioy", others = "bcdfghjklmnprstvwzxq";
    std::string word;
    bool vowel = rng.chance(0.35);
    while (word.size() < length) {
      const std::string_view from = vowel ? vowels : others;
      word += from[static_cast<std::size_t>(rng.below(static_cast<Index>(from.size())))];
      if (rng.chance(0.12) && word.size() < length) word += word.back();
      vowel = !vowel;
    }
    return word;
  }

  static std::string letters(Random& rng) {
    std::string word;
    const Index length = 1 + rng.below(rng.chance(0.5) ? 4 : 10);
    const double share = rng.chance(0.3) ? 0.3 : 0.0;
    for (Index i = 0; i < length; ++i) word += rng.chance(share) ? digit(rng) : letter(rng);
    return word;
  }

  static std::string number(Random& rng) {
    std::string text;
    const Index shape = rng.below(10);
    const Index length = shape < 7 ? 1 + rng.below(4) : 4 + rng.below(7);
    for (Index i = 0; i < length; ++i) text += digit(rng);
    if (shape == 4 && length == 4) text = (rng.chance(0.6) ? "20" : "19") + text.substr(2);
    if (shape == 5 && length >= 2) text.insert(text.size() / 2, rng.chance(0.5) ? ":" : ".");
    if (shape == 8) text.insert(3, "-");
    if (rng.chance(0.08)) text += rng.chance(0.5) ? "%" : "+";
    if (rng.chance(0.06)) text += rng.chance(0.5) ? "th" : "km";
    return text;
  }

  static std::string price(Random& rng) {
    std::string text(rng.chance(0.7) ? "$" : "");
    const Index length = 1 + rng.below(3);
    for (Index i = 0; i < length; ++i) text += digit(rng);
    if (!rng.chance(0.75)) return text;
    text += '.';
    text += digit(rng);
    text += rng.chance(0.5) ? '9' : '0';
    return text;
  }

  static std::string code(Random& rng) {
    std::string text;
    const Index length = 2 + rng.below(7);
    for (Index i = 0; i < length; ++i) {
      text += rng.chance(0.5) ? static_cast<char>(letter(rng) - 'a' + 'A') : digit(rng);
      if (i + 1 < length && rng.chance(0.08)) text += '-';
    }
    return text;
  }

  // Signs prefer short words: lengths in per mille, 1 to 14. A share is drawn evenly instead.
  static std::size_t length(Random& rng, const Recipe& recipe) {
    if (rng.chance(recipe.flatten.chance)) return static_cast<std::size_t>(1 + rng.below(14));
    constexpr int per_mille[] = {10, 35, 90, 150, 165, 150, 125, 95, 70, 50, 28, 16, 10, 6};
    Index at = rng.below(1000);
    std::size_t n = 0;
    while (n < 13 && at >= per_mille[n]) at -= per_mille[n++];
    return n + 1;
  }

  std::string lexical(Random& rng, const Recipe& recipe) const {
    const std::size_t wanted = length(rng, recipe);
    if (lexicon_.empty()) return rng.chance(0.4) ? common(rng) : invented(rng, wanted);
    const auto& shelf = by_length_[wanted];
    if (shelf.empty())
      return lexicon_[static_cast<std::size_t>(rng.below(static_cast<Index>(lexicon_.size())))];
    return lexicon_[shelf[static_cast<std::size_t>(rng.below(static_cast<Index>(shelf.size())))]];
  }

  static std::string cased(std::string word, Random& rng, const Recipe& recipe) {
    const double u = rng.uniform();
    if (u < recipe.upper.chance) return upper_case(std::move(word));
    if (u < recipe.upper.chance + recipe.capitalised.chance)
      word[0] = upper_case(word.substr(0, 1))[0];
    return word;
  }

  static std::string punctuated(std::string word, Random& rng, const Recipe& recipe) {
    if (!rng.chance(recipe.punctuation.chance)) return word;
    const std::string_view after[] = {".",  ",", "!", "?", ":",  "...", "'s",
                                      "'S", ";", "*", "-", "\"", ")"};
    const std::string_view before[] = {"\"", "'", "(", "-", "#", "@", "*"};
    const bool upper = word[0] >= 'A' && word[0] <= 'Z' && word.back() <= 'Z';
    std::string_view end = after[static_cast<std::size_t>(rng.below(13))];
    if (end == "'s" && upper) end = "'S";
    if (end == "'S" && !upper) end = "'s";
    if (rng.chance(0.85)) word += end;
    if (rng.chance(0.2)) word.insert(0, before[static_cast<std::size_t>(rng.below(7))]);
    return word;
  }

  std::vector<std::string> lexicon_;
  std::array<std::vector<std::size_t>, longest + 1> by_length_{};
};

}  // namespace glimpse::inline v0::synth
