// Words of any character set: labels match the rendered text, rare characters are frequent enough,
// faces that lack a character are not used.
#include <filesystem>
#include <fstream>
#include <map>
#include <set>

#include <glimpse/data/synth.hpp>
#include <glimpse/data/word_sources.hpp>
#include <glimpse/text/charset_names.hpp>

#include "scratch.hpp"
#include "synth_fonts.hpp"
#include "tests/catch.hpp"

using namespace glimpse;
using namespace glimpse::synth;

namespace {

// In NFC, as code points sorted.
const std::u32string german_letters = U"ÄÖÜßäöü";
const std::u32string greek_letters = U"ΆΈΉΊΌΎΏΐΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩΪΫάέήίΰαβγδεζηθικλμνξοπρςστυφχψωϊϋόύώ";

const char* const german =
    "Straße\nMädchen\nschön\nÄrger\nübermütig\nFuß\nÖl\nZürich\nKäse\nBäckerei\nApotheke\nAusgang\n"
    "geöffnet\ngeschlossen\nEingang\nMünchen\nGrüße\nweiß\nHäuser\nWörter\n";
const char* const greek =
    "δρόμος\nΑθήνα\nφαρμακείο\nπλατεία\nΈξοδος\nείσοδος\nπαϊδάκια\nψάρι\nξενοδοχείο\nκαφές\n"
    "βιβλίο\nθάλασσα\nγράμμα\nήλιος\nύπνος\nώρα\nζάχαρη\nταΐζω\nπροϋπόθεση\nΰαλος\n";

struct List {
  std::filesystem::path path = scratch_path("list.txt");
  explicit List(const std::string& text) { std::ofstream(path, std::ios::binary) << text; }
  ~List() { std::filesystem::remove(path); }
  Words words(const Charset& set, Split split = Split::all) const {
    return Words::from_file(path.string(), split, set);
  }
};

Charset with_digits(const std::u32string& letters) { return Charset(utf8(letters) + "0123456789"); }

// Shares of the characters among the labels of 20,000 words.
std::map<char32_t, double> shares(const Words& words) {
  std::map<char32_t, double> count;
  double all = 0;
  for (std::uint64_t i = 0; i < 20000; ++i)
    for (const char32_t c : code_points(words.label(words.draw(Random(21, i), Recipe{}))))
      ++count[c], ++all;
  for (auto& [c, n] : count) n /= all;
  return count;
}

}  // namespace

TEST_CASE("every printable character makes 1 in 2,000 of what is drawn, or more", "[synth]") {
  auto share = shares(Words::built_in(Charset(charset_characters("ascii94"))));
  CHECK(share.size() == 94);
  for (const auto& [c, s] : share) {
    INFO("character " << utf8(c));
    CHECK(s > 1.0 / 2000);
  }
}

TEST_CASE("sets of letters and digits are drawn as if there were no rare characters", "[synth]") {
  Recipe without;
  without.symbols.probability = 0;
  const Words words = Words::built_in();
  for (std::uint64_t i = 0; i < 500; ++i)
    REQUIRE(words.draw(Random(4, i), Recipe{}) == words.draw(Random(4, i), without));
  // Rare characters do not change the other texts.
  const Words more = Words::built_in(Charset(charset_characters("ascii94")));
  int same = 0;
  for (std::uint64_t i = 0; i < 500; ++i)
    same += more.draw(Random(4, i), Recipe{}) == words.draw(Random(4, i), without);
  CHECK(same > 430);
}

TEST_CASE("letters and digits beyond the set are never drawn, and no label is empty", "[synth]") {
  const std::string sets[] = {"0123456789",       "abc", "ABCDEF", "abcdefghijklmnopqrstuvwxyz ", "-+",
                              utf8(greek_letters), charset_characters("latin")};
  for (const std::string& set : sets) {
    const Charset charset(set);
    const Words words = Words::built_in(charset);
    for (std::uint64_t i = 0; i < 2000; ++i) {
      const std::string text = words.draw(Random(6, i), Recipe{}), label = words.label(text);
      INFO("the set " << set << " draws " << text << ", reads " << label);
      REQUIRE_FALSE(label.empty());
      REQUIRE(charset.knows(label));
      REQUIRE(letters_and_digits_of(label) == letters_and_digits_of(text));
      REQUIRE_FALSE(label.starts_with(' '));
      REQUIRE_FALSE(label.ends_with(' '));
    }
  }
}

TEST_CASE("lists keep case and accents, and what the set lacks is left out and counted", "[synth]") {
  const List list("\xEF\xBB\xBFStraße\r\n  cafe\xCC\x81 \nδρόμος\nNew York\n\niPhone\n");
  Recipe as_listed = Recipe::plain();
  const auto drawn = [&](const Words& words) {
    std::set<std::string> seen;
    for (std::uint64_t i = 0; i < 300; ++i) seen.insert(words.draw(Random(2, i), as_listed));
    return seen;
  };
  const Words latin = list.words(Charset(charset_characters("latin")));
  CHECK(latin.left_out() == 2);
  CHECK(drawn(latin) == std::set<std::string>{"Straße", "café", "iPhone"});
  const Words spaced = list.words(Charset(charset_characters("alnum62") + " "));
  CHECK(drawn(spaced) == std::set<std::string>{"New York", "iPhone"});
  as_listed.upper.probability = 1;
  CHECK(drawn(latin) == std::set<std::string>{"STRASSE", "CAFÉ", "IPHONE"});
  as_listed = Recipe::plain();
  as_listed.capitalized.probability = 1;
  CHECK(drawn(latin) == std::set<std::string>{"Straße", "Café", "IPhone"});

  as_listed = Recipe::plain();
  const List loud("HOTEL\nΔΡΟΜΟΣ\n");  // only capitals: no information about case
  const Charset both(charset_characters("lower36") + utf8(greek_letters));
  CHECK(drawn(loud.words(both)) == std::set<std::string>{"hotel", "δρομος"});
  CHECK_THROWS_AS(List("good\n\xFF\xFE\n").words(both), IoError);
  CHECK_THROWS_AS(List("δρόμος\n").words(Charset()), IoError);
}

