// read_lexicon: a word list from a file, apart from lexicon.hpp, so that glimpse.hpp compiles without
// <filesystem>.
//
//   one word a line; blank lines and lines from '#' on are skipped; CR LF is fine
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include <glimpse/io/file.hpp>
#include <glimpse/text/lexicon.hpp>

namespace glimpse::inline v0 {

/// Reads a word list. Lines that hold no usable word are skipped and told in `bad()`.
/// Throws IoError where the file cannot be read or holds no word at all.
inline Lexicon read_lexicon(const std::string& path, const Charset& charset) {
  const std::string text = read_file(path, std::uintmax_t{1} << 30);
  Lexicon lexicon;
  Index number = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    std::string_view line = std::string_view(text).substr(at, end - at);
    at = end + 1;
    ++number;
    if (number == 1 && line.starts_with("\xEF\xBB\xBF")) line.remove_prefix(3);
    while (!line.empty() && (line.back() == '\r' || line.back() == ' ' || line.back() == '\t'))
      line.remove_suffix(1);
    while (!line.empty() && (line.front() == ' ' || line.front() == '\t')) line.remove_prefix(1);
    if (line.empty() || line.front() == '#') continue;
    lexicon.add(line, number, charset);
  }
  lexicon.finish();
  if (lexicon.size() == 0) fail<IoError>("lexicon", "'", path, "' holds no word");
  return lexicon;
}

}  // namespace glimpse::inline v0
