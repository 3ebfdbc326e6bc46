// evaluate: reads a folder of labelled pictures and counts.
//
//   both sides in lower case, a-z and 0-9 alone; words whose label keeps no character are left out
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include <glimpse/data/folder.hpp>
#include <glimpse/data/load_picture.hpp>
#include <glimpse/data/picture_lexicons.hpp>
#include <glimpse/models/read.hpp>
#include <glimpse/text/metrics.hpp>

namespace glimpse::inline v0 {

/// How a folder was read.
struct Evaluation {
  WordScore score;
  double seconds = 0;               // of reading, pictures loaded already
  Index skipped = 0;                // labels without a character that counts
  Index free = 0;                   // pictures without words in the table of picture lexicons
  std::vector<std::string> broken;  // pictures that could not be read, with the reason
};

/// Reads up to `limit` pictures (0: all, else spread evenly over the list).
/// each: called with file, picture and reading as they come; words: each picture's own, instead of
/// options.lexicon; a picture that has none is read freely.
inline Evaluation evaluate_folder(
    Reader<float>& model, const std::string& folder, Index limit = 0,
    const ReadOptions& options = {},
    const std::function<void(const LabelledFile&, const Picture&, const Reading&)>& each = {},
    const PictureLexicons* words = nullptr) {
  const std::vector<LabelledFile> all = read_folder(folder);
  const Index count = limit > 0 ? std::min<Index>(limit, static_cast<Index>(all.size()))
                                : static_cast<Index>(all.size());
  Evaluation result;
  std::vector<LabelledFile> files;
  std::vector<Picture> pictures;
  const auto flush = [&] {
    std::vector<const Lexicon*> own;
    for (std::size_t i = 0; words && i < files.size(); ++i) {
      own.push_back(words->find(files[i].path));
      result.free += own.back() == nullptr;
    }
    ReadOptions now = options;
    if (words) now.lexicons = own;
    const auto start = std::chrono::steady_clock::now();
    const std::vector<Reading> readings = read(model, std::span<const Picture>(pictures), now);
    result.seconds +=
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    for (std::size_t i = 0; i < readings.size(); ++i) {
      result.score.add(readings[i].text, files[i].label);
      if (each) each(files[i], pictures[i], readings[i]);
    }
    files.clear(), pictures.clear();
  };
  for (Index i = 0; i < count; ++i) {
    const LabelledFile& file =
        all[static_cast<std::size_t>(i * static_cast<Index>(all.size()) / count)];
    if (normalise(file.label).empty()) {
      ++result.skipped;
      continue;
    }
    try {
      pictures.push_back(load_picture(file.path));
      files.push_back(file);
    } catch (const Error& e) {
      result.broken.push_back(e.what());
    }
    if (pictures.size() == 256) flush();
  }
  flush();
  return result;
}

}  // namespace glimpse::inline v0
