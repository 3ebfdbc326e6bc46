#include <glimpse/core/error.hpp>

#include "../catch.hpp"

using namespace glimpse;

TEST_CASE("an error names the op, the operands and the rule", "[core]") {
  CHECK_THROWS_WITH(
      fail<ShapeError>("conv2d", "weight ", Shape{64, 3, 3, 3}, " wants ", 3, " input channels"),
      "conv2d: weight (64, 3, 3, 3) wants 3 input channels");
  CHECK_THROWS_WITH(require(false, "softmax", "wants one score to a row", Shape{3, 0}, Shape{2}),
                    "softmax: wants one score to a row, got (3, 0) and (2,)");
  CHECK_NOTHROW(require(true, "softmax", "wants nothing"));
  CHECK_THROWS_AS(require(false, "x", "y"), ShapeError);
  CHECK_THROWS_AS(fail("x", "y"), ValueError);
  CHECK_THROWS_AS(fail<IoError>("x", "y"), Error);
}

TEST_CASE("an error names the module at work", "[core]") {
  const auto message = [] {
    try {
      fail("relu", "broken");
    } catch (const Error& e) {
      return std::string(e.what());
    }
  };
  const ModuleScope outer("rectifier");
  CHECK(message() == "relu: broken [rectifier]");
  {
    const ModuleScope inner("rectifier.conv1");
    CHECK(message() == "relu: broken [rectifier.conv1]");
    const ModuleScope nameless("");
    CHECK(message() == "relu: broken [rectifier.conv1]");
  }
  CHECK(message() == "relu: broken [rectifier]");
}
