// nn/init.hpp: variances of the formulas, orthogonality up to rounding.
#include <glimpse/nn/init.hpp>

#include "../catch.hpp"

using namespace glimpse;

namespace {

double variance(const Variable<double>& w) {
  double sum = 0, squares = 0;
  for (const double v : w.value().span()) sum += v, squares += v * v;
  const double n = static_cast<double>(w.size()), mean = sum / n;
  CHECK(std::abs(mean) < 4 * std::sqrt(squares / n / n));
  return squares / n - mean * mean;
}

double largest(const Variable<double>& w) {
  double most = 0;
  for (const double v : w.value().span()) most = std::max(most, std::abs(v));
  return most;
}

/// Largest |(W W^T - gain^2 I)_ij| of one block of rows, or of W^T W if it is smaller.
double off_orthogonal(const Tensor<double>& w, double gain) {
  const Tensor<double> m = (w.size(0) <= w.size(1) ? w : w.transpose(0, 1)).contiguous();
  double worst = 0;
  for (Index i = 0; i < m.size(0); ++i)
    for (Index j = 0; j < m.size(0); ++j) {
      double s = 0;
      for (Index k = 0; k < m.size(1); ++k) s += m(i, k) * m(j, k);
      worst = std::max(worst, std::abs(s - (i == j ? gain * gain : 0)));
    }
  return worst;
}

}  // namespace

TEST_CASE("Kaiming and Xavier have the variance they promise", "[nn]") {
  Random rng(3);
  Variable<double> w = parameter(empty<double>({40, 20, 3, 3}));  // fan in 180, fan out 360
  kaiming_normal(w, rng);
  CHECK(variance(w) == Approx(2.0 / 180).epsilon(0.05));
  kaiming_normal(w, rng, Fan::out, 1);
  CHECK(variance(w) == Approx(1.0 / 360).epsilon(0.05));
  kaiming_uniform(w, rng);
  CHECK(variance(w) == Approx(2.0 / 180).epsilon(0.05));
  CHECK(largest(w) <= std::sqrt(6.0 / 180));
  xavier_normal(w, rng);
  CHECK(variance(w) == Approx(2.0 / 540).epsilon(0.05));
  xavier_uniform(w, rng, 2);
  CHECK(variance(w) == Approx(8.0 / 540).epsilon(0.05));
  CHECK(largest(w) > 0.99 * 2 * std::sqrt(6.0 / 540));
  Variable<double> bias = parameter(empty<double>({3}));
  CHECK_THROWS_AS(kaiming_normal(bias, rng), ShapeError);
}

TEST_CASE("orthogonal rows or columns, block by block", "[nn]") {
  Random rng(4);
  for (const Shape& shape : {Shape{5, 5}, Shape{3, 7}, Shape{7, 3}, Shape{1, 1}, Shape{64, 64}}) {
    Variable<double> w = parameter(empty<double>(shape));
    orthogonal(w, rng, 1.5);
    CHECK(off_orthogonal(w.value(), 1.5) < 1e-13);
  }
  Variable<double> gates = parameter(empty<double>({12, 4}));
  orthogonal(gates, rng, 1, 3);
  for (Index b = 0; b < 3; ++b)
    CHECK(off_orthogonal(gates.value().slice(0, 4 * b, 4 * b + 4), 1) < 1e-13);
  CHECK_THROWS_AS(orthogonal(gates, rng, 1, 5), ShapeError);
}
