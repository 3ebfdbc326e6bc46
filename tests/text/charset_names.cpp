// text/charset_names.hpp
#include <glimpse/text/charset_names.hpp>

#include "../catch.hpp"

using namespace glimpse;

TEST_CASE("charset names: sizes, and each set holds the smaller ones") {
  const auto set = [](const char* name) { return Charset(charset_characters(name)); };
  CHECK(set("digits").count() == 10);
  CHECK(set("lower36").count() == 36);
  CHECK(set("alnum62").count() == 62);
  CHECK(set("ascii94").count() == 94);
  CHECK(set("latin").count() == 160);
  CHECK(set("latin").text().starts_with(set("ascii94").text()));
  CHECK(set("ascii94").text().starts_with(set("alnum62").text()));
  for (char c = '!'; c <= '~'; ++c) CHECK(set("ascii94").find({&c, 1}) >= 0);
  CHECK(set("ascii94").find(" ") == -1);
  CHECK(set("latin").find("\u00e9") >= 0);
  CHECK_THROWS_AS(charset_characters("greek"), ValueError);
}

TEST_CASE("charset names: a set says its name, whatever the order of its characters") {
  for (const std::string_view name : charset_names)
    CHECK(charset_name(Charset(charset_characters(name))) == name);
  CHECK(charset_name(Charset("9876543210")) == "digits");
  CHECK(charset_name(Charset("\u03b1\u03b2")).empty());
  CHECK(describe(Charset("01")) == "2 characters: 01");
  CHECK(describe(Charset()) == "lower36, 36 characters");
}
