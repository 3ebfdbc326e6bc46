// io/image.hpp: images are written and read again, and damaged ones.
#include <cmath>

#include <glimpse/core/random.hpp>
#include <glimpse/io/image.hpp>

#include "../catch.hpp"
#include "folder.hpp"

using namespace glimpse;

namespace {

/// Values that bytes represent exactly.
Tensor<float> test_image(const Shape& shape) {
  Tensor<float> x(shape);
  Random rng(1);
  for (float& v : x.span()) v = static_cast<float>(rng.uniform_int(256)) / 255.0f;
  return x;
}

float largest_difference(const Tensor<float>& a, const Tensor<float>& b) {
  REQUIRE(a.shape() == b.shape());
  float most = 0;
  for (Index i = 0; i < a.size(); ++i)
    most = std::max(most, std::fabs(a.contiguous().data()[i] - b.contiguous().data()[i]));
  return most;
}

}  // namespace

TEST_CASE("image: PNG comes back exactly, gray and color, odd sizes") {
  const Folder folder("image");
  for (const Shape& shape : {Shape{1, 1, 1}, Shape{1, 7, 13}, Shape{3, 5, 3}, Shape{3, 1, 64}}) {
    const Tensor<float> x = test_image(shape);
    write_png(folder / "a.png", x);
    CHECK(largest_difference(read_image(folder / "a.png", shape[0]), x) == 0);
  }
  const Tensor<float> flat = test_image({4, 6});
  CHECK(largest_difference(decode_image(encode_png(flat)), flat.reshape({1, 4, 6})) == 0);
  const Tensor<float> gray_as_color = decode_image(encode_png(flat), 3);
  CHECK(largest_difference(gray_as_color.select(0, 2), flat) == 0);
  CHECK(largest_difference(decode_image(encode_png(flat.transpose(0, 1))),
                           flat.transpose(0, 1).reshape({1, 6, 4})) == 0);
}

TEST_CASE("image: values outside [0, 1] are clamped, NaN is black") {
  const Tensor<float> x = tensor<float>({-1, 0, 0.5f, 2, std::nanf(""), 1}, {1, 6});
  const Tensor<float> y = decode_image(encode_png(x));
  const float want[] = {0, 0, 128.0f / 255, 1, 0, 1};
  for (Index i = 0; i < 6; ++i) CHECK(y(0, 0, i) == want[i]);
}

TEST_CASE("image: colors become gray by their weight, transparency becomes white") {
  const Tensor<float> color = read_image(GLIMPSE_ROOT "/tests/io/rgba.png", 3);
  const Tensor<float> gray = read_image(GLIMPSE_ROOT "/tests/io/rgba.png");
  REQUIRE(gray.shape() == Shape{1, 2, 3});
  CHECK(gray(0, 0, 0) == Approx(0.299));
  CHECK(gray(0, 0, 1) == Approx(0.587));
  CHECK(gray(0, 0, 2) == Approx(0.114));
  CHECK(gray(0, 1, 0) == Approx(0.8));
  CHECK(gray(0, 1, 1) == Approx(1));
  CHECK(gray(0, 1, 2) == Approx(1));
  CHECK(color(0, 0, 0) == 1);
  CHECK(color(1, 0, 0) == 0);
  CHECK(color(2, 1, 0) == Approx(0.8));
}

TEST_CASE("image: JPEG comes back nearly, turned upright by its orientation tag") {
  Tensor<float> x(Shape{1, 16, 32});
  for (Index i = 0; i < 16; ++i)
    for (Index j = 0; j < 32; ++j) x(0, i, j) = (i < 8 ? 0.2f : 0.4f) + (j < 16 ? 0.0f : 0.4f);
  const std::string file = encode_jpeg(x, 95);
  CHECK(largest_difference(decode_image(file), x) < 0.03f);

  // Corner values top-left, top-right, bottom-left of the upright image, for every orientation.
  const float a = 0.2f, b = 0.6f, c = 0.4f, d = 0.8f;  // of the file: tl, tr, bl, br
  const float corners[8][3] = {{a, b, c}, {b, a, d}, {d, c, b}, {c, d, a},
                               {a, c, b}, {c, a, d}, {d, b, c}, {b, d, a}};
  for (int orientation = 1; orientation <= 8; ++orientation) {
    for (const bool little : {true, false}) {
      std::string exif =
          std::string("Exif\0\0", 6) + (little ? std::string("II*\0\x08\0\0\0\x01\0", 10)
                                               : std::string("MM\0*\0\0\0\x08\0\x01", 10));
      const char o = static_cast<char>(orientation);
      exif += little ? std::string("\x12\x01\x03\0\x01\0\0\0", 8) + o + std::string("\0\0\0", 3)
                     : std::string("\x01\x12\0\x03\0\0\0\x01\0", 9) + o + std::string("\0\0", 2);
      exif += std::string(4, '\0');
      const std::size_t n = exif.size() + 2;
      const std::string segment = std::string("\xFF\xE1", 2) + static_cast<char>(n >> 8) +
                                  static_cast<char>(n & 255) + exif;
      const Tensor<float> y = decode_image(file.substr(0, 2) + segment + file.substr(2));
      REQUIRE(y.shape() == (orientation < 5 ? Shape{1, 16, 32} : Shape{1, 32, 16}));
      const auto& want = corners[orientation - 1];
      CHECK(std::fabs(y(0, 2, 2) - want[0]) < 0.03f);
      CHECK(std::fabs(y(0, 2, y.size(2) - 3) - want[1]) < 0.03f);
      CHECK(std::fabs(y(0, y.size(1) - 3, 2) - want[2]) < 0.03f);
    }
  }
}

