// io/file.hpp, io/inflate.hpp, io/npy.hpp, io/npz.hpp
#include <glimpse/core/random.hpp>
#include <glimpse/io/file.hpp>
#include <glimpse/io/npz.hpp>

#include "../catch.hpp"
#include "folder.hpp"

using namespace glimpse;

TEST_CASE("file: missing, too large and unwritable files are reported") {
  const Folder folder("file");
  const std::string path = folder / "a";
  CHECK(message_of([&] { read_file(path); }) == "read: '" + path + "' does not exist");
  CHECK(says(message_of([&] { read_file(folder.path.string()); }), "is a folder"));
  write_file(path, std::string("a\0b", 3));
  CHECK(read_file(path) == std::string("a\0b", 3));
  CHECK(says(message_of([&] { read_file(path, 2); }), "has 3 bytes, the limit is 2"));
  CHECK(says(message_of([&] { write_file(folder / "no/such/a", "x"); }), "cannot be written"));
  if (std::filesystem::exists("/dev/null"))
    CHECK(says(message_of([] { read_file("/dev/null"); }), "no regular file"));
  std::filesystem::create_symlink("loop", folder / "loop");  // exists and has no target
  const std::string loop = message_of([&] { read_file(folder / "loop"); });
  CHECK(says(loop, "loop'"));
  CHECK_FALSE(says(loop, "does not exist"));
  std::filesystem::create_directories(folder / "taken");
  CHECK_THROWS_AS(write_file(folder / "taken", "x"), IoError);
  CHECK_FALSE(std::filesystem::exists(folder / "taken.new"));
  CHECK_FALSE(std::filesystem::exists(folder / "a.new"));
  std::filesystem::create_directories(folder / "b.new");  // at the draft's path, and not made by us
  CHECK_THROWS_AS(write_file(folder / "b", "x"), IoError);
  CHECK(std::filesystem::exists(folder / "b.new"));
}

TEST_CASE("file: a new file that is not finished leaves the old one") {
  const Folder folder("new_file");
  const std::string path = folder / "a";
  write_file(path, "old");
  {
    NewFile file(path);
    file.write("half of a");
    CHECK(read_file(path) == "old");
  }
  CHECK(read_file(path) == "old");
  CHECK_FALSE(std::filesystem::exists(path + ".new"));
  write_file(path + ".new", "left by a kill");
  write_file(path, "new");
  CHECK(read_file(path) == "new");
  CHECK_FALSE(std::filesystem::exists(path + ".new"));
}

TEST_CASE("file: a symbolic link stays one, and who may read the old file may read the new") {
  const Folder folder("links");
  std::filesystem::create_directories(folder / "far");
  std::filesystem::create_symlink("far/target", folder / "link");
  std::filesystem::create_symlink("link", folder / "link_of_link");
  write_file(folder / "link", "first");  // the target does not exist yet
  CHECK(std::filesystem::is_symlink(folder / "link"));
  CHECK(read_file(folder / "far/target") == "first");
  using std::filesystem::perms;
  const perms narrow = perms::owner_read | perms::owner_write | perms::group_read;
  std::filesystem::permissions(folder / "far/target", narrow);
  write_file(folder / "link_of_link", "second");
  CHECK(std::filesystem::is_symlink(folder / "link_of_link"));
  CHECK(std::filesystem::is_symlink(folder / "link"));
  CHECK(read_file(folder / "far/target") == "second");
  CHECK(std::filesystem::status(folder / "far/target").permissions() == narrow);
  CHECK_FALSE(std::filesystem::exists(folder / "far/target.new"));
  std::filesystem::create_symlink("loop", folder / "loop");
  CHECK_THROWS_AS(write_file(folder / "loop", "x"), IoError);
}

TEST_CASE("npz: what Python wrote, stored and deflated") {
  const auto arrays = read_npz<double>(GLIMPSE_ROOT "/tests/io/golden.npz");
  REQUIRE(arrays.size() == 6);
  const auto get = [&](const std::string& name) {
    for (const auto& [key, value] : arrays)
      if (key == name) return value;
    return Tensor<double>();
  };
  const Tensor<double> packed = get("packed");
  REQUIRE(packed.shape() == Shape{20, 50});
  for (Index i = 0; i < 1000; ++i)
    CHECK(packed.data()[i] == static_cast<double>(i * 7919 % 13) / 4);
  const Tensor<double> small = get("small");
  CHECK(small(0, 1) == -2);
  CHECK(small(1, 1) == 1099511627776.0);
  const Tensor<double> columns = get("columns");
  REQUIRE(columns.shape() == Shape{2, 3});
  for (Index i = 0; i < 6; ++i) CHECK(columns.data()[i] == static_cast<double>(i + 1));
  CHECK(get("stored")(2) == 65504);
  CHECK(get("nothing").shape() == Shape{0, 50});
  CHECK(get("scalar").item() == 1);
}

