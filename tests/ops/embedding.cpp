#include <glimpse/ops/embedding.hpp>

#include "../op_test/op_row.hpp"

using namespace glimpse;
using namespace glimpse::rig;

OP_ROW("embedding")
    .shapes({{1, 1}, {5, 1}, {9, 4}, {3, 5000}})
    .call([](auto x) { return embedding(x[0], pattern(6, x[0].size(0)), Shape{2, 3}); })
    .reference([](auto x) {
      Tensor<double> y({2, 3, x[0].size(1)});
      const std::vector<Index> rows = pattern(6, x[0].size(0));
      for (Index i = 0; i < 6; ++i)
        y.select(0, i / 3).select(0, i % 3).copy_from(x[0].select(0, rows[static_cast<std::size_t>(i)]));
      return y;
    })
    .golden("embedding");

OP_ROW("embedding of many indices").shapes({{3, 64}})
    .call([](auto x) { return embedding(x[0], pattern(3000, 3)); })
    .reference([](auto x) {
      Tensor<double> y({3000, x[0].size(1)});
      const std::vector<Index> rows = pattern(3000, 3);
      for (Index i = 0; i < 3000; ++i) y.select(0, i).copy_from(x[0].select(0, rows[static_cast<std::size_t>(i)]));
      return y;
    })
    .float_tolerance(1e-4, "each gradient is a sum of 1000 terms");

TEST_CASE("embedding: an index outside the table is refused", "[op]") {
  const auto w = constant(zeros<float>({3, 2}));
  CHECK_THROWS_AS(embedding(w, std::vector<Index>{3}), ValueError);
  CHECK_THROWS_AS(embedding(w, std::vector<Index>{-1}), ValueError);
  CHECK_THROWS_AS(embedding(w, std::vector<Index>{0, 1}, Shape{3}), ShapeError);
}