TEST_CASE("image: files that are no images are reported with their path") {
  const Folder folder("broken");
  const auto why = [&](const std::string& file) {
    return message_of([&] { read_image(folder / file); });
  };
  CHECK(says(why("missing.png"), "missing.png' does not exist"));
  write_file(folder / "empty.png", "");
  CHECK(says(why("empty.png"), "empty.png' is empty"));
  write_file(folder / "text.png", "this is no image at all");
  CHECK(says(why("text.png"), "text.png' is no JPEG, PNG or BMP image"));
  CHECK(says(message_of([&] { read_image(folder.path.string()); }), "is a folder"));
  CHECK_THROWS_AS(decode_image("x", 2), ValueError);
  CHECK_THROWS_AS(encode_png(ones<float>({2, 3, 3})), ShapeError);
  CHECK_THROWS_AS(encode_png(ones<float>({3})), ShapeError);
  CHECK_THROWS_AS(encode_png(Tensor<float>(Shape{1, 0, 3})), ShapeError);
  CHECK_THROWS_AS(write_png(folder / "no/a.png", ones<float>({2, 2})), IoError);
}

TEST_CASE("image: sizes are checked before anything is decoded") {
  std::string png = encode_png(test_image({1, 30, 40}));
  CHECK(says(message_of([&] { decode_image(png, 1, "p", {.pixels = 1199}); }),
             "'p' is 40 x 30 pixels"));
  CHECK(says(message_of([&] { decode_image(png, 1, "p", {.extent = 39}); }),
             "'p' is 40 x 30 pixels"));
  CHECK(
      says(message_of([&] { decode_image(png, 1, "p", {.file_bytes = 99}); }), "the limit is 99"));
  CHECK(decode_image(png, 1, "p", {.pixels = 1200, .extent = 40}).size() == 1200);
  png[18] = '\x7F';  // a width of 32552
  CHECK_THROWS_AS(decode_image(png), IoError);
  png[16] = '\x7F';  // a width beyond 2^30
  CHECK_THROWS_AS(decode_image(png), IoError);
}

TEST_CASE("image: a JPEG with more codes than symbols never reaches the decoder") {
  std::string file = encode_jpeg(test_image({1, 16, 16}));
  const std::size_t table = file.find("\xFF\xC4");
  REQUIRE(table != std::string::npos);
  file[table + 5 + 7] = '\xFF', file[table + 5 + 8] = '\xFF';
  CHECK(
      says(message_of([&] { decode_image(file, 1, "p"); }), "'p' is damaged (bad Huffman table)"));
}

TEST_CASE("image: no damage to a file goes further than an error") {
  Random rng(4);
  for (const std::string& good :
       {encode_png(test_image({3, 9, 11})), encode_jpeg(test_image({3, 19, 21}))}) {
    for (std::size_t n = 0; n < good.size(); n += 1 + good.size() / 200) {
      try {
        decode_image(std::string_view(good).substr(0, n));
      } catch (const IoError&) {
      }
    }
    CHECK_THROWS_AS(decode_image(std::string_view(good).substr(0, good.size() / 3)), IoError);
    for (int i = 0; i < 2000; ++i) {
      std::string bad = good;
      for (Index k = rng.uniform_int(4); k >= 0; --k)
        bad[static_cast<std::size_t>(rng.uniform_int(static_cast<Index>(bad.size())))] =
            static_cast<char>(rng.bits());
      try {
        decode_image(bad, 1, "bent", {.pixels = 1 << 16});
      } catch (const IoError&) {
      }
    }
  }
}
