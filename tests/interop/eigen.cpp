// interop/eigen.hpp: maps share the tensor's storage, copies are converted back.
#include <glimpse/interop/eigen.hpp>

#include "../catch.hpp"

using namespace glimpse;

namespace {

template <class T>
void check() {
  Tensor<T> x = arange<T>(24).reshape({2, 3, 4});
  auto m = as_matrix(x);
  REQUIRE((m.rows() == 6 && m.cols() == 4));
  CHECK(m(4, 3) == x(1, 1, 3));
  m(0, 1) = T(100);
  CHECK(x(0, 0, 1) == T(100));
  CHECK(as_vector(x).sum() == m.sum());

  const Tensor<T> a = arange<T>(6).reshape({2, 3}), b = arange<T>(12).reshape({3, 4});
  const Tensor<T> c = from_eigen(as_matrix(a) * as_matrix(b));
  REQUIRE(c.shape() == Shape{2, 4});
  for (Index i = 0; i < 2; ++i)
    for (Index j = 0; j < 4; ++j) {
      T sum = 0;
      for (Index k = 0; k < 3; ++k) sum += a(i, k) * b(k, j);
      CHECK(c(i, j) == sum);
    }
  CHECK(from_eigen(as_matrix(a).transpose()).shape() == Shape{3, 2});
  CHECK(from_eigen(as_matrix(a).transpose())(2, 1) == a(1, 2));
  CHECK(from_eigen(as_vector(a)).shape() == Shape{6});
  CHECK(from_eigen(Eigen::Matrix<T, 1, 3>(1, 2, 3)).shape() == Shape{3});
  CHECK(from_eigen(Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic>(0, 3)).shape() == Shape{0, 3});
  CHECK_THROWS_AS(as_matrix(static_cast<const Tensor<T>&>(x.transpose(0, 2))), ShapeError);
  Tensor<T> scalar = full<T>({}, T(5));
  CHECK(as_matrix(scalar)(0, 0) == T(5));
}

}  // namespace

TEST_CASE("eigen: float") { check<float>(); }
TEST_CASE("eigen: double") { check<double>(); }
