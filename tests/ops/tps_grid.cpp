#include <glimpse/ops/tps_grid.hpp>

#include "../rig/op_row.hpp"

using namespace glimpse;
using namespace glimpse::rig;

OP_ROW("tps_grid")
    .shapes({{2, 4, 2}, {1, 20, 2}, {3, 20, 2}})
    .call([](auto x) {
      using T = typename decltype(x)::value_type::value_type;
      return tps_grid(x[0], tps_matrix<T>(x[0].size(1), 5, 7), 5, 7);
    })
    .reference([](auto x) {  // rows of the matrix times the fiducials, (3)
      const Tensor<double> a = tps_matrix<double>(x[0].size(1), 5, 7);
      Tensor<double> y = zeros<double>({x[0].size(0), 5, 7, 2});
      for (Index n = 0; n < y.size(0); ++n)
        for (Index p = 0; p < 35; ++p)
          for (Index k = 0; k < a.size(1); ++k)
            for (Index c = 0; c < 2; ++c) y(n, p / 7, p % 7, c) += a(p, k) * x[0](n, k, c);
      return y;
    })
    .golden("tps_grid")
    .rejects({{2, 4, 3}});

OP_ROW("tps_grid of a whole batch")
    .shapes({{16, 20, 2}})
    .call([](auto x) {
      using T = typename decltype(x)::value_type::value_type;
      return tps_grid(x[0], tps_matrix<T>(20, 32, 100), 32, 100);
    })
    .reference([](auto x) {
      const Tensor<double> a = tps_matrix<double>(20, 32, 100);
      Tensor<double> y = zeros<double>({16, 32, 100, 2});
      for (Index n = 0; n < 16; ++n)
        for (Index p = 0; p < 3200; ++p)
          for (Index k = 0; k < 20; ++k)
            for (Index c = 0; c < 2; ++c) y(n, p / 100, p % 100, c) += a(p, k) * x[0](n, k, c);
      return y;
    });

TEST_CASE("tps_grid: fiducials at their base points give every pixel its own place, exactly", "[op]") {
  for (const Index k : {4, 10, 20}) {
    const Tensor<float> grid =
        tps_grid(constant(tps_base_points<float>(k).reshape({1, k, 2})), tps_matrix<float>(k, 3, 8), 3, 8).value();
    for (Index i = 0; i < 3; ++i)
      for (Index j = 0; j < 8; ++j) {
        CHECK(grid(0, i, j, 0) == static_cast<float>((2.0 * double(j) + 1) / 8 - 1));
        CHECK(grid(0, i, j, 1) == static_cast<float>((2.0 * double(i) + 1) / 3 - 1));
      }
  }
}

TEST_CASE("tps_grid: an affine move of the fiducials moves every place alike", "[op]") {
  Tensor<double> c = tps_base_points<double>(20).reshape({1, 20, 2}).clone();
  for (Index k = 0; k < 20; ++k) {
    const double x = c(0, k, 0), y = c(0, k, 1);
    c(0, k, 0) = 0.8 * x + 0.1 * y + 0.05;
    c(0, k, 1) = -0.2 * x + 0.7 * y - 0.1;
  }
  const Tensor<double> grid = tps_grid(constant(c), tps_matrix<double>(20, 4, 6), 4, 6).value();
  for (Index i = 0; i < 4; ++i)
    for (Index j = 0; j < 6; ++j) {
      const double x = (2.0 * double(j) + 1) / 6 - 1, y = (2.0 * double(i) + 1) / 4 - 1;
      CHECK(grid(0, i, j, 0) == Approx(0.8 * x + 0.1 * y + 0.05).margin(1e-12));
      CHECK(grid(0, i, j, 1) == Approx(-0.2 * x + 0.7 * y - 0.1).margin(1e-12));
    }
}

TEST_CASE("tps_matrix: an odd or too small number of points is refused", "[op]") {
  CHECK_THROWS_AS(tps_matrix<float>(5, 3, 3), ValueError);
  CHECK_THROWS_AS(tps_matrix<float>(2, 3, 3), ValueError);
  CHECK_THROWS_AS(tps_matrix<float>(4, 0, 3), ValueError);
}
