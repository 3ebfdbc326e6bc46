// LMDB data set: images of words in one file, in the field's usual layout.
//
//   num-samples        N, as text
//   image-000000001    an image file's bytes (JPEG, PNG, BMP);  numbers run from 1 to N
//   label-000000001    its word, UTF-8
//   lexicon-000000001  optional: its lexicon, separated by commas, or by blanks if it has no comma
//
// Entries without a label, or with a label that is not UTF-8, are left out and counted in
// remarks(). Needs liblmdb (io/lmdb.hpp).
#pragma once

#include <charconv>
#include <cstdio>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <glimpse/core/error.hpp>
#include <glimpse/data/dataset.hpp>
#include <glimpse/data/folder.hpp>
#include <glimpse/io/lmdb.hpp>
#include <glimpse/text/nfc.hpp>

namespace glimpse::inline v0 {

namespace detail {

/// "image", 7 -> "image-000000007".
inline std::string lmdb_key(const char* kind, Index number) {
  char key[48];
  std::snprintf(key, sizeof key, "%s-%09lld", kind, static_cast<long long>(number));
  return key;
}

}  // namespace detail

class LmdbDataset : public WordDataset {
 public:
  /// Reads all labels. Throws IoError if the path is not such a database or no label is usable.
  explicit LmdbDataset(const std::string& path) : file_(path) {
    const auto text = file_.find("num-samples");
    if (!text)
      fail<IoError>("lmdb", "expected the key num-samples, got none in '", path,
                    "': it holds no data set of words");
    const std::string_view digits = *text;
    std::size_t count = 0;
    const auto end = std::from_chars(digits.data(), digits.data() + digits.size(), count);
    if (end.ec != std::errc() || end.ptr != digits.data() + digits.size() ||
        count > file_.entries())
      fail<IoError>("lmdb", "expected num-samples up to the ", file_.entries(), " entries of '",
                    path, "', got '", one_column(digits.substr(0, 40)), "'");
    std::string first;
    Index bad = 0;
    for (Index i = 1; i <= static_cast<Index>(count); ++i) {
      const std::string key = detail::lmdb_key("label", i);
      const auto label = file_.find(key);
      if (label && find_invalid_utf8(*label) == std::string_view::npos) {
        numbers_.push_back(i);
        labels_.push_back(nfc(trimmed(*label)));
      } else if (++bad == 1) {
        first = key + (label ? " is no UTF-8" : " is missing");
      }
    }
    if (bad > 0)
      remarks_.push_back("'" + path + "': " + std::to_string(bad) + " of " + std::to_string(count) +
                         " entries left out, the first: " + first);
    if (labels_.empty())
      fail<IoError>("lmdb", "expected labels, got none that can be used in '", path, "'",
                    first.empty() ? "" : ": ", first);
  }

  Index size() const override { return std::ssize(labels_); }
  std::string name(Index i) const override { return file_.path() + "/" + key(i); }
  const std::string& label(Index i) const override { return labels_[static_cast<std::size_t>(i)]; }
  bool has_image(Index i) const override { return file_.find(key(i)).has_value(); }
  GrayImage image(Index i) const override {
    const auto bytes = file_.find(key(i));
    if (!bytes) fail<IoError>("lmdb", "expected an image, got nothing at '", name(i), "'");
    return gray_image_of(decode_image(*bytes, 1, name(i)));
  }
  const std::vector<std::string>& remarks() const override { return remarks_; }

  std::vector<std::vector<std::string>> lexicons() const override {
    std::vector<std::vector<std::string>> words(labels_.size());
    bool any = false;
    for (std::size_t i = 0; i < words.size(); ++i) {
      const std::string at = detail::lmdb_key("lexicon", numbers_[i]);
      const auto text = file_.find(at);
      if (!text) continue;
      if (find_invalid_utf8(*text) != std::string_view::npos)
        fail<IoError>("lexicon", "expected UTF-8, got other bytes in '", file_.path(), "/", at,
                      "'");
      const bool commas = text->find(',') != std::string_view::npos;
      words[i] = split_words(*text, commas ? ",\r\n" : " \t\r\n");
      any = any || !words[i].empty();
    }
    if (!any)
      fail<IoError>("lexicon", "expected keys lexicon-000000001 and so on, got none in '",
                    file_.path(), "'");
    return words;
  }

 private:
  std::string key(Index i) const {
    return detail::lmdb_key("image", numbers_[static_cast<std::size_t>(i)]);
  }

  LmdbReader file_;
  std::vector<Index> numbers_;  // in the file, from 1
  std::vector<std::string> labels_;
  std::vector<std::string> remarks_;
};

/// Writes a data set of words, entry by entry.
class LmdbDatasetWriter {
 public:
  /// path and errors: as LmdbWriter.
  explicit LmdbDatasetWriter(const std::string& path) : file_(path) {}

  /// image: an image file's bytes; label: UTF-8.
  void add(std::string image, std::string label) {
    ++count_;
    file_.put(detail::lmdb_key("image", count_), std::move(image));
    file_.put(detail::lmdb_key("label", count_), std::move(label));
  }

  /// Writes the entries since the last call. The file is a complete data set after every call.
  void commit() {
    file_.put("num-samples", std::to_string(count_));
    file_.commit();
  }

 private:
  LmdbWriter file_;
  Index count_ = 0;
};

}  // namespace glimpse::inline v0
