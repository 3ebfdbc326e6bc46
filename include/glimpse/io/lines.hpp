// lines: reads a text file as lines. Every list (labels, lexicons, words) is read here.
//
//   encoding   UTF-8; a byte order mark at the start is not part of the first line
//   line ends  LF, CR LF, or CR alone, also mixed; line i of the result has number i + 1 in the file
//
// UTF-16, binary files and other encodings are rejected, because a damaged word must not be
// learned.
#pragma once

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include <glimpse/core/error.hpp>
#include <glimpse/core/shape.hpp>
#include <glimpse/io/file.hpp>

namespace glimpse::inline v0 {

/// Position of the first byte that is not UTF-8, npos if there is none. Overlong forms, surrogates
/// and numbers beyond U+10FFFF are rejected too (RFC 3629).
inline std::size_t find_invalid_utf8(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  for (std::size_t at = 0; at < text.size();) {
    const unsigned lead = byte(at);
    if (lead < 0x80) {
      ++at;
      continue;
    }
    const std::size_t length = lead < 0xC2   ? 0
                               : lead < 0xE0 ? 2
                               : lead < 0xF0 ? 3
                               : lead < 0xF5 ? 4
                                             : 0;
    if (length == 0 || at + length > text.size()) return at;
    const unsigned low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
    const unsigned high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
    if (byte(at + 1) < low || byte(at + 1) > high) return at;
    for (std::size_t i = 2; i < length; ++i)
      if ((byte(at + i) & 0xC0) != 0x80) return at;
    at += length;
  }
  return std::string_view::npos;
}

/// Text for one column of a table: backslash, tab, line feed and carriage return are escaped as in C.
inline std::string one_column(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\\')
      out += "\\\\";
    else if (c == '\t')
      out += "\\t";
    else if (c == '\n')
      out += "\\n";
    else if (c == '\r')
      out += "\\r";
    else
      out += c;
  }
  return out;
}

/// Text without spaces and tabs at both ends.
inline std::string_view trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") + 1 - begin);
}

namespace detail {

/// Kind of the object at a path that is not a regular file (a folder, a pipe); empty for a regular
/// file and for a missing path.
inline std::string irregular_file(const std::string& path) {
  std::error_code error;
  switch (std::filesystem::status(path, error).type()) {
    case std::filesystem::file_type::directory:
      return "a folder";
    case std::filesystem::file_type::fifo:
      return "a FIFO";
    case std::filesystem::file_type::socket:
      return "a socket";
    case std::filesystem::file_type::character:
      return "a character device";
    case std::filesystem::file_type::block:
      return "a block device";
    default:
      return {};
  }
}

/// Name of a non-UTF-8 encoding and the evidence for it; empty if none is recognized.
inline std::string other_encoding(std::string_view bytes) {
  using namespace std::string_view_literals;
  if (bytes.starts_with("\xFF\xFE\0\0"sv) || bytes.starts_with("\0\0\xFE\xFF"sv))
    return "UTF-32 (its byte order mark)";
  if (bytes.starts_with("\xFF\xFE"sv) || bytes.starts_with("\xFE\xFF"sv))
    return "UTF-16 (its byte order mark)";
  // Latin letters in UTF-16 have a zero as every second byte.
  const std::string_view head = bytes.substr(0, 4096);
  std::size_t zeros[2] = {0, 0};
  for (std::size_t i = 0; i < head.size(); ++i) zeros[i % 2] += head[i] == 0;
  const std::size_t most = std::max(zeros[0], zeros[1]), least = std::min(zeros[0], zeros[1]);
  if (most * 4 >= head.size() && least * 8 <= most && most > 0)
    return "UTF-16 (every second byte is 0)";
  return {};
}

}  // namespace detail

/// All lines of a text file, without line ends. Throws IoError for a file that is missing, not a
/// regular file, larger than `limit` bytes, binary, or not UTF-8 (with the number of the line).
inline std::vector<std::string> read_lines(const std::string& path,
                                           std::uintmax_t limit = std::uintmax_t{1} << 30) {
  if (const std::string what = detail::irregular_file(path); !what.empty())
    fail<IoError>("lines", "expected a text file, got ", what, ": '", path, "' is no regular file");
  const std::string bytes = read_file(path, limit);
  if (const std::string other = detail::other_encoding(bytes); !other.empty())
    fail<IoError>("lines", "expected UTF-8 in '", path, "', got ", other,
                  "; convert it with iconv -f ", other.substr(0, 6), " -t UTF-8");
  std::string_view text = bytes;
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  std::vector<std::string> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find_first_of("\r\n"), text.size());
    const std::string_view line = text.substr(0, end);
    if (line.find('\0') != std::string_view::npos)
      fail<IoError>("lines", "expected UTF-8 text in '", path, "', got a binary file (line ",
                    lines.size() + 1, " holds a byte 0)");
    if (find_invalid_utf8(line) != std::string_view::npos)
      fail<IoError>("lines", "expected UTF-8 in '", path, "', got other bytes in line ",
                    lines.size() + 1,
                    "; if it is Latin-1, convert it with iconv -f LATIN1 -t UTF-8");
    lines.emplace_back(line);
    text.remove_prefix(end);
    text.remove_prefix(text.starts_with("\r\n") ? 2 : text.empty() ? 0 : 1);
  }
  return lines;
}

}  // namespace glimpse::inline v0
