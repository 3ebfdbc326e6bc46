// dataset: images of words with their labels, from wherever they are kept.
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
  /// What stands for an image in messages and tables: its path, or file and key.
  virtual std::string name(Index i) const = 0;
  /// The word that it shows, in NFC; may be empty.
  virtual const std::string& label(Index i) const = 0;
  /// Whether the image is there; it is not decoded.
  virtual bool has_image(Index i) const = 0;
  /// The image in gray. Throws IoError with its name where it is missing or does not decode.
  virtual GrayImage image(Index i) const = 0;
  /// For every image the words that it may show, in NFC; none where nothing is said of an image.
  /// Throws IoError where the data set has no such words at all, or they are malformed.
  virtual std::vector<std::vector<std::string>> lexicons() const = 0;
  /// What of the data set was not taken, a line each.
  virtual const std::vector<std::string>& remarks() const = 0;
};

}  // namespace glimpse::inline v0
