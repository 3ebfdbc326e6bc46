// font: a font of our own, letters of five by seven dots, with two rows below the baseline.
//
// A letter is a set of dots, drawn as strokes of a round pen. Touching dots are joined: always
// along rows and columns, diagonally only if no dot is between. One small table therefore gives
// smooth letters at every size.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <glimpse/core/shape.hpp>

namespace glimpse::inline v0 {

namespace detail {

/// Dots of the printable ASCII characters from the blank on: bit 5 y + x, y downwards.
inline constexpr std::uint64_t font_dots[95] = {
    0x0, 0x40108421, 0xa5, 0x295f57d4a, 0x11f4717c4, 0x672222273, 0x593511526, 0x21, 0x104108444,
    0x44421041, 0x9575480, 0x84f9080, 0x840000000, 0x78000, 0x40000000, 0x2222200, 0x19294a526,
    0x3884210c4, 0x7c444422e, 0x3a306422e, 0x211f4a988, 0x3a3083c3f, 0x3a317844c, 0x8442221f,
    0x3a317462e, 0x1910f462e, 0x40000400, 0x840000400, 0x10411100, 0xf03c00, 0x2220820, 0x10044422e,
    0x383daf62e, 0x463f8c544, 0x3e317c62f, 0x3a210862e, 0x1d318c527, 0x7c217843f, 0x4217843f,
    0x3a31c862e, 0x4631fc631, 0x1c4210847, 0x3a3184210, 0x452519531, 0x3c2108421, 0x4631ad771,
    0x4639ace31, 0x3a318c62e, 0x4217c62f, 0x59358c62e, 0x45257c62f, 0x3a307062e, 0x10842109f,
    0x3a318c631, 0x11518c631, 0x2ab5ac631, 0x462a22a31, 0x108422a31, 0x7c222221f, 0x1c2108427,
    0x20820820, 0x1c8421087, 0x4544, 0xf800000000, 0x41, 0x7a3e83800, 0x3e318bc21, 0x38210b800,
    0x7a318fa10, 0x783f8b800, 0x84213c4c, 0xe87a318f800, 0x46318bc21, 0x42108401, 0x32108421004,
    0x24a32a421, 0x82108421, 0x56b5aac00, 0x46318bc00, 0x3a318b800, 0x10be318bc00, 0x1087a318f800,
    0x4211b400, 0x3e0e0f800, 0x304213c42, 0x7a318c400, 0x11518c400, 0x2ab5ac400, 0x454454400,
    0xe87a318c400, 0x7c4447c00, 0x104208844, 0x42108421, 0x44220841, 0xd90000,
};

constexpr bool font_dot(std::uint64_t dots, int x, int y) {
  return x >= 0 && x < 5 && y >= 0 && y < 9 && (dots >> (5 * y + x) & 1) != 0;
}

struct Stroke {
  float x0, y0, x1, y1;
};

}  // namespace detail

/// One character as strokes, in dots: x from 0; y from 0 (top of capitals) to 6 (baseline) and 8
/// (descenders).
struct Glyph {
  std::vector<detail::Stroke> strokes;
  float width = 0;  // of its dots; the next character starts two dots later
};

/// The glyph of an ASCII character; a hollow box for any other.
inline Glyph glyph(char c) {
  Glyph result;
  if (c < ' ' || c > '~') {
    result.strokes = {{0, 0, 4, 0}, {4, 0, 4, 6}, {4, 6, 0, 6}, {0, 6, 0, 0}};
    result.width = 4;
    return result;
  }
  const std::uint64_t dots = detail::font_dots[c - ' '];
  const auto dot = [&](int x, int y) { return detail::font_dot(dots, x, y); };
  for (int y = 0; y < 9; ++y)
    for (int x = 0; x < 5; ++x) {
      if (!dot(x, y)) continue;
      const float fx = static_cast<float>(x), fy = static_cast<float>(y);
      result.width = std::max(result.width, fx);
      const std::size_t before = result.strokes.size();
      if (dot(x + 1, y)) result.strokes.push_back({fx, fy, fx + 1, fy});
      if (dot(x, y + 1)) result.strokes.push_back({fx, fy, fx, fy + 1});
      for (const int side : {1, -1})
        if (dot(x + side, y + 1) && !dot(x + side, y) && !dot(x, y + 1))
          result.strokes.push_back({fx, fy, fx + static_cast<float>(side), fy + 1});
      const bool joined = dot(x - 1, y) || dot(x, y - 1) || dot(x - 1, y - 1) || dot(x + 1, y - 1);
      if (result.strokes.size() == before && !joined) result.strokes.push_back({fx, fy, fx, fy});
    }
  if (c >= '0' && c <= '9') result.width = 4;  // digits have one width
  if (c == ' ') result.width = 1;
  return result;
}

/// Splits a text into characters for `glyph`: ASCII characters, and one box for every other UTF-8
/// character.
inline std::string printable(std::string_view text) {
  std::string result;
  for (const char c : text) {
    const unsigned char byte = static_cast<unsigned char>(c);
    if (byte < 0x80) result += c;
    else if (byte >= 0xC0) result += '\x7F';
  }
  return result;
}

/// Width of a line of text in units of its size, the height of capitals.
inline float text_width(std::string_view text) {
  float dots = 0;
  for (const char c : printable(text)) dots += glyph(c).width + 2;
  return text.empty() ? 0 : (dots - 2) / 6;
}

}  // namespace glimpse::inline v0
