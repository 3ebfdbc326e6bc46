// font: one face (a font file's font) as polygons: the outlines of printable ASCII and of any
// requested further characters.
//
// Units are the height of a capital, y down, baseline y = 0; ink has positive area (raster.hpp).
// Font files measure in ems. Capitals are .2 to 1.2 ems high, so an em is no measure of size, and
// the height of the ink is used. The file is read once, checked (truetype.hpp), and then closed.
#pragma once

#include <cstdint>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

#include <glimpse/data/synth/letters.hpp>
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

/// A face: outlines, kerning, and measured properties of its shapes.
struct Face {
  std::string path;
  std::vector<Point> points;
  std::vector<std::uint32_t> ends;  // contour c is points[ends[c - 1] .. ends[c])
  std::u32string beyond;            // characters beyond ASCII, sorted
  std::vector<Glyph> glyphs;        // first_character .. last_character, then those of `beyond`
  std::vector<std::pair<std::uint32_t, float>> kerning;  // (left << 16 | right) of slots, sorted
  std::u32string capitals;  // small letters, sorted, drawn exactly as their capitals
  float space = 0.35f;      // advance of a blank
  bool caps_only = false;   // lower case is missing or looks like upper case
  double density = 0;       // share of ink in the boxes of the letters: .2 thin, .6 heavy
  double legibility = 1;    // share of the letters that a nearest-neighbor classifier recognizes
  double weight = 1;        // weight in random draws of faces

  /// Index of a character in `glyphs`; -1 if the face does not have it.
  Index slot(char32_t c) const {
    constexpr Index ascii = last_character - first_character + 1;
    if (c < 0x80)
      return c < first_character || c > last_character ? -1 : static_cast<Index>(c - first_character);
    const auto at = std::lower_bound(beyond.begin(), beyond.end(), c);
    return at != beyond.end() && *at == c ? ascii + (at - beyond.begin()) : -1;
  }
  const Glyph& glyph(char32_t c) const {
    static const Glyph none;
    const Index at = slot(c);
    return at < 0 ? none : glyphs[static_cast<std::size_t>(at)];
  }
  bool has(char32_t c) const { return c == ' ' || glyph(c).drawn(); }
  /// Whether it has every character of a UTF-8 text.
  bool has(std::string_view text) const {
    const std::u32string characters = code_points(text);
    return std::all_of(characters.begin(), characters.end(), [&](char32_t c) { return has(c); });
  }
  /// The text that a reader sees if this face renders `text`.
  std::string seen(std::string_view text) const {
    if (caps_only) return upper_case(text);
    if (capitals.empty()) return std::string(text);
    std::u32string characters = code_points(text);
    for (char32_t& c : characters)
      if (std::binary_search(capitals.begin(), capitals.end(), c)) c = upper(c);
    return utf8(characters);
  }
  std::span<const Point> contour(std::uint32_t c) const {
    const std::size_t begin = c == 0 ? 0 : ends[c - 1];
    return std::span(points).subspan(begin, ends[c] - begin);
  }
  /// Kerning between two characters, in capitals.
  float kern(char32_t left, char32_t right) const {
    const Index l = slot(left), r = slot(right);
    if (kerning.empty() || l < 0 || r < 0) return 0;
    const auto key = static_cast<std::uint32_t>(l << 16 | r);
    const auto at = std::lower_bound(kerning.begin(), kerning.end(), std::pair(key, -1e9f));
    return at != kerning.end() && at->first == key ? at->second : 0.0f;
  }
};

