// evaluate: measures a reader's accuracy on a data set of labeled images.
//
// A protocol (text/protocol.hpp) selects the characters that are compared. Words whose label keeps
// no character are left out. Everything left out is counted and reported.
#pragma once

#include <algorithm>
#include <chrono>
#include <exception>
#include <functional>
#include <string>
#include <vector>

#include <glimpse/data/dataset_words.hpp>
#include <glimpse/data/open_dataset.hpp>
#include <glimpse/data/image_lexicons.hpp>
#include <glimpse/models/read.hpp>
#include <glimpse/text/label_encoder.hpp>
#include <glimpse/text/metrics.hpp>

namespace glimpse::inline v0 {

/// The results for a data set.
struct Evaluation {
  WordScore score;                  // under the requested protocol
  WordScore lower36, alnum62, exact;  // the same readings under each
  double seconds = 0;               // of reading, without loading the images
  Index skipped = 0;                // labels without a compared character
  Index shortened = 0;              // labels with characters that are not compared
  CharacterCounts ignored;          // the characters that are not compared
  Index free = 0;                   // images without an entry in the image lexicons
  std::vector<std::string> broken;  // images that failed, with the error

  /// Scores one reading.
  void add(std::string_view reading, std::string_view label, Protocol protocol) {
    score.add(reading, label, protocol);
    for (const Protocol p : protocols)
      if (!normalize(label, p).empty()) scores(p).add(reading, label, p);
  }
  WordScore& scores(Protocol p) {
    return p == Protocol::lower36 ? lower36 : p == Protocol::alnum62 ? alnum62 : exact;
  }

  /// What was left out, in one line; empty if nothing.
  std::string left_out() const {
    std::string line;
    if (skipped > 0)
      line = std::to_string(skipped) + (skipped == 1 ? " word" : " words") +
             " left out, no character of the label counts";
    if (shortened > 0)
      line += (line.empty() ? "" : "; ") + std::to_string(shortened) +
              (shortened == 1 ? " label" : " labels") +
              " scored without characters that do not count: " + shown_counts(ignored);
    return line;
  }
};

namespace detail {

[[noreturn]] inline void nothing_counts(const std::string& name, Index labels, Protocol protocol) {
  fail<IoError>("evaluate", "expected labels with characters that count under ",
                glimpse::name(protocol), ", got none among ", labels, " of '", name, "'");
}

}  // namespace detail

/// Checks a data set before evaluation: labels, existence of all images, and decoding of 64 images.
/// Returns the number of missing images. Throws IoError if no image can be evaluated.
inline Index check_evaluation(const WordDataset& set, const std::string& name, Index limit = 0,
                              Protocol protocol = Protocol::lower36) {
  const Index count = limit > 0 ? std::min(limit, set.size()) : set.size();
  std::vector<Index> there;
  Index missing = 0;
  std::string first;
  for (Index entry = 0; entry < count; ++entry) {
    const Index i = entry * set.size() / count;
    if (normalize(set.label(i), protocol).empty()) continue;
    if (set.has_image(i))
      there.push_back(i);
    else if (++missing == 1)
      first = set.name(i);
  }
  if (there.empty() && missing == 0) detail::nothing_counts(name, count, protocol);
  if (there.empty())
    fail<IoError>("evaluate", "expected images, got none of ", missing, " that '", name,
                  "' lists, the first: '", first, "'");
  const Index tried = std::min<Index>(64, std::ssize(there));
  const auto broken = detail::unreadable(set, there, tried);
  if (std::ssize(broken) == tried)
    fail<IoError>("evaluate", "expected images that can be read, got none among ", tried, " of '",
                  name, "', the first: ", broken.front().second);
  return missing;
}

/// Reads up to `limit` images (0: all; else evenly spaced over the set).
/// each: called with the name and label, the image and its reading, in order. words: the lexicon of
/// each image, instead of options.lexicon; an image without an entry has no lexicon. protocol: the
/// characters to compare. name: of the set, for messages.
/// Throws IoError if no image could be read, or if no label has a compared character.
inline Evaluation evaluate_dataset(
    Reader<float>& model, const WordDataset& set, const std::string& name, Index limit = 0,
    const ReadOptions& options = {},
    const std::function<void(const LabeledFile&, const GrayImage&, const Reading&)>& each = {},
    const ImageLexicons* words = nullptr, Protocol protocol = Protocol::lower36) {
  const Index count = limit > 0 ? std::min(limit, set.size()) : set.size();
  Evaluation result;
  std::vector<LabeledFile> files;
  std::vector<GrayImage> images;
  const auto flush = [&] {
    std::vector<const Lexicon*> own;
    for (std::size_t i = 0; words && i < files.size(); ++i) {
      own.push_back(words->find(files[i].path));
      result.free += own.back() == nullptr;
    }
    ReadOptions now = options;
    if (words) now.lexicons = own;
    const auto start = std::chrono::steady_clock::now();
    const std::vector<Reading> readings = read(model, std::span<const GrayImage>(images), now);
    result.seconds +=
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    for (std::size_t i = 0; i < readings.size(); ++i) {
      result.add(readings[i].text, files[i].label, protocol);
      if (each) each(files[i], images[i], readings[i]);
    }
    files.clear(), images.clear();
  };
  for (Index i = 0; i < count; ++i) {
    const Index entry = i * set.size() / count;
    const std::string& label = set.label(entry);
    if (normalize(label, protocol).empty()) {
      ++result.skipped;
      continue;
    }
    try {
      images.push_back(set.image(entry));
      files.push_back({set.name(entry), label});
    } catch (const std::exception& e) {
      result.broken.push_back(e.what());
      continue;
    }
    bool short_of = false;
    for (const std::string_view c : utf8_characters(label))
      if (normalize(c, protocol).empty()) ++result.ignored[std::string(c)], short_of = true;
    result.shortened += short_of;
    if (images.size() == 256) flush();
  }
  flush();
  if (result.score.words == 0 && result.broken.empty()) detail::nothing_counts(name, count, protocol);
  if (result.score.words == 0)
    fail<IoError>("evaluate", "expected images that can be read, got none among ",
                  result.broken.size(), " of '", name, "', the first: ", result.broken.front());
  return result;
}

/// Evaluates the data set at a path (open_dataset); see evaluate_dataset.
inline Evaluation evaluate_folder(
    Reader<float>& model, const std::string& path, Index limit = 0, const ReadOptions& options = {},
    const std::function<void(const LabeledFile&, const GrayImage&, const Reading&)>& each = {},
    const ImageLexicons* words = nullptr, Protocol protocol = Protocol::lower36) {
  return evaluate_dataset(model, *open_dataset(path), path, limit, options, each, words, protocol);
}

}  // namespace glimpse::inline v0
