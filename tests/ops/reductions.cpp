#include <glimpse/ops/reductions.hpp>

#include "../op_test/op_row.hpp"
#include "../op_test/reference.hpp"

using namespace glimpse;
using namespace glimpse::rig;
using definition::Reference;

namespace {

/// f folds x over axes: every element goes, in order, to its element of y, which starts at `start`.
template <class F>
Reference fold(const Reference& x, const Shape& axes, bool keepdim, double start, F f) {
  Shape kept = x.shape(), dropped;
  std::vector<bool> reduced(static_cast<std::size_t>(x.rank()), axes.empty());
  for (const Index a : axes) reduced[static_cast<std::size_t>(a < 0 ? a + x.rank() : a)] = true;
  for (Index a = 0; a < x.rank(); ++a) {
    if (reduced[static_cast<std::size_t>(a)]) kept[a] = 1;
    else dropped.push_back(x.size(a));
  }
  Reference y = full<double>(kept, start);
  Reference target = y.broadcast_to(x.shape());  // a view: the reduced axes have stride 0
  Shape index = x.shape();
  for (Index& i : index) i = 0;
  const Reference dense = x.contiguous();
  for (Index k = 0; k < x.size(); ++k) {
    Index at = 0, rest = k;
    for (Index a = x.rank() - 1; a >= 0; --a) at += rest % x.size(a) * target.strides()[a], rest /= x.size(a);
    target.raw()[at] = f(target.raw()[at], dense.data()[k]);
  }
  return keepdim ? y : y.reshape(dropped);
}

Reference folded_sum(const Reference& x, const Shape& axes, bool keepdim = false) {
  return fold(x, axes, keepdim, 0, [](double a, double v) { return a + v; });
}
Reference folded_mean(const Reference& x, const Shape& axes, bool keepdim = false) {
  const Reference total = folded_sum(x, axes, keepdim);
  const double count = static_cast<double>(x.size()) / static_cast<double>(total.size());
  return definition::each(total, [=](double v) { return v / count; });
}
Reference folded_max(const Reference& x, const Shape& axes, bool keepdim = false) {
  return fold(x, axes, keepdim, -INFINITY, [](double a, double v) { return std::max(a, v); });
}
Reference folded_min(const Reference& x, const Shape& axes, bool keepdim = false) {
  return fold(x, axes, keepdim, INFINITY, [](double a, double v) { return std::min(a, v); });
}

Op& cubes(Op& op) {
  return op.shapes({{1, 1, 1}, {3, 4, 5}, {2, 37, 3}, {1, 2, 33}, {40, 50, 60}}).values(distinct(-3, 3));
}

const char* const many = "a sum of 120,000 terms in float";

}  // namespace

OP_ROW("sum").with(cubes).shapes({{}, {7}, {0, 3}}).call([](auto x) { return sum(x[0]); })
    .reference([](auto x) { return folded_sum(x[0], {}); }).golden("sum").float_tolerance(2e-4, many);
OP_ROW("sum over axes 0 and 2").with(cubes).call([](auto x) { return sum(x[0], {0, 2}); })
    .reference([](auto x) { return folded_sum(x[0], {0, 2}); }).golden("sum_axes");
OP_ROW("sum over axis 1, kept").with(cubes).call([](auto x) { return sum(x[0], {1}, true); })
    .reference([](auto x) { return folded_sum(x[0], {1}, true); }).golden("sum_keep");
OP_ROW("sum over the last axis").with(cubes).call([](auto x) { return sum(x[0], {-1}); })
    .reference([](auto x) { return folded_sum(x[0], {-1}); });
OP_ROW("sum over the first axis").with(cubes).call([](auto x) { return sum(x[0], {0}); })
    .reference([](auto x) { return folded_sum(x[0], {0}); }).rejects({Shape{}});

OP_ROW("mean").with(cubes).shapes({{}, {7}}).call([](auto x) { return mean(x[0]); })
    .reference([](auto x) { return folded_mean(x[0], {}); }).golden("mean");
OP_ROW("mean over axes 0 and 2").with(cubes).call([](auto x) { return mean(x[0], {0, 2}); })
    .reference([](auto x) { return folded_mean(x[0], {0, 2}); }).golden("mean_axes");

OP_ROW("max").with(cubes).shapes({{}, {7}}).call([](auto x) { return max(x[0]); })
    .reference([](auto x) { return folded_max(x[0], {}); }).golden("max").rejects({{0, 3}});
OP_ROW("max over axes 0 and 2").with(cubes).call([](auto x) { return max(x[0], {0, 2}); })
    .reference([](auto x) { return folded_max(x[0], {0, 2}); }).golden("max_axes");
OP_ROW("max over axis 1, kept").with(cubes).call([](auto x) { return max(x[0], {1}, true); })
    .reference([](auto x) { return folded_max(x[0], {1}, true); });

OP_ROW("min").with(cubes).call([](auto x) { return min(x[0]); })
    .reference([](auto x) { return folded_min(x[0], {}); }).golden("min");
OP_ROW("min over axes 0 and 2").with(cubes).call([](auto x) { return min(x[0], {0, 2}); })
    .reference([](auto x) { return folded_min(x[0], {0, 2}); }).golden("min_axes");

TEST_CASE("max: the gradient of equals goes to the first", "[op]") {
  const auto x = parameter(tensor<double>({1, 5, 5, 2}));
  max(x).backward();
  CHECK((x.grad()(1) == 1 && x.grad()(2) == 0));
}

TEST_CASE("sum: a million small terms do not drown in float", "[op]") {
  CHECK(sum(constant(full<float>({1 << 20}, 0.1f))).item() == Approx((1 << 20) * 0.1).epsilon(1e-6));
}
