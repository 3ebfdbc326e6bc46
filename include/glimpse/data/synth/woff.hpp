// woff: decompresses WOFF 1 files, the TrueType and OpenType fonts of the web.
//
//   header (44 bytes) | n x (tag, offset, packed size, size, checksum) | tables, each zlib or plain
//
// becomes   version, n, 3 unused | n x (tag, checksum, offset, size) | tables, each at a multiple
// of 4, which is what truetype.hpp reads and checks.  Source: W3C, WOFF File Format 1.0, 2012.
#pragma once

#include <string_view>
#include <vector>

#include <glimpse/data/synth/font_bytes.hpp>
#include <glimpse/io/inflate.hpp>

namespace glimpse::inline v0::synth {

/// Whether a file begins like a WOFF 1 file.
inline bool is_woff(const std::vector<unsigned char>& bytes) {
  return bytes.size() >= 44 && std::string_view("wOFF") ==
                                   std::string_view(reinterpret_cast<const char*>(bytes.data()), 4);
}

/// The font within a WOFF 1 file. Throws IoError if a table reaches beyond the file, is not valid
/// zlib data, or if all tables together exceed 32 MiB.
inline std::vector<unsigned char> unpack_woff(const std::vector<unsigned char>& bytes) {
  const FontBytes file(bytes);
  const unsigned tables = file.u16(12);
  std::vector<unsigned char> font(12 + std::size_t{16} * tables);
  const auto put = [&font](std::size_t at, std::size_t value) {
    for (std::size_t i = 0; i < 4; ++i)
      font[at + i] = static_cast<unsigned char>(value >> (24 - 8 * i));
  };
  put(0, file.u32(4));
  put(4, std::size_t{tables} << 16);
  for (unsigned t = 0; t < tables; ++t) {
    const std::size_t entry = 44 + std::size_t{20} * t, record = 12 + std::size_t{16} * t;
    const std::size_t packed_size = file.u32(entry + 8), size = file.u32(entry + 12);
    if (size > (std::size_t{1} << 25) - font.size()) fail<IoError>("font", "is larger than 32 MiB");
    put(record, file.u32(entry));
    put(record + 4, file.u32(entry + 16));
    put(record + 8, font.size());
    put(record + 12, size);
    const FontBytes packed = file.split(file.u32(entry + 4), packed_size);
    const std::string_view view(reinterpret_cast<const char*>(packed.data()), packed_size);
    if (packed_size == size) {
      font.insert(font.end(), view.begin(), view.end());
    } else {
      if (packed_size < 6) fail<IoError>("font", "has a table too short for zlib");
      const std::string table =
          inflate(view.substr(2, packed_size - 6), size);  // header and checksum are stripped
      font.insert(font.end(), table.begin(), table.end());
    }
    font.resize((font.size() + 3) / 4 * 4);
  }
  return font;
}

}  // namespace glimpse::inline v0::synth
