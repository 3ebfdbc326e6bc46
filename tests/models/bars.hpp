// bars: words as patterns of bars, which differ enough and need no fonts.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <glimpse/data/prepare.hpp>
#include <glimpse/models/config.hpp>

namespace glimpse {

/// Every letter is a cell of four bars; a bar is dark if its bit of the letter's number is 1.
inline GrayImage bars(std::string_view word, Index height, Index width) {
  GrayImage p(height, width, 0.9f);
  const Index letters = static_cast<Index>(word.size()), cell = width / letters;
  for (Index l = 0; l < letters; ++l) {
    const int code = word[static_cast<std::size_t>(l)] - 'a' + 1;
    for (Index y = height / 8; y < height * 7 / 8; ++y)
      for (Index x = 1; x < cell - 1; ++x)
        if ((code >> (4 * (y - height / 8) / (height * 6 / 8) + (x > cell / 2 ? 2 : 0)) & 1) != 0)
          p(y, l * cell + x) = 0.1f;
  }
  return p;
}

inline const std::vector<std::string> words = {"ab",    "bca", "hello", "dog",  "cat",
                                               "abcde", "zoo", "sun",   "moon", "tea"};

struct TenWords {
  Tensor<float> images;
  std::vector<std::vector<Index>> labels;
};
inline TenWords ten_words(const ReaderConfig& c) {
  TenWords d{empty<float>({10, 1, c.height, 48}), {}};
  const Charset charset(c.characters);
  for (std::size_t i = 0; i < words.size(); ++i) {
    d.images.select(0, static_cast<Index>(i))
        .copy_from(standardized(bars(words[i], c.height, 48)).select(0, 0));
    d.labels.push_back(charset.encode(words[i]));
  }
  return d;
}

}  // namespace glimpse
