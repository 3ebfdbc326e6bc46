// dataset words: training words from data sets, several with weights, checked before training.
//
//   p(sample from set s) = weight_s / sum of weights,   each of its usable entries equally likely
//
// Sample i is a pure function of (sets, seed, i). An unreadable image is skipped: the next draw of
// the same random stream replaces it, and SkippedImages lists it once.
#pragma once

#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include <glimpse/core/parallel.hpp>
#include <glimpse/core/random.hpp>
#include <glimpse/data/open_dataset.hpp>
#include <glimpse/data/word_loader.hpp>
#include <glimpse/text/label_encoder.hpp>

namespace glimpse::inline v0 {

/// The skipped images, each once, as lines of a file:   name <tab> reason
class SkippedImages {
 public:
  /// keep: true appends to the file of an earlier run; false removes that file.
  explicit SkippedImages(std::string file = {}, bool keep = false) : file_(std::move(file)) {
    std::error_code error;
    if (file_.empty() || !std::filesystem::exists(file_, error)) return;
    if (!keep) {
      std::filesystem::remove(file_, error);
      return;
    }
    const std::string text = read_file(file_);
    torn_ = !text.empty() && text.back() != '\n';
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t end = std::min(text.find('\n', at), text.size());
      const std::string line = text.substr(at, end - at);
      if (end < text.size()) names_.insert(line.substr(0, line.find('\t')));
      at = end + 1;
    }
  }

  /// Adds an image; any thread may call it. If the file is not writable, standard error reports it.
  void add(const std::string& name, const std::string& reason) {
    const std::string shown = one_column(name);
    const std::lock_guard lock(mutex_);
    if (!names_.insert(shown).second || file_.empty()) return;
    std::error_code error;
    std::filesystem::create_directories(std::filesystem::path(file_).parent_path(), error);
    const std::string line =
        (std::exchange(torn_, false) ? "\n" : "") + shown + "\t" + one_column(reason) + "\n";
    std::FILE* out = std::fopen(file_.c_str(), "ab");
    const bool written = out && std::fwrite(line.data(), 1, line.size(), out) == line.size();
    if ((out && std::fclose(out) != 0) || !written)
      std::fprintf(stderr, "skipped, and '%s' cannot be written: %s\n", file_.c_str(),
                   line.substr(0, line.size() - 1).c_str());
  }

  Index count() const {
    const std::lock_guard lock(mutex_);
    return std::ssize(names_);
  }
  const std::string& file() const { return file_; }

 private:
  std::string file_;
  bool torn_ = false;  // an earlier run was killed within a line
  mutable std::mutex mutex_;
  std::unordered_set<std::string> names_;
};

/// "path=0.3" -> path and weight. The weight is 1 without a number after the last '=', and also if
/// a file has exactly this name. Throws ValueError for a weight that is not above 0.
inline std::pair<std::string, double> split_weight(const std::string& text) {
  const std::size_t at = text.rfind('=');
  std::error_code error;
  if (at == std::string::npos || std::filesystem::exists(text, error)) return {text, 1};
  double weight = 0;
  const auto end = std::from_chars(text.data() + at + 1, text.data() + text.size(), weight);
  if (end.ec != std::errc() || end.ptr != text.data() + text.size()) return {text, 1};
  if (!(weight > 0) || !std::isfinite(weight))
    fail("data", "expected a weight above 0, got '", text.substr(at + 1), "' in '", text, "'");
  return {text.substr(0, at), weight};
}

/// The entries of a data set that can be used for training.
struct UsableWords {
  std::shared_ptr<const WordDataset> set;
  double weight = 1;
  std::vector<Index> entries;  // those whose label fits and whose image exists
};

namespace detail {

/// Reads `count` evenly spaced entries. Returns the number and the error of each unreadable one.
inline std::vector<std::pair<Index, std::string>> unreadable(const WordDataset& set,
                                                             const std::vector<Index>& entries,
                                                             Index count) {
  const Index all = std::ssize(entries);
  std::vector<std::string> reasons(static_cast<std::size_t>(count));
  const auto entry = [&](Index i) { return entries[static_cast<std::size_t>(i * all / count)]; };
  parallel_for(count, 1'000'000, [&](Index i) {
    try {
      (void)set.image(entry(i));
    } catch (const std::exception& e) {
      reasons[static_cast<std::size_t>(i)] = e.what();
    }
  });
  std::vector<std::pair<Index, std::string>> broken;
  for (Index i = 0; i < count; ++i)
    if (std::string& reason = reasons[static_cast<std::size_t>(i)]; !reason.empty())
      broken.emplace_back(entry(i), std::move(reason));
  return broken;
}

}  // namespace detail

