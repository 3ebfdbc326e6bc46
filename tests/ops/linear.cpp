#include <glimpse/ops/linear.hpp>

#include "../op_test/op_row.hpp"
#include "../op_test/reference.hpp"

using namespace glimpse;
using namespace glimpse::rig;

namespace {

Tensor<double> plain(const Tensor<double>& x, const Tensor<double>& w) {
  Shape shape = x.shape();
  shape[-1] = w.size(0);
  const Index rows = shape.count() / std::max<Index>(w.size(0), 1);
  return definition::product(x.reshape({rows, x.size(-1)}), w.transpose(0, 1)).reshape(shape);
}

}  // namespace

OP_ROW("linear")
    .cases({{{1, 1}, {1, 1}, {1}},
            {{3, 5}, {4, 5}, {4}},
            {{2, 7, 3}, {6, 3}, {6}},
            {{5}, {2, 5}, {2}},
            {{0, 5}, {2, 5}, {2}},
            {{64, 130}, {300, 130}, {300}}})
    .call([](auto x) { return linear(x[0], x[1], x[2]); })
    .reference([](auto x) {
      return definition::each(plain(x[0], x[1]), x[2], [](double y, double b) { return y + b; });
    })
    .float_tolerance(1e-4, "sums of 130 products")
    .golden("linear")
    .rejects({{3, 5}, {4, 6}, {4}})
    .rejects({{3, 5}, {4, 5}, {5}})
    .rejects({{3, 5}, {5}, {5}});

OP_ROW("linear without bias")
    .cases({{{3, 5}, {4, 5}}, {{2, 3, 7}, {5, 7}}})
    .call([](auto x) { return linear(x[0], x[1]); })
    .reference([](auto x) { return plain(x[0], x[1]); })
    .golden("linear_no_bias");

TEST_CASE("linear: what does not fit is named with both shapes", "[op]") {
  const auto x = constant(zeros<float>({2, 3})), w = constant(zeros<float>({4, 5}));
  CHECK_THROWS_WITH(linear(x, w),
                    "linear: weight (4, 5) wants 5 numbers in the last axis, input is (2, 3)");
}
