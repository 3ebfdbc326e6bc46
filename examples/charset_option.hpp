// charset_option: what --charset names.
#pragma once

#include <algorithm>
#include <filesystem>
#include <string>

#include <glimpse/io/lines.hpp>
#include <glimpse/text/charset_names.hpp>
#include <glimpse/text/nfc.hpp>

/// The characters that --charset asks for: a name, or a UTF-8 file whose lines hold each once.
inline std::string characters_of(const std::string& charset) {
  using namespace glimpse;
  const auto& names = charset_names;
  if (std::find(std::begin(names), std::end(names), charset) != std::end(names))
    return charset_characters(charset);
  if (!std::filesystem::exists(charset))
    fail("--charset", "expected digits, lower36, alnum62, ascii94, latin or a file, got '", charset,
         "'");
  std::string text;
  for (const std::string& line : read_lines(charset)) text += nfc(line);
  return text;
}
