// font: one face, ready to draw: the outlines of the printable ASCII characters as polygons.
//
// Units are the height of a capital, y down, baseline y = 0; ink has positive area (raster.hpp).
// Font files measure in ems, and capitals reach from .2 to 1.2 of one, so ems say nothing about
// size: the ink does. The file is read once, checked on the way (truetype.hpp), and let go.
#pragma once

#include <cstdint>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

#include <glimpse/data/synth/truetype.hpp>
#include <glimpse/data/synth/woff.hpp>

namespace glimpse::inline v0::synth {

inline constexpr char first_character = '!', last_character = '~';

/// One character of a face.
struct Glyph {
  std::uint32_t begin = 0, end = 0;  // contours, indices into Face::ends
  float advance = 0;
  float area = 0;  // of the ink
  Box box;         // of the ink
  bool drawn() const { return end > begin; }
};

/// A face: outlines, kerning, and what is known about its look.
struct Face {
  std::string path;
  std::vector<Point> points;
  std::vector<std::uint32_t> ends;  // contour c is points[ends[c - 1] .. ends[c])
  std::vector<Glyph> glyphs;        // first_character .. last_character
  std::vector<std::pair<std::uint16_t, float>> kerning;  // (left * 256 + right), sorted
  float space = 0.35f;                                   // advance of a blank
  bool caps_only = false;  // lower case looks as upper case, or is not there
  double density = 0;      // share of ink in the boxes of the letters: .2 thin, .6 heavy
  double legibility = 1;   // share of the letters that a nearest-neighbour reader names right
  double weight = 1;       // how often it is drawn

  const Glyph& glyph(char c) const {
    static const Glyph none;
    return c < first_character || c > last_character
               ? none
               : glyphs[static_cast<std::size_t>(c - first_character)];
  }
  bool has(char c) const { return c == ' ' || glyph(c).drawn(); }
  bool has(std::string_view text) const {
    return std::all_of(text.begin(), text.end(), [&](char c) { return has(c); });
  }
  std::span<const Point> contour(std::uint32_t c) const {
    const std::size_t begin = c == 0 ? 0 : ends[c - 1];
    return std::span(points).subspan(begin, ends[c] - begin);
  }
  /// Kerning between two characters.
  float kern(char left, char right) const {
    const auto key = static_cast<std::uint16_t>(left * 256 + right);
    const auto at = std::lower_bound(kerning.begin(), kerning.end(), std::pair(key, -1e9f));
    return at != kerning.end() && at->first == key ? at->second : 0.0f;
  }
};

namespace detail {

inline double signed_area(std::span<const Point> outline) {
  double sum = 0;  // positive where the left side runs down (y down)
  for (std::size_t i = 0; i < outline.size(); ++i) {
    const Point a = outline[i], b = outline[i + 1 == outline.size() ? 0 : i + 1];
    sum += static_cast<double>(b.x) * static_cast<double>(a.y) -
           static_cast<double>(a.x) * static_cast<double>(b.y);
  }
  return 0.5 * sum;
}

inline std::vector<unsigned char> read_font_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  if (!file) fail<IoError>("font", "cannot open ", path);
  const std::streamoff size = file.tellg();
  if (size < 12 || size > (std::streamoff{1} << 25))
    fail<IoError>("font", path, " has no sound size for a font");
  std::vector<unsigned char> bytes(static_cast<std::size_t>(size));
  file.seekg(0);
  if (!file.read(reinterpret_cast<char*>(bytes.data()), size))
    fail<IoError>("font", "cannot read ", path);
  return is_woff(bytes) ? unpack_woff(bytes) : bytes;
}

// Lower case that is upper case again: same width and area up to a common scale.
inline bool lower_repeats_upper(const Face& face) {
  int there = 0, same = 0;
  for (char c = 'a'; c <= 'z'; ++c) {
    const Glyph &lower = face.glyph(c), &upper = face.glyph(static_cast<char>(c - 'a' + 'A'));
    if (!lower.drawn()) continue;
    ++there;
    const bool box = std::fabs(lower.box.width() - upper.box.width()) < 0.03f &&
                     std::fabs(lower.box.height() - upper.box.height()) < 0.03f;
    same += box && std::fabs(lower.area - upper.area) < 0.03f * upper.area;
  }
  return there < 26 || same >= 22;
}

}  // namespace detail

