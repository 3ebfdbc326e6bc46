// subset: the training images or the held-out images of a data set.
//
//   PATH#training/5    four images in five
//   PATH#held-out/5    the other one in five
//
// The hash of the image's name without folders decides. The split is therefore the same on every
// machine, and added images do not change it:
//
//   held out  <=>  floor(h / 2^16) mod n = 0,   h the FNV-1a hash of the name
#pragma once

#include <charconv>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <glimpse/core/error.hpp>
#include <glimpse/data/dataset.hpp>

namespace glimpse::inline v0 {

/// Some entries of another data set.
class SubsetDataset : public WordDataset {
 public:
  /// One image in n is held out. held_out: true selects the held-out images, false the others.
  /// Throws IoError if the split has no image.
  SubsetDataset(std::shared_ptr<const WordDataset> all, Index n, bool held_out)
      : all_(std::move(all)) {
    for (Index i = 0; i < all_->size(); ++i)
      if (is_held_out(all_->name(i), n) == held_out) entries_.push_back(i);
    if (entries_.empty())
      fail<IoError>("data", "expected images in the part ", held_out ? "held-out/" : "training/", n,
                    ", got none among ", all_->size());
  }

  static bool is_held_out(std::string_view name, Index n) {
    std::uint64_t hash = 0xcbf29ce484222325u;
    for (const char c : name.substr(name.rfind('/') + 1))
      hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
    return (hash >> 16) % static_cast<std::uint64_t>(n) == 0;
  }

  Index size() const override { return std::ssize(entries_); }
  std::string name(Index i) const override { return all_->name(entry(i)); }
  const std::string& label(Index i) const override { return all_->label(entry(i)); }
  bool has_image(Index i) const override { return all_->has_image(entry(i)); }
  GrayImage image(Index i) const override { return all_->image(entry(i)); }
  std::vector<std::vector<std::string>> lexicons() const override {
    const auto all = all_->lexicons();
    std::vector<std::vector<std::string>> mine;
    for (const Index i : entries_) mine.push_back(all[static_cast<std::size_t>(i)]);
    return mine;
  }
  const std::vector<std::string>& remarks() const override { return all_->remarks(); }

 private:
  Index entry(Index i) const { return entries_[static_cast<std::size_t>(i)]; }

  std::shared_ptr<const WordDataset> all_;
  std::vector<Index> entries_;
};

/// A path and the split at its end, if it names one.
struct DatasetPath {
  std::string path;
  Index n = 0;  // one in n is held out; 0: the whole data set
  bool held_out = false;
};

/// Splits "PATH#held-out/5". Throws ValueError for a malformed split.
inline DatasetPath split_part(const std::string& text) {
  const std::size_t at = text.rfind('#');
  if (at == std::string::npos) return {text};
  const std::string_view part = std::string_view(text).substr(at + 1);
  DatasetPath named{text.substr(0, at)};
  for (const std::string_view name : {std::string_view("training/"), std::string_view("held-out/")}) {
    if (!part.starts_with(name)) continue;
    named.held_out = name == "held-out/";
    const std::string_view count = part.substr(name.size());
    const auto [end, error] = std::from_chars(count.data(), count.data() + count.size(), named.n);
    if (error != std::errc() || end != count.data() + count.size() || named.n < 2)
      fail("data", "expected '", name, "n' with n from 2 behind '#', got '", part, "' in '", text, "'");
    return named;
  }
  return {text};
}

/// The name of a data set for messages, without the folders above it: "my_words",
/// "my_words#held-out/5".
inline std::string dataset_name(const std::string& text) {
  const std::string whole = split_part(text).path;
  const std::filesystem::path path(whole);
  return (path.has_filename() ? path : path.parent_path()).filename().string() +
         text.substr(whole.size());
}

}  // namespace glimpse::inline v0
