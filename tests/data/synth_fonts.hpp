// Fonts for the tests of data/synth, generated so that the tests need no fonts of the machine.
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include <glimpse/data/synth/fonts.hpp>
#include "scratch.hpp"

/// A valid TrueType file of 95 glyphs: a different pattern of bars for each character, '!' to '~';
/// blank for the space. caps_only: lower case repeats upper case. blank: no glyph has ink. lacks:
/// these have no ink. beyond: further characters, sorted; without accents they look like their base
/// letters. With caps_only, lower case has `small` percent of the height of the capitals.
inline std::string bar_font(bool caps_only = false, bool blank = false,
                            const std::string& lacks = "", const std::u32string& beyond = {},
                            bool accents = true, int small = 100) {
  const auto u16 = [](std::string& s, int v) {
    s += static_cast<char>(v >> 8 & 255), s += static_cast<char>(v & 255);
  };
  const auto u32 = [&](std::string& s, std::size_t v) {
    u16(s, static_cast<int>(v >> 16)), u16(s, static_cast<int>(v & 0xFFFF));
  };
  constexpr int first = 32, last = 126;
  const int ascii = last - first + 1;
  const int glyphs = ascii + 1 + static_cast<int>(beyond.size());  // and glyph 0, the missing one

  std::string glyf, loca, hmtx;
  for (int g = 0; g < glyphs; ++g) {
    u32(loca, glyf.size());
    u16(hmtx, 700), u16(hmtx, 50);
    int c = g <= ascii ? first + g - 1
                       : static_cast<int>(beyond[static_cast<std::size_t>(g - ascii - 1)]);
    if (!accents) c = static_cast<int>(glimpse::synth::base_letter(static_cast<char32_t>(c)));
    const bool lower = c >= 'a' && c <= 'z', capital = lower && caps_only;
    if (capital) c += 'A' - 'a';
    if (g == 0 || c == ' ' || blank || (c < 128 && lacks.find(static_cast<char>(c)) != lacks.npos))
      continue;
    // A stem from the baseline to 700 (capitals, digits, on the left) or 500 (lower case, on the
    // right), and next to it bars for the bits of c.
    const bool right = lower && !capital;
    const int top = right ? 500 : capital ? 7 * small : 700;
    const int stem = right ? 500 : 50, bar = right ? 50 : 150;
    std::vector<std::vector<std::pair<int, int>>> boxes = {
        {{stem, 0}, {stem, top}, {stem + 100, top}, {stem + 100, 0}}};
    for (int bit = 0; bit < 7; ++bit)
      if (c >> bit & 1) {
        const int y = top * bit / 7;
        boxes.push_back({{bar, y}, {bar, y + top / 9}, {bar + 450, y + top / 9}, {bar + 450, y}});
      }
    std::string xs, ys, flags;
    int x = 0, y = 0;
    u16(glyf, static_cast<int>(boxes.size()));
    for (const int v : {50, 0, 600, top}) u16(glyf, v);
    for (std::size_t b = 0; b < boxes.size(); ++b) u16(glyf, static_cast<int>(4 * b + 3));
    u16(glyf, 0);
    for (const auto& box : boxes)
      for (const auto& [px, py] : box) {
        flags += '\1';
        u16(xs, px - x), u16(ys, py - y);
        x = px, y = py;
      }
    glyf += flags + xs + ys;
    if (glyf.size() % 2) glyf += '\0';
  }
  u32(loca, glyf.size());
  if (blank) glyf = std::string(4, '\0');

  std::string head(54, '\0'), maxp(32, '\0'), hhea(36, '\0'), cmap;
  head[18] = 1000 >> 8, head[19] = static_cast<char>(1000 & 255), head[51] = 1;
  maxp[1] = 1, maxp[4] = static_cast<char>(glyphs >> 8), maxp[5] = static_cast<char>(glyphs & 255);
  hhea[34] = maxp[4], hhea[35] = maxp[5];
  u16(cmap, 0), u16(cmap, 1), u16(cmap, 3), u16(cmap, beyond.empty() ? 1 : 10), u32(cmap, 12);
  if (beyond.empty()) {
    u16(cmap, 4), u16(cmap, 32), u16(cmap, 0), u16(cmap, 4), u16(cmap, 4), u16(cmap, 1), u16(cmap, 0);
    u16(cmap, last), u16(cmap, 0xFFFF), u16(cmap, 0), u16(cmap, first), u16(cmap, 0xFFFF);
    u16(cmap, 1 - first), u16(cmap, 1), u16(cmap, 0), u16(cmap, 0);
  } else {  // format 12: groups of first, last, glyph
    u16(cmap, 12), u16(cmap, 0), u32(cmap, 28 + 12 * beyond.size()), u32(cmap, 0);
    u32(cmap, 1 + beyond.size()), u32(cmap, first), u32(cmap, last), u32(cmap, 1);
    for (std::size_t i = 0; i < beyond.size(); ++i)
      u32(cmap, beyond[i]), u32(cmap, beyond[i]), u32(cmap, static_cast<std::size_t>(ascii) + 1 + i);
  }

  const std::vector<std::pair<std::string, std::string>> tables = {
      {"cmap", cmap}, {"glyf", glyf}, {"head", head}, {"hhea", hhea},
      {"hmtx", hmtx}, {"loca", loca}, {"maxp", maxp}};
  std::string file, body;
  u32(file, 0x00010000), u16(file, static_cast<int>(tables.size())), u16(file, 0), u16(file, 0),
      u16(file, 0);
  for (const auto& [tag, bytes] : tables) {
    file += tag;
    u32(file, 0), u32(file, 12 + 16 * tables.size() + body.size()), u32(file, bytes.size());
    body += bytes + std::string((4 - bytes.size() % 4) % 4, '\0');
  }
  return file + body;
}

