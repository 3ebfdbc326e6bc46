// data/word_sources.hpp: words of folders.
#include <filesystem>
#include <fstream>

#include <glimpse/data/word_sources.hpp>

#include "catch.hpp"
#include "scratch.hpp"

using namespace glimpse;

TEST_CASE("folder words keep what the set knows, and a label that is no text is told", "[data]") {
  const std::filesystem::path folder = scratch_path("word_sources");
  std::filesystem::create_directories(folder);
  write_png((folder / "a.png").string(), full<float>({8, 20}, 0.5f));
  std::ofstream(folder / "labels.tsv") << "b.png\t!?\na.png\tAb-1\n";
  const Charset charset;
  const WordSource words = folder_words({folder.string()}, charset, 1);
  CHECK(words(0).symbols == charset.encode("ab1"));
  CHECK(words(7).picture.width == 20);
  std::ofstream(folder / "labels.tsv") << "a.png\tcaf\xE9\n";
  CHECK_THROWS_WITH(folder_words({folder.string()}, charset, 1), Catch::Contains("a.png"));
}