/// Reads a TTF, OTF or WOFF 1 file.
/// Throws IoError for a file that is broken, lacks capitals or digits altogether, or draws them as
/// blanks.
inline Face load_face(const std::string& path) {
  const std::vector<unsigned char> bytes = detail::read_font_file(path);
  const TrueType font(bytes);
  Face face;
  face.path = path;

  std::vector<std::pair<unsigned, char>> characters;  // glyph number -> character
  face.glyphs.resize(last_character - first_character + 1);
  for (char c = first_character; c <= last_character; ++c) {
    const unsigned number = font.glyph(static_cast<unsigned>(c));
    if (number == 0) continue;
    Outline outline;
    try {
      outline = font.outline(number, font.units_per_em() * 0.002);
    } catch (const IoError&) {
      continue;  // this glyph is broken: the face does without
    }
    if (outline.points.size() > 8000) continue;
    Glyph& glyph = face.glyphs[static_cast<std::size_t>(c - first_character)];
    const auto base = static_cast<std::uint32_t>(face.points.size());
    glyph.begin = static_cast<std::uint32_t>(face.ends.size());
    face.points.insert(face.points.end(), outline.points.begin(), outline.points.end());
    for (const std::uint32_t end : outline.ends) face.ends.push_back(base + end);
    glyph.end = static_cast<std::uint32_t>(face.ends.size());
    glyph.advance = static_cast<float>(font.advance(number));
    characters.emplace_back(number, c);
  }

  int capitals = 0, digits = 0;
  std::vector<float> heights;
  for (char c = 'A'; c <= 'Z'; ++c) {
    const Glyph& glyph = face.glyph(c);
    Box box;
    for (std::uint32_t k = glyph.begin; k < glyph.end; ++k) box.take(box_of(face.contour(k)));
    if (box.empty() || box.height() <= 0 || box.width() <= 0) continue;
    ++capitals;
    heights.push_back(box.height());
  }
  for (char c = '0'; c <= '9'; ++c) digits += face.has(c);
  if (capitals < 26) fail<IoError>("font", path, " lacks capitals");
  if (digits != 0 && digits != 10) fail<IoError>("font", path, " lacks some of the digits");

  std::nth_element(heights.begin(), heights.begin() + 13, heights.end());
  const float scale = 1.0f / heights[13];
  for (Point& p : face.points) p = {p.x * scale, -p.y * scale};
  double ink = 0;
  for (std::uint32_t c = 0; c < face.ends.size(); ++c) ink += detail::signed_area(face.contour(c));
  if (ink < 0)
    for (std::uint32_t c = 0, begin = 0; c < face.ends.size(); begin = face.ends[c++])
      std::reverse(face.points.begin() + begin, face.points.begin() + face.ends[c]);

  double boxes = 0, inked = 0;
  for (char c = first_character; c <= last_character; ++c) {
    Glyph& glyph = face.glyphs[static_cast<std::size_t>(c - first_character)];
    glyph.advance *= scale;
    double area = 0;
    for (std::uint32_t k = glyph.begin; k < glyph.end; ++k) {
      glyph.box.take(box_of(face.contour(k)));
      area += detail::signed_area(face.contour(k));
    }
    glyph.area = static_cast<float>(area);
    if (c < 'A' || c > 'Z') continue;
    boxes += static_cast<double>(glyph.box.width()) * static_cast<double>(glyph.box.height());
    inked += area;
  }
  face.density = inked / boxes;
  if (!(face.density > 0.02)) fail<IoError>("font", path, " draws blanks");
  face.space = static_cast<float>(font.advance(font.glyph(' '))) * scale;
  face.space = std::clamp(face.space, 0.15f, 0.8f);
  face.caps_only = detail::lower_repeats_upper(face);

  std::sort(characters.begin(), characters.end());
  const auto character = [&](unsigned number) {
    const auto at =
        std::lower_bound(characters.begin(), characters.end(), std::pair(number, char{0}));
    return at != characters.end() && at->first == number ? at->second : char{0};
  };
  font.kerning([&](unsigned left, unsigned right, int value) {
    const char l = character(left), r = character(right);
    if (l != 0 && r != 0)
      face.kerning.emplace_back(static_cast<std::uint16_t>(l * 256 + r),
                                std::clamp(static_cast<float>(value) * scale, -0.4f, 0.4f));
  });
  std::sort(face.kerning.begin(), face.kerning.end());
  return face;
}

}  // namespace glimpse::inline v0::synth