/// A font as WOFF 1: tables as zlib streams (stored blocks), or plain.
inline std::string woff_of(const std::string& font, bool packed) {
  const auto number = [](std::size_t v, int bytes) {
    std::string s;
    for (int i = bytes - 1; i >= 0; --i) s += static_cast<char>(v >> (8 * i) & 255);
    return s;
  };
  const auto read = [&font](std::size_t at) {
    std::size_t v = 0;
    for (std::size_t i = 0; i < 4; ++i) v = v << 8 | static_cast<unsigned char>(font[at + i]);
    return v;
  };
  const std::size_t tables = read(4) >> 16;
  std::string entries, body;
  for (std::size_t t = 0; t < tables; ++t) {
    const std::size_t record = 12 + 16 * t, size = read(record + 12);
    std::string bytes = font.substr(read(record + 8), size);
    if (packed) {
      std::string jpeg = "\x78\x01";
      for (std::size_t at = 0; at < size; at += 0xFFFF) {
        const std::size_t n = std::min<std::size_t>(size - at, 0xFFFF);
        jpeg += at + n == size ? '\1' : '\0';
        jpeg += static_cast<char>(n & 255), jpeg += static_cast<char>(n >> 8);
        jpeg += static_cast<char>(~n & 255), jpeg += static_cast<char>(~n >> 8 & 255);
        jpeg += bytes.substr(at, n);
      }
      bytes = jpeg + "adlr";
    }
    entries += font.substr(record, 4) + number(44 + 20 * tables + body.size(), 4) +
               number(bytes.size(), 4) + number(size, 4) + number(0, 4);
    body += bytes;
  }
  return "wOFF" + font.substr(0, 4) + number(44 + entries.size() + body.size(), 4) +
         number(tables, 2) + std::string(30, '\0') + entries + body;
}

/// A folder that is removed after the test.
struct FontFolder {
  std::filesystem::path path;
  explicit FontFolder(const std::string& name) : path(scratch_path(name)) {
    std::filesystem::remove_all(path);
    std::filesystem::create_directories(path);
  }
  ~FontFolder() {
    std::error_code error;
    std::filesystem::remove_all(path, error);
  }
  FontFolder(const FontFolder&) = delete;
  FontFolder& operator=(const FontFolder&) = delete;

  std::string put(const std::string& name, const std::string& bytes) const {
    std::ofstream(path / name, std::ios::binary) << bytes;
    return (path / name).string();
  }
  glimpse::synth::FontOptions options() const { return {{path.string()}, {}, 0.5}; }
};

inline glimpse::synth::Fonts test_fonts() {
  const FontFolder folder("synth_faces");
  folder.put("mixed.ttf", bar_font());
  folder.put("caps.ttf", bar_font(true));
  return glimpse::synth::Fonts::load(folder.options());
}
