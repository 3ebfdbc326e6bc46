// read_lexicon: reads a word list from a file. Separate from lexicon.hpp, because glimpse.hpp must
// compile without <filesystem> and utf8proc.
//
//   one word a line (io/lines.hpp), normalized to NFC; blank lines and lines with '#' first are
//   skipped
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <glimpse/io/lines.hpp>
#include <glimpse/text/lexicon.hpp>
#include <glimpse/text/nfc.hpp>

namespace glimpse::inline v0 {

/// Reads a word list. Lines without a usable word are skipped and listed in `bad()`. Throws IoError
/// if the file cannot be read, is not UTF-8 text, or holds no word.
inline Lexicon read_lexicon(const std::string& path, const Charset& charset) {
  Lexicon lexicon;
  Index number = 0;
  for (const std::string& line : read_lines(path)) {
    ++number;
    const std::string_view word = trimmed(line);
    if (word.empty() || word.front() == '#') continue;
    lexicon.add(nfc(word), number, charset);
  }
  lexicon.finish();
  if (lexicon.size() == 0) fail<IoError>("lexicon", "'", path, "' holds no word");
  return lexicon;
}

}  // namespace glimpse::inline v0
