// nn/fold.hpp and nn/conv_block.hpp: the folded network computes the same function.
#include <glimpse/nn/fold.hpp>

#include "../catch.hpp"
#include "small_net.hpp"

using namespace glimpse;

namespace {

template <class T>
void stir(BatchNorm2d<T>& norm, Random& rng) {
  for (T& v : norm.weight.mutable_value().span()) v = static_cast<T>(rng.normal(1, 0.3));
  for (T& v : norm.bias.mutable_value().span()) v = static_cast<T>(rng.normal());
  for (T& v : norm.running_mean.span()) v = static_cast<T>(rng.normal());
  for (T& v : norm.running_var.span()) v = static_cast<T>(rng.uniform(0.2, 3));
}

}  // namespace

TEMPLATE_TEST_CASE("a folded batch norm changes nothing that is seen", "[nn]", float, double) {
  using T = TestType;
  const double tolerance = std::is_same_v<T, float> ? 1e-5 : 1e-12;
  Random rng(2);
  for (const bool bias : {false, true}) {
    Conv2d<T> conv({.in = 1, .out = 4, .bias = bias}, rng);
    BatchNorm2d<T> norm(4);
    stir(norm, rng);
    norm.training = false;
    const Variable<T> x = small_image<T>(), y = norm(conv(x));
    const Conv2d<T> before = conv;
    fold_batch_norm(conv, norm);
    CHECK(largest_difference(conv(x).value(), y.value()) < tolerance);
    CHECK(largest_difference(norm(before(x)).value(), y.value()) == 0);
    CHECK(conv.weight.requires_grad());
  }
  Conv2d<T> conv({.in = 1, .out = 4}, rng);
  CHECK_THROWS_AS(fold_batch_norm(conv, BatchNorm2d<T>(3)), ShapeError);
}

TEST_CASE("folding a whole model", "[nn]") {
  SmallNet<float> net(5);
  Random rng(6);
  stir(*net.blocks[0].norm, rng);
  set_training(net, false);
  const auto x = small_image<float>();
  const Tensor<float> before = net(x).value();
  SmallNet<float> folded = clone(net);
  fold(folded);
  CHECK(folded.blocks[0].folded);
  CHECK_FALSE(folded.blocks[0].norm.has_value());
  CHECK(state_dict(folded).size() == state_dict(net).size() - 3);
  CHECK(largest_difference(folded(x).value(), before) < 1e-5);
  CHECK(largest_difference(net(x).value(), before) == 0);
}
