// number texts: random numbers, prices and invented words.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

#include <glimpse/core/random.hpp>

namespace glimpse::inline v0::synth {

inline char random_digit(Random& rng) { return static_cast<char>('0' + rng.uniform_int(10)); }

/// One to ten digits; some are years, times, codes or percentages.
inline std::string number_text(Random& rng) {
  std::string text;
  const Index shape = rng.uniform_int(10);
  const Index length = shape < 7 ? 1 + rng.uniform_int(4) : 4 + rng.uniform_int(7);
  for (Index i = 0; i < length; ++i) text += random_digit(rng);
  if (shape == 4 && length == 4) text = (rng.bernoulli(0.6) ? "20" : "19") + text.substr(2);
  if (shape == 5 && length >= 2) text.insert(text.size() / 2, rng.bernoulli(0.5) ? ":" : ".");
  if (shape == 8) text.insert(3, "-");
  if (rng.bernoulli(0.08)) text += rng.bernoulli(0.5) ? "%" : "+";
  if (rng.bernoulli(0.06)) text += rng.bernoulli(0.5) ? "th" : "km";
  return text;
}

/// A price, with or without dollars and cents.
inline std::string price_text(Random& rng) {
  std::string text(rng.bernoulli(0.7) ? "$" : "");
  const Index length = 1 + rng.uniform_int(3);
  for (Index i = 0; i < length; ++i) text += random_digit(rng);
  if (!rng.bernoulli(0.75)) return text;
  text += '.';
  text += random_digit(rng);
  text += rng.bernoulli(0.5) ? '9' : '0';
  return text;
}

/// `length` letters, consonants and vowels in alternation, some doubled.
inline std::string invented_word(Random& rng, std::size_t length) {
  constexpr std::string_view vowels = "aeiouaeioy", others = "bcdfghjklmnprstvwzxq";
  std::string word;
  bool vowel = rng.bernoulli(0.35);
  while (word.size() < length) {
    const std::string_view from = vowel ? vowels : others;
    word += from[static_cast<std::size_t>(rng.uniform_int(static_cast<Index>(from.size())))];
    if (rng.bernoulli(0.12) && word.size() < length) word += word.back();
    vowel = !vowel;
  }
  return word;
}

}  // namespace glimpse::inline v0::synth
