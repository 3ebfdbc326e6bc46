#include <glimpse/ops/softmax.hpp>

#include "../op_test/op_row.hpp"
#include "../op_test/reference.hpp"

using namespace glimpse;
using namespace glimpse::rig;

OP_ROW("softmax")
    .shapes({{1, 1}, {3, 5}, {2, 7, 37}, {64, 26}, {17}, {300, 400}})
    .values(uniform(-3, 3))
    .call([](auto x) { return softmax(x[0]); })
    .reference([](auto x) { return definition::softmax(x[0]); })
    .golden("softmax")
    .rejects({Shape{}})
    .rejects({{3, 0}});

namespace {
std::vector<Index> lengths_of(const Shape& shape) {
  std::vector<Index> lengths = pattern(shape.count() / shape[-1], shape[-1]);
  for (Index& n : lengths) ++n;
  return lengths;
}
}  // namespace

OP_ROW("softmax with lengths")
    .shapes({{1, 1}, {3, 5}, {2, 7, 37}, {300, 400}})
    .values(uniform(-3, 3))
    .call([](auto x) { return softmax(x[0], lengths_of(x[0].shape())); })
    .reference([](auto x) {
      const std::vector<Index> lengths = lengths_of(x[0].shape());
      return definition::each_row(x[0], [&](auto row, Index r) {
        return definition::softmax_row(row, lengths[static_cast<std::size_t>(r)]);
      });
    })
    .golden("softmax_lengths");

OP_ROW("log_softmax")
    .shapes({{1, 1}, {3, 5}, {2, 7, 37}, {300, 400}})
    .values(uniform(-3, 3))
    .call([](auto x) { return log_softmax(x[0]); })
    .reference([](auto x) { return definition::each(definition::softmax(x[0]), [](double p) { return std::log(p); }); })
    .golden("log_softmax")
    .rejects({{3, 0}});

TEST_CASE("softmax: scores far apart and infinite", "[op]") {
  const auto far = constant(tensor<float>({1000, -1000, 999}, {1, 3}));
  const Tensor<float> y = softmax(far).value(), l = log_softmax(far).value();
  CHECK(y(0, 0) == Approx(0.7310586));
  CHECK(y(0, 1) == 0);
  CHECK(l(0, 1) == Approx(-2000.3133));
  const Tensor<float> masked = softmax(constant(tensor<float>({0, -INFINITY}, {1, 2}))).value();
  CHECK(masked(0, 0) == 1);
  CHECK(masked(0, 1) == 0);
}

TEST_CASE("softmax: a length that leaves its row is refused", "[op]") {
  const auto x = constant(zeros<float>({2, 3}));
  CHECK_THROWS_AS(softmax(x, std::vector<Index>{1, 4}), ValueError);
  CHECK_THROWS_AS(softmax(x, std::vector<Index>{0, 3}), ValueError);
  CHECK_THROWS_AS(softmax(x, std::vector<Index>{1}), ShapeError);
}

TEST_CASE("log_softmax: the same at every offset", "[op]") {
  for (const float offset : {0.0f, 1e4f, 1e5f, 1e6f, 1e8f, -1e4f, -1e8f}) {
    const Tensor<float> equal = log_softmax(constant(full<float>({3, 2}, offset))).value();
    for (const float l : equal.span()) CHECK(l == Approx(-0.693147).epsilon(1e-6));
    Tensor<float> x = full<float>({1, 40}, offset), flat = zeros<float>({1, 40});
    for (Index i = 0; i < 40; ++i) flat.data()[i] = static_cast<float>(8 * (i % 3));
    for (Index i = 0; i < 40; ++i) x.data()[i] += flat.data()[i];
    const Tensor<float> l = log_softmax(constant(x)).value(), want = log_softmax(constant(flat)).value();
    for (Index i = 0; i < 40; ++i) CHECK(l.data()[i] == want.data()[i]);
  }
}
