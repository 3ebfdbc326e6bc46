// io/safetensors.hpp: reading gives the written values; damage is reported.
#include <cmath>
#include <limits>

#include <glimpse/core/random.hpp>
#include <glimpse/io/safetensors.hpp>

#include "../catch.hpp"
#include "folder.hpp"

using namespace glimpse;

namespace {

Tensor<float> noise(const Shape& shape, std::uint64_t seed = 1) {
  Tensor<float> x(shape);
  Random rng(seed);
  for (float& v : x.span()) v = static_cast<float>(rng.normal());
  return x;
}

template <class T>
bool equal(const Tensor<T>& a, const Tensor<T>& b) {
  if (!(a.shape() == b.shape())) return false;
  for (Index i = 0; i < a.size(); ++i)
    if (a.contiguous().data()[i] != b.contiguous().data()[i]) return false;
  return true;
}

/// A file from a header and a number of zero bytes after it.
std::string file_of(const std::string& header, std::size_t bytes) {
  std::string file(8, '\0');
  const std::uint64_t n = header.size();
  std::memcpy(file.data(), &n, 8);
  return file + header + std::string(bytes, '\0');
}

std::string why(const std::string& bytes) {
  return message_of([&] { Safetensors(bytes, "some/file"); });
}

}  // namespace

TEST_CASE("safetensors: tensors, types, views and metadata come back") {
  const Folder folder("safetensors");
  SafetensorsWriter writer;
  const Tensor<float> x = noise({3, 4, 5});
  Tensor<double> d(Shape{2});
  d(0) = 1e300, d(1) = std::nextafter(1.0, 2.0);
  Tensor<std::int64_t> i(Shape{2});
  i(0) = std::numeric_limits<std::int64_t>::max(), i(1) = -1;
  writer.metadata = {{"config", "{\"width\": 32}"}, {"quote", "a\"b\\c\n\u00e9"}, {"empty", ""}};
  writer.add("x", x);
  writer.add("view", x.transpose(0, 2));
  writer.add("half", x, DType::float16);
  writer.add("brain", x, DType::bfloat16);
  writer.add("double", d);
  writer.add("integers", i);
  writer.add("scalar", full<float>({}, 7));
  writer.add("nothing", Tensor<float>(Shape{0, 3}));
  writer.add("name with \"quotes\" and \u00e9", noise({1}));
  const std::string path = folder / "a.safetensors";
  writer.save(path);

  const Safetensors file(path);
  CHECK(file.metadata() == writer.metadata);
  CHECK(file.entries().size() == 9);
  CHECK(equal(file.get<float>("x"), x));
  CHECK(equal(file.get<float>("view"), x.transpose(0, 2)));
  CHECK(equal(file.get<double>("double"), d));
  CHECK(equal(file.get<std::int64_t>("integers"), i));
  CHECK(file.get<float>("scalar").item() == 7);
  CHECK(file.get<float>("nothing").shape() == Shape{0, 3});
  CHECK(file.contains("name with \"quotes\" and \u00e9"));
  const Tensor<float> half = file.get<float>("half"), brain = file.get<float>("brain");
  for (Index k = 0; k < x.size(); ++k) {
    CHECK(half.data()[k] == from_float16(to_float16(x.data()[k])));
    CHECK(brain.data()[k] == from_bfloat16(to_bfloat16(x.data()[k])));
  }
  for (const Safetensors::Entry& e : file.entries()) CHECK(e.begin % size_of(e.type) == 0);
  CHECK_FALSE(std::filesystem::exists(path + ".new"));
  CHECK(message_of([&] { file.get<float>("y"); }) ==
        "safetensors: '" + path + "' has no tensor 'y'");
}

TEST_CASE("safetensors: the bytes are the format's own") {
  SafetensorsWriter writer;
  writer.add("w", tensor<float>({1, 2}));
  const std::string header = R"({"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})";
  std::string want = file_of(header + std::string((8 - header.size() % 8) % 8, ' '), 8);
  const float values[] = {1, 2};
  std::memcpy(want.data() + want.size() - 8, values, 8);
  CHECK(writer.bytes() == want);
}

