// folder: images of words as files, with a list of their labels.
//
//   labels.tsv, gt.txt, labels.csv or labels.jsonl in the folder (data/label_list.hpp); if several
//   exist, the first in this order is used; pass the path of a list to use another one
//
//   lexicon.tsv next to the list, one image a line:   path <tab> word,word,...
//   if two lines name one image, the first is used
#pragma once

#include <algorithm>
#include <filesystem>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include <glimpse/core/error.hpp>
#include <glimpse/data/dataset.hpp>
#include <glimpse/data/label_list.hpp>
#include <glimpse/data/load_image.hpp>

namespace glimpse::inline v0 {

/// Names of a folder's list; the first one that exists is used.
inline constexpr std::string_view label_list_names[] = {"labels.tsv", "gt.txt", "labels.csv",
                                                        "labels.jsonl"};

/// The list of a folder; empty if it has none.
inline std::string find_label_list(const std::string& folder) {
  std::error_code error;
  for (const std::string_view name : label_list_names)
    if (const auto path = std::filesystem::path(folder) / name;
        std::filesystem::exists(path, error))
      return path.string();
  return {};
}

/// Words of one image in a table of lexicons, split at `separators`; empty words are dropped.
inline std::vector<std::string> split_words(std::string_view text, std::string_view separators) {
  std::vector<std::string> words;
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t end = std::min(text.find_first_of(separators, at), text.size());
    if (const std::string_view word = trimmed(text.substr(at, end - at)); !word.empty())
      words.push_back(nfc(word));
    at = end + 1;
  }
  return words;
}

/// Images in files, listed by a folder's list or by the list at `path`.
class FolderDataset : public WordDataset {
 public:
  /// Throws IoError if the folder or list does not exist, has no entry, or has a malformed line.
  explicit FolderDataset(const std::string& path) {
    std::error_code error;
    const bool is_folder = std::filesystem::is_directory(path, error);
    if (!is_folder && !std::filesystem::exists(path, error))
      fail<IoError>("data", "expected a folder or a list of labels, got nothing at '", path, "'");
    const std::string list_path = is_folder ? find_label_list(path) : path;
    if (list_path.empty())
      fail<IoError>("data",
                    "expected labels.tsv, gt.txt, labels.csv, labels.jsonl or data.mdb in '", path,
                    "', got none of them");
    folder_ = std::filesystem::path(list_path).parent_path().string();
    LabelList list = read_label_list(list_path);
    files_ = std::move(list.files), remarks_ = std::move(list.remarks);
  }

  const std::vector<LabeledFile>& files() const { return files_; }

  Index size() const override { return std::ssize(files_); }
  std::string name(Index i) const override { return file(i).path; }
  const std::string& label(Index i) const override { return file(i).label; }
  bool has_image(Index i) const override {
    std::error_code error;
    return std::filesystem::is_regular_file(file(i).path, error);
  }
  GrayImage image(Index i) const override { return load_image(file(i).path); }
  const std::vector<std::string>& remarks() const override { return remarks_; }

  std::vector<std::vector<std::string>> lexicons() const override {
    const std::string path = (std::filesystem::path(folder_) / "lexicon.tsv").string();
    std::unordered_map<std::string, std::vector<std::string>> table;
    Index number = 0;
    for (const std::string& line : read_lines(path)) {
      ++number;
      if (trimmed(line).empty()) continue;
      const std::size_t tab = line.find('\t');
      if (tab == std::string::npos || trimmed(line.substr(0, tab)).empty())
        fail<IoError>("lexicon", "expected 'path <tab> word,word,...', got something else in '",
                      path, "' line ", number);
      std::vector<std::string> words = split_words(std::string_view(line).substr(tab + 1), ",");
      if (words.empty())
        fail<IoError>("lexicon", "expected words, got none in '", path, "' line ", number);
      table.try_emplace(entry_path(folder_, trimmed(line.substr(0, tab))), std::move(words));
    }
    std::vector<std::vector<std::string>> words(files_.size());
    bool any = false;
    for (std::size_t i = 0; i < files_.size(); ++i)
      if (const auto at = table.find(files_[i].path); at != table.end())
        words[i] = at->second, any = true;
    if (!any)
      fail<IoError>("lexicon", "expected words for the images of '", folder_, "', got ",
                    table.size(), " lines for others in '", path, "'");
    return words;
  }

 private:
  const LabeledFile& file(Index i) const { return files_[static_cast<std::size_t>(i)]; }

  std::string folder_;
  std::vector<LabeledFile> files_;
  std::vector<std::string> remarks_;
};

}  // namespace glimpse::inline v0
