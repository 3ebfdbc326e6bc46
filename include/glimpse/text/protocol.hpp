// protocol: which characters are compared between a reading and the truth.
//
//   lower36   a-z and 0-9, A-Z in lower case: the field's protocol
//   alnum62   A-Z, a-z and 0-9, case counts
//   exact     every character, case and punctuation count
#pragma once

#include <string>
#include <string_view>

#include <glimpse/core/error.hpp>

namespace glimpse::inline v0 {

enum class Protocol { lower36, alnum62, exact };

inline constexpr Protocol protocols[] = {Protocol::lower36, Protocol::alnum62, Protocol::exact};

inline std::string_view name(Protocol protocol) {
  return protocol == Protocol::lower36   ? "lower36"
         : protocol == Protocol::alnum62 ? "alnum62"
                                         : "exact";
}

/// The protocol with this name. Throws ValueError for any other name.
inline Protocol protocol_named(std::string_view wanted) {
  for (const Protocol p : protocols)
    if (name(p) == wanted) return p;
  fail("score", "expected lower36, alnum62 or exact, got '", wanted, "'");
}

/// The part of a text that the protocol compares.
inline std::string normalize(std::string_view text, Protocol protocol = Protocol::lower36) {
  if (protocol == Protocol::exact) return std::string(text);
  std::string kept;
  for (char c : text) {
    const bool upper = c >= 'A' && c <= 'Z';
    if (upper && protocol == Protocol::lower36) c = static_cast<char>(c - 'A' + 'a');
    if (upper || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) kept += c;
  }
  return kept;
}

}  // namespace glimpse::inline v0
