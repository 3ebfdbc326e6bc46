// file: reads and writes whole files.
//
// Errors of reading begin with the path. Writing goes to "path.new", which is flushed to the disk
// and renamed. After a kill or a power cut, the old file or the new file is complete. A symbolic
// link stays a link and its target is replaced. The new file keeps the old file's permissions.
#pragma once

#include <bit>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>

#include <glimpse/core/error.hpp>

#if __has_include(<unistd.h>) && __has_include(<fcntl.h>)
#include <fcntl.h>
#include <unistd.h>
#define GLIMPSE_POSIX_FILES 1
#endif

namespace glimpse::inline v0 {

static_assert(std::endian::native == std::endian::little,
              "the file formats here are little-endian");

/// Largest file that is read if the caller sets no other limit: 16 GiB.
inline constexpr std::uintmax_t default_file_limit = std::uintmax_t{1} << 34;

/// All bytes of a file. Throws IoError for a file that is missing, not a regular file, larger than
/// `limit` bytes, or unreadable.
inline std::string read_file(const std::string& path, std::uintmax_t limit = default_file_limit) {
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  if (status.type() == std::filesystem::file_type::not_found)
    fail<IoError>("read", "'", path, "' does not exist");
  if (error) fail<IoError>("read", "'", path, "': ", error.message());
  if (std::filesystem::is_directory(status)) fail<IoError>("read", "'", path, "' is a folder");
  if (!std::filesystem::is_regular_file(status))
    fail<IoError>("read", "'", path, "' is no regular file");
  const std::uintmax_t size = std::filesystem::file_size(path, error);
  if (error) fail<IoError>("read", "'", path, "': ", error.message());
  if (size > limit)
    fail<IoError>("read", "'", path, "' has ", size, " bytes, the limit is ", limit);
  std::FILE* file = std::fopen(path.c_str(), "rb");
  if (!file) fail<IoError>("read", "'", path, "': ", std::strerror(errno));
  std::string bytes(static_cast<std::size_t>(size), '\0');
  const std::size_t got = std::fread(bytes.data(), 1, bytes.size(), file);
  std::fclose(file);
  if (got != bytes.size())
    fail<IoError>("read", "'", path, "' gave ", got, " of its ", bytes.size(), " bytes");
  return bytes;
}

/// A file that is being written: write(), then commit(). Without commit(), the destructor removes
/// the draft and the old file stays as it was.
class NewFile {
 public:
  /// Throws IoError if the folder does not exist or is not writable.
  explicit NewFile(const std::string& path) : path_(followed(path)), draft_(path_ + ".new") {
    file_ = std::fopen(draft_.c_str(), "wb");
    if (!file_) give_up("cannot be written");
    drafted_ = true;
    std::error_code none;
    const auto old = std::filesystem::status(path_, none);
    if (std::filesystem::is_regular_file(old))
      std::filesystem::permissions(draft_, old.permissions(), none);
  }
  NewFile(const NewFile&) = delete;
  NewFile& operator=(const NewFile&) = delete;
  ~NewFile() { discard(); }

  void write(const void* data, std::size_t bytes) {
    if (bytes > 0 && std::fwrite(data, 1, bytes, file_) != bytes) give_up("cannot be written");
  }
  void write(std::string_view bytes) { write(bytes.data(), bytes.size()); }

  /// Flushes the draft to the disk, then replaces the old file in one step.
  void commit() {
    if (std::fflush(file_) != 0) give_up("cannot be written");
#ifdef GLIMPSE_POSIX_FILES
    if (::fsync(::fileno(file_)) != 0 && errno != EINVAL) give_up("cannot be flushed");
#endif
    if (std::fclose(std::exchange(file_, nullptr)) != 0) give_up("cannot be closed");
    std::error_code error;
    std::filesystem::rename(draft_, path_, error);
    if (error) {
      discard();
      fail<IoError>("write", "'", path_, "': ", error.message());
    }
    drafted_ = false;
#ifdef GLIMPSE_POSIX_FILES
    // The folder holds the name, so the folder must be flushed too.
    const std::string folder = std::filesystem::path(path_).parent_path().string();
    if (const int handle = ::open(folder.empty() ? "." : folder.c_str(), O_RDONLY); handle >= 0) {
      (void)::fsync(handle);
      ::close(handle);
    }
#endif
  }

 private:
  /// Target of a path after its symbolic links; the target need not exist.
  static std::string followed(std::filesystem::path path) {
    std::error_code error;
    for (int links = 0; std::filesystem::is_symlink(path, error); ++links) {
      if (links == 40)
        fail<IoError>("write", "'", path.string(), "': a symbolic link that leads to itself");
      path = path.parent_path() / std::filesystem::read_symlink(path, error);
      if (error) fail<IoError>("write", "'", path.string(), "': ", error.message());
    }
    return path.string();
  }

  [[noreturn]] void give_up(const char* what) {
    const std::string reason = std::strerror(errno);
    discard();
    fail<IoError>("write", "'", path_, "' ", what, ": ", reason);
  }
  void discard() {
    if (file_) std::fclose(std::exchange(file_, nullptr));
    if (std::exchange(drafted_, false)) std::remove(draft_.c_str());
  }

  std::string path_, draft_;
  std::FILE* file_ = nullptr;
  bool drafted_ = false;  // true once this object has made the draft
};

/// Writes a whole file with NewFile. Throws IoError with the path.
inline void write_file(const std::string& path, std::string_view bytes) {
  NewFile file(path);
  file.write(bytes);
  file.commit();
}

}  // namespace glimpse::inline v0
