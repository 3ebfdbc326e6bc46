// The headers and the build file have the same version.
#include <glimpse/core/version.hpp>

#include <fstream>
#include <iterator>
#include <string>

#include "catch.hpp"

TEST_CASE("the version is that of the build file", "[core]") {
  std::ifstream in(std::string(GLIMPSE_ROOT) + "/CMakeLists.txt");
  const std::string text((std::istreambuf_iterator<char>(in)), {});
  CHECK(text.find("project(glimpse VERSION " + std::string(glimpse::version) + " ") !=
        std::string::npos);
}
