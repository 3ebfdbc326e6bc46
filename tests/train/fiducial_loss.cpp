#include <glimpse/train/fiducial_loss.hpp>

#include <limits>

#include "tests/catch.hpp"

using namespace glimpse;

TEST_CASE("the fiducial loss is the mean square of what is known", "[train]") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const auto points = parameter(tensor<double>({0, 0, 0, 0, 5, 5, 5, 5, 1, 1, 1, 1}, {3, 2, 2}));
  const Tensor<double> wanted = tensor<double>({1, 0, 0, 2, 5, 5, nan, 5, 1, 1, 1, 2}, {3, 2, 2});
  const auto loss = fiducial_loss(points, wanted);
  CHECK(loss.item() == (1.0 + 4 + 1) / 8);
  loss.backward();
  const double gradient[] = {-2, 0, 0, -4, 0, 0, 0, 0, 0, 0, 0, -2};
  for (Index i = 0; i < 12; ++i) CHECK(points.grad().data()[i] == gradient[i] / 8);

  CHECK(fiducial_loss(points, full<double>({3, 2, 2}, nan)).item() == 0);
  CHECK_THROWS_AS(fiducial_loss(points, full<double>({3, 4}, 0)), ShapeError);
}
