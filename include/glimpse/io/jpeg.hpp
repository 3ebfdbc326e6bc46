// jpeg: checks the segments of a JPEG file before anything is decoded.
//
//   FF D8 | FF marker length bytes | FF marker length bytes | ... packed pixels ... | FF D9
//
// Lengths are big-endian and count themselves. Source: ITU T.81, annex B; CIPA DC-008 for Exif.
#pragma once

#include <cstddef>
#include <string_view>

namespace glimpse::inline v0 {

namespace detail {

/// False if a Huffman table of a JPEG lists more codes than there are symbols. Older decoders write
/// beyond their own table for such a file.
inline bool jpeg_tables_fit(std::string_view file) {
  const auto byte = [&](std::size_t at) {
    return at < file.size() ? static_cast<unsigned char>(file[at]) : 0u;
  };
  for (std::size_t at = 2; at + 1 < file.size();) {
    if (byte(at) != 0xFF || byte(at + 1) == 0xFF) {
      ++at;
      continue;
    }
    const unsigned marker = byte(at + 1);
    at += 2;
    if (marker <= 0x01 || (marker >= 0xD0 && marker <= 0xD9)) continue;  // these have no length
    const std::size_t length = byte(at) << 8 | byte(at + 1);
    if (marker == 0xC4) {
      std::size_t table = at + 2;
      while (table < at + length) {
        std::size_t codes = 0;
        for (std::size_t n = 1; n <= 16; ++n) codes += byte(table + n);
        if (codes > 256) return false;
        table += 17 + codes;
      }
      if (table != at + length) return false;
    }
    at += length;
  }
  return true;
}

/// Orientation tag 1 to 8 of a JPEG's Exif block; 1 (upright) if it is missing or damaged.
inline int exif_orientation(std::string_view file) {
  const auto byte = [&](std::size_t at) {
    return at < file.size() ? static_cast<unsigned char>(file[at]) : 0u;
  };
  if (byte(0) != 0xFF || byte(1) != 0xD8) return 1;
  for (std::size_t at = 2; at + 4 < file.size() && byte(at) == 0xFF && byte(at + 1) != 0xDA;) {
    const std::size_t length = byte(at + 2) << 8 | byte(at + 3);
    if (byte(at + 1) == 0xE1 && file.substr(at + 4, 6) == std::string_view("Exif\0\0", 6)) {
      const std::size_t tiff = at + 10;
      const bool little = byte(tiff) == 'I';
      const auto read = [&](std::size_t offset, int bytes) {
        std::size_t v = 0;
        for (int i = 0; i < bytes; ++i)
          v = v << 8 | byte(offset + static_cast<std::size_t>(little ? bytes - 1 - i : i));
        return v;
      };
      const std::size_t directory = tiff + read(tiff + 4, 4);
      const std::size_t count = read(directory, 2);
      for (std::size_t i = 0; i < count && i < 64; ++i) {
        const std::size_t tag = directory + 2 + 12 * i;
        if (read(tag, 2) != 0x0112) continue;
        const std::size_t value = read(tag + 8, 2);
        return value >= 1 && value <= 8 ? static_cast<int>(value) : 1;
      }
      return 1;
    }
    at += 2 + length;
  }
  return 1;
}

}  // namespace detail

}  // namespace glimpse::inline v0
