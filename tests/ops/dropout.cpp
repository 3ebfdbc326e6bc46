#include <glimpse/ops/dropout.hpp>

#include "../op_test/op_row.hpp"

using namespace glimpse;
using namespace glimpse::rig;

OP_ROW("dropout")
    .shapes({{3, 37}, {2, 3, 5, 7}, {300, 400}})
    .call([](auto x) {
      Random rng(5);
      return dropout(x[0], 0.25, rng, true);
    })
    .reference([](auto x) {  // one 32-bit word for each element: dropped below p 2^32
      Random rng(5);
      Tensor<double> y = x[0].clone();
      for (double& v : y.span()) v = rng.bits() < 0x40000000u ? 0 : v / 0.75;
      return y;
    });

TEST_CASE("dropout: keeps the mean, drops the share it was asked to", "[op]") {
  Random rng(1);
  const Tensor<float> y = dropout(constant(ones<float>({100000})), 0.3, rng, true).value();
  double sum = 0, dropped = 0;
  for (const float v : y.span()) sum += double(v), dropped += v == 0;
  CHECK(sum / 100000 == Approx(1).epsilon(0.01));
  CHECK(dropped / 100000 == Approx(0.3).epsilon(0.02));
}

TEST_CASE("dropout: nothing happens outside training, two calls differ, the same state repeats", "[op]") {
  const auto x = constant(ones<float>({1000}));
  Random rng(1);
  CHECK(dropout(x, 0.5, rng, false).value().shares(x.value()));
  const Random::State before = rng.state();
  const Tensor<float> a = dropout(x, 0.5, rng, true).value(), b = dropout(x, 0.5, rng, true).value();
  Random again(before);
  const Tensor<float> c = dropout(x, 0.5, again, true).value();
  CHECK_FALSE(std::equal(a.span().begin(), a.span().end(), b.span().begin()));
  CHECK(std::equal(a.span().begin(), a.span().end(), c.span().begin()));
  CHECK_THROWS_AS(dropout(x, 1.5, rng, true), ValueError);
  const Tensor<float> nothing = dropout(x, 1.0, rng, true).value();
  for (const float v : nothing.span()) REQUIRE(v == 0);
}
