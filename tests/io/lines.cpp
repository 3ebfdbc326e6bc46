// io/lines.hpp: lists in the formats of other programs, and files that are not lists.
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include <glimpse/io/lines.hpp>

#include "catch.hpp"
#include "scratch.hpp"

using namespace glimpse;
using Lines = std::vector<std::string>;

namespace {

std::string file_of(std::string_view bytes) {
  const std::string path = scratch_path("list.txt").string();
  std::ofstream(path, std::ios::binary) << bytes;
  return path;
}

std::string refusal(std::string_view bytes) {
  try {
    (void)read_lines(file_of(bytes));
  } catch (const IoError& e) {
    return e.what();
  }
  return "";
}

}  // namespace

TEST_CASE("lines end in LF, CR LF or CR, and a byte order mark is no text", "[io]") {
  CHECK(read_lines(file_of("a\nb\n")) == Lines{"a", "b"});
  CHECK(read_lines(file_of("a\r\nb")) == Lines{"a", "b"});
  CHECK(read_lines(file_of("a\rb\r")) == Lines{"a", "b"});
  CHECK(read_lines(file_of("a\rb\nc\r\n\nd")) == Lines{"a", "b", "c", "", "d"});
  CHECK(read_lines(file_of("\xEF\xBB\xBF"
                           "caf\xC3\xA9\n")) == Lines{"caf\xC3\xA9"});
  CHECK(read_lines(file_of("")).empty());
  CHECK(read_lines(file_of("\xEF\xBB\xBF")).empty());
}

TEST_CASE("what is no UTF-8 text is refused with its reason", "[io]") {
  using namespace std::string_literals;
  const auto says = [](const std::string& text, const char* word) {
    INFO(text);
    return text.find(word) != std::string::npos;
  };
  CHECK(says(refusal("\xFF\xFE"
                     "a\0\n\0"s),
             "UTF-16"));
  CHECK(says(refusal("\xFE\xFF\0a\0\n"s), "UTF-16"));
  CHECK(says(refusal("a\0.\0p\0n\0g\0\t\0h\0i\0\n\0"s), "UTF-16"));
  CHECK(says(refusal("\0a\0.\0p\0n\0g\0\t\0h\0i\0\n"s), "UTF-16"));
  CHECK(says(refusal("\xFF\xFE\0\0a\0\0\0"s), "UTF-32"));
  CHECK(says(refusal("one\ntwo two two two\0two two two two\n"s), "binary file (line 2"));
  CHECK(says(refusal("one\rtwo\rcaf\xE9\r"), "line 3"));
  CHECK(says(refusal("\xED\xA0\x80\n"), "line 1"));  // a surrogate
  CHECK(says(refusal("\xC0\xAF\n"), "line 1"));      // overlong
  CHECK(says(refusal("\xE2\x82"), "line 1"));        // cut
}

TEST_CASE("a FIFO, a device or a folder is no list, and nobody waits for it", "[io]") {
  const std::string fifo = scratch_path("list.fifo").string();
  REQUIRE(mkfifo(fifo.c_str(), 0600) == 0);
  CHECK_THROWS_WITH(read_lines(fifo),
                    Catch::Contains("got a FIFO") && Catch::Contains("is no regular file"));
  CHECK_THROWS_WITH(read_lines("/dev/zero"), Catch::Contains("is no regular file"));
  CHECK_THROWS_WITH(read_lines(std::filesystem::temp_directory_path().string()),
                    Catch::Contains("got a folder"));
  CHECK_THROWS_AS(read_lines("no/such/list"), IoError);
}

TEST_CASE("text for a column keeps its column", "[io]") {
  CHECK(one_column("a\tb\nc\rd\\e") == "a\\tb\\nc\\rd\\\\e");
}