/// Checks a data set before training: every label, the existence of every image, and the decoding
/// of `sample` images (-1: all). Missing and damaged images are listed in `skipped`; `tell`
/// receives one line for each remark. Throws IoError if no usable entry remains, ValueError if
/// `encoder` rejects the labels.
inline UsableWords usable_words(std::shared_ptr<const WordDataset> set, double weight,
                                const std::string& name, LabelEncoder encoder,
                                SkippedImages& skipped,
                                const std::function<void(const std::string&)>& tell,
                                Index sample = 64) {
  UsableWords usable{set, weight, {}};
  Index missing = 0;
  std::string first;
  for (Index i = 0; i < set->size(); ++i) {
    if (!encoder.count(set->label(i))) continue;
    if (set->has_image(i)) {
      usable.entries.push_back(i);
      continue;
    }
    skipped.add(set->name(i), "is missing");
    if (++missing == 1) first = set->name(i);
  }
  for (const std::string& line : set->remarks()) tell(name + ": " + line);
  for (const std::string& line : encoder.remarks()) tell(name + ": " + line);
  encoder.check("'" + name + "'");
  if (missing > 0)
    tell(name + ": " + std::to_string(missing) + " of " + std::to_string(set->size()) +
         " images are missing, the first: " + first);
  const Index left = std::ssize(usable.entries);
  if (left == 0 && missing > 0)
    fail<IoError>("data", "expected images, got none of those that '", name,
                  "' lists, the first: '", first, "'");
  if (left == 0)
    fail<IoError>("data", "expected labels with characters of the set, got none of ", set->size(),
                  " in '", name, "'");
  const Index tried = sample < 0 ? left : std::min(sample, left);
  const auto broken = detail::unreadable(*set, usable.entries, tried);
  for (const auto& [entry, reason] : broken) skipped.add(set->name(entry), reason);
  if (!broken.empty())
    tell(name + ": " + std::to_string(broken.size()) + " of " + std::to_string(tried) +
         " images tried cannot be read, the first: " + broken.front().second);
  if (std::ssize(broken) == tried && tried > 0)
    fail<IoError>("data", "expected images that can be read, got none among ", tried, " of '", name,
                  "', the first: ", broken.front().second);
  tell(name + ": " + std::to_string(left) + " of " + std::to_string(set->size()) +
       " words to learn from");
  return usable;
}

/// Sample i: an entry of a set that is drawn by weight. Throws IoError after a thousand unreadable
/// images in a row.
inline WordSource dataset_words(std::vector<UsableWords> sets, LabelEncoder encoder,
                                std::uint64_t seed, std::shared_ptr<SkippedImages> skipped) {
  double total = 0;
  for (const UsableWords& words : sets) total += words.weight;
  const auto shared = std::make_shared<const std::vector<UsableWords>>(std::move(sets));
  return [shared, total, encoder = std::move(encoder), seed, skipped](std::uint64_t i) {
    Random random(seed, i);
    std::string reason;
    for (int attempt = 0; attempt < 1000; ++attempt) {
      std::size_t s = 0;
      if (shared->size() > 1) {
        double at = random.uniform() * total;
        while (s + 1 < shared->size() && (at -= (*shared)[s].weight) >= 0) ++s;
      }
      const auto& [set, weight, entries] = (*shared)[s];
      const Index entry =
          entries[static_cast<std::size_t>(random.uniform_int(static_cast<Index>(entries.size())))];
      try {
        return LabeledWord{set->image(entry), encoder.encode(set->label(entry))};
      } catch (const std::exception& e) {
        reason = e.what();
        skipped->add(set->name(entry), reason);
      }
    }
    fail<IoError>(
        "data",
        "expected images that can be read, got 1000 in a row that cannot, the last: ", reason);
  };
}

}  // namespace glimpse::inline v0
