// charset_option: the character set of --charset, from a name, a file, or the labels of data sets.
#pragma once

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <glimpse/data/dataset_words.hpp>
#include <glimpse/io/lines.hpp>
#include <glimpse/text/charset_names.hpp>
#include <glimpse/text/label_encoder.hpp>
#include <glimpse/text/nfc.hpp>

/// The characters of --charset: a name, or a UTF-8 file whose lines list each character once.
inline std::string characters_of(const std::string& charset) {
  using namespace glimpse;
  const auto& names = charset_names;
  if (std::find(std::begin(names), std::end(names), charset) != std::end(names))
    return charset_characters(charset);
  if (!std::filesystem::exists(charset))
    fail("--charset", "expected digits, lower36, alnum62, ascii94, latin or a file, got '", charset,
         "'");
  std::string text;
  for (const std::string& line : read_lines(charset)) text += nfc(line);
  return text;
}

struct WeightedDataset {
  std::string path;
  double weight;
  std::shared_ptr<const glimpse::WordDataset> images;
};

/// Opens a data set of --data: a path, or path=weight.
inline WeightedDataset open_weighted(const std::string& text) {
  const auto [path, weight] = glimpse::split_weight(text);
  return {path, weight, glimpse::open_dataset(path)};
}

/// All characters of the labels, in the order of code points. Prints them with their counts.
inline std::string characters_of_labels(const std::vector<WeightedDataset>& sets) {
  using namespace glimpse;
  if (sets.empty()) fail("--charset", "expected --data with from-labels, got none");
  CharacterCounts counts;
  for (const WeightedDataset& set : sets)
    for (Index i = 0; i < set.images->size(); ++i)
      for (const std::string_view c : utf8_characters(set.images->label(i)))
        ++counts[std::string(c)];
  std::string text;
  for (const auto& [character, count] : counts) text += character;
  std::printf("characters of the labels: %s\n", shown_counts(counts, counts.size()).c_str());
  return text;
}