TEST_CASE("safetensors: a broken file is reported with its path and what is wrong") {
  const std::string good = R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})";
  CHECK(why(file_of(good, 8)) == "(nothing)");
  CHECK(says(why(""), "'some/file' has 0 bytes"));
  CHECK(says(why("\x10"), "has 1 bytes"));
  CHECK(says(why(std::string(8, '\xFF')), "truncated, or no safetensors file"));
  CHECK(says(why(file_of(good, 8).substr(0, 30)), "truncated, or no safetensors file"));
  CHECK(says(why(file_of(good, 7)), "at bytes 0 to 8 of 7: truncated or damaged"));
  CHECK(says(why(file_of(good, 9)), "1 bytes that belong to no tensor"));
  CHECK(says(why(file_of("", 0)), "broken JSON"));
  CHECK(says(why(file_of("[1, 2]", 0)), "no JSON object"));
  CHECK(says(why(file_of(good.substr(0, 20), 8)), "broken JSON"));
  CHECK(says(why(file_of("{\"a\xFF\":1}", 0)), "broken JSON"));
  CHECK(says(why(file_of(std::string(100000, '['), 0)), "nested too deeply"));

  const auto one = [](const char* body) { return file_of(std::string("{\"a\":") + body + "}", 8); };
  CHECK(says(why(one("3")), "'a' without dtype"));
  CHECK(says(why(one(R"({"dtype":"F32","shape":[2]})")), "without dtype, shape or data_offsets"));
  CHECK(says(why(one(R"({"dtype":"C64","shape":[1],"data_offsets":[0,8]})")),
             "of type 'C64', which is not read here"));
  CHECK(says(why(one(R"({"dtype":"F32","shape":[3],"data_offsets":[0,8]})")),
             "F32 (3,) in 8 bytes, it takes 12"));
  CHECK(says(why(one(R"({"dtype":"F32","shape":[-2],"data_offsets":[0,8]})")), "no whole numbers"));
  CHECK(
      says(why(one(R"({"dtype":"F32","shape":[2.5],"data_offsets":[0,8]})")), "no whole numbers"));
  CHECK(says(why(one(R"({"dtype":"F32","shape":[2],"data_offsets":[8,0]})")),
             "truncated or damaged"));
  CHECK(says(why(one(R"({"dtype":"F32","shape":[2],"data_offsets":[0]})")), "malformed"));
  CHECK(says(why(one(R"({"dtype":"F32","shape":"2","data_offsets":[0,8]})")), "malformed"));
  CHECK(says(why(one(R"({"dtype":"F32","shape":[1,1,1,1,1,1,1,1,2],"data_offsets":[0,8]})")),
             "9 axes"));
  CHECK(says(why(one(R"({"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,8]})")),
             "impossible size"));
  CHECK(says(why(one(R"({"dtype":"F32","shape":[0,4294967296,4294967296],"data_offsets":[0,0]})")),
             "impossible size"));
  CHECK(says(
      why(one(
          R"({"dtype":"F32","shape":[2],"data_offsets":[18446744073709551608,18446744073709551615]})")),
      "truncated or damaged"));

  const auto two = [](int b1, int e1, int b2, int e2, std::size_t bytes) {
    const auto item = [](int b, int e) {
      return "{\"dtype\":\"U8\",\"shape\":[" + std::to_string(e - b) + "],\"data_offsets\":[" +
             std::to_string(b) + "," + std::to_string(e) + "]}";
    };
    return file_of("{\"a\":" + item(b1, e1) + ",\"b\":" + item(b2, e2) + "}", bytes);
  };
  CHECK(why(two(4, 8, 0, 4, 8)) == "(nothing)");
  CHECK(says(why(two(0, 5, 4, 8, 8)), "'b' that overlaps another"));
  CHECK(says(why(two(0, 8, 2, 6, 8)), "'b' that overlaps another"));
  CHECK(says(why(two(0, 3, 4, 8, 8)), "a hole before tensor 'b'"));
  CHECK(says(why(two(1, 4, 4, 8, 8)), "a hole before tensor 'a'"));

  CHECK(says(
      why(file_of(
          R"({"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}})",
          0)),
      "names 'a' twice"));
  CHECK(says(why(file_of(R"({"__metadata__":{"k":1}})", 0)), "metadata 'k' that is no string"));
  CHECK(says(why(file_of(R"({"__metadata__":7})", 0)), "__metadata__ that is no object"));
  CHECK(says(why(file_of(R"({"__metadata__":{"k":"1","k":"2"}})", 0)), "names 'k' twice"));
}

TEST_CASE("safetensors: no damage to a file goes further than an error") {
  SafetensorsWriter writer;
  writer.metadata["key"] = "value";
  writer.add("first", noise({3, 2}));
  writer.add("second", noise({4}), DType::float16);
  const std::string good = writer.bytes();
  for (std::size_t n = 0; n < good.size(); ++n)
    CHECK_THROWS_AS(Safetensors(good.substr(0, n), "cut"), IoError);
  Random rng(9);
  for (int i = 0; i < 5000; ++i) {
    std::string bad = good;
    for (Index k = rng.uniform_int(3); k >= 0; --k)
      bad[static_cast<std::size_t>(rng.uniform_int(static_cast<Index>(bad.size())))] =
          static_cast<char>(rng.bits());
    try {
      const Safetensors file(bad, "bent");
      for (const auto& e : file.entries()) file.get<float>(e);
    } catch (const IoError&) {
    }
  }
}

TEST_CASE("safetensors: what cannot be written is refused") {
  SafetensorsWriter writer;
  writer.add("a", noise({2}));
  CHECK_THROWS_AS(writer.add("a", noise({2})), ValueError);
  CHECK_THROWS_AS(writer.add("__metadata__", noise({2})), ValueError);
  CHECK_THROWS_AS(writer.add("b", Tensor<float>()), ValueError);
  CHECK_THROWS_AS(writer.add("c", noise({2}), DType::int32), ValueError);
  writer.metadata["k"] = "\xFF\xFE";
  CHECK_THROWS_AS(writer.bytes(), ValueError);
}
