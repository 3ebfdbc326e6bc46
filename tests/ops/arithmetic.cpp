#include <glimpse/ops/arithmetic.hpp>

#include "../op_test/op_row.hpp"
#include "../op_test/reference.hpp"

using namespace glimpse;
using namespace glimpse::rig;

namespace {

/// Pairs that broadcast in every way: neither, left, right, both, a scalar, a large one.
Op& pairs(Op& op) {
  return op.cases({{{3, 5}, {3, 5}}, {{2, 3, 5}, {5}}, {{5}, {2, 3, 5}}, {{4, 1}, {1, 6}}, {{}, {2, 3}}, {{1}, {1}},
                   {{2, 3, 4, 5}, {3, 1, 1}}, {{300, 400}, {300, 400}}, {{300, 400}, {400}}, {{300, 400}, {300, 1}},
                   {{0, 4}, {4}}})
      .rejects({{2, 3}, {4}});
}
Op& singles(Op& op) { return op.shapes({{}, {1}, {3, 37}, {2, 3, 5, 7}, {400, 300}, {0, 4}}); }

const Values positive = uniform(0.2, 3);

}  // namespace

OP_ROW("add")
    .with(pairs)
    .call([](auto x) { return x[0] + x[1]; })
    .reference([](auto x) { return definition::each(x[0], x[1], std::plus<>()); })
    .golden("add");

OP_ROW("sub")
    .with(pairs)
    .call([](auto x) { return x[0] - x[1]; })
    .reference([](auto x) { return definition::each(x[0], x[1], std::minus<>()); })
    .golden("sub");

OP_ROW("mul")
    .with(pairs)
    .call([](auto x) { return x[0] * x[1]; })
    .reference([](auto x) { return definition::each(x[0], x[1], std::multiplies<>()); })
    .golden("mul");

OP_ROW("div")
    .with(pairs)
    .values(1, away_from(0, 0.3, 2))
    .call([](auto x) { return x[0] / x[1]; })
    .reference([](auto x) { return definition::each(x[0], x[1], std::divides<>()); })
    .golden("div");

OP_ROW("maximum")
    .with(pairs)
    .values(0, distinct(-3, 3))
    .values(1, distinct(-2, 2.5))
    .call([](auto x) { return maximum(x[0], x[1]); })
    .reference([](auto x) { return definition::each(x[0], x[1], [](double a, double b) { return a > b ? a : b; }); })
    .golden("maximum");

OP_ROW("minimum")
    .with(pairs)
    .values(0, distinct(-3, 3))
    .values(1, distinct(-2, 2.5))
    .call([](auto x) { return minimum(x[0], x[1]); })
    .reference([](auto x) { return definition::each(x[0], x[1], [](double a, double b) { return a < b ? a : b; }); })
    .golden("minimum");

OP_ROW("scalar operators")
    .with(singles)
    .values(positive)
    .call([](auto x) { return ((2.0 * x[0] + 1.0) * 0.5 - 3.0) / 2.0 + (1.0 - x[0]) + 6.0 / x[0]; })
    .reference([](auto x) {
      return definition::each(x[0], [](double v) { return ((2 * v + 1) * 0.5 - 3) / 2 + (1 - v) + 6 / v; });
    });

TEST_CASE("maximum and minimum: the gradient of equals goes to the first operand", "[op]") {
  const auto a = parameter(tensor<double>({1, 2})), b = parameter(tensor<double>({1, 3}));
  maximum(a, b).backward(ones<double>({2}));
  CHECK((a.grad()(0) == 1 && b.grad()(0) == 0 && a.grad()(1) == 0 && b.grad()(1) == 1));
}

TEST_CASE("arithmetic: a broadcast operand that is used twice", "[op]") {
  const auto a = parameter(tensor<double>({2, 3}));
  (a * a * a).backward(ones<double>({2}));
  CHECK(a.grad()(0) == Approx(12));
  CHECK(a.grad()(1) == Approx(27));
}
