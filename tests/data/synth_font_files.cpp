// Font files are untrusted: damaged ones are left out, whatever their bytes.
#include <glimpse/core/random.hpp>

#include "synth_fonts.hpp"
#include "tests/catch.hpp"

using namespace glimpse;
using namespace glimpse::synth;

TEST_CASE("a face is read: glyphs, their boxes, advances and the case rule", "[synth]") {
  const FontFolder folder("synth_read");
  const Face face = load_face(folder.put("mixed.ttf", bar_font()));
  CHECK(face.has("Hello 42!"));
  CHECK_FALSE(face.has("\xC3\xA9"));
  CHECK_FALSE(face.caps_only);
  const Glyph& h = face.glyph('H');
  CHECK(h.box.height() == Approx(1.0));  // the unit is the height of a capital
  CHECK(h.box.bottom == Approx(0.0).margin(1e-6));
  CHECK(h.advance == Approx(1.0));
  CHECK(h.area > 0);
  CHECK(face.glyph('h').box.height() == Approx(5.0 / 7));
  CHECK(load_face(folder.put("caps.ttf", bar_font(true))).caps_only);
}

TEST_CASE("WOFF 1 files hold the same faces", "[synth]") {
  const FontFolder folder("synth_woff");
  const Face face = load_face(folder.put("plain.ttf", bar_font()));
  for (const bool packed : {false, true}) {
    const std::string bytes = woff_of(bar_font(), packed);
    const Face same = load_face(folder.put("web.woff", bytes));
    CHECK(same.points.size() == face.points.size());
    CHECK(same.glyph('g').area == face.glyph('g').area);
    for (std::size_t size = 0; size < bytes.size(); size += 211)
      CHECK_THROWS_AS(load_face(folder.put("cut.woff", bytes.substr(0, size))), IoError);
    Random rng(3);
    for (int round = 0; round < 300; ++round) {
      std::string broken = bytes;
      broken[static_cast<std::size_t>(rng.uniform_int(400))] =
          static_cast<char>(rng.uniform_int(256));
      try {
        load_face(folder.put("broken.woff", broken));
      } catch (const IoError&) {
      }
    }
  }
  CHECK(find_font_files({folder.path.string()}).size() == 4);
}

TEST_CASE("no fonts, no folder, blank fonts: one clear error", "[synth]") {
  const FontFolder folder("synth_none");
  CHECK_THROWS_AS(Fonts::load(folder.options()), IoError);
  CHECK_THROWS_AS(Fonts::load({{"/no/such/folder"}, {}, 0.5}), IoError);
  folder.put("blank.ttf", bar_font(false, true));
  folder.put("text.ttf", "this is no font, but it is longer than a font's head");
  CHECK_THROWS_AS(Fonts::load(folder.options()), IoError);
  folder.put("good.ttf", bar_font());
  const Fonts fonts = Fonts::load(folder.options());
  CHECK(fonts.size() == 1);
  CHECK(fonts.skipped() == 2);
  Random rng(1);
  CHECK(fonts.draw(rng, "word") != nullptr);
  CHECK(fonts.draw(rng, "w\xC3\xB6rd") ==
        nullptr);  // a face that lacks a glyph is never used for it
}

TEST_CASE("a broken font file throws IoError or is read, and never more", "[synth]") {
  const FontFolder folder("synth_broken");
  const std::string sound = bar_font();
  const auto survive = [&](const std::string& bytes) {
    try {
      load_face(folder.put("broken.ttf", bytes));
    } catch (const IoError&) {
    }
  };
  for (std::size_t size = 0; size < sound.size(); size += 61) survive(sound.substr(0, size));
  Random rng(7);
  for (int round = 0; round < 1500; ++round) {
    std::string bytes = sound;
    for (Index k = rng.uniform_int(6); k >= 0; --k) {
      const bool early = rng.bernoulli(0.5);  // the directory and the small tables
      const Index range = early ? 700 : static_cast<Index>(bytes.size());
      const auto at = static_cast<std::size_t>(rng.uniform_int(range));
      bytes[at] = static_cast<char>(rng.bernoulli(0.3) ? 255 : rng.uniform_int(256));
    }
    survive(bytes);
  }
  SUCCEED();
}
