#include <glimpse/text/confusion.hpp>

#include "tests/catch.hpp"

using namespace glimpse;

TEST_CASE("characters that were changed, missed and invented are counted", "[text]") {
  Confusion confusion;
  confusion.add("Hou5e", "house");
  confusion.add("hous", "house");
  confusion.add("houses", "house");
  confusion.add("", "a");
  confusion.add("b", "");
  CHECK(confusion('h', 'h') == 3);
  CHECK(confusion('s', '5') == 1);
  CHECK(confusion('e', Confusion::none) == 1);
  CHECK(confusion(Confusion::none, 's') == 1);
  CHECK(confusion('a', Confusion::none) == 1);
  CHECK(confusion(Confusion::none, 'b') == 1);
  CHECK(confusion('x', 'y') == 0);
}

TEST_CASE("mistakes come the most frequent first, with their share", "[text]") {
  Confusion confusion;
  for (int i = 0; i < 3; ++i) confusion.add("0il", "oil");
  confusion.add("oil", "oil");
  confusion.add("oii", "oil");
  const auto mistakes = confusion.mistakes();
  REQUIRE(mistakes.size() == 2);
  CHECK(mistakes[0].truth == 'o');
  CHECK(mistakes[0].reading == '0');
  CHECK(mistakes[0].count == 3);
  CHECK(mistakes[0].share == Approx(0.6));
  CHECK(mistakes[1].share == Approx(0.2));
}
