#include <glimpse/core/concatenate.hpp>

#include "../catch.hpp"

using namespace glimpse;

TEST_CASE("one behind the other along any axis", "[core]") {
  const Tensor<float> a = arange<float>(6).reshape({2, 3}), b = a.slice(1, 0, 2);
  const Tensor<float> y = concatenate(std::vector{a, b}, -1);
  CHECK(y.shape() == Shape{2, 5});
  CHECK(y(1, 2) == 5);
  CHECK(y(1, 4) == 4);
  CHECK(concatenate(std::vector{a, a, a}, 0)(5, 1) == 4);
  CHECK(concatenate(std::vector{a, zeros<float>({0, 3})}, 0).shape() == Shape{2, 3});
  CHECK_THROWS_WITH(concatenate(std::vector{a, b}, 0),
                    "concatenate: (2, 2) does not continue (2, 3) along axis 0");
  CHECK_THROWS_WITH(concatenate(std::vector<Tensor<float>>(), 0),
                    "concatenate: wants at least one tensor");
  CHECK_THROWS_AS(concatenate(std::vector{a}, 2), ShapeError);
}

TEST_CASE("stacked along a new axis", "[core]") {
  const Tensor<float> a = arange<float>(6).reshape({2, 3}), b = full<float>({2, 3}, 9);
  CHECK(stack(std::vector{a, b}).shape() == Shape{2, 2, 3});
  CHECK(stack(std::vector{a, b}, 1)(1, 0, 2) == 5);
  CHECK(stack(std::vector{a, b}, -1).shape() == Shape{2, 3, 2});
  CHECK(stack(std::vector{a, b}, -1)(1, 1, 1) == 9);
  CHECK_THROWS_AS(stack(std::vector{a, b.transpose(0, 1)}), ShapeError);
  CHECK_THROWS_AS(stack(std::vector{a}, 3), ShapeError);
}
