// word style: the case and the punctuation of a word.
#pragma once

#include <string>
#include <string_view>

#include <glimpse/core/random.hpp>
#include <glimpse/data/synth/letters.hpp>
#include <glimpse/data/synth/recipe.hpp>

namespace glimpse::inline v0::synth {

/// The first n characters, without blanks at the end.
inline std::string first_characters(const std::string& word, std::size_t n) {
  if (word.size() <= n) return word;
  std::string kept = utf8(std::u32string_view(code_points(word)).substr(0, n));
  while (kept.ends_with(' ')) kept.pop_back();
  return kept;
}

/// The mark that closes a bracket or quotation; 0 for other characters.
inline char32_t closing(char32_t c) {
  constexpr std::u32string_view open = U"([{<\"'`*|~-_«„“‘", close = U")]}>\"'`*|~-_»“”’";
  const std::size_t at = open.find(c);
  return at == open.npos ? 0 : close[at];
}

/// A word as it is, capitalized, or in capitals, as the recipe says.
inline std::string cased(std::string word, Random& rng, const Recipe& recipe) {
  const double u = rng.uniform();
  if (u < recipe.upper.probability) return upper_case(word);
  if (u >= recipe.upper.probability + recipe.capitalized.probability) return word;
  std::u32string letters = code_points(word);
  letters[0] = upper(letters[0]);
  return utf8(letters);
}

/// A word with marks before and after it, as the recipe says.
inline std::string punctuated(std::string word, Random& rng, const Recipe& recipe) {
  if (!rng.bernoulli(recipe.punctuation.probability)) return word;
  const std::string_view after[] = {".",  ",", "!", "?", ":",  "...", "'s",
                                    "'S", ";", "*", "-", "\"", ")"};
  const std::string_view before[] = {"\"", "'", "(", "-", "#", "@", "*"};
  const std::u32string letters = code_points(word);
  const bool capitals = is_upper(letters.front()) && lower(letters.back()) != letters.back();
  std::string_view end = after[static_cast<std::size_t>(rng.uniform_int(13))];
  if (end == "'s" && capitals) end = "'S";
  if (end == "'S" && !capitals) end = "'s";
  if (rng.bernoulli(0.85)) word += end;
  if (rng.bernoulli(0.2)) word.insert(0, before[static_cast<std::size_t>(rng.uniform_int(7))]);
  return word;
}

}  // namespace glimpse::inline v0::synth
