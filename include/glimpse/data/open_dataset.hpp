// open_dataset: opens a data set of words of any kind by its path.
//
//   a folder with a label list, or such a list   FolderDataset (data/folder.hpp)
//   a folder with data.mdb, or such a file       LmdbDataset (data/lmdb_dataset.hpp), if the whole
//                                                program is compiled with GLIMPSE_LMDB=1 and linked
//                                                with liblmdb
//   PATH#training/5, PATH#held-out/5             a split of either (data/subset.hpp)
#pragma once

#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include <glimpse/core/error.hpp>
#include <glimpse/data/folder.hpp>
#include <glimpse/data/subset.hpp>

#if defined(GLIMPSE_LMDB) && GLIMPSE_LMDB
#include <glimpse/data/lmdb_dataset.hpp>
#endif

namespace glimpse::inline v0 {

namespace detail {

/// Whether a path is an LMDB file (by its name or its first bytes), or a folder with data.mdb and
/// without a label list.
inline bool is_lmdb(const std::string& path) {
  std::error_code error;
  if (std::filesystem::is_directory(path, error))
    return find_label_list(path).empty() &&
           std::filesystem::exists(std::filesystem::path(path) / "data.mdb", error);
  if (!std::filesystem::is_regular_file(path, error)) return false;
  if (std::filesystem::path(path).extension() == ".mdb") return true;
  char head[20] = {};
  std::ifstream(path, std::ios::binary).read(head, sizeof head);
  return std::memcmp(head + 16, "\xDE\xC0\xEF\xBE", 4) == 0;  // LMDB's magic number
}

}  // namespace detail

/// Opens a data set. If a folder holds both a label list and data.mdb, the list is used. Throws
/// IoError if there is no data set or if it is malformed.
inline std::shared_ptr<const WordDataset> open_dataset(const std::string& path) {
  if (const DatasetPath named = split_part(path); named.n > 0)
    return std::make_shared<SubsetDataset>(open_dataset(named.path), named.n, named.held_out);
  if (detail::is_lmdb(path)) {
#if defined(GLIMPSE_LMDB) && GLIMPSE_LMDB
    return std::make_shared<LmdbDataset>(path);
#else
    fail<IoError>("data", "expected a build with liblmdb to read '", path,
                  "', got one without; install liblmdb-dev and build again");
#endif
  }
  return std::make_shared<FolderDataset>(path);
}

}  // namespace glimpse::inline v0
