// text/protocol.hpp, and the scores of text/metrics.hpp under each protocol.
#include <glimpse/text/metrics.hpp>

#include "../catch.hpp"

using namespace glimpse;

TEST_CASE("protocol: each keeps what it compares") {
  CHECK(normalize("Don't 42!") == "dont42");
  CHECK(normalize("Don't 42!", Protocol::alnum62) == "Dont42");
  CHECK(normalize("Don't 42!", Protocol::exact) == "Don't 42!");
  CHECK(normalize("\u00c9t\u00e9", Protocol::alnum62) == "t");
  for (const Protocol p : protocols) CHECK(protocol_named(name(p)) == p);
  CHECK_THROWS_WITH(protocol_named("case"), "score: expected lower36, alnum62 or exact, got 'case'");
}

TEST_CASE("word score: case and punctuation count where the protocol says so") {
  const auto right = [](const char* reading, const char* truth, Protocol p) {
    WordScore s;
    s.add(reading, truth, p);
    return s.correct == 1;
  };
  CHECK(right("HOTEL", "Hotel!", Protocol::lower36));
  CHECK_FALSE(right("HOTEL", "Hotel!", Protocol::alnum62));
  CHECK(right("Hotel", "Hotel!", Protocol::alnum62));
  CHECK_FALSE(right("Hotel", "Hotel!", Protocol::exact));
  CHECK(right("Hotel!", "Hotel!", Protocol::exact));
}

TEST_CASE("word score: an edit is one of a character, not of a byte") {
  WordScore s;
  s.add("caf\u00e8", "caf\u00e9", Protocol::exact);
  CHECK(s.edits == 1);
  CHECK(s.characters == 4);
  CHECK(s.one_minus_ned() == 0.75);
}
