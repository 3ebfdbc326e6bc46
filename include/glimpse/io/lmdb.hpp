// lmdb: keys and values in a memory-mapped file, the usual format of shared word data sets.
//
//   a folder with data.mdb, or one file:   key -> value, both of bytes
//
// Reading maps only the bytes that the file holds, whatever map size its writer asked for. If the
// folder is writable, reading takes LMDB's lock, because another process may write. Reading takes
// no lock in a read-only folder. Needs liblmdb (Debian: liblmdb-dev; link with -llmdb), so this
// header must be included separately.
#pragma once

#include <lmdb.h>

#include <cerrno>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <glimpse/core/error.hpp>
#include <glimpse/io/lines.hpp>
#include <glimpse/io/lmdb_pages.hpp>

namespace glimpse::inline v0 {

namespace detail {

inline void lmdb_check(int status, const char* what, const std::string& path) {
  if (status != MDB_SUCCESS)
    fail<IoError>("lmdb", "cannot ", what, " '", path, "': ", mdb_strerror(status));
}

using LmdbEnv = std::unique_ptr<MDB_env, void (*)(MDB_env*)>;

inline LmdbEnv new_lmdb_env(const std::string& path) {
  MDB_env* env = nullptr;
  lmdb_check(mdb_env_create(&env), "open", path);
  return LmdbEnv(env, &mdb_env_close);
}

inline MDB_val lmdb_value(std::string_view bytes) {
  return {bytes.size(), const_cast<char*>(bytes.data())};
}

}  // namespace detail

/// The file of a database: the path itself, or data.mdb in a folder; empty if neither exists.
inline std::string lmdb_file(const std::string& path) {
  std::error_code error;
  std::filesystem::path file(path);
  if (std::filesystem::is_directory(file, error)) file /= "data.mdb";
  return std::filesystem::exists(file, error) ? file.string() : std::string();
}

/// An open database. It shows the state at the time of opening. Functions may be called from
/// several threads. A process may open a database only once at a time.
class LmdbReader {
 public:
  /// Throws IoError if the file is missing, not a database, of another architecture, cut or
  /// damaged.
  explicit LmdbReader(const std::string& path) : path_(path), env_(nullptr, &mdb_env_close) {
    const std::string file = lmdb_file(path);
    if (file.empty()) fail<IoError>("lmdb", "expected data.mdb, got nothing at '", path, "'");
    if (const std::string what = detail::irregular_file(file); !what.empty())
      fail<IoError>("lmdb", "expected a file, got ", what, ": '", file, "' is no regular file");
    std::error_code error;
    const std::uintmax_t bytes = std::filesystem::file_size(file, error);
    if (error) fail<IoError>("lmdb", "cannot read '", file, "': ", error.message());
    entries_ = static_cast<std::size_t>(LmdbPages(file).entries());
    const unsigned flags = MDB_RDONLY | MDB_NOTLS | (file == path ? MDB_NOSUBDIR : 0u);
    int status = open(flags, bytes);
    if (status == EACCES || status == EROFS || status == EPERM)
      status = open(flags | MDB_NOLOCK, bytes);
    detail::lmdb_check(status, "open", file);
    detail::lmdb_check(mdb_txn_begin(env_.get(), nullptr, MDB_RDONLY, &txn_), "read", file);
    const int opened = mdb_dbi_open(txn_, nullptr, 0, &dbi_);
    if (opened != MDB_SUCCESS) mdb_txn_abort(txn_);
    detail::lmdb_check(opened, "read", file);
  }
  LmdbReader(const LmdbReader&) = delete;
  LmdbReader& operator=(const LmdbReader&) = delete;
  ~LmdbReader() { mdb_txn_abort(txn_); }

