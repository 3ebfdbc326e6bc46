// truetype: reads glyph outlines from untrusted TTF and OTF files.
//
// stb_truetype does the decoding, but it trusts its input: it follows offsets without a check
// against the end of the file. So this header first reads all parts that stb_truetype will read,
// with checks: table directory, character map, the offset and the points of every glyph, components
// of composite glyphs. The asserts of stb_truetype throw, and CFF data are passed in buffers of
// their true size. A failed check is an IoError or, for one glyph, a missing glyph.
//
// Source: the OpenType specification (cmap, glyf, loca, hmtx, kern, CFF tables).
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include <glimpse/data/synth/font_bytes.hpp>
#include <glimpse/data/synth/geometry.hpp>
#include <glimpse/data/synth/stb_truetype.hpp>

namespace glimpse::inline v0::synth {

/// An outline in font units, y up: contours one after the other, each ends before points[ends[i]].
struct Outline {
  std::vector<Point> points;
  std::vector<std::uint32_t> ends;
};

/// The glyphs of one font file. Holds references into `bytes`, which must outlive it.
class TrueType {
 public:
  /// Throws IoError for anything but a valid single TTF or OTF font.
  explicit TrueType(std::span<const unsigned char> bytes) : file_(bytes) {
    if (bytes.size() > (std::size_t{1} << 25)) fail<IoError>("font", "is larger than 32 MiB");
    const std::size_t version = file_.u32(0);
    if (version != 0x00010000 && version != 0x4F54544F && version != 0x74727565)
      fail<IoError>("font", "is neither TrueType nor OpenType");
    for (std::size_t i = 0; i < file_.u16(4); ++i) {
      const std::size_t record = 12 + 16 * i, offset = file_.u32(record + 8);
      const std::string_view tag(reinterpret_cast<const char*>(file_.split(record, 4).data()), 4);
      for (Table& table : tables_)
        if (tag == table.tag) table.bytes = file_.split(offset, file_.u32(record + 12));
    }
    units_per_em_ = head().u16(18);
    glyphs_ = maxp().u16(4);
    if (units_per_em_ == 0 || glyphs_ == 0) fail<IoError>("font", "has no glyphs");
    long_metrics_ = hhea().u16(34);
    if (long_metrics_ == 0 || long_metrics_ > glyphs_) fail<IoError>("font", "has no metrics");
    hmtx().split(0, 4 * std::size_t{long_metrics_});
    if (glyf().empty()) {
      prepare_cff();
    } else {
      prepare_glyf();
    }
    find_character_map();
  }

  double units_per_em() const { return units_per_em_; }

  /// Glyph of a character, 0 if the font has none.
  unsigned glyph(unsigned character) const {
    try {
      const unsigned g = look_up(character);
      return g < glyphs_ ? g : 0;
    } catch (const IoError&) {
      return 0;
    }
  }

  double advance(unsigned glyph) const {
    return hmtx().u16(4 * std::size_t{std::min(glyph, long_metrics_ - 1)});
  }

  /// Outline as polygons; curves are split until they deviate by less than `tolerance` font units.
  /// An empty outline is a blank. Throws IoError for damaged data.
  Outline outline(unsigned glyph, double tolerance) const;

  /// Calls f(left glyph, right glyph, value in font units) for every pair of the `kern` table.
  template <class F>
  void kerning(F&& f) const;

 private:
  struct Table {
    std::string_view tag;
    FontBytes bytes;
  };
  FontBytes head() const { return tables_[0].bytes; }
  FontBytes maxp() const { return tables_[1].bytes; }
  FontBytes hhea() const { return tables_[2].bytes; }
  FontBytes hmtx() const { return tables_[3].bytes; }
  FontBytes cmap() const { return tables_[4].bytes; }
  FontBytes loca() const { return tables_[5].bytes; }
  FontBytes glyf() const { return tables_[6].bytes; }
  FontBytes cff() const { return tables_[7].bytes; }
  FontBytes kern() const { return tables_[8].bytes; }
  int offset_of(FontBytes table) const { return static_cast<int>(table.data() - file_.data()); }

