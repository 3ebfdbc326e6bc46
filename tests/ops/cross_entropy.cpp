#include <glimpse/ops/cross_entropy.hpp>

#include "../op_test/op_row.hpp"
#include "../op_test/reference.hpp"

using namespace glimpse;
using namespace glimpse::rig;
using definition::Reference;

namespace {

std::vector<Index> targets(const Shape& shape, bool masked) {
  std::vector<Index> t = pattern(shape.count() / shape[-1], shape[-1]);
  for (std::size_t r = 1; masked && r < t.size(); r += 3) t[r] = -1;
  return t;
}

struct Loss {
  double sum, rows;
};
/// -sum_c q_c ln p_c over the unmasked rows, q = 1 - smoothing at the target plus smoothing / C
/// everywhere.
Loss loss(const Reference& x, bool masked, double smoothing = 0) {
  const Reference p = definition::softmax(x).reshape({x.size() / x.size(-1), x.size(-1)});
  const std::vector<Index> t = targets(x.shape(), masked);
  Loss total{0, 0};
  for (Index r = 0; r < p.size(0); ++r) {
    const Index right = t[static_cast<std::size_t>(r)];
    if (right < 0) continue;
    total.rows += 1;
    for (Index c = 0; c < p.size(1); ++c)
      total.sum -= ((c == right ? 1 - smoothing : 0) + smoothing / static_cast<double>(p.size(1))) * std::log(p(r, c));
  }
  return total;
}
Reference one(double v) { return full<double>({}, v); }

Op& scores(Op& op) { return op.shapes({{2, 3}, {7, 5}, {2, 4, 37}, {1000, 97}}).values(uniform(-4, 4)); }

}  // namespace

OP_ROW("cross_entropy").with(scores)
    .call([](auto x) { return cross_entropy(x[0], targets(x[0].shape(), false)); })
    .reference([](auto x) { const Loss l = loss(x[0], false); return one(l.sum / l.rows); })
    .golden("cross_entropy");

OP_ROW("cross_entropy of masked rows").with(scores)
    .call([](auto x) { return cross_entropy(x[0], targets(x[0].shape(), true)); })
    .reference([](auto x) { const Loss l = loss(x[0], true); return one(l.sum / l.rows); })
    .golden("cross_entropy_masked");

OP_ROW("cross_entropy summed").with(scores)
    .call([](auto x) { return cross_entropy(x[0], targets(x[0].shape(), true), {.reduction = Reduction::sum}); })
    .reference([](auto x) { return one(loss(x[0], true).sum); })
    .golden("cross_entropy_sum");

OP_ROW("cross_entropy with label smoothing").with(scores)
    .call([](auto x) { return cross_entropy(x[0], targets(x[0].shape(), true), {.label_smoothing = 0.1}); })
    .reference([](auto x) { const Loss l = loss(x[0], true, 0.1); return one(l.sum / l.rows); })
    .golden("cross_entropy_smoothing");

OP_ROW("cross_entropy with a divisor").with(scores)
    .call([](auto x) { return cross_entropy(x[0], targets(x[0].shape(), true), {.divisor = 3}); })
    .reference([](auto x) { return one(loss(x[0], true).sum / 3); });

TEST_CASE("cross_entropy: rows that are all masked cost nothing", "[op]") {
  const auto x = parameter(ones<double>({2, 3}));
  const auto l = cross_entropy(x, std::vector<Index>{-1, -1});
  l.backward();
  CHECK(l.item() == 0);
  for (const double g : x.grad().span()) CHECK(g == 0);
}

TEST_CASE("cross_entropy: scores far apart stay finite", "[op]") {
  const auto x = parameter(tensor<float>({1000, -1000}, {1, 2}));
  const auto l = cross_entropy(x, std::vector<Index>{1});
  l.backward();
  CHECK(l.item() == Approx(2000));
  CHECK(x.grad()(0, 1) == Approx(-1));
}

TEST_CASE("cross_entropy: targets out of range are refused", "[op]") {
  const auto x = constant(ones<float>({2, 3}));
  CHECK_THROWS_AS(cross_entropy(x, std::vector<Index>{0, 3}), ValueError);
  CHECK_THROWS_AS(cross_entropy(x, std::vector<Index>{0, -2}), ValueError);
  CHECK_THROWS_AS(cross_entropy(x, std::vector<Index>{0}), ShapeError);
}

TEST_CASE("cross_entropy: smoothing is the same at every offset", "[op]") {
  const std::vector<Index> target{3};
  Tensor<float> flat = zeros<float>({1, 500});
  for (Index i = 0; i < 500; ++i) flat.data()[i] = static_cast<float>(8 * (i % 2));
  const float want = cross_entropy(constant(flat), target, {.label_smoothing = 0.1}).item();
  for (const float offset : {1e4f, 1e6f, 1e8f, -1e8f}) {
    Tensor<float> x = flat.clone();
    for (float& v : x.span()) v += offset;
    CHECK(cross_entropy(constant(x), target, {.label_smoothing = 0.1}).item() == want);
  }
}