  /// The value of a key, or nothing if the key is missing. Valid as long as the reader lives.
  std::optional<std::string_view> find(std::string_view key) const {
    MDB_val k = detail::lmdb_value(key), value{};
    const std::lock_guard lock(mutex_);
    const int status = mdb_get(txn_, dbi_, &k, &value);
    if (status == MDB_NOTFOUND) return std::nullopt;
    detail::lmdb_check(status, "read", path_);
    return std::string_view(static_cast<const char*>(value.mv_data), value.mv_size);
  }

  std::size_t entries() const { return entries_; }
  const std::string& path() const { return path_; }

 private:
  int open(unsigned flags, std::uintmax_t bytes) {
    env_ = detail::new_lmdb_env(path_);
    int status = mdb_env_set_mapsize(env_.get(), static_cast<std::size_t>(bytes));
    if (status == MDB_SUCCESS) status = mdb_env_open(env_.get(), path_.c_str(), flags, 0664);
    return status;
  }

  std::string path_;
  detail::LmdbEnv env_;
  MDB_txn* txn_ = nullptr;
  MDB_dbi dbi_ = 0;
  std::size_t entries_ = 0;
  mutable std::mutex mutex_;  // only one thread at a time may use a transaction
};

/// A new database. commit() writes the entries since the last commit to the file.
class LmdbWriter {
 public:
  /// path: a file if it ends in .mdb, else a folder, which is created. Throws IoError if a database
  /// already exists there or if the path is not writable.
  explicit LmdbWriter(const std::string& path) : path_(path), env_(detail::new_lmdb_env(path)) {
    const bool single = path.ends_with(".mdb");
    std::error_code error;
    const std::filesystem::path folder =
        single ? std::filesystem::path(path).parent_path() : std::filesystem::path(path);
    if (!folder.empty()) std::filesystem::create_directories(folder, error);
    if (error)
      fail<IoError>("lmdb", "cannot make the folder '", folder.string(), "': ", error.message());
    const std::filesystem::path file = single ? std::filesystem::path(path) : folder / "data.mdb";
    if (std::filesystem::exists(file, error))
      fail<IoError>("lmdb", "expected a new file, got '", file.string(),
                    "', which is there already; delete it or name another");
    detail::lmdb_check(mdb_env_set_mapsize(env_.get(), size_), "write", path);
    detail::lmdb_check(mdb_env_open(env_.get(), path.c_str(),
                                    MDB_NOLOCK | MDB_NOTLS | (single ? MDB_NOSUBDIR : 0u), 0664),
                       "write", path);
  }

  void put(std::string key, std::string value) {
    waiting_.emplace_back(std::move(key), std::move(value));
  }

  /// Writes all entries since the last commit, or none of them. The map grows as needed.
  void commit() {
    int status = write_waiting();
    while (status == MDB_MAP_FULL) {
      size_ *= 2;
      detail::lmdb_check(mdb_env_set_mapsize(env_.get(), size_), "write", path_);
      status = write_waiting();
    }
    detail::lmdb_check(status, "write", path_);
    waiting_.clear();
  }

 private:
  int write_waiting() {
    MDB_txn* txn = nullptr;
    MDB_dbi dbi = 0;
    int status = mdb_txn_begin(env_.get(), nullptr, 0, &txn);
    if (status != MDB_SUCCESS) return status;
    status = mdb_dbi_open(txn, nullptr, 0, &dbi);
    for (std::size_t i = 0; status == MDB_SUCCESS && i < waiting_.size(); ++i) {
      MDB_val key = detail::lmdb_value(waiting_[i].first);
      MDB_val value = detail::lmdb_value(waiting_[i].second);
      status = mdb_put(txn, dbi, &key, &value, 0);
    }
    if (status == MDB_SUCCESS) return mdb_txn_commit(txn);
    mdb_txn_abort(txn);
    return status;
  }

  std::string path_;
  detail::LmdbEnv env_;
  std::size_t size_ = std::size_t{64} << 20;
  std::vector<std::pair<std::string, std::string>> waiting_;
};

}  // namespace glimpse::inline v0
