// file: whole files in, whole files out.
//
// Reading says what is wrong with its path in front; writing goes to "path.new", is flushed to the
// disk and renamed, so that a kill or a power cut at any moment leaves the old file or the new one,
// never half of either. A symbolic link stays one, its target is replaced; who may read and write
// the old file may read and write the new one.
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

/// Largest file that is read where the caller sets no other limit: 16 GiB.
inline constexpr std::uintmax_t default_file_limit = std::uintmax_t{1} << 34;

/// All bytes of a file. Throws IoError for a file that is missing, no regular file, over `limit`
/// bytes, unreadable.
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

/// A file in the making: write(), then commit(). Uncommitted, it leaves nothing behind and the old
/// file as it was.
class NewFile {
 public:
  /// Throws IoError where the folder does not exist or cannot be written to.
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

  /// Flushes to the disk, then takes the place of the old file in one step.
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
    // The rename itself must reach the disk as well: it lives in the folder.
    const std::string folder = std::filesystem::path(path_).parent_path().string();
    if (const int handle = ::open(folder.empty() ? "." : folder.c_str(), O_RDONLY); handle >= 0) {
      (void)::fsync(handle);
      ::close(handle);
    }
#endif
  }

 private:
  /// Where a path leads by its symbolic links, also where nothing is there yet.
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
  bool drafted_ = false;  // the draft is there, and ours
};

/// Writes a whole file through NewFile. Throws IoError with the path.
inline void write_file(const std::string& path, std::string_view bytes) {
  NewFile file(path);
  file.write(bytes);
  file.commit();
}

}  // namespace glimpse::inline v0