namespace detail {

inline double signed_area(std::span<const Point> outline) {
  double sum = 0;  // positive if the left side runs down (y down)
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

// Whether two glyphs have the same shape, up to `scale` and the fraction `off` of the size.
inline bool same_shape(const Glyph& a, const Glyph& b, float scale = 1, float off = 0.03f) {
  return std::fabs(a.box.width() - scale * b.box.width()) < off &&
         std::fabs(a.box.height() - scale * b.box.height()) < off &&
         std::fabs(a.area - scale * scale * b.area) < off * a.area;
}
// Whether two glyphs have the same points.
inline bool same_drawing(const Face& face, const Glyph& a, const Glyph& b) {
  if (a.end - a.begin != b.end - b.begin) return false;
  for (std::uint32_t k = 0; k < a.end - a.begin; ++k) {
    const auto one = face.contour(a.begin + k), two = face.contour(b.begin + k);
    if (!std::equal(one.begin(), one.end(), two.begin(), two.end(), [](Point p, Point q) {
          return std::fabs(p.x - q.x) < 0.004f && std::fabs(p.y - q.y) < 0.004f;
        }))
      return false;
  }
  return true;
}

// Lower case that repeats upper case: same width and area up to a common scale.
inline bool lower_repeats_upper(const Face& face) {
  std::vector<float> scales;
  for (char32_t c = 'a'; c <= 'z'; ++c)
    if (const Glyph& glyph = face.glyph(c); glyph.drawn())
      scales.push_back(glyph.box.height() / face.glyph(upper(c)).box.height());
  if (scales.size() < 26) return true;
  std::nth_element(scales.begin(), scales.begin() + 13, scales.end());
  int same = 0, small = 0;
  for (char32_t c = 'a'; c <= 'z'; ++c) {
    const Glyph &glyph = face.glyph(c), &capital = face.glyph(upper(c));
    same += same_shape(glyph, capital);
    small += same_shape(glyph, capital, scales[13]);
  }
  return same >= 22 || small >= 22;
}

// Removes accented letters that the face draws like their base letter. Finds small letters that
// the face draws like their capitals.
inline void compare_drawings(Face& face) {
  for (const char32_t c : face.beyond) {
    Glyph& glyph = face.glyphs[static_cast<std::size_t>(face.slot(c))];
    const char32_t base = base_letter(c);
    if (base != c && face.glyph(base).drawn() && same_drawing(face, glyph, face.glyph(base)))
      glyph = Glyph{};
  }
  const auto compare = [&](char32_t c) {
    const char32_t capital = upper(c);
    if (capital != c && face.glyph(c).drawn() && face.glyph(capital).drawn() &&
        same_drawing(face, face.glyph(c), face.glyph(capital)))
      face.capitals += c;
  };
  for (char32_t c = 'a'; c <= 'z'; ++c) compare(c);
  for (const char32_t c : face.beyond) compare(c);
}

}  // namespace detail

/// Reads a TTF, OTF or WOFF 1 file. characters: the requested characters beyond ASCII, sorted;
/// characters that the face lacks are left out. Throws IoError for a file that is damaged, has no
/// capitals or no digits, or draws them as blanks.
inline Face load_face(const std::string& path, std::u32string_view characters = {}) {
  const std::vector<unsigned char> bytes = detail::read_font_file(path);
  const TrueType font(bytes);
  Face face;
  face.path = path;

  std::vector<std::pair<unsigned, char32_t>> numbers;  // glyph number, character
  const auto read = [&](char32_t c, Glyph& glyph) {
    const unsigned number = font.glyph(static_cast<unsigned>(c));
    if (number == 0) return false;
    Outline outline;
    try {
      outline = font.outline(number, font.units_per_em() * 0.002);
    } catch (const IoError&) {
      return false;  // a damaged glyph is left out
    }
    if (outline.points.size() > 8000) return false;
    const auto base = static_cast<std::uint32_t>(face.points.size());
    glyph.begin = static_cast<std::uint32_t>(face.ends.size());
    face.points.insert(face.points.end(), outline.points.begin(), outline.points.end());
    for (const std::uint32_t end : outline.ends) face.ends.push_back(base + end);
    glyph.end = static_cast<std::uint32_t>(face.ends.size());
    glyph.advance = static_cast<float>(font.advance(number));
    numbers.emplace_back(number, c);
    return true;
  };
  face.glyphs.resize(last_character - first_character + 1);
  for (char32_t c = first_character; c <= last_character; ++c) read(c, face.glyphs[c - first_character]);
  for (const char32_t c : characters) {
    Glyph glyph;
    if (c < 0x80 || !read(c, glyph)) continue;
    face.beyond += c;
    face.glyphs.push_back(glyph);
  }
  face.points.shrink_to_fit(), face.ends.shrink_to_fit(), face.glyphs.shrink_to_fit();

  int capitals = 0, digits = 0;
  std::vector<float> heights;
  for (char32_t c = 'A'; c <= 'Z'; ++c) {
    const Glyph& glyph = face.glyph(c);
    Box box;
    for (std::uint32_t k = glyph.begin; k < glyph.end; ++k) box.take(box_of(face.contour(k)));
    if (box.empty() || box.height() <= 0 || box.width() <= 0) continue;
    ++capitals;
    heights.push_back(box.height());
  }
  for (char32_t c = '0'; c <= '9'; ++c) digits += face.has(c);
  if (capitals < 26) fail<IoError>("font", path, " lacks capitals");
  if (digits != 0 && digits != 10) fail<IoError>("font", path, " lacks some of the digits");

  std::nth_element(heights.begin(), heights.begin() + 13, heights.end());
  const float scale = 1.0f / heights[13];
  for (Point& p : face.points) p = {p.x * scale, -p.y * scale};
  double boxes = 0, inked = 0;
  for (std::size_t i = 0; i < face.glyphs.size(); ++i) {
    Glyph& glyph = face.glyphs[i];
    glyph.advance *= scale;
    double area = 0;
    for (std::uint32_t k = glyph.begin; k < glyph.end; ++k) {
      glyph.box.take(box_of(face.contour(k)));
      area += detail::signed_area(face.contour(k));
    }
    if (area < 0)  // opposite orientation: some files and glyphs have it
      for (std::uint32_t k = glyph.begin; k < glyph.end; ++k)
        std::reverse(face.points.begin() + (k == 0 ? 0 : face.ends[k - 1]),
                     face.points.begin() + face.ends[k]);
    glyph.area = static_cast<float>(std::fabs(area));
    if (glyph.drawn() && !(glyph.area > 1e-4f)) glyph.end = glyph.begin;  // a blank
    if (i < 'A' - first_character || i > 'Z' - first_character) continue;
    boxes += static_cast<double>(glyph.box.width()) * static_cast<double>(glyph.box.height());
    inked += static_cast<double>(glyph.area);
  }
  face.density = inked / boxes;
  if (!(face.density > 0.02)) fail<IoError>("font", path, " draws blanks");
  face.space = static_cast<float>(font.advance(font.glyph(' '))) * scale;
  face.space = std::clamp(face.space, 0.15f, 0.8f);
  face.caps_only = detail::lower_repeats_upper(face);
  detail::compare_drawings(face);

  std::sort(numbers.begin(), numbers.end());
  const auto slot = [&](unsigned number) {
    const auto at =
        std::lower_bound(numbers.begin(), numbers.end(), std::pair(number, char32_t{0}));
    return at != numbers.end() && at->first == number ? face.slot(at->second) : -1;
  };
  font.kerning([&](unsigned left, unsigned right, int value) {
    const Index l = slot(left), r = slot(right);
    if (l >= 0 && r >= 0)
      face.kerning.emplace_back(static_cast<std::uint32_t>(l << 16 | r),
                                std::clamp(static_cast<float>(value) * scale, -0.4f, 0.4f));
  });
  std::sort(face.kerning.begin(), face.kerning.end());
  return face;
}

}  // namespace glimpse::inline v0::synth
