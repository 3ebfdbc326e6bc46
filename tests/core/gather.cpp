#include <glimpse/core/gather.hpp>

#include "../catch.hpp"

using namespace glimpse;

TEST_CASE("rows by number, and back", "[core]") {
  const Tensor<float> x = arange<float>(12).reshape({4, 3});
  const std::vector<Index> rows{2, 0, 2};
  const Tensor<float> y = gather_rows(x, rows);
  CHECK(y.shape() == Shape{3, 3});
  CHECK(y(2, 1) == 7);
  CHECK(gather_rows(x.transpose(0, 1), rows)(0, 3) == 11);
  Tensor<float> back = zeros<float>({4, 3});
  scatter_add_rows(back, rows, y);
  CHECK(back(2, 1) == 14);
  CHECK(back(0, 2) == 2);
  CHECK(back(1, 0) == 0);
  CHECK(gather_rows(x, {}).shape() == Shape{0, 3});
  CHECK_THROWS_WITH(gather_rows(x, std::vector<Index>{4}),
                    "gather_rows: index 4 leaves the 4 rows of (4, 3)");
  CHECK_THROWS_AS(gather_rows(x, std::vector<Index>{-1}), ValueError);
  CHECK_THROWS_AS(gather_rows(full<float>({}, 1), rows), ShapeError);
}
