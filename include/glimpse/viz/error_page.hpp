// error_page: a reader's errors as one HTML file with embedded images. Includes stb_image_write.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include <glimpse/io/image.hpp>
#include <glimpse/text/confusion.hpp>
#include <glimpse/viz/reading.hpp>

namespace glimpse::inline v0 {

/// A wrong reading: the panel's view (with text, truth and confidence) and its file.
struct ReadingError {
  std::string path;
  ReadingView view;
};

namespace detail {

inline std::string base64(std::string_view bytes) {
  constexpr std::string_view digits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const auto byte = [&](std::size_t k) {
      return i + k < bytes.size() ? std::uint32_t{static_cast<unsigned char>(bytes[i + k])} : 0u;
    };
    const std::uint32_t three = byte(0) << 16 | byte(1) << 8 | byte(2);
    for (std::size_t k = 0; k < 4; ++k)
      text += i + k > bytes.size() ? '=' : digits[three >> (18 - 6 * k) & 63];
  }
  return text;
}

inline std::string escaped(std::string_view text) {
  std::string safe;
  for (const char c : text) {
    switch (c) {
      case '<':
        safe += "&lt;";
        break;
      case '>':
        safe += "&gt;";
        break;
      case '&':
        safe += "&amp;";
        break;
      case '"':
        safe += "&quot;";
        break;
      default:
        safe += c;
    }
  }
  return safe;
}

inline constexpr std::string_view error_page_style = R"(
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 62rem; color: #222; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin-top: 2rem; }
table { border-collapse: collapse; } td, th { padding: .15rem .9rem .15rem 0; text-align: left; }
td.n, th.n { text-align: right; } th { font-weight: 600; border-bottom: 1px solid #bbb; }
figure { margin: 1.6rem 0; padding-top: 1rem; border-top: 1px solid #ddd; }
img { max-width: 100%; display: block; } code { font-size: 1.05em; }
figcaption { display: flex; gap: 1.2rem; align-items: baseline; flex-wrap: wrap; }
.path { color: #777; font-size: .85em; overflow-wrap: anywhere; }
)";

}  // namespace detail

/// The HTML page: a table of confused characters, then every error, the most confident first, with
/// the reader's panel (fiducials, rectified image, attention), truth and reading. words: number of
/// words read. At most `limit` errors are shown; the page gives their total number.
inline std::string error_page(std::string_view title, std::vector<ReadingError> errors, Index words,
                              const Confusion& confusion, std::size_t limit = 400) {
  using detail::escaped;
  std::stable_sort(errors.begin(), errors.end(), [](const ReadingError& a, const ReadingError& b) {
    return a.view.confidence > b.view.confidence;
  });
  const auto number = [](const char* format, double value) {
    char text[32];
    std::snprintf(text, sizeof text, format, value);
    return std::string(text);
  };
  std::string page = "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>" +
                     escaped(title) + "</title><style>" + std::string(detail::error_page_style) +
                     "</style></head><body>\n<h1>" + escaped(title) + "</h1>\n<p>" +
                     std::to_string(errors.size()) + " of " + std::to_string(words) +
                     " words were read wrongly";
  if (errors.size() > limit) page += "; the " + std::to_string(limit) + " surest are shown";
  page +=
      ".</p>\n<h2>Characters</h2>\n<table><tr><th>is</th><th>read as</th>"
      "<th class=\"n\">times</th><th class=\"n\">of its positions</th></tr>\n";
  const auto shown = [](char c) {
    return c == Confusion::none ? std::string("nothing") : "<code>" + std::string(1, c) + "</code>";
  };
  const auto mistakes = confusion.mistakes();
  for (std::size_t i = 0; i < std::min<std::size_t>(mistakes.size(), 25); ++i) {
    const Confusion::Mistake& m = mistakes[i];
    page += "<tr><td>" + shown(m.truth) + "</td><td>" + shown(m.reading) + "</td><td class=\"n\">" +
            std::to_string(m.count) + "</td><td class=\"n\">" +
            (m.truth == Confusion::none ? "" : number("%.1f %%", 100 * m.share)) + "</td></tr>\n";
  }
  page += "</table>\n<h2>Words, the surest first</h2>\n";
  for (std::size_t i = 0; i < std::min(errors.size(), limit); ++i) {
    const auto& [path, view] = errors[i];
    page += "<figure><figcaption><span>is <code>" + escaped(view.truth) +
            "</code></span><span>read <code>" + escaped(view.text) + "</code></span><span>" +
            number("%.1f %%", 100 * view.confidence) + " sure</span><span class=\"path\">" +
            escaped(path) + "</span></figcaption><img alt=\"\" src=\"data:image/jpeg;base64," +
            detail::base64(encode_jpeg(draw(view, 640), 85)) + "\"></figure>\n";
  }
  return page + "</body></html>\n";
}

}  // namespace glimpse::inline v0
