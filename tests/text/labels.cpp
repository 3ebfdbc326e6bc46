// text/nfc.hpp, text/label_encoder.hpp: one spelling for a character, and no silent change of a
// label.
#include <fstream>

#include <glimpse/text/label_encoder.hpp>
#include <glimpse/text/nfc.hpp>
#include <glimpse/text/read_lexicon.hpp>

#include "catch.hpp"
#include "scratch.hpp"

using namespace glimpse;
using Lines = std::vector<std::string>;

TEST_CASE("a character typed in two ways is one", "[text]") {
  CHECK(nfc("cafe\xCC\x81") == "caf\xC3\xA9");
  CHECK(nfc("caf\xC3\xA9") == "caf\xC3\xA9");
  CHECK(nfc("q\xCC\x81") == "q\xCC\x81");          // there is no such composed letter
  CHECK(nfc("\xEF\xAC\x81n") == "\xEF\xAC\x81n");  // a ligature is a character of its own
  CHECK(nfc("\xE1\x84\x80\xE1\x85\xA1") == "\xEA\xB0\x80");
  CHECK(nfc("").empty());
  CHECK_THROWS_AS(nfc("caf\xE9"), ValueError);
}

TEST_CASE("a lexicon's words are normalized, and Latin-1 is refused", "[text]") {
  const auto path = scratch_path("nfd.txt").string();
  std::ofstream(path) << "cafe\xCC\x81\ncaf\xC3\xA9\n";
  CHECK(read_lexicon(path, Charset("acef\xC3\xA9")).words() == Lines{"caf\xC3\xA9"});
  std::ofstream(path) << "bar\ncaf\xE9\n";
  CHECK_THROWS_WITH(read_lexicon(path, Charset()), Catch::Contains("line 2"));
}

TEST_CASE("labels with unknown characters are left out, shortened or refused, and counted",
          "[text]") {
  const Charset lower;
  const auto counted = [&](UnknownCharacters policy) {
    LabelEncoder encoder(lower, policy);
    for (const char* label : {"hotel", "EXIT", "caf\xC3\xA9", "don't", "d'\xC3\xA9", "!", ""})
      encoder.count(label);
    return encoder;
  };
  const LabelEncoder skip = counted(UnknownCharacters::skip);
  CHECK(skip.encode("caf\xC3\xA9").empty());
  CHECK(skip.encode("EXIT") == lower.encode("exit"));
  CHECK(skip.labels() == 7);
  CHECK(skip.left_out() == 4);
  CHECK(skip.empty() == 1);
  CHECK(skip.folded() == 1);
  CHECK(skip.unknown().at("'") == 2);
  CHECK(skip.remarks() ==
        Lines{"characters outside the set: ''' (2), '\xC3\xA9' U+00E9 (2), '!' (1)",
              "4 labels left out for them", "1 label left out: empty",
              "1 label learned with A-Z as a-z: the set has no such capitals"});
  CHECK_NOTHROW(skip.check("x"));

  const LabelEncoder drop = counted(UnknownCharacters::drop);
  CHECK(drop.encode("caf\xC3\xA9") == lower.encode("caf"));
  CHECK(drop.left_out() == 1);  // '!' has no remaining character
  CHECK(drop.shortened() == 3);

  const LabelEncoder error = counted(UnknownCharacters::error);
  CHECK_THROWS_WITH(error.check("my words"),
                    Catch::Contains("U+00E9") && Catch::Contains("my words"));

  LabelEncoder capitals(Charset("abAB"));
  CHECK(capitals.count("AbBa"));
  CHECK(capitals.folded() == 0);
  CHECK(capitals.encode("AbBa") == std::vector<Index>{2, 1, 3, 0});
  CHECK(capitals.remarks().empty());
}

TEST_CASE("characters that cannot be seen are reported by their number", "[text]") {
  CHECK(shown_character("\x07") == "U+0007");
  CHECK(shown_character("\xCC\x81") == "U+0301");
  CHECK(shown_character("\xE6\x97\xA5") == "'\xE6\x97\xA5' U+65E5");
  CHECK(shown_character("\xF0\x9F\x98\x80") == "'\xF0\x9F\x98\x80' U+1F600");
  CHECK(shown_counts({{"a", 1}, {"b", 5}, {"c", 2}}, 2) == "'b' (5), 'c' (2), and 1 others");
}
