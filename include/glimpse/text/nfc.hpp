// nfc: Unicode's composed normal form, which gives each character one spelling.
//
//   e + U+0301 (combining acute accent) -> U+00E9;  compatible forms (the ligature U+FB01) remain
//
// Needs utf8proc (Debian: libutf8proc-dev; link with -lutf8proc), so this header must be included
// separately: glimpse.hpp does not include it. Source: Unicode Standard Annex 15.
#pragma once

#include <utf8proc.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

#include <glimpse/core/error.hpp>

namespace glimpse::inline v0 {

/// A normal form of UTF-8 text: UTF8PROC_COMPOSE or UTF8PROC_DECOMPOSE. Throws ValueError for bytes
/// that are not UTF-8.
inline std::string normal_form(std::string_view utf8, utf8proc_option_t form) {
  if (std::all_of(utf8.begin(), utf8.end(),
                  [](char c) { return static_cast<unsigned char>(c) < 0x80; }))
    return std::string(utf8);
  utf8proc_uint8_t* mapped = nullptr;
  const utf8proc_ssize_t size =
      utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(utf8.data()),
                   static_cast<utf8proc_ssize_t>(utf8.size()), &mapped,
                   static_cast<utf8proc_option_t>(UTF8PROC_STABLE | form));
  const std::unique_ptr<utf8proc_uint8_t, void (*)(void*)> memory(mapped, &std::free);
  if (size < 0)
    fail("nfc", "expected UTF-8, got bytes that are none (", utf8proc_errmsg(size), ")");
  return std::string(reinterpret_cast<const char*>(mapped), static_cast<std::size_t>(size));
}

/// The composed form (NFC) of UTF-8 text. Throws as normal_form does.
inline std::string nfc(std::string_view utf8) { return normal_form(utf8, UTF8PROC_COMPOSE); }

}  // namespace glimpse::inline v0
