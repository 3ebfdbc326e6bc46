#include <glimpse/ops/tps_grid.hpp>

#include "../op_test/op_row.hpp"
#include "../op_test/reference.hpp"

using namespace glimpse;
using namespace glimpse::rig;
using definition::Reference;

namespace {

constexpr Index height = 5, width = 7;

/// Solves (1) for every image by elimination with partial pivoting, then maps every pixel by (2).
Reference plain(const Reference& c) {
  const Index k = c.size(1), n = k + 3;
  const Tensor<double> base = tps_base_points<double>(k);
  const auto radial = [](double x, double y) {
    const double d = std::sqrt(x * x + y * y);
    return d > 0 ? d * d * std::log(d * d) : 0;
  };
  Reference grid(Shape{c.size(0), height, width, 2});
  for (Index image = 0; image < c.size(0); ++image) {
    Reference a = zeros<double>({n, n + 2});  // [Delta | C^T; 0]
    for (Index i = 0; i < k; ++i) {
      a(i, 0) = a(k, 3 + i) = 1;
      for (Index axis = 0; axis < 2; ++axis) {
        a(i, 1 + axis) = a(k + 1 + axis, 3 + i) = base(i, axis);
        a(i, n + axis) = c(image, i, axis);
      }
      for (Index j = 0; j < k; ++j) a(i, 3 + j) = radial(base(i, 0) - base(j, 0), base(i, 1) - base(j, 1));
    }
    for (Index col = 0; col < n; ++col) {
      Index pivot = col;
      for (Index r = col; r < n; ++r)
        if (std::fabs(a(r, col)) > std::fabs(a(pivot, col))) pivot = r;
      for (Index j = 0; j < n + 2; ++j) std::swap(a(col, j), a(pivot, j));
      for (Index r = 0; r < n; ++r) {
        if (r == col) continue;
        const double f = a(r, col) / a(col, col);
        for (Index j = 0; j < n + 2; ++j) a(r, j) -= f * a(col, j);
      }
    }
    for (Index i = 0; i < height; ++i)
      for (Index j = 0; j < width; ++j) {
        const double x = (2.0 * static_cast<double>(j) + 1) / width - 1, y = (2.0 * static_cast<double>(i) + 1) / height - 1;
        for (Index axis = 0; axis < 2; ++axis) {
          const auto t = [&](Index r) { return a(r, n + axis) / a(r, r); };
          double p = t(0) + t(1) * x + t(2) * y;
          for (Index q = 0; q < k; ++q) p += t(3 + q) * radial(x - base(q, 0), y - base(q, 1));
          grid(image, i, j, axis) = p;
        }
      }
  }
  return grid;
}

}  // namespace

OP_ROW("tps_grid")
    .shapes({{3, 20, 2}, {2, 4, 2}, {1, 6, 2}, {0, 6, 2}, {600, 20, 2}})
    .call([](auto x) {
      using T = typename decltype(x)::value_type::value_type;
      return tps_grid(x[0], tps_matrix<T>(x[0].size(1), height, width), height, width);
    })
    .reference([](auto x) { return plain(x[0]); })
    .golden("tps_grid")
    .rejects({{2, 4, 3}})
    .rejects({{2, 4}});

TEST_CASE("tps_grid: base points stand on the two edges, in reading order", "[op]") {
  const Tensor<double> p = tps_base_points<double>(20);
  CHECK((p(0, 0) == -1 && p(0, 1) == -1));
  CHECK((p(9, 0) == 1 && p(9, 1) == -1));
  CHECK((p(10, 0) == -1 && p(10, 1) == 1));
  CHECK((p(19, 0) == 1 && p(19, 1) == 1));
  CHECK(p(1, 0) == Approx(-1 + 2.0 / 9));
  for (const Index k : {-2, 0, 2, 3, 5, 21}) CHECK_THROWS_AS(tps_base_points<float>(k), ValueError);
  CHECK_THROWS_AS(tps_matrix<float>(20, 0, 3), ValueError);
}

TEST_CASE("tps_grid: rows of A sum to one and reproduce what is linear", "[op]") {
  for (const Index k : {4, 6, 20, 40}) {
    const Tensor<double> a = tps_matrix<double>(k, height, width), base = tps_base_points<double>(k);
    for (Index p = 0; p < height * width; ++p) {
      double sum = 0, x = 0, y = 0;
      for (Index i = 0; i < k; ++i) sum += a(p, i), x += a(p, i) * base(i, 0), y += a(p, i) * base(i, 1);
      CHECK(std::fabs(sum - 1) < 1e-12);
      CHECK(std::fabs(x - kernel::pixel_center<double>(p % width, width)) < 1e-12);
      CHECK(std::fabs(y - kernel::pixel_center<double>(p / width, height)) < 1e-12);
    }
  }
}

TEST_CASE("tps_grid: fiducials at rest give every pixel itself, moved ones a moved grid", "[op]") {
  const Tensor<float> a = tps_matrix<float>(20, 32, 100), base = tps_base_points<float>(20);
  Tensor<float> rest(Shape{2, 20, 2});
  rest.copy_from(base);
  for (Index k = 0; k < 20; ++k) rest(1, k, 0) += 0.25f;
  const Tensor<float> grid = tps_grid(constant(rest), a, 32, 100).value();
  for (Index i = 0; i < 32; ++i)
    for (Index j = 0; j < 100; ++j) {
      CHECK(grid(0, i, j, 0) == kernel::pixel_center<float>(j, 100));
      CHECK(grid(0, i, j, 1) == kernel::pixel_center<float>(i, 32));
      CHECK(std::fabs(grid(1, i, j, 0) - 0.25f - grid(0, i, j, 0)) < 1e-5f);
    }
}

TEST_CASE("tps_grid: a pixel on a base point looks at its fiducial", "[op]") {
  // With three pixels across, the middle ones are at x = 0. K = 6 has base points there, only at y
  // = -1 and 1, so a tall image has pixels near them. Exactly at a base point the radial term is 0
  // ln 0 = 0 and must not be NaN.
  CHECK(kernel::tps_radial(0, 0) == 0);
  const Tensor<double> a = tps_matrix<double>(6, 2001, 3);
  CHECK(a(1, 1) == Approx(1).epsilon(0.01));
}
