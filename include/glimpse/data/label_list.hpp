// label list: files that list the word of every image.
//
//   .tsv, .txt and others   path <tab> label      further columns do not belong to the label
//                           word_1.png, "label"   ICDAR's gt.txt; \" and \\ mean " and \ there
//   .csv                    path,label            fields may be quoted (RFC 4180);
//                                                 ; or tab may separate, too
//   .jsonl                  {"image": path, "text": label}   or "file_name" and "label"
//
// Paths are relative to the folder of the list. Labels are normalized to NFC, without blanks at
// both ends. Empty lines are skipped. A first line is a heading if no such file exists and its
// first column is a known heading or has no extension. Lines: io/lines.hpp.
#pragma once

#include <algorithm>
#include <array>
#include <cctype>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <glimpse/core/error.hpp>
#include <glimpse/io/lines.hpp>
#include <glimpse/text/nfc.hpp>

namespace glimpse::inline v0 {

struct LabeledFile {
  std::string path;   // can be opened as it is
  std::string label;  // as written, in NFC
};

/// The entries of a label list.
struct LabelList {
  std::vector<LabeledFile> files;
  std::vector<std::string> remarks;  // kinds of lines that were left out
};

namespace detail {

/// Whether a name ends like a file: a dot, then one to five letters or digits.
inline bool has_extension(std::string_view name) {
  const std::size_t dot = name.rfind('.');
  if (dot == std::string_view::npos || dot == 0) return false;
  const std::string_view end = name.substr(dot + 1);
  return !end.empty() && end.size() <= 5 && std::all_of(end.begin(), end.end(), [](char c) {
    return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
  });
}

inline std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return out;
}

inline bool names_images(std::string_view heading) {
  constexpr std::array names = {"image",     "images", "image_path", "image_name",
                                "imagename", "file",   "file_name",  "filename",
                                "path",      "name",   "img",        "img_name"};
  return std::find(names.begin(), names.end(), lower(heading)) != names.end();
}
inline bool names_labels(std::string_view heading) {
  constexpr std::array names = {"text", "label",        "labels",        "word",      "words",
                                "gt",   "ground_truth", "transcription", "transcript"};
  return std::find(names.begin(), names.end(), lower(heading)) != names.end();
}

/// Columns of a line with optional quotes. Nothing if a quotation does not end.
inline std::optional<std::vector<std::string>> csv_fields(std::string_view line, char separator) {
  std::vector<std::string> fields(1);
  for (std::size_t at = 0; at < line.size();) {
    if (line[at] == separator) {
      fields.emplace_back();
      ++at;
    } else if (line[at] == '"' && trimmed(fields.back()).empty()) {
      fields.back().clear();
      for (++at; at < line.size(); ++at) {
        if (line[at] == '"' && at + 1 < line.size() && line[at + 1] == '"')
          ++at;
        else if (line[at] == '"')
          break;
        fields.back() += line[at];
      }
      if (at == line.size()) return std::nullopt;
      ++at;
    } else {
      fields.back() += line[at++];
    }
  }
  return fields;
}

/// The separator of a CSV file: the first comma, semicolon or tab outside quotes.
inline char csv_separator(std::string_view line) {
  bool quoted = false;
  for (const char c : line) {
    if (c == '"') quoted = !quoted;
    if (!quoted && (c == ',' || c == ';' || c == '\t')) return c;
  }
  return ',';
}

/// Fields of `word_1.png, "label"` (the quotes are optional); nothing for a line of another form.
inline std::optional<std::vector<std::string>> icdar_fields(std::string_view line) {
  const std::size_t comma = line.find(',');
  if (comma == std::string_view::npos) return std::nullopt;
  const std::string_view name = trimmed(line.substr(0, comma));
  if (!has_extension(name)) return std::nullopt;
  std::string_view text = trimmed(line.substr(comma + 1));
  if (text.size() < 2 || text.front() != '"' || text.back() != '"')
    return std::vector<std::string>{std::string(name), std::string(text)};
  text = text.substr(1, text.size() - 2);
  std::string label;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 1 < text.size() && (text[i + 1] == '"' || text[i + 1] == '\\')) ++i;
    label += text[i];
  }
  return std::vector<std::string>{std::string(name), label};
}

inline std::vector<std::string> tab_fields(std::string_view line) {
  std::vector<std::string> fields;
  for (std::size_t at = 0; at <= line.size();) {
    const std::size_t end = std::min(line.find('\t', at), line.size());
    fields.emplace_back(line.substr(at, end - at));
    at = end + 1;
  }
  return fields;
}

