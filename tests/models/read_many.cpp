// Bulk reading against single readings: the same words, in order, within bounds of memory.
#include <glimpse/text/protocol.hpp>
#include <glimpse/models/read_many.hpp>

#include <atomic>
#include <filesystem>
#include <limits>
#include <new>
#include <set>
#include <stdexcept>

#include <glimpse/data/load_image.hpp>
#include <glimpse/train/model_file.hpp>

#include "bars.hpp"
#include "tests/catch.hpp"

using namespace glimpse;

namespace {

Reader<float>& shipped() {
  static Reader<float> reader = load_reader(GLIMPSE_ROOT "/examples/weights/compact.safetensors");
  return reader;
}

/// The images that ship, some of them rotated, some of other shapes: 36 in three widths.
std::vector<GrayImage> images() {
  std::set<std::string> paths;
  for (const auto& entry : std::filesystem::directory_iterator(GLIMPSE_ROOT "/examples/images"))
    if (entry.path().extension() == ".png") paths.insert(entry.path().string());
  std::vector<GrayImage> all;
  for (const std::string& path : paths) {
    const GrayImage image = load_image(path);
    const Tensor<float> x = image_of(image).reshape({1, 1, image.height, image.width});
    all.push_back(image);
    all.push_back(rotate90(image, 1));
    all.push_back(gray_image_of(resized(x, 20, 150).reshape({20, 150})));
  }
  return all;
}

std::vector<ImageRead> in_bulk(Reader<float>& reader, const std::vector<GrayImage>& all,
                               const ReadManyOptions& options) {
  std::vector<ImageRead> found;
  read_many(
      reader, all.size(), [&](std::uint64_t i) { return all[i]; },
      [&](std::uint64_t i, ImageRead&& one) {
        REQUIRE(i == found.size());
        found.push_back(std::move(one));
      },
      options);
  REQUIRE(found.size() == all.size());
  return found;
}

}  // namespace

TEST_CASE("in bulk every image is read as it is alone", "[models]") {
  const std::vector<GrayImage> all = images();
  for (const std::size_t batch : {std::size_t{7}, std::size_t{256}}) {
    const auto many = in_bulk(shipped(), all, {.loaders = 3, .batch = batch});
    for (std::size_t i = 0; i < all.size(); ++i) {
      const Reading alone = read(shipped(), all[i]);
      INFO(i << ": " << alone.text);
      REQUIRE(many[i].ok());
      CHECK(many[i].image == all[i]);
      CHECK(many[i].reading.text == alone.text);
      CHECK(many[i].reading.quarters == alone.quarters);
      CHECK(many[i].reading.confidence == Approx(alone.confidence).margin(1e-4));
      REQUIRE(many[i].reading.character_confidence.size() == alone.character_confidence.size());
      for (std::size_t c = 0; c < alone.character_confidence.size(); ++c)
        CHECK(many[i].reading.character_confidence[c] ==
              Approx(alone.character_confidence[c]).margin(1e-4));
    }
  }
}

TEST_CASE("in bulk every image has words of its own", "[models]") {
  const std::vector<GrayImage> all = images();
  const Lexicon a({"coffee", "hotel"}, shipped().charset()), b({"museum"}, shipped().charset());
  const auto word_of = [&](std::uint64_t i) {
    return i % 3 == 0 ? &a : i % 3 == 1 ? &b : static_cast<const Lexicon*>(nullptr);
  };
  const auto many = in_bulk(shipped(), all, {.lexicon = word_of, .batch = 5});
  for (std::size_t i = 0; i < all.size(); ++i)
    CHECK(many[i].reading.text == read(shipped(), all[i], {.lexicon = word_of(i)}).text);
}

TEST_CASE("images that fail are reported in their place, and the others are read", "[models]") {
  const GrayImage good = load_image(GLIMPSE_ROOT "/examples/images/straight_hotel.png");
  std::vector<std::string> found;
  read_many(
      shipped(), 12,
      [&](std::uint64_t i) -> GrayImage {
        if (i == 2) throw std::bad_alloc();
        if (i == 3) fail<IoError>("image", "'x' is damaged");
        if (i == 5) throw std::length_error("too long");
        if (i == 11) return {};
        return good;
      },
      [&](std::uint64_t i, ImageRead&& one) {
        REQUIRE(i == found.size());
        found.push_back(one.ok() ? one.reading.text : "! " + one.error);
      },
      {.loaders = 2, .batch = 4});
  const std::string hotel = read(shipped(), good).text;
  CHECK(normalize(hotel) == "hotel");
  const std::vector<std::string> right{hotel,
                                       hotel,
                                       "! out of memory",
                                       "! image: 'x' is damaged",
                                       hotel,
                                       "! too long",
                                       hotel,
                                       hotel,
                                       hotel,
                                       hotel,
                                       hotel,
                                       "! the image is empty"};
  CHECK(found == right);
}

