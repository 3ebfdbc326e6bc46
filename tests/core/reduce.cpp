#include <glimpse/core/arithmetic.hpp>
#include <glimpse/core/reduce.hpp>

#include <cmath>
#include <limits>

#include "../catch.hpp"

using namespace glimpse;

namespace {
const Tensor<float> cube = arange<float>(24).reshape({2, 3, 4});
}

TEST_CASE("sums over any axes", "[core]") {
  CHECK(sum(cube).item() == 276);
  CHECK(sum(cube, {-1}).shape() == Shape{2, 3});
  CHECK(sum(cube, {-1})(1, 2) == 20 + 21 + 22 + 23);
  CHECK(sum(cube, {0}, true).shape() == Shape{1, 3, 4});
  CHECK(sum(cube, {0})(2, 3) == 11 + 23);
  CHECK(sum(cube, {0, 2})(1) == 4 + 5 + 6 + 7 + 16 + 17 + 18 + 19);
  CHECK(sum(cube, {1, 0})(0) == 60);
  CHECK(sum(cube.permute({2, 0, 1}), {1, 2})(0) == 60);
  CHECK(mean(cube, {1})(1, 0) == 16);
  CHECK(mean(full<float>({}, 3)).item() == 3);
  CHECK(sum(zeros<float>({0, 3})).item() == 0);
  CHECK(sum(zeros<float>({0, 3}), {0}).shape() == Shape{3});
  CHECK(std::isnan(mean(zeros<float>({0})).item()));
  CHECK_THROWS_WITH(sum(cube, {3}), "sum: (2, 3, 4) has no axis 3");
  CHECK_THROWS_WITH(sum(cube, {1, -2}), "sum: axis -2 of (2, 3, 4) is named twice");
}

TEST_CASE("many small terms do not drown, and threads change nothing", "[core]") {
  const Tensor<float> x = full<float>({300, 10000}, 0.1f);
  CHECK(sum(x).item() == Approx(300000).epsilon(1e-6));
  const auto sums = [&](int threads) {
    const ThreadScope scope(threads);
    return std::vector<float>{sum(x).item(), sum(x, {0})(9999), sum(x, {1})(299)};
  };
  CHECK(sums(1) == sums(3));
}

TEST_CASE("largest and smallest, the first of equals, and NaN before all", "[core]") {
  const Tensor<float> x = tensor<float>({3, 1, 3, -1, 5, -1}, {2, 3});
  CHECK(max(x).item() == 5);
  CHECK(min(x, {0}, true).shape() == Shape{1, 3});
  CHECK(min(x, {0})(0) == -1);
  CHECK(argmax(x)(0) == 0);
  CHECK(argmin(x)(1) == 0);
  CHECK(argmax(x, 0)(1) == 1);
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const Tensor<float> y = tensor<float>({1, nan, 7, nan});
  CHECK(argmax(y).item() == 1);
  CHECK(argmin(y).item() == 1);
  CHECK(std::isnan(max(y).item()));
  CHECK_THROWS_WITH(max(zeros<float>({2, 0})), "max: over no elements of (2, 0)");
  CHECK(max(zeros<float>({0, 2}), {1}).shape() == Shape{0});
}

TEST_CASE("sum_to undoes broadcasting", "[core]") {
  for (const Shape& from :
       {Shape{}, Shape{1}, Shape{4}, Shape{3, 1}, Shape{1, 4}, Shape{2, 1, 1}, Shape{2, 3, 4}}) {
    const Tensor<float> s = sum_to(cube, from);
    CHECK(s.shape() == from);
    CHECK(sum(s).item() == 276);
    CHECK(s.broadcast_to({2, 3, 4}).shape() == cube.shape());
  }
  CHECK(sum_to(cube, {3, 1})(0, 0) == 0 + 1 + 2 + 3 + 12 + 13 + 14 + 15);
}

TEST_CASE("add_into adds to any view what broadcasts to it", "[core]") {
  Tensor<float> x = zeros<float>({3, 40});
  add_into(x.slice(1, 1, 39), ones<float>({3, 38}));
  add_into(x.transpose(0, 1), tensor<float>({1, 2, 3}));
  add_into(x, full<float>({1, 1}, 10));
  CHECK(x(0, 0) == 11);
  CHECK(x(2, 1) == 14);
  CHECK(x(1, 39) == 12);
  CHECK_THROWS_AS(add_into(x, zeros<float>({4, 1, 1})), ShapeError);
}
