// version: of these headers, as text. CMakeLists.txt holds the same number; a test compares them.
#pragma once

#include <string_view>

namespace glimpse::inline v0 {

inline constexpr std::string_view version = "0.1.0";

}  // namespace glimpse::inline v0
