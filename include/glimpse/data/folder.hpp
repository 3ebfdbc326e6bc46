// folder: pictures of words with their labels, as files.
//
//   labels.tsv or gt.txt beside the pictures, one word a line:   path <tab> label        path is relative to the folder
//
// Lines may end in carriage returns, and a byte order mark may stand first; empty lines are skipped;
// a line without tab is an error with its number.
#pragma once

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <glimpse/core/error.hpp>

namespace glimpse::inline v0 {

struct LabelledFile {
  std::string path;   // as it can be opened
  std::string label;  // as written
};

/// Reads a folder's list. Throws IoError where there is no folder, no list, no entry, or a line is malformed.
inline std::vector<LabelledFile> read_folder(const std::string& folder) {
  namespace fs = std::filesystem;
  if (!fs::is_directory(folder)) fail<IoError>("folder", folder, " is no folder");
  std::string list;
  for (const char* name : {"labels.tsv", "gt.txt"})
    if (list.empty() && fs::is_regular_file(fs::path(folder) / name))
      list = (fs::path(folder) / name).string();
  if (list.empty()) fail<IoError>("folder", folder, " holds neither labels.tsv nor gt.txt");
  std::ifstream in(list, std::ios::binary);
  if (!in) fail<IoError>("folder", "cannot read ", list);
  std::vector<LabelledFile> files;
  std::string line;
  for (Index number = 1; std::getline(in, line); ++number) {
    if (number == 1 && line.starts_with("\xEF\xBB\xBF")) line.erase(0, 3);
    if (!line.empty() && line.back() == '\r') line.pop_back();
    if (line.empty()) continue;
    const std::size_t tab = line.find('\t');
    if (tab == std::string::npos || tab == 0)
      fail<IoError>("folder", list, " line ", number, " is not 'path <tab> label'");
    files.push_back({(fs::path(folder) / line.substr(0, tab)).string(), line.substr(tab + 1)});
  }
  if (in.bad()) fail<IoError>("folder", "cannot read all of ", list);
  if (files.empty()) fail<IoError>("folder", list, " lists no picture");
  return files;
}

}  // namespace glimpse::inline v0
