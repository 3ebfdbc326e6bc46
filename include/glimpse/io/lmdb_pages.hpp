// lmdb pages: checks the pages of an LMDB file before liblmdb maps it. liblmdb trusts the file, so
// a cut or damaged file would cause a bus error, an abort or a read beyond the map.
//
//   file       pages of psize bytes; pages 0 and 1 are meta pages, the later transaction is valid
//   page       u64 number, u16, u16 flags (1 branch, 2 leaf, 4 overflow, 8 meta),
//              u16 lower, u16 upper; then (lower - 16) / 2 offsets of nodes, u16 each
//   node       u16 lo, u16 hi, u16 flags, u16 key bytes, key, data
//              branch: child = lo | hi << 16 | flags << 32
//              leaf:   data bytes = lo | hi << 16; with flag 1, the data is the u64 number of the
//                      first overflow page
//   meta       after the page's 16 bytes: u32 magic, u32 version, u64, u64 size of the map, two
//              tables of u32, u16 flags, u16 depth, u64 branch pages, leaf pages, overflow pages,
//              entries, root; then u64 last page, u64 transaction
//
// Numbers are little-endian, of 64-bit machines. Source: mdb.c of LMDB 0.9.
#pragma once

#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include <glimpse/core/error.hpp>
#include <glimpse/core/shape.hpp>

namespace glimpse::inline v0 {

/// Checks a file from its root to every leaf and returns the number of its entries. O(leaf pages).
/// Does not read large values. Throws IoError if the file is not an LMDB file of plain keys, is cut
/// or is damaged.
class LmdbPages {
 public:
  explicit LmdbPages(const std::string& path) : path_(path), file_(path, std::ios::binary) {
    std::error_code error;
    const std::uintmax_t bytes = std::filesystem::file_size(path, error);
    if (error || !file_) fail<IoError>("lmdb", "cannot read '", path, "'");
    if (bytes < 2 * 256) damaged("is too short for an LMDB file");
    page_size_ = 256;  // until the first meta page gives the true size
    Meta meta = read_meta(0);
    if (meta.page_size < 256 || meta.page_size > 65536 ||
        (meta.page_size & (meta.page_size - 1)) != 0)
      damaged("names no size of pages");
    page_size_ = meta.page_size;
    pages_ = bytes / page_size_;
    const Meta other = read_meta(page_size_);
    if (other.transaction > meta.transaction) meta = other;
    if (meta.page_size != page_size_) damaged("names two sizes of pages");
    if (meta.flags != 0) damaged("has keys of a special kind, no data set of words");
    seen_.resize(static_cast<std::size_t>(pages_));
    if (meta.root != ~std::uint64_t{0}) walk(meta.root, 0);
  }

  std::uint64_t entries() const { return entries_; }

 private:
  struct Meta {
    std::uint32_t page_size;
    std::uint16_t flags;
    std::uint64_t root, transaction;
  };

  [[noreturn]] void damaged(const char* what) const {
    fail<IoError>("lmdb", "expected a whole LMDB file, got '", path_, "', which ", what);
  }

  template <class T>
  static T number(const std::string& bytes, std::size_t at) {
    T value;
    std::memcpy(&value, bytes.data() + at, sizeof value);
    return value;
  }

  std::string read(std::uint64_t offset, std::size_t count) {
    std::string bytes(count, '\0');
    file_.clear();
    file_.seekg(static_cast<std::streamoff>(offset));
    file_.read(bytes.data(), static_cast<std::streamsize>(count));
    if (file_.gcount() != static_cast<std::streamsize>(count)) damaged("ends too early");
    return bytes;
  }

  Meta read_meta(std::uint64_t offset) {
    const std::string m = read(offset, 152);
    if ((number<std::uint16_t>(m, 10) & 8) == 0 || number<std::uint32_t>(m, 16) != 0xBEEFC0DE ||
        number<std::uint32_t>(m, 20) != 1)
      damaged("is none of this kind of machine");
    return {number<std::uint32_t>(m, 40), number<std::uint16_t>(m, 92),
            number<std::uint64_t>(m, 128), number<std::uint64_t>(m, 144)};
  }

  void walk(std::uint64_t page_number, int depth) {
    if (page_number >= pages_) damaged("was cut, or is being written");
    if (page_number < 2 || depth > 30 ||
        std::exchange(seen_[static_cast<std::size_t>(page_number)], 1))
      damaged("is damaged (a page is named twice)");
    const std::string page = read(page_number * page_size_, page_size_);
    const unsigned kind = number<std::uint16_t>(page, 10) & ~0x10u;
    const std::size_t lower = number<std::uint16_t>(page, 12),
                      upper = number<std::uint16_t>(page, 14);
    if (number<std::uint64_t>(page, 0) != page_number || (kind != 1 && kind != 2) || lower < 16 ||
        lower % 2 != 0 || upper < lower || upper > page_size_)
      damaged("is damaged (the head of a page)");
    const std::size_t nodes = (lower - 16) / 2;
    if (kind == 1 && nodes < 2) damaged("is damaged (a branch without children)");
    for (std::size_t i = 0; i < nodes; ++i) {
      const std::size_t at = number<std::uint16_t>(page, 16 + 2 * i);
      if (at < upper || at % 2 != 0 || at + 8 > page_size_) damaged("is damaged (an offset)");
      const std::uint64_t low = number<std::uint32_t>(page, at);
      const unsigned flags = number<std::uint16_t>(page, at + 4);
      const std::size_t data = at + 8 + number<std::uint16_t>(page, at + 6);
      if (data > page_size_) damaged("is damaged (a key)");
      if (kind == 1) {
        walk(low | std::uint64_t{flags} << 32, depth + 1);
        continue;
      }
      ++entries_;
      if (flags > 1) damaged("holds more than keys and values, no data set of words");
      if (flags == 0 && data + low > page_size_) damaged("is damaged (a value)");
      if (flags == 0) continue;
      if (data + 8 > page_size_) damaged("is damaged (a value)");
      const std::uint64_t first = number<std::uint64_t>(page, data);
      const std::uint64_t count = (16 + low + page_size_ - 1) / page_size_;
      if (first < 2) damaged("is damaged (a large value)");
      if (first >= pages_ || count > pages_ - first) damaged("was cut, or is being written");
    }
  }

  std::string path_;
  std::ifstream file_;
  std::size_t page_size_ = 0;
  std::uint64_t pages_ = 0, entries_ = 0;
  std::vector<char> seen_;
};

}  // namespace glimpse::inline v0
