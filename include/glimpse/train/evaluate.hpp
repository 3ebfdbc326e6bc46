// evaluate: measures a reader's accuracy on a data set of labeled images.
//
// A protocol (text/protocol.hpp) selects the characters that are compared. Words whose label keeps
// no character are left out. Everything left out is counted and reported.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include <glimpse/data/dataset_words.hpp>
#include <glimpse/data/image_lexicons.hpp>
#include <glimpse/models/read_many.hpp>
#include <glimpse/text/label_encoder.hpp>
#include <glimpse/text/metrics.hpp>

namespace glimpse::inline v0 {

/// The results for a data set.
struct Evaluation {
  Protocol protocol = Protocol::lower36;  // selects the words, and what `score` compares
  std::array<WordScore, 3> scores{};      // of the same readings under each protocol
  double seconds = 0;                     // of reading, without loading the images
  Index skipped = 0;                      // labels without a compared character
  Index shortened = 0;                    // labels with characters that are not compared
  CharacterCounts ignored{};              // the characters that are not compared
  Index free = 0;                         // images without an entry in the image lexicons
  std::vector<std::string> broken{};      // images that failed, with the error

  const WordScore& under(Protocol p) const { return scores[static_cast<std::size_t>(p)]; }
  const WordScore& score() const { return under(protocol); }

  /// Scores one reading under every protocol that compares a character of the label.
  void add(std::string_view reading, std::string_view label) {
    for (const Protocol p : protocols)
      if (!normalize(label, p).empty())
        scores[static_cast<std::size_t>(p)].add(reading, label, p);
  }
  /// Adds the scores of another data set.
  void add(const Evaluation& other) {
    for (std::size_t i = 0; i < scores.size(); ++i) scores[i].add(other.scores[i]);
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

/// Reads up to `limit` images (0: all; else evenly spaced over the set), as read_many does.
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
  Evaluation result{.protocol = protocol};
  std::vector<Index> entries;
  for (Index i = 0; i < count; ++i) {
    const Index entry = i * set.size() / count;
    if (normalize(set.label(entry), protocol).empty())
      ++result.skipped;
    else
      entries.push_back(entry);
  }
  const auto entry_of = [&](std::uint64_t i) { return entries[static_cast<std::size_t>(i)]; };
  ReadManyOptions many{.reading = options};
  if (words)
    many.lexicon = [&](std::uint64_t i) {
      const Lexicon* own = words->find(set.name(entry_of(i)));
      result.free += own == nullptr;
      return own;
    };
  const auto load = [&](std::uint64_t i) { return set.image(entry_of(i)); };
  const auto emit = [&](std::uint64_t i, ImageRead&& one) {
    if (!one.ok()) return result.broken.push_back(std::move(one.error));
    const std::string& label = set.label(entry_of(i));
    result.add(one.reading.text, label);
    bool shorter = false;
    for (const std::string_view c : utf8_characters(label))
      if (normalize(c, protocol).empty()) ++result.ignored[std::string(c)], shorter = true;
    result.shortened += shorter;
    if (each) each({set.name(entry_of(i)), label}, one.image, one.reading);
  };
  result.seconds = read_many(model, entries.size(), load, emit, many);
  if (result.score().words == 0 && result.broken.empty())
    detail::nothing_counts(name, count, protocol);
  if (result.score().words == 0)
    fail<IoError>("evaluate", "expected images that can be read, got none among ",
                  result.broken.size(), " of '", name, "', the first: ", result.broken.front());
  return result;
}

}  // namespace glimpse::inline v0
