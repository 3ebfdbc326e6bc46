#include <glimpse/core/tensor.hpp>

#include <utility>

#include "../catch.hpp"

using namespace glimpse;

namespace {

std::vector<float> numbers(const Tensor<float>& x) {
  const Tensor<float> dense = x.contiguous();
  return {dense.span().begin(), dense.span().end()};
}

using Numbers = std::vector<float>;

}  // namespace

TEST_CASE("tensors from numbers", "[core]") {
  const Tensor<float> x = tensor<float>({1, 2, 3, 4, 5, 6}, {2, 3});
  CHECK(x.shape() == Shape{2, 3});
  CHECK(x(1, 0) == 4);
  CHECK(x.size() == 6);
  CHECK(x.size(-1) == 3);
  CHECK(numbers(arange<float>(3)) == Numbers{0, 1, 2});
  CHECK(numbers(full<float>({2}, 7)) == Numbers{7, 7});
  CHECK(numbers(ones<float>({2})) == Numbers{1, 1});
  CHECK(zeros_like(x).shape() == x.shape());
  CHECK(full<double>({}, 2.5).item() == 2.5);
  CHECK(std::signbit(full<float>({1}, -0.0f).item()));
  CHECK(cast<Index>(tensor<float>({1.5f, -2.5f})).data()[1] == -2);
}

TEST_CASE("handles share, clones do not", "[core]") {
  Tensor<float> x = zeros<float>({3});
  CHECK(x.unique());
  Tensor<float> y = x, z = x.clone();
  y(1) = 5;
  CHECK(x(1) == 5);
  CHECK(z(1) == 0);
  CHECK(x.shares(y));
  CHECK_FALSE(x.shares(z));
  CHECK_FALSE(x.unique());
  CHECK_FALSE(Tensor<float>().defined());
  CHECK(Tensor<float>().size() == 0);
}

TEST_CASE("views look into the same numbers", "[core]") {
  const Tensor<float> x = arange<float>(24).reshape({2, 3, 4});
  CHECK(x.slice(1, 1, 3).shares(x));
  CHECK(numbers(x.slice(-1, -2, 4).select(0, 0)) == Numbers{2, 3, 6, 7, 10, 11});
  CHECK(numbers(x.select(1, -1)) == Numbers{8, 9, 10, 11, 20, 21, 22, 23});
  CHECK(x.transpose(0, -1).shape() == Shape{4, 3, 2});
  CHECK(x.transpose(0, 2)(1, 2, 0) == x(0, 2, 1));
  CHECK(x.permute({2, 0, 1})(3, 1, 2) == x(1, 2, 3));
  CHECK(x.permute({-1, 0, -2}).shape() == Shape{4, 2, 3});
  CHECK(numbers(x.select(0, 0).select(0, 0).broadcast_to({2, 4})) ==
        Numbers{0, 1, 2, 3, 0, 1, 2, 3});
  CHECK(x.reshape({6, -1}).shape() == Shape{6, 4});
  CHECK(x.reshape({4, 6}).shares(x));
  CHECK_FALSE(x.transpose(0, 1).reshape({24}).shares(x));
  CHECK(x.slice(0, 1, 2).is_contiguous());
  CHECK_FALSE(x.slice(1, 0, 2).is_contiguous());
  CHECK(x.slice(1, 2, 2).size() == 0);
}

TEST_CASE("writing through a view changes its elements and no others", "[core]") {
  Tensor<float> x = zeros<float>({3, 4});
  x.slice(1, 1, 3).fill(7);
  CHECK(numbers(x) == Numbers{0, 7, 7, 0, 0, 7, 7, 0, 0, 7, 7, 0});
  x.select(1, 0).copy_from(arange<float>(3));
  x.transpose(0, 1).select(0, 3).copy_from(full<float>({}, 9));
  CHECK(numbers(x) == Numbers{0, 7, 7, 9, 1, 7, 7, 9, 2, 7, 7, 9});
}

