// Sampled lexicons: every image's own word among others; equal seeds give equal lexicons.
#include <glimpse/data/image_lexicons.hpp>

#include <filesystem>
#include <fstream>

#include <glimpse/data/folder.hpp>

#include "../scratch.hpp"
#include "catch.hpp"

using namespace glimpse;

TEST_CASE("every image's own word is among words of the list", "[data]") {
  const Charset charset("abcdefghijklmnopqrstuvwxyz0123456789");
  const std::filesystem::path folder = scratch_path("sampled");
  std::filesystem::create_directories(folder);
  std::ofstream(folder / "labels.tsv") << "b.png\tHotel\na.png\tEXIT!\nc.png\t&\n";
  const FolderDataset files(folder.string());
  const std::string a = files.name(1), b = files.name(0), c = files.name(2);
  const std::vector<std::string> words = {"exit", "open", "bar",   "shop",
                                          "cafe", "taxi", "hotel", "museum"};
  const ImageLexicons drawn(files, words, 5, 7, charset), again(files, words, 5, 7, charset),
      other(files, words, 5, 8, charset);
  CHECK(drawn.size() == 2);  // the label of c.png has no letter
  CHECK(drawn.find(c) == nullptr);
  REQUIRE(drawn.find(a));
  CHECK(drawn.find(a)->word(0) == "exit");
  CHECK(drawn.find(b)->word(0) == "hotel");
  CHECK(drawn.find(a)->words() == again.find(a)->words());
  CHECK(drawn.find(a)->words() != other.find(a)->words());
  CHECK(drawn.find(a)->size() == 5);
  CHECK_THROWS_AS(ImageLexicons(files, words, 9, 7, charset), ValueError);
  CHECK_THROWS_AS(ImageLexicons(files, {"exit", "Exit", "EXIT!", "open"}, 3, 7, charset),
                  ValueError);
  CHECK(ImageLexicons(files, {"exit", "Exit", "open"}, 2, 7, charset).find(a)->size() == 2);
  CHECK_THROWS_AS(ImageLexicons(files, words, 0, 7, charset), ValueError);
}
