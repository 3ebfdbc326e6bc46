// npz: named arrays in one file, a zip archive of npy files.
//
//   each file: header, bytes | directory: for each file sizes, checksum, offset | end of directory
//
// Archives are read through their directory. Files may be stored or deflated; checksums are
// verified. Archives are written uncompressed, as numpy.savez does. Does not read or write more
// than 4 GiB (no zip64). Source: PKWARE's application note on the zip format.
#pragma once

#include <algorithm>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <glimpse/io/inflate.hpp>
#include <glimpse/io/npy.hpp>

namespace glimpse::inline v0 {

/// One file of an archive, decompressed.
struct ZipEntry {
  std::string name, bytes;
};

/// Decompresses a zip archive. name: the path for error messages. Throws IoError for an archive
/// that is damaged, encrypted, or larger than `limit` bytes when decompressed.
inline std::vector<ZipEntry> decode_zip(std::string_view file, const std::string& name = "memory",
                                        std::size_t limit = std::size_t{1} << 33) {
  const auto broken = [&](auto... what) { fail<IoError>("zip", "'", name, "' ", what...); };
  const auto number = [&](std::size_t at, std::size_t bytes) {
    if (at > file.size() || file.size() - at < bytes) broken("is truncated");
    std::size_t value = 0;
    for (std::size_t i = bytes; i-- > 0;)
      value = value << 8 | static_cast<unsigned char>(file[at + i]);
    return value;
  };
  const std::size_t end = file.rfind("PK\x05\x06");
  if (end == std::string_view::npos) broken("is no zip archive, or is truncated");
  if (file.size() - end != 22 + number(end + 20, 2)) broken("is truncated");
  const std::size_t count = number(end + 10, 2);
  std::size_t at = number(end + 16, 4), total = 0;
  std::vector<ZipEntry> entries;
  for (std::size_t i = 0; i < count; ++i) {
    if (number(at, 4) != 0x02014B50) broken("has a damaged directory");
    const std::size_t flags = number(at + 8, 2), method = number(at + 10, 2),
                      check = number(at + 16, 4);
    const std::size_t packed = number(at + 20, 4), size = number(at + 24, 4),
                      offset = number(at + 42, 4);
    const std::size_t name_size = number(at + 28, 2);
    if (file.size() - at - 46 < name_size) broken("is truncated");
    ZipEntry entry{std::string(file.substr(at + 46, name_size)), {}};
    at += 46 + name_size + number(at + 30, 2) + number(at + 32, 2);
    const std::string who = "'" + entry.name + "'";
    if (packed == 0xFFFFFFFF || size == 0xFFFFFFFF || offset == 0xFFFFFFFF)
      broken("holds ", who, " in zip64");
    if (flags & 1) broken("holds ", who, " encrypted");
    if (number(offset, 4) != 0x04034B50) broken("has a damaged head of ", who);
    const std::size_t begin = offset + 30 + number(offset + 26, 2) + number(offset + 28, 2);
    if (begin > file.size() || file.size() - begin < packed) broken("is truncated in ", who);
    if (size > limit - total) broken("unpacks to more than ", limit, " bytes");
    total += size;
    const std::string_view bytes = file.substr(begin, packed);
    if (method == 0 && packed == size)
      entry.bytes = bytes;
    else if (method == 8)
      entry.bytes = inflate(bytes, size);
    else
      broken("holds ", who, " packed in a way that is not read here");
    if (crc32(entry.bytes) != check) broken("has damaged bytes in ", who);
    entries.push_back(std::move(entry));
  }
  return entries;
}

/// A zip archive of uncompressed files. Throws ValueError beyond 4 GiB.
inline std::string encode_zip(const std::vector<ZipEntry>& entries) {
  std::string file, directory;
  const auto put = [](std::string& to, std::size_t value, int bytes) {
    for (int i = 0; i < bytes; ++i) to += static_cast<char>(value >> (8 * i) & 0xFF);
  };
  for (const ZipEntry& entry : entries) {
    const std::size_t offset = file.size();
    // Fields that both headers share: version 2.0, no flags, stored, 1 January 1980, checksum,
    // sizes, lengths.
    std::string common;
    put(common, 20, 2), put(common, 0, 2), put(common, 0, 2), put(common, 0x00210000, 4);
    put(common, crc32(entry.bytes), 4), put(common, entry.bytes.size(), 4),
        put(common, entry.bytes.size(), 4);
    put(common, entry.name.size(), 2), put(common, 0, 2);
    file += "PK\x03\x04" + common + entry.name + entry.bytes;
    directory += "PK\x01\x02";
    put(directory, 20, 2);
    directory += common + std::string(10, '\0');
    put(directory, offset, 4);
    directory += entry.name;
    if (file.size() + directory.size() > std::numeric_limits<std::uint32_t>::max() ||
        entry.name.size() > 0xFFFF)
      fail("zip", "files over 4 GiB are not written");
  }
  if (entries.size() > 0xFFFF) fail("zip", "more than 65535 files are not written");
  const std::size_t offset = file.size();
  file += directory + "PK\x05\x06";
  put(file, 0, 4), put(file, entries.size(), 2), put(file, entries.size(), 2),
      put(file, directory.size(), 4);
  put(file, offset, 4), put(file, 0, 2);
  return file;
}

/// Reads every array of an npz file as T, in the order of the file, with its name. Throws IoError
/// with the path.
template <class T>
std::vector<std::pair<std::string, Tensor<T>>> read_npz(const std::string& path) {
  std::vector<std::pair<std::string, Tensor<T>>> arrays;
  for (const ZipEntry& entry : decode_zip(read_file(path), path)) {
    std::string_view name = entry.name;
    if (!name.ends_with(".npy")) continue;
    name.remove_suffix(4);
    arrays.emplace_back(std::string(name), decode_npy<T>(entry.bytes, path + ":" + entry.name));
  }
  return arrays;
}

/// Writes arrays as one npz file. Throws IoError with the path, ValueError for two equal names.
template <class T>
void write_npz(const std::string& path,
               const std::vector<std::pair<std::string, Tensor<T>>>& arrays,
               DType type = dtype_of<T>()) {
  std::vector<ZipEntry> entries;
  for (const auto& [name, x] : arrays) {
    for (const ZipEntry& entry : entries)
      if (entry.name == name + ".npy") fail("npz", "the name '", name, "' is taken");
    entries.push_back({name + ".npy", encode_npy(x, type)});
  }
  write_file(path, encode_zip(entries));
}

}  // namespace glimpse::inline v0