TEST_CASE("what cannot be read spoils nothing else of its batch", "[models]") {
  const Lexicon one_word({"hotel"}, shipped().charset()), nothing({}, shipped().charset());
  const GrayImage good = load_image(GLIMPSE_ROOT "/examples/images/straight_hotel.png");
  const auto many =
      in_bulk(shipped(), std::vector<GrayImage>(5, good),
              {.lexicon = [&](std::uint64_t i) { return i == 3 ? &nothing : &one_word; }});
  for (std::size_t i = 0; i < many.size(); ++i) {
    CHECK(many[i].ok() == (i != 3));
    CHECK(many[i].reading.text == (i == 3 ? "" : "hotel"));
  }
  CHECK(many[3].error.find("lexicon") != std::string::npos);
}

TEST_CASE("huge images are not held all at once", "[models]") {
  constexpr Index side = 200, budget = 4 * side * side;
  const GrayImage image = bars("hello", side, side);
  constexpr int loaders = 2;
  std::atomic<int> loaded{0};
  int emitted = 0, most = 0;
  read_many(
      shipped(), 60,
      [&](std::uint64_t) {
        ++loaded;
        return image;
      },
      [&](std::uint64_t, ImageRead&&) {
        most = std::max(most, loaded - emitted);
        ++emitted;
      },
      {.loaders = loaders, .pixels = budget});
  CHECK(emitted == 60);
  CHECK(most <= 4 + 4 + loaders);  // the batch, the waiting ones, and the ones being made
}

TEST_CASE("what the receiver throws ends the reading", "[models]") {
  const GrayImage image = bars("hello", 32, 64);
  int emitted = 0;
  CHECK_THROWS_AS(read_many(
                      shipped(), 1000, [&](std::uint64_t) { return image; },
                      [&](std::uint64_t, ImageRead&&) {
                        if (++emitted == 3) throw std::runtime_error("full");
                      },
                      {.batch = 8}),
                  std::runtime_error);
  CHECK(emitted == 3);
  CHECK(read_many(
            shipped(), 0, [&](std::uint64_t) { return image; },
            [](std::uint64_t, ImageRead&&) {}) == 0);
}

TEST_CASE("probabilities and attention are those of the text that a beam chose", "[models]") {
  for (const GrayImage& image : images()) {
    const Reading r = read(shipped(), image, {.rotations = RotationPolicy::none, .beam = 2});
    CHECK(r.confidence >=
          read(shipped(), image, {.rotations = RotationPolicy::none, .beam = 1}).confidence - 1e-6);
    double product = 1;
    for (const double p : r.character_confidence) product *= p;
    CHECK(product == Approx(r.confidence).margin(1e-9));
    const Lexicon own({r.text}, shipped().charset());  // only one possible reading
    if (own.size() == 0) continue;
    const Reading again =
        read(shipped(), image, {.rotations = RotationPolicy::none, .beam = 1, .lexicon = &own});
    CHECK(again.confidence == Approx(r.confidence).margin(1e-4));
    REQUIRE(again.attention.shape() == r.attention.shape());
    for (Index i = 0; i < r.attention.size(); ++i)
      CHECK(std::abs(again.attention.data()[i] - r.attention.data()[i]) < 1e-4f);
  }
}

TEST_CASE("of an image of NaN nothing is read, with confidence 0", "[models]") {
  const GrayImage good = bars("hello", 32, 64);
  GrayImage bad = good;
  bad(3, 3) = std::numeric_limits<float>::quiet_NaN();
  const std::vector<GrayImage> all{good, bad, good};
  for (const bool ctc : {false, true}) {
    Random random(1);
    Reader<float> model(ctc ? crnn_config("compact") : rare_config("compact"), random);
    set_training(model, false);
    const Lexicon two_words({"hello", "sun"}, model.charset());
    for (const Lexicon* lexicon : {static_cast<const Lexicon*>(nullptr), &two_words})
      for (const LexiconMode mode :
           {LexiconMode::posterior, LexiconMode::tree, LexiconMode::edit}) {
        const auto found = read(model, std::span<const GrayImage>(all),
                                {.lexicon = lexicon, .lexicon_mode = mode});
        INFO("ctc " << ctc << ", lexicon " << (lexicon != nullptr) << ", mode "
                    << static_cast<int>(mode));
        CHECK(found[1].confidence == 0);
        CHECK(found[1].text == "");
        const Reading alone = read(model, good, {.lexicon = lexicon, .lexicon_mode = mode});
        CHECK(found[0].text == alone.text);
        CHECK(found[2].confidence == Approx(alone.confidence).margin(1e-4));
      }
  }
}
