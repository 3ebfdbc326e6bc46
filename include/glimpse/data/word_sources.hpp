// word sources: where words to learn from come from: drawn, photographed, or both.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <glimpse/data/folder.hpp>
#include <glimpse/data/load_picture.hpp>
#include <glimpse/data/synth.hpp>
#include <glimpse/data/word_loader.hpp>
#include <glimpse/text/charset.hpp>

namespace glimpse::inline v0 {

/// Sample i is the painter's word (seed, i), with so many fiducial points. Labels are what was drawn,
/// reduced to the character set; they are never empty where the painter's words have the same set.
inline WordSource drawn_words(std::shared_ptr<const synth::WordPainter> painter,
                              const Charset& charset, std::uint64_t seed, Index fiducials = 20) {
  return [painter, charset, seed, fiducials](std::uint64_t i) {
    synth::WordSample sample = painter->draw(seed, i, fiducials);
    LabelledWord word{std::move(sample.picture), charset.encode(synth::label_of(sample.text, charset))};
    for (const synth::Point p : sample.fiducials) {
      word.fiducials.push_back(p.x);
      word.fiducials.push_back(p.y);
    }
    return word;
  };
}

/// Sample i is a random file of the folders, the same for the same seed. Files whose label keeps no character are left
/// out; broken pictures and labels that are no UTF-8 are an error that names the file.
inline WordSource folder_words(const std::vector<std::string>& folders, const Charset& charset,
                               std::uint64_t seed) {
  auto files = std::make_shared<std::vector<std::pair<std::string, std::vector<Index>>>>();
  for (const std::string& folder : folders)
    for (const LabelledFile& file : read_folder(folder)) {
      std::vector<Index> symbols;
      try {
        symbols = charset.encode(charset.fit(file.label));
      } catch (const ValueError& e) {
        fail<IoError>("folder", "the label of ", file.path, ": ", e.what());
      }
      if (!symbols.empty()) files->emplace_back(file.path, std::move(symbols));
    }
  if (files->empty()) fail<IoError>("folder", "no label holds a character of the set");
  return [files, seed](std::uint64_t i) {
    Random random(seed, i);
    const auto& [path, symbols] =
        (*files)[static_cast<std::size_t>(random.below(static_cast<Index>(files->size())))];
    return LabelledWord{load_picture(path), symbols};
  };
}

/// Sample i comes from `second` with the given probability, else from `first`.
inline WordSource mixed_words(WordSource first, WordSource second, double share_of_second,
                              std::uint64_t seed) {
  return [first = std::move(first), second = std::move(second), share_of_second,
          seed](std::uint64_t i) {
    return Random(seed ^ 0x6D6978u, i).chance(share_of_second) ? second(i) : first(i);
  };
}

}  // namespace glimpse::inline v0
