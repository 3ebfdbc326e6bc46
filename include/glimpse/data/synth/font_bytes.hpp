// font bytes: big-endian reads that are checked against the end of their table.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include <glimpse/core/error.hpp>

namespace glimpse::inline v0::synth {

/// A part of a file, read big-endian; every read is checked. Throws IoError beyond the end.
class FontBytes {
 public:
  FontBytes() = default;
  explicit FontBytes(std::span<const unsigned char> bytes) : bytes_(bytes) {}

  std::size_t size() const { return bytes_.size(); }
  const unsigned char* data() const { return bytes_.data(); }
  bool empty() const { return bytes_.empty(); }

  FontBytes split(std::size_t offset, std::size_t length) const {
    check(offset, length);
    return FontBytes(bytes_.subspan(offset, length));
  }
  FontBytes from(std::size_t offset) const {
    check(offset, 0);
    return FontBytes(bytes_.subspan(offset));
  }
  unsigned u8(std::size_t at) const { return check(at, 1), bytes_[at]; }
  unsigned u16(std::size_t at) const {
    return check(at, 2), static_cast<unsigned>(bytes_[at] << 8 | bytes_[at + 1]);
  }
  int i16(std::size_t at) const { return static_cast<std::int16_t>(u16(at)); }
  std::size_t u32(std::size_t at) const {
    return static_cast<std::size_t>(u16(at)) << 16 | u16(at + 2);
  }

 private:
  void check(std::size_t offset, std::size_t length) const {
    if (offset > bytes_.size() || length > bytes_.size() - offset)
      fail<IoError>("font", "a table reaches beyond its end");
  }
  std::span<const unsigned char> bytes_;
};

}  // namespace glimpse::inline v0::synth
