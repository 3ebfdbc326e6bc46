// Sampled lexicons: every image's own word among others; equal seeds give equal lexicons.
#include <glimpse/data/image_lexicons.hpp>

#include "catch.hpp"

using namespace glimpse;

TEST_CASE("every image's own word stands among words of the list", "[data]") {
  const Charset charset("abcdefghijklmnopqrstuvwxyz0123456789");
  const std::vector<LabeledFile> files = {{"b.png", "Hotel"}, {"a.png", "EXIT!"}, {"c.png", "&"}};
  const std::vector<std::string> words = {"exit", "open", "bar",   "shop",
                                          "cafe", "taxi", "hotel", "museum"};
  const ImageLexicons drawn(files, words, 5, 7, charset), again(files, words, 5, 7, charset),
      other(files, words, 5, 8, charset);
  CHECK(drawn.size() == 2);  // the label of c.png has no letter
  CHECK(drawn.find("c.png") == nullptr);
  REQUIRE(drawn.find("a.png"));
  CHECK(drawn.find("a.png")->word(0) == "exit");
  CHECK(drawn.find("b.png")->word(0) == "hotel");
  CHECK(drawn.find("a.png")->words() == again.find("a.png")->words());
  CHECK(drawn.find("a.png")->words() != other.find("a.png")->words());
  CHECK(drawn.find("a.png")->size() == 5);
  CHECK_THROWS_AS(ImageLexicons(files, words, 9, 7, charset), ValueError);
  CHECK_THROWS_AS(ImageLexicons(files, {"exit", "Exit", "EXIT!", "open"}, 3, 7, charset),
                  ValueError);
  CHECK(ImageLexicons(files, {"exit", "Exit", "open"}, 2, 7, charset).find("a.png")->size() == 2);
  CHECK_THROWS_AS(ImageLexicons(files, words, 0, 7, charset), ValueError);
}