TEST_CASE("every permutation copies to the right positions, tiles and short ends included",
          "[core]") {
  const std::vector<Shape> shapes{{2, 3, 5, 7}, {33, 1, 18, 2}, {1, 40, 17, 1}, {16, 16, 2, 3}};
  for (const Shape& shape : shapes) {
    const Tensor<float> x = arange<float>(shape.count()).reshape(shape);
    Shape order{0, 1, 2, 3};
    do {
      const Tensor<float> view = x.permute(order), y = view.contiguous();
      Index wrong = 0;
      for (Index i = 0; i < y.size(0); ++i)
        for (Index j = 0; j < y.size(1); ++j)
          for (Index k = 0; k < y.size(2); ++k)
            for (Index l = 0; l < y.size(3); ++l) wrong += y(i, j, k, l) != view(i, j, k, l);
      CHECK(wrong == 0);
      const Tensor<float> part =
          view.slice(0, view.size(0) / 2, view.size(0)).slice(-1, 0, (view.size(-1) + 1) / 2);
      const Tensor<float> dense = part.contiguous();
      for (Index i = 0; i < dense.size(0); ++i)
        for (Index l = 0; l < dense.size(3); ++l) wrong += dense(i, 0, 0, l) != part(i, 0, 0, l);
      CHECK(wrong == 0);
    } while (std::next_permutation(order.begin(), order.end()));
  }
}

TEST_CASE("tensors without elements", "[core]") {
  const Tensor<float> x = zeros<float>({0, 3});
  CHECK(x.defined());
  CHECK(x.size() == 0);
  CHECK(x.is_contiguous());
  CHECK(x.clone().shape() == Shape{0, 3});
  CHECK(x.transpose(0, 1).contiguous().shape() == Shape{3, 0});
  CHECK(x.reshape({3, 0}).shape() == Shape{3, 0});
  CHECK(x.reshape({-1, 3}).shape() == Shape{0, 3});
  CHECK(x.slice(0, 0, 0).size() == 0);
  CHECK(x.broadcast_to({2, 0, 3}).contiguous().size() == 0);
  CHECK(rows_of(x).rows() == 0);
}

TEST_CASE("a scalar has one element and no axis", "[core]") {
  const Tensor<float> x = full<float>({}, 3);
  CHECK(x.rank() == 0);
  CHECK(x() == 3);
  CHECK(rows_of(x).rows() == 1);
  CHECK(numbers(x.broadcast_to({2})) == Numbers{3, 3});
  CHECK(x.reshape({1, 1}).size() == 1);
}

TEST_CASE("what does not fit is refused in words", "[core]") {
  Tensor<float> x = zeros<float>({2, 3});
  CHECK_THROWS_WITH(x.reshape({4, -1}), "reshape: the 6 elements of (2, 3) do not fill (4, -1)");
  CHECK_THROWS_AS(x.reshape({-1, -1}), ShapeError);
  CHECK_THROWS_AS(x.reshape({-2, -3}), ShapeError);
  CHECK_THROWS_WITH(x.slice(1, 2, 5), "slice: [2, 5) leaves axis 1 of (2, 3)");
  CHECK_THROWS_WITH(x.select(0, -3), "select: index -3 leaves axis 0 of (2, 3)");
  CHECK_THROWS_WITH(x.size(2), "size: (2, 3) has no axis 2");
  CHECK_THROWS_WITH(x.permute({0, 0}), "permute: (0, 0) is no order of the axes of (2, 3)");
  CHECK_THROWS_WITH(x.broadcast_to({2, 4}), "broadcast_to: (2, 3) does not broadcast to (2, 4)");
  CHECK_THROWS_AS(x.broadcast_to({3}), ShapeError);
  CHECK_THROWS_AS(x.copy_from(zeros<float>({3, 2})), ShapeError);
  CHECK_THROWS_WITH(x.item(), "item: wants one element, got (2, 3)");
  CHECK_THROWS_AS(x(1), ShapeError);
  CHECK_THROWS_AS(x.transpose(0, 1).data(), ShapeError);
  CHECK_THROWS_AS(zeros<float>({2, -1}), ShapeError);
  CHECK_THROWS_AS(zeros<float>({1, 1, 1, 1, 1, 1, 1, 1, 1}), ShapeError);
  CHECK_THROWS_AS(empty<float>({Index{1} << 40, Index{1} << 40}), ShapeError);
  CHECK_THROWS_WITH(tensor<float>({1, 2, 3}, {2, 2}), "tensor: 3 numbers do not fill (2, 2)");
}

TEST_CASE("rows of a tensor", "[core]") {
  Tensor<float> x = arange<float>(12).reshape({2, 2, 3});
  const Matrix<float> m = rows_of(x);
  CHECK(m.rows() == 4);
  CHECK(m.cols() == 3);
  m(3, 0) = -1;
  CHECK(x(1, 1, 0) == -1);
  CHECK(m.row(2)[1] == 7);
  const Matrix<const float> c = m;
  CHECK(c(1, 2) == 5);
}
