// image lexicons: the words that each image of a data set may show.
//
//   from the data set: lexicon.tsv of a folder (data/folder.hpp), keys of an LMDB file
//   or sampled, as the benchmarks do: the image's own word and other words of a list
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include <glimpse/core/error.hpp>
#include <glimpse/core/random.hpp>
#include <glimpse/data/dataset.hpp>
#include <glimpse/text/lexicon.hpp>
#include <glimpse/text/metrics.hpp>

namespace glimpse::inline v0 {

class ImageLexicons {
 public:
  /// The lexicons of a data set. Throws IoError if it has none, if a table is malformed, or if an
  /// image has no word that the reader can spell.
  ImageLexicons(const WordDataset& set, const Charset& charset) {
    const std::vector<std::vector<std::string>> words = set.lexicons();
    for (std::size_t i = 0; i < words.size(); ++i) {
      if (words[i].empty()) continue;
      Lexicon lexicon(words[i], charset);
      if (lexicon.size() == 0)
        fail<IoError>("lexicon", "expected words that the reader can spell, got none for '",
                      set.name(static_cast<Index>(i)), "'");
      table_.emplace_back(set.name(static_cast<Index>(i)), std::move(lexicon));
    }
    sort();
  }

  /// `count` words for every image: its own word and words drawn from `words`, by one random stream
  /// for each image. Words that differ only in case or punctuation count once. An image whose label
  /// keeps no letter or digit gets no lexicon. Throws ValueError if `words` holds too few words.
  ImageLexicons(const WordDataset& set, const std::vector<std::string>& words, Index count,
                std::uint64_t seed, const Charset& charset) {
    std::vector<std::string> list;
    std::unordered_set<std::string> seen;
    for (const std::string& word : words)
      if (std::string plain = normalize(word); !plain.empty() && seen.insert(plain).second)
        list.push_back(std::move(plain));
    if (count < 1 || count > std::ssize(list))
      fail("lexicon", "cannot draw ", count, " words an image from a list of ", list.size());
    for (Index i = 0; i < set.size(); ++i) {
      const std::string own = normalize(set.label(i));
      if (own.empty()) continue;
      Random random(seed, static_cast<std::uint64_t>(i));
      std::vector<std::string> drawn{own};
      std::unordered_set<std::string_view> taken{own};
      while (std::ssize(drawn) < count) {
        const std::string& word =
            list[static_cast<std::size_t>(random.uniform_int(std::ssize(list)))];
        if (taken.insert(word).second) drawn.push_back(word);
      }
      table_.emplace_back(set.name(i), Lexicon(drawn, charset));
    }
    sort();
  }

  Index size() const { return std::ssize(table_); }
  /// The words of an image, by its name in the data set; nullptr if it has none.
  const Lexicon* find(const std::string& path) const {
    const auto at = std::lower_bound(table_.begin(), table_.end(), path,
                                     [](const auto& a, const auto& b) { return a.first < b; });
    return at != table_.end() && at->first == path ? &at->second : nullptr;
  }

 private:
  void sort() {
    std::stable_sort(table_.begin(), table_.end(),
                     [](const auto& a, const auto& b) { return a.first < b.first; });
  }

  std::vector<std::pair<std::string, Lexicon>> table_;  // by path
};

}  // namespace glimpse::inline v0
