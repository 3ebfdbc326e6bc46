// charset names: names of character sets for the command line.
//
//   digits     0-9                                                        10 characters
//   lower36    a-z 0-9: the field's protocol                              36
//   alnum62    lower36 and A-Z                                            62
//   ascii94    every printable ASCII character but the space              94
//   latin      ascii94 and the accented letters of western European      160
//              languages (Latin-1, OE, Y with diaeresis, capital sharp s)
//
// Each longer set begins with the characters of the next shorter one, from lower36 on.
#pragma once

#include <string>
#include <string_view>

#include <glimpse/text/charset.hpp>

namespace glimpse::inline v0 {

inline constexpr std::string_view charset_names[] = {"digits", "lower36", "alnum62", "ascii94",
                                                     "latin"};

/// All characters of a named set, as UTF-8 text. Throws ValueError for another name.
inline std::string charset_characters(std::string_view name) {
  if (name == "digits") return "0123456789";
  std::string text(Charset::lower_and_digits);
  if (name == "lower36") return text;
  text += "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
  if (name == "alnum62") return text;
  text += "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~";
  if (name == "ascii94") return text;
  if (name != "latin")
    fail("charset", "expected digits, lower36, alnum62, ascii94 or latin, got '", name, "'");
  return text +
         "ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÐÑÒÓÔÕÖØÙÚÛÜÝÞß"
         "àáâãäåæçèéêëìíîïðñòóôõöøùúûüýþÿ"
         "ŒœŸẞ";
}

/// The name of the set with exactly these characters, in any order; "" if no set matches.
inline std::string_view charset_name(const Charset& set) {
  for (const std::string_view name : charset_names) {
    const Charset named(charset_characters(name));
    if (named.count() == set.count() && set.knows(named.text())) return name;
  }
  return {};
}

/// A line for logs and summaries: "ascii94, 94 characters", or the characters of an unnamed set.
inline std::string describe(const Charset& set) {
  const std::string_view name = charset_name(set);
  const std::string count = std::to_string(set.count()) + " characters";
  return name.empty() ? count + ": " + set.text() : std::string(name) + ", " + count;
}

}  // namespace glimpse::inline v0