TEST_CASE("npz: what was written comes back, and damage is found") {
  const Folder folder("npz");
  Tensor<float> x(Shape{5, 7});
  Random rng(1);
  for (float& v : x.span()) v = static_cast<float>(rng.normal());
  const std::string path = folder / "a.npz";
  write_npz<float>(path, {{"x", x}, {"y", x.select(0, 2)}, {"s", full<float>({}, 3)}});
  const auto back = read_npz<float>(path);
  REQUIRE(back.size() == 3);
  CHECK(back[0].first == "x");
  CHECK(back[1].second.shape() == Shape{7});
  for (Index i = 0; i < x.size(); ++i) CHECK(back[0].second.data()[i] == x.data()[i]);
  CHECK_THROWS_AS(write_npz<float>(path, {{"x", x}, {"x", x}}), ValueError);

  for (const std::string& good :
       {read_file(path), read_file(GLIMPSE_ROOT "/tests/io/golden.npz")}) {
    for (std::size_t n = 0; n < good.size(); ++n)
      CHECK_THROWS_AS(decode_zip(good.substr(0, n)), IoError);
    for (int i = 0; i < 3000; ++i) {
      std::string bad = good;
      bad[static_cast<std::size_t>(rng.uniform_int(static_cast<Index>(bad.size())))] =
          static_cast<char>(rng.bits());
      try {
        for (const ZipEntry& e : decode_zip(bad)) (void)decode_npy<float>(e.bytes);
      } catch (const IoError&) {
      }
    }
  }
  std::string flipped = read_file(path);
  flipped[200] = static_cast<char>(flipped[200] ^ 1);
  CHECK(says(message_of([&] { decode_zip(flipped); }), "damaged bytes in 'x.npy'"));
  CHECK(says(message_of([&] { decode_zip(read_file(path), "a", 100); }),
             "unpacks to more than 100 bytes"));
}

TEST_CASE("npy: headers of all kinds, and broken ones") {
  const Folder folder("npy");
  const Tensor<float> x = arange<float>(24).reshape({2, 3, 4});
  write_npy(folder / "a.npy", x.permute({2, 0, 1}));
  const Tensor<double> back = read_npy<double>(folder / "a.npy");
  REQUIRE(back.shape() == Shape{4, 2, 3});
  CHECK(back(3, 1, 2) == 23);
  CHECK(read_npy<float>(folder / "a.npy").size() == 24);
  CHECK(encode_npy(x).size() % 64 == 24 * 4 % 64);
  CHECK_THROWS_AS(encode_npy(x, DType::bfloat16), ValueError);

  const auto with = [](const std::string& header, std::size_t bytes) {
    std::string file = "\x93NUMPY";
    file += {'\x01', '\x00', static_cast<char>(header.size()), '\x00'};
    return file + header + std::string(bytes, '\0');
  };
  const auto why = [](const std::string& file) {
    return message_of([&] { decode_npy<float>(file, "f"); });
  };
  CHECK(why(with(R"({"shape": ( 2 , ), "fortran_order": False, "descr": "<f4"})", 8)) ==
        "(nothing)");
  CHECK(says(why(""), "'f' is no npy file"));
  CHECK(says(why(with("{'descr': '<f4', 'fortran_order': False}", 8)), "without"));
  CHECK(
      says(why(with("{'descr': '>f4', 'fortran_order': False, 'shape': (2,)}", 8)), "type '>f4'"));
  CHECK(says(why(with("{'descr': '', 'fortran_order': False, 'shape': (2,)}", 8)), "type ''"));
  CHECK(says(why(with("{'descr': '<f4', 'fortran_order': 3, 'shape': (2,)}", 8)),
             "neither True nor False"));
  CHECK(says(why(with("{'descr': '<f4', 'fortran_order': False, 'shape': (2,)}", 7)),
             "has 7 bytes of numbers"));
  CHECK(says(why(with("{'descr': '<f4', 'fortran_order': False, 'shape': (2,)}", 9)),
             "1 bytes too many"));
  CHECK(says(why(with("{'descr': '<f4', 'fortran_order': False, 'shape': (2", 8)), "malformed"));
  CHECK(
      says(why(with("{'descr': '<f4', 'fortran_order': False, 'shape': (-2,)}", 8)), "malformed"));
  CHECK(says(
      why(with("{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,)}", 8)),
      "malformed"));
  CHECK(says(
      why(with("{'descr': '<f4', 'fortran_order': False, 'shape': (0,9999999999,9999999999)}", 0)),
      "impossible"));
  CHECK(says(why(with("{'descr': '<f4', 'fortran_order': False, 'shape': (1,1,1,1,1,1,1,1,1)}", 4)),
             "more than 8 axes"));
}

TEST_CASE("inflate: lies about the size are found") {
  CHECK(inflate(std::string("\x03\x00", 2), 0).empty());
  CHECK_THROWS_AS(inflate("", 0), IoError);
  CHECK_THROWS_AS(inflate(std::string("\x03\x00", 2), 1), IoError);
  CHECK(says(message_of([] { inflate("abc", 1'000'000'000); }), "cannot hold"));
  const std::string stored(
      "\x01\x03\x00\xFC\xFF"
      "abc",
      8);
  CHECK(inflate(stored, 3) == "abc");
  CHECK_THROWS_AS(inflate(stored, 2), IoError);
  CHECK(crc32("123456789") == 0xCBF43926u);
}