  void prepare_glyf();
  void prepare_cff();
  void find_character_map();
  unsigned look_up(unsigned character) const;
  FontBytes glyph_bytes(unsigned glyph) const;
  void check_glyph(unsigned glyph, int depth, int& budget) const;

  FontBytes file_, map_;
  Table tables_[9] = {{"head", {}}, {"maxp", {}}, {"hhea", {}}, {"hmtx", {}}, {"cmap", {}},
                      {"loca", {}}, {"glyf", {}}, {"CFF ", {}}, {"kern", {}}};
  unsigned units_per_em_ = 0, glyphs_ = 0, long_metrics_ = 0;
  stb::stbtt_fontinfo info_{};
};

inline void TrueType::prepare_glyf() {
  const unsigned wide = head().u16(50);
  if (wide > 1) fail<IoError>("font", "has an unknown glyph index");
  loca().split(0, (std::size_t{glyphs_} + 1) * (wide ? 4 : 2));
  info_.data = const_cast<unsigned char*>(file_.data());
  info_.numGlyphs = static_cast<int>(glyphs_);
  info_.loca = offset_of(loca());
  info_.glyf = offset_of(glyf());
  info_.indexToLocFormat = static_cast<int>(wide);
}

// The CFF table: header, then four indices (names, dictionaries, strings, shared subroutines). The
// dictionary holds the offset of the outlines.
inline void TrueType::prepare_cff() {
  if (cff().size() < 16) fail<IoError>("font", "has no outlines");
  stb::stbtt__buf table = stb::stbtt__new_buf(cff().data(), cff().size());
  info_.cff = table;
  stb::stbtt__buf_seek(&table, static_cast<int>(cff().u8(2)));
  stb::stbtt__cff_get_index(&table);
  const stb::stbtt__buf dictionaries = stb::stbtt__cff_get_index(&table);
  stb::stbtt__buf dictionary = stb::stbtt__cff_index_get(dictionaries, 0);
  stb::stbtt__cff_get_index(&table);
  info_.gsubrs = stb::stbtt__cff_get_index(&table);

  enum : int { charstrings = 17, type = 0x106, cid_fonts = 0x124, cid_select = 0x125 };
  const auto value = [&](int key, std::uint32_t otherwise) {
    std::uint32_t v = otherwise;
    stb::stbtt__dict_get_ints(&dictionary, key, 1, &v);
    if (v > cff().size()) fail<IoError>("font", "a table reaches beyond its end");
    return static_cast<int>(v);
  };
  const int outlines = value(charstrings, 0), fonts = value(cid_fonts, 0);
  const int select = value(cid_select, 0);
  if (outlines == 0 || value(type, 2) != 2) fail<IoError>("font", "has no outlines that are read");
  info_.subrs = stb::stbtt__get_subrs(table, dictionary);
  if (fonts != 0) {
    stb::stbtt__buf_seek(&table, fonts);
    info_.fontdicts = stb::stbtt__cff_get_index(&table);
    info_.fdselect = stb::stbtt__buf_range(&table, select, table.size - select);
  }
  stb::stbtt__buf_seek(&table, outlines);
  info_.charstrings = stb::stbtt__cff_get_index(&table);
  info_.data = const_cast<unsigned char*>(file_.data());
  info_.numGlyphs = static_cast<int>(glyphs_);
  if (stb::stbtt__cff_index_count(&info_.charstrings) < static_cast<int>(glyphs_))
    glyphs_ = static_cast<unsigned>(stb::stbtt__cff_index_count(&info_.charstrings));
}

// Selects a Unicode map, preferably one with the full range.
inline void TrueType::find_character_map() {
  for (std::size_t i = 0; i < cmap().u16(2); ++i) {
    const std::size_t record = 4 + 8 * i;
    const unsigned platform = cmap().u16(record), encoding = cmap().u16(record + 2);
    const bool unicode = platform == 0 || (platform == 3 && (encoding == 1 || encoding == 10));
    if (!unicode) continue;
    const FontBytes table = cmap().from(cmap().u32(record + 4));
    const unsigned format = table.u16(0);
    if (format == 4 || format == 6 || format == 12) map_ = table;
  }
  if (map_.empty()) fail<IoError>("font", "has no Unicode character map");
}

inline unsigned TrueType::look_up(unsigned character) const {
  const unsigned format = map_.u16(0);
  if (format == 6) {
    const unsigned first = map_.u16(6), count = map_.u16(8);
    return character >= first && character - first < count ? map_.u16(10 + 2 * (character - first))
                                                           : 0;
  }
  if (format == 12) {
    for (std::size_t i = 0; i < map_.u32(12); ++i) {
      const std::size_t group = 16 + 12 * i;
      if (character < map_.u32(group)) return 0;
      if (character <= map_.u32(group + 4))
        return static_cast<unsigned>(map_.u32(group + 8) + character - map_.u32(group));
    }
    return 0;
  }
  const std::size_t twice = map_.u16(6);  // format 4: twice the number of segments
  for (std::size_t i = 0; i < twice; i += 2) {
    if (character > map_.u16(14 + i)) continue;
    const unsigned first = map_.u16(16 + twice + i), delta = map_.u16(16 + 2 * twice + i);
    const std::size_t range = 16 + 3 * twice + i;
    if (character < first) return 0;
    if (map_.u16(range) == 0) return (character + delta) & 0xFFFF;
    const unsigned g = map_.u16(range + map_.u16(range) + 2 * (character - first));
    return g == 0 ? 0 : (g + delta) & 0xFFFF;
  }
  return 0;
}

inline FontBytes TrueType::glyph_bytes(unsigned glyph) const {
  const bool wide = info_.indexToLocFormat == 1;
  const auto at = [&](std::size_t g) { return wide ? loca().u32(4 * g) : 2 * loca().u16(2 * g); };
  const std::size_t begin = at(glyph), end = at(std::size_t{glyph} + 1);
  if (end < begin) fail<IoError>("font", "a glyph ends before it begins");
  return glyf().split(begin, end - begin);
}

// Reads one glyph in the order of the decoder, with checks.
inline void TrueType::check_glyph(unsigned glyph, int depth, int& budget) const {
  if (depth > 5 || --budget < 0) fail<IoError>("font", "a glyph is nested too deeply");
  if (glyph >= glyphs_) fail<IoError>("font", "a glyph is made of one that is not there");
  const FontBytes g = glyph_bytes(glyph);
  if (g.empty()) return;
  const int contours = g.i16(0);
  if (contours < 0) {
    for (std::size_t at = 10, flags = 0x20; flags & 0x20;) {
      flags = g.u16(at);
      if (!(flags & 2)) fail<IoError>("font", "a glyph is placed by matching points");
      check_glyph(g.u16(at + 2), depth + 1, budget);
      at += 4 + (flags & 1 ? 4u : 2u) +
            (flags & 8      ? 2u
             : flags & 0x40 ? 4u
             : flags & 0x80 ? 8u
                            : 0u);
      g.from(at);
    }
    return;
  }
  if (contours == 0) return;
  int last = -1, start = 0;
  for (int c = 0; c < contours; ++c) {
    const int end = static_cast<int>(g.u16(10 + 2 * static_cast<std::size_t>(c)));
    if (end <= last) fail<IoError>("font", "a glyph's contours are out of order");
    start = last + 1;
    last = end;
  }
  std::size_t at = 10 + 2 * static_cast<std::size_t>(contours);
  at += 2 + g.u16(at);
  std::size_t coordinates = 0;
  for (int i = 0; i <= last;) {
    const unsigned flags = g.u8(at++);
    const int wanted = flags & 8 ? 1 + static_cast<int>(g.u8(at++)) : 1;
    const int times = std::min(wanted, last + 1 - i);
    const std::size_t bytes = (flags & 2    ? 1u
                               : flags & 16 ? 0u
                                            : 2u) +
                              (flags & 4    ? 1u
                               : flags & 32 ? 0u
                                            : 2u);
    // The decoder reads one point beyond a contour that begins off its curve.
    if (i + times > last && start == last && !(flags & 1))
      fail<IoError>("font", "a contour is a single control point");
    coordinates += bytes * static_cast<std::size_t>(times);
    i += times;
  }
  g.split(at, coordinates);
}

inline Outline TrueType::outline(unsigned glyph, double tolerance) const {
  int budget = 64;
  if (!glyf().empty()) check_glyph(glyph, 0, budget);
  stb::stbtt_vertex* shape = nullptr;
  const int count = stb::stbtt_GetGlyphShape(&info_, static_cast<int>(glyph), &shape);
  const auto release = [&](stb::stbtt_vertex* v) { stb::stbtt_FreeShape(&info_, v); };
  const std::unique_ptr<stb::stbtt_vertex, decltype(release)> vertices(shape, release);
  Outline out;
  const auto close = [&] {
    const std::uint32_t begin = out.ends.empty() ? 0 : out.ends.back();
    const auto size = static_cast<std::uint32_t>(out.points.size());
    if (size > begin) out.ends.push_back(size);
  };
  for (int i = 0; i < count; ++i) {
    const stb::stbtt_vertex& v = vertices.get()[i];
    const Point to{static_cast<float>(v.x), static_cast<float>(v.y)};
    const Point c{static_cast<float>(v.cx), static_cast<float>(v.cy)};
    const Point c1{static_cast<float>(v.cx1), static_cast<float>(v.cy1)};
    if (v.type == stb::STBTT_vmove) {
      close();
      out.points.push_back(to);
      continue;
    }
    const Point from = out.points.empty() ? to : out.points.back();
    // A curve of n pieces deviates by at most |second difference| / (4 n^2) (quadratic) or 3/4 of
    // this (cubic).
    const bool cubic = v.type == stb::STBTT_vcubic, line = v.type == stb::STBTT_vline;
    const double bend =
        line    ? 0
        : cubic ? 0.75 * std::max(std::hypot(from.x - 2 * c.x + c1.x, from.y - 2 * c.y + c1.y),
                                  std::hypot(c.x - 2 * c1.x + to.x, c.y - 2 * c1.y + to.y))
                : 0.25 * std::hypot(from.x - 2 * c.x + to.x, from.y - 2 * c.y + to.y);
    const int pieces = std::clamp(static_cast<int>(std::ceil(std::sqrt(bend / tolerance))), 1, 16);
    for (int p = 1; p <= pieces; ++p) {
      const float t = static_cast<float>(p) / static_cast<float>(pieces), s = 1 - t;
      if (line || p == pieces) {
        out.points.push_back(to);
      } else if (cubic) {
        const float a = s * s * s, b = 3 * s * s * t, d = 3 * s * t * t, e = t * t * t;
        out.points.push_back({a * from.x + b * c.x + d * c1.x + e * to.x,
                              a * from.y + b * c.y + d * c1.y + e * to.y});
      } else {
        const float a = s * s, b = 2 * s * t, d = t * t;
        out.points.push_back({a * from.x + b * c.x + d * to.x, a * from.y + b * c.y + d * to.y});
      }
    }
  }
  close();
  return out;
}

template <class F>
void TrueType::kerning(F&& f) const {
  if (kern().size() < 18 || kern().u16(0) != 0 || kern().u16(2) == 0) return;
  if ((kern().u16(8) & 0xFF07) != 1) return;  // horizontal values, format 0
  for (std::size_t i = 0, n = kern().u16(10); i < n && 24 + 6 * i <= kern().size(); ++i)
    f(kern().u16(18 + 6 * i), kern().u16(20 + 6 * i), kern().i16(22 + 6 * i));
}

}  // namespace glimpse::inline v0::synth