TEST_CASE("case mapping of words: German, Greek, final sigma", "[synth]") {
  CHECK(upper_case("Straße 5") == "STRASSE 5");
  CHECK(upper_case("Έξοδος") == "ΕΞΟΔΟΣ");
  CHECK(upper_case("παϊδάκια") == "ΠΑΪΔΑΚΙΑ");
  CHECK(upper_case("ΐ") == "Ϊ");
  CHECK(upper_case("журнал") == "ЖУРНАЛ");
  CHECK(lower_case("ΔΡΟΜΟΣ ΣΟΦΟΣ") == "δρομος σοφος");
  CHECK(nfc("e\xCC\x81") == "é");
  CHECK(base_letter(U'é') == U'e');
  CHECK(base_letter(U'ø') == U'ø');
  CHECK(label_of("Éa-B", Charset("éab")) == "éab");
}

TEST_CASE("German and Greek words are drawn by faces that have their letters", "[synth]") {
  FontFolder folder("synth_letters");
  folder.put("ascii.ttf", bar_font());
  folder.put("german.ttf", bar_font(false, false, "", german_letters));
  folder.put("greek.ttf", bar_font(true, false, "", greek_letters));
  const auto count = [&](const char* list, const std::u32string& letters) {
    const Charset set = with_digits(letters + U"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");
    FontOptions options = folder.options();
    options.characters = set.text();
    const WordRenderer renderer(Fonts::load(options), List(list).words(set));
    CHECK(renderer.fonts().lacking(set.text()).empty());
    int beyond = 0;
    for (std::uint64_t i = 0; i < 200; ++i) {
      const WordSample sample = renderer.draw(9, i);
      INFO("image " << i << " says " << sample.text);
      REQUIRE_FALSE(sample.label.empty());
      REQUIRE(sample.label == label_of(sample.text, set));
      beyond += sample.label.size() > code_points(sample.label).size();
    }
    return beyond;
  };
  CHECK(count(german, german_letters) > 40);
  CHECK(count(greek, greek_letters) > 80);
}

TEST_CASE("a face is used for no word of which it lacks a glyph, and says what is seen", "[synth]") {
  FontFolder folder("synth_seen");
  const auto load = [&](const char* name, const std::string& font) {
    return load_face(folder.put(name, font), U"éα");
  };
  CHECK(load("full.ttf", bar_font(false, false, "", U"éα")).has("caféα"));
  CHECK_FALSE(load("ascii.ttf", bar_font()).has("café"));
  // The face does not draw the accent, so it does not have the letter.
  const Face bare = load("bare.ttf", bar_font(false, false, "", U"éα", false));
  CHECK_FALSE(bare.has("é"));
  CHECK(bare.has("α"));
  CHECK(load_face(folder.put("kern.ttf", bar_font())).seen("aB") == "aB");
  // Small capitals count as capitals.
  folder.put("small.ttf", bar_font(true, false, "", {}, true, 80));
  const FontFolder small("synth_small");
  small.put("small.ttf", bar_font(true, false, "", {}, true, 80));
  const Fonts fonts = Fonts::load(small.options());
  REQUIRE(fonts.size() == 1);
  CHECK(fonts[0].seen("word é") == "WORD É");

  // The only face with the character is found among many.
  for (int i = 0; i < 19; ++i) folder.put("f" + std::to_string(i) + ".ttf", bar_font());
  FontOptions options = folder.options();
  options.characters = "é";
  const Fonts many = Fonts::load(options);
  Random rng(3);
  for (int i = 0; i < 50; ++i) {
    const Face* face = many.draw(rng, "é");
    REQUIRE(face != nullptr);
    CHECK(face->has("é"));
  }
  CHECK(many.lacking("aéя") == "я");
  CHECK_THROWS_AS(WordRenderer(many, Words::built_in(Charset("яж"))), ValueError);
}

TEST_CASE("synthetic words reach training with the label of the image", "[synth]") {
  const Charset set(charset_characters("ascii94"));
  const auto renderer = std::make_shared<const WordRenderer>(test_fonts(), Words::built_in(set));
  const WordSource source = synthetic_words(renderer, set, 3);
  for (std::uint64_t i = 0; i < 60; ++i) {
    const WordSample sample = renderer->draw(3, i);
    CHECK(set.decode(source(i).symbols) == sample.text);
    CHECK(sample.label == sample.text);
  }
}

TEST_CASE("words of a list keep their part, whatever their case and punctuation", "[synth]") {
  std::string text;
  for (int i = 0; i < 400; ++i) text += "Word-" + std::to_string(i) + "\n";
  const List list(text);
  const Charset set(charset_characters("ascii94"));
  const std::size_t held = list.words(set, Split::held_out).size();
  std::size_t expected = 0;
  for (int i = 0; i < 400; ++i) expected += in_split(Split::held_out, "word" + std::to_string(i));
  CHECK(held == expected);
  CHECK(list.words(set, Split::training).size() == 400 - held);
}
