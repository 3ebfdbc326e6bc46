// picture lexicons: for every picture of a folder the words that it may show.
//
//   lexicon.tsv beside the pictures, one picture a line:   path <tab> word,word,...
//   or, as the lexicons of the benchmarks were made: its own word among others of a list
//
// Paths are relative to the folder, as in its list of labels. Lines may end in carriage returns;
// empty lines are skipped; of two lines for one picture the first counts.
#pragma once

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include <glimpse/core/error.hpp>
#include <glimpse/core/random.hpp>
#include <glimpse/data/folder.hpp>
#include <glimpse/text/lexicon.hpp>
#include <glimpse/text/metrics.hpp>

namespace glimpse::inline v0 {

class PictureLexicons {
 public:
  /// Reads the folder's table. Throws IoError where it is missing, a line is malformed, or a
  /// picture is left without a word that the reader can spell.
  PictureLexicons(const std::string& folder, const Charset& charset) {
    namespace fs = std::filesystem;
    const std::string path = (fs::path(folder) / "lexicon.tsv").string();
    std::ifstream in(path, std::ios::binary);
    if (!in) fail<IoError>("lexicon", "cannot read ", path);
    std::string line;
    for (Index number = 1; std::getline(in, line); ++number) {
      if (!line.empty() && line.back() == '\r') line.pop_back();
      if (line.empty()) continue;
      const std::size_t tab = line.find('\t');
      if (tab == std::string::npos || tab == 0)
        fail<IoError>("lexicon", path, " line ", number, " is not 'picture <tab> word,word,...'");
      std::vector<std::string> words;
      for (std::size_t at = tab + 1; at <= line.size();) {
        const std::size_t end = std::min(line.find(',', at), line.size());
        if (end > at) words.push_back(line.substr(at, end - at));
        at = end + 1;
      }
      Lexicon lexicon(words, charset);
      if (lexicon.size() == 0)
        fail<IoError>("lexicon", path, " line ", number,
                      " holds no word that the reader can spell");
      table_.emplace_back((fs::path(folder) / line.substr(0, tab)).string(), std::move(lexicon));
    }
    sort();
  }

  /// For every picture `count` words: its own and others drawn from `words`, by a random stream of
  /// its own. Words that differ in case or punctuation alone count once. A picture whose label keeps
  /// no letter or digit gets none.
  /// Throws ValueError where `words` is shorter than that.
  PictureLexicons(const std::vector<LabelledFile>& files, const std::vector<std::string>& words,
                  Index count, std::uint64_t seed, const Charset& charset) {
    std::vector<std::string> list;
    std::unordered_set<std::string> seen;
    for (const std::string& word : words)
      if (std::string plain = normalise(word); !plain.empty() && seen.insert(plain).second)
        list.push_back(std::move(plain));
    if (count < 1 || count > std::ssize(list))
      fail("lexicon", "cannot draw ", count, " words a picture from a list of ", list.size());
    for (std::size_t i = 0; i < files.size(); ++i) {
      const std::string own = normalise(files[i].label);
      if (own.empty()) continue;
      Random random(seed, i);
      std::vector<std::string> drawn{own};
      std::unordered_set<std::string_view> taken{own};
      while (std::ssize(drawn) < count) {
        const std::string& word = list[static_cast<std::size_t>(random.below(std::ssize(list)))];
        if (taken.insert(word).second) drawn.push_back(word);
      }
      table_.emplace_back(files[i].path, Lexicon(drawn, charset));
    }
    sort();
  }

  Index size() const { return std::ssize(table_); }
  /// The words of a picture, by its path as `read_folder` gives it; nullptr if it has no line.
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
