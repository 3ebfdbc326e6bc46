// dataset: images of words with their labels, for any kind of storage.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <glimpse/core/shape.hpp>
#include <glimpse/data/gray_image.hpp>

namespace glimpse::inline v0 {

/// Numbered images of words. All functions may be called from several threads.
class WordDataset {
 public:
  WordDataset() = default;
  WordDataset(const WordDataset&) = delete;
  WordDataset& operator=(const WordDataset&) = delete;
  virtual ~WordDataset() = default;

  virtual Index size() const = 0;
  /// Name of an image for messages and tables: its path, or file and key.
  virtual std::string name(Index i) const = 0;
  /// The word in the image, in NFC; may be empty.
  virtual const std::string& label(Index i) const = 0;
  /// Whether the image exists. Does not decode it.
  virtual bool has_image(Index i) const = 0;
  /// The image in gray. Throws IoError with its name if it is missing or does not decode.
  virtual GrayImage image(Index i) const = 0;
  /// The lexicon of every image, in NFC; empty if an image has none. Throws IoError if the data set
  /// has no lexicons or if they are malformed.
  virtual std::vector<std::vector<std::string>> lexicons() const = 0;
  /// The entries that the data set left out, a line for each kind.
  virtual const std::vector<std::string>& remarks() const = 0;
};

}  // namespace glimpse::inline v0
