#include <glimpse/viz/error_page.hpp>
#include <glimpse/viz/reliability.hpp>
#include <glimpse/viz/view_of.hpp>

#include "tests/catch.hpp"

using namespace glimpse;

namespace {

Reading reading(const std::string& text, double confidence) {
  Reading r;
  r.text = text, r.confidence = confidence;
  r.rectified = tensor<float>({-1, 0, 1, 3}, {2, 2});
  return r;
}

}  // namespace

TEST_CASE("the page of errors has every error once, the surest first, nothing from outside",
          "[viz]") {
  Confusion confusion;
  std::vector<ReadingError> errors;
  for (const auto& [text, truth, confidence] :
       {std::tuple("0il", "oil", 0.4), std::tuple("c<t", "cat", 0.9)}) {
    errors.push_back({std::string("images/") + truth + ".png",
                      view_of(GrayImage(20, 60, 0.5f), reading(text, confidence))});
    errors.back().view.truth = truth;
    confusion.add(text, truth);
  }
  const std::string page = error_page("A & B", errors, 10, confusion);
  CHECK(page.find("A &amp; B") != page.npos);
  CHECK(page.find("2 of 10 words") != page.npos);
  CHECK(page.find("c&lt;t") != page.npos);
  CHECK(page.find("c<t") == page.npos);
  CHECK(page.find("images/cat.png") < page.find("images/oil.png"));
  CHECK(page.find("data:image/jpeg;base64,/9j/") != page.npos);
  CHECK(page.find("http") == page.npos);
  CHECK(error_page("none", {}, 0, Confusion()).find("0 of 0 words") != std::string::npos);
  CHECK(error_page("few", errors, 10, confusion, 1).find("oil.png") == std::string::npos);
}

TEST_CASE("base64 of every length", "[viz]") {
  CHECK(detail::base64("") == "");
  CHECK(detail::base64("f") == "Zg==");
  CHECK(detail::base64("fo") == "Zm8=");
  CHECK(detail::base64("foo") == "Zm9v");
  CHECK(detail::base64("foobar") == "Zm9vYmFy");
}

TEST_CASE("a view has the straightened image in [0, 1]", "[viz]") {
  const ReadingView view = view_of(GrayImage(4, 5, 0.25f), reading("a", 0.5));
  CHECK(view.image.shape() == Shape{4, 5});
  CHECK(view.rectified(0, 0) == 0);
  CHECK(view.rectified(1, 1) == 1);
  CHECK_FALSE(view_of(GrayImage(4, 5), Reading()).rectified.defined());
  Reading standing;
  standing.quarters = 1;
  CHECK(view_of(GrayImage(4, 5), standing).image.shape() == Shape{5, 4});
}

TEST_CASE("the reliability diagram is drawn, with few words and with none", "[viz]") {
  CHECK(draw_reliability({}).size(0) == 3);
  CHECK(draw_reliability({{1.0, true}, {0.3, false}}, 1.7).size(2) == 720);
}