/// Path and label of a line of JSON. Throws IoError with the fault.
inline std::vector<std::string> json_fields(const std::string& line, const std::string& where) {
  const nlohmann::json object = nlohmann::json::parse(line, nullptr, false);
  if (!object.is_object())
    fail<IoError>("labels", "expected {\"image\": ..., \"text\": ...}, got no JSON object in ",
                  where);
  const auto field = [&](const char* name, const char* other) {
    auto at = object.find(name);
    if (at == object.end()) at = object.find(other);
    if (at == object.end())
      fail<IoError>("labels", "expected a field \"", name, "\", got none in ", where);
    if (!at->is_string())
      fail<IoError>("labels", "expected text as \"", name, "\", got ", at->type_name(), " in ",
                    where);
    return at->get<std::string>();
  };
  return {field("image", "file_name"), field("text", "label")};
}

}  // namespace detail

/// The path to open for an entry of a list in `folder`; ./a.png and a.png give the same path.
inline std::string entry_path(const std::string& folder, std::string_view entry) {
  return (std::filesystem::path(folder) / entry).lexically_normal().string();
}

/// Reads a label list; the file's extension selects the format. Throws IoError if it cannot be
/// read, if a line is malformed (with its number), or if it lists no image.
inline LabelList read_label_list(const std::string& path) {
  namespace fs = std::filesystem;
  const std::string extension = detail::lower(fs::path(path).extension().string());
  const bool csv = extension == ".csv";
  const bool json = extension == ".jsonl" || extension == ".ndjson" || extension == ".json";
  const std::string folder = fs::path(path).parent_path().string();
  LabelList list;
  std::size_t image = 0, label = 1;  // columns
  char separator = 0;                // of CSV; 0: not yet known
  Index number = 0, wide = 0;
  bool first = true;
  for (const std::string& line : read_lines(path)) {
    ++number;
    if (trimmed(line).empty()) continue;
    const auto where = [&] { return "'" + path + "' line " + std::to_string(number); };
    std::vector<std::string> fields;
    if (json) {
      fields = detail::json_fields(line, where());
    } else if (csv) {
      if (separator == 0) separator = detail::csv_separator(line);
      auto found = detail::csv_fields(line, separator);
      if (!found) fail<IoError>("labels", "expected a closing quote, got the end of ", where());
      fields = std::move(*found);
    } else if (line.find('\t') != std::string::npos) {
      fields = detail::tab_fields(line);
    } else if (auto found = detail::icdar_fields(line)) {
      fields = std::move(*found);
    }
    if (fields.size() <= std::max(image, label) || trimmed(fields[image]).empty())
      fail<IoError>("labels", "expected '",
                    csv ? "path,label" : "path <tab> label' or 'path, \"label\"", "', got ",
                    fields.size() < 2 ? "one column" : "too few columns or no path", " in ", where());
    if (std::exchange(first, false) && !json) {
      const auto is_image = [&](const std::string& f) { return detail::names_images(trimmed(f)); };
      const auto is_label = [&](const std::string& f) { return detail::names_labels(trimmed(f)); };
      const auto a = std::find_if(fields.begin(), fields.end(), is_image);
      const auto b = std::find_if(fields.begin(), fields.end(), is_label);
      const bool known = a != fields.end() && b != fields.end();
      std::error_code error;
      if ((known || !detail::has_extension(trimmed(fields[0]))) &&
          !fs::exists(entry_path(folder, trimmed(fields[0])), error)) {
        if (known) {
          image = static_cast<std::size_t>(a - fields.begin());
          label = static_cast<std::size_t>(b - fields.begin());
        }
        list.remarks.push_back(where() + " is taken as headings: '" +
                               std::string(trimmed(fields[0])) + "', '" +
                               std::string(trimmed(fields[1])) + "'");
        continue;
      }
    }
    wide += fields.size() > 2 && image == 0 && label == 1;
    list.files.push_back({entry_path(folder, trimmed(fields[image])), nfc(trimmed(fields[label]))});
  }
  if (wide > 0)
    list.remarks.push_back("'" + path + "': columns beyond the second are not taken, of " +
                           std::to_string(wide) + (wide == 1 ? " line" : " lines"));
  if (list.files.empty()) fail<IoError>("labels", "expected images, got none in '", path, "'");
  return list;
}

}  // namespace glimpse::inline v0
