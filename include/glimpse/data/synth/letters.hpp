// letters: UTF-8 text as code points, and their Unicode properties: case, kind, base letter.
//
// Needs utf8proc (link utf8proc).
#pragma once

#include <utf8proc.h>

#include <string>
#include <string_view>

#include <glimpse/text/charset.hpp>
#include <glimpse/text/nfc.hpp>

namespace glimpse::inline v0::synth {

/// The code points of UTF-8 text. Throws ValueError for bytes that are not UTF-8.
inline std::u32string code_points(std::string_view text) {
  std::u32string points;
  points.reserve(text.size());
  for (const std::string_view c : utf8_characters(text)) {
    const auto lead = static_cast<unsigned char>(c[0]);
    char32_t point = c.size() == 1 ? lead : lead & (0xFFu >> (c.size() + 1));
    for (std::size_t i = 1; i < c.size(); ++i)
      point = point << 6 | (static_cast<unsigned char>(c[i]) & 0x3Fu);
    points += point;
  }
  return points;
}

inline std::string utf8(char32_t point) {
  if (point < 0x80) return std::string(1, static_cast<char>(point));
  utf8proc_uint8_t bytes[4];
  const auto size = utf8proc_encode_char(static_cast<utf8proc_int32_t>(point), bytes);
  return std::string(bytes, bytes + size);
}
inline std::string utf8(std::u32string_view points) {
  std::string text;
  for (const char32_t p : points) text += utf8(p);
  return text;
}

inline char32_t lower(char32_t c) {
  if (c < 0x80) return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c;
  return static_cast<char32_t>(utf8proc_tolower(static_cast<utf8proc_int32_t>(c)));
}
/// The capital of one letter; the letter itself if it has no single capital (ß).
inline char32_t upper(char32_t c) {
  if (c < 0x80) return c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c;
  return c == U'ß' ? c : static_cast<char32_t>(utf8proc_toupper(static_cast<utf8proc_int32_t>(c)));
}
inline bool is_upper(char32_t c) { return lower(c) != c; }

/// Letters, digits, and marks that belong to letters.
inline bool is_letter_or_digit(char32_t c) {
  if (c < 0x80) return (lower(c) >= 'a' && lower(c) <= 'z') || (c >= '0' && c <= '9');
  const auto kind = utf8proc_category(static_cast<utf8proc_int32_t>(c));
  return kind >= UTF8PROC_CATEGORY_LU && kind <= UTF8PROC_CATEGORY_NO;
}
inline Index letters_and_digits_of(std::string_view text) {
  Index count = 0;
  for (const char32_t c : code_points(text)) count += is_letter_or_digit(c);
  return count;
}
inline bool is_letter(char32_t c) {
  if (c < 0x80) return lower(c) >= 'a' && lower(c) <= 'z';
  const auto kind = utf8proc_category(static_cast<utf8proc_int32_t>(c));
  return kind >= UTF8PROC_CATEGORY_LU && kind <= UTF8PROC_CATEGORY_LO;
}

/// The base of an accented letter: e for é; the character itself for all others.
inline char32_t base_letter(char32_t c) {
  if (c < 0x80) return c;
  utf8proc_int32_t parts[16];
  const auto count = utf8proc_decompose_char(static_cast<utf8proc_int32_t>(c), parts, 16,
                                             UTF8PROC_DECOMPOSE, nullptr);
  return count > 1 && count <= 16 ? static_cast<char32_t>(parts[0]) : c;
}

namespace detail {
inline bool is_greek(char32_t c) {
  return (c >= 0x370 && c < 0x400) || (c >= 0x1F00 && c < 0x2000);
}
}  // namespace detail

/// A word in capitals as on signs: ß becomes SS; Greek capitals lose their accents and keep the
/// diaeresis.
inline std::string upper_case(std::string_view text) {
  std::string capitals;
  bool greek = false;
  for (const char32_t c : code_points(text)) {
    greek = greek || detail::is_greek(c);
    if (c == U'ß')
      capitals += "SS";
    else
      capitals += utf8(upper(c));
  }
  if (!greek) return capitals;
  const std::string parts = normal_form(capitals, UTF8PROC_DECOMPOSE);
  std::string kept;
  char32_t base = 0;
  for (const char32_t c : code_points(parts)) {
    const bool mark = utf8proc_category(static_cast<utf8proc_int32_t>(c)) == UTF8PROC_CATEGORY_MN;
    if (!mark) base = c;
    if (!mark || !detail::is_greek(base) || c == 0x308) kept += utf8(upper(c));
  }
  return nfc(kept);
}

/// A word in lower case; a sigma at its end becomes ς.
inline std::string lower_case(std::string_view text) {
  std::u32string points = code_points(text);
  for (std::size_t i = 0; i < points.size(); ++i) {
    const bool ends = i > 0 && is_letter(points[i - 1]) &&
                      (i + 1 == points.size() || !is_letter(points[i + 1]));
    points[i] = points[i] == U'Σ' && ends ? U'ς' : lower(points[i]);
  }
  return utf8(points);
}

/// The label of a text for a character set. Known characters stay, capitals become lower case if
/// only the small letter is known, and all other characters are left out.
inline std::string label_of(std::string_view text, const Charset& charset) {
  std::string label;
  for (const std::string_view c : utf8_characters(text)) {
    if (charset.find(c) >= 0) {
      label += c;
      continue;
    }
    const std::string small = utf8(lower(code_points(c)[0]));
    if (charset.find(small) >= 0) label += small;
  }
  return label;
}

}  // namespace glimpse::inline v0::synth
