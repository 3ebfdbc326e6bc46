// Linear, Conv2d, BatchNorm2d, LayerNorm, Dropout, Embedding, Sequential: shapes, initial values,
// modes.
#include <glimpse/nn/batch_norm.hpp>
#include <glimpse/nn/embedding.hpp>
#include <glimpse/nn/layer_norm.hpp>
#include <glimpse/nn/sequential.hpp>

#include "../catch.hpp"
#include "small_net.hpp"

using namespace glimpse;

TEMPLATE_TEST_CASE("Linear against numbers by hand", "[nn]", float, double) {
  using T = TestType;
  Random rng(1);
  Linear<T> layer(3, 2, rng);
  CHECK(layer.weight.shape() == Shape{2, 3});
  for (const T w : layer.weight.value().span()) CHECK(std::abs(w) <= T(0.5774));
  layer.weight = parameter(tensor<T>({1, 2, 3, 4, 5, 6}, {2, 3}));
  layer.bias = parameter(tensor<T>({10, 20}));
  const Variable<T> y = layer(constant(tensor<T>({1, 0, -1, 2, 1, 0}, {1, 2, 3})));
  CHECK(largest_difference(y.value(), tensor<T>({8, 18, 14, 33}, {1, 2, 2})) == 0);
  CHECK_FALSE(Linear<T>(3, 2, rng, false).bias.defined());
}

TEST_CASE("the same generator makes the same layer", "[nn]") {
  Random a(9), b(9);
  const Linear<float> x(4, 3, a), y(4, 3, b), z(4, 3, b);
  CHECK(largest_difference(x.weight.value(), y.weight.value()) == 0);
  CHECK(largest_difference(x.weight.value(), z.weight.value()) > 0);
}

TEMPLATE_TEST_CASE("Conv2d against numbers by hand", "[nn]", float, double) {
  using T = TestType;
  Random rng(1);
  Conv2d<T> conv({.in = 1, .out = 1, .kernel = {2, 2}, .stride = {1, 2}, .padding = {0, 1}}, rng);
  conv.weight = parameter(tensor<T>({1, 2, 3, 4}, {1, 1, 2, 2}));
  conv.bias = parameter(tensor<T>({0.5}));
  const Variable<T> y = conv(constant(tensor<T>({1, 2, 3, 4, 5, 6}, {1, 1, 2, 3})));
  // columns -1, 0 and 1, 2
  CHECK(largest_difference(y.value(), tensor<T>({18.5, 47.5}, {1, 1, 1, 2})) == 0);
  const Conv2d<T> grouped({.in = 4, .out = 6, .groups = 2, .bias = false}, rng);
  CHECK(grouped.weight.shape() == Shape{6, 2, 3, 3});
  CHECK(grouped(constant(zeros<T>({1, 4, 5, 6}))).shape() == Shape{1, 6, 3, 4});
  CHECK_THROWS_AS(Conv2d<T>({.in = 3, .out = 6, .groups = 2}, rng), ValueError);
}

TEMPLATE_TEST_CASE("BatchNorm2d in training and at inference", "[nn]", float, double) {
  using T = TestType;
  BatchNorm2d<T> norm(1);
  const Variable<T> x = constant(tensor<T>({1, 2, 3, 6}, {1, 1, 2, 2}));  // mean 3, variance 14/4
  const Tensor<T> y = norm(x).value();
  CHECK(static_cast<double>(y(0, 0, 0, 0)) == Approx(-2 / std::sqrt(3.5)).epsilon(1e-4));
  CHECK(static_cast<double>(norm.running_mean(0)) == Approx(0.3));
  CHECK(static_cast<double>(norm.running_var(0)) == Approx(0.9 + 0.1 * 14 / 3));
  norm.training = false;
  norm.running_mean.fill(1);
  norm.running_var.fill(4);
  const Tensor<T> z = norm(x).value();
  CHECK(static_cast<double>(z(0, 0, 1, 1)) == Approx(2.5).epsilon(1e-4));
  CHECK(static_cast<double>(norm.running_mean(0)) == 1);
  CHECK(largest_difference(norm.then_relu(x).value(), relu(norm(x)).value()) == 0);
}

TEST_CASE("LayerNorm", "[nn]") {
  LayerNorm<double> norm(2);
  norm.weight = parameter(tensor<double>({1, 3}));
  norm.bias = parameter(tensor<double>({0, 1}));
  const Tensor<double> y = norm(constant(tensor<double>({1, 3, 5, 5}, {2, 2}))).value();
  CHECK(largest_difference(y, tensor<double>({-1, 4, 0, 1}, {2, 2})) < 1e-4);
}

TEST_CASE("Dropout drops in training alone, and goes on where it was saved", "[nn]") {
  Random rng(5);
  Dropout<float> a(0.5, rng), b(0.5, rng);
  CHECK_FALSE(a.random.state() == b.random.state());
  const auto x = constant(ones<float>({1000}));
  const Tensor<float> first = a(x).value();
  const Random::State saved = a.random.state();
  const Tensor<float> second = a(x).value();
  int dropped = 0;
  for (const float v : first.span()) {
    CHECK((v == 0 || v == 2));
    dropped += v == 0;
  }
  CHECK(std::abs(dropped - 500) < 60);
  CHECK(largest_difference(first, second) > 0);
  a.random = Random(saved);
  CHECK(largest_difference(a(x).value(), second) == 0);
  a.training = false;
  CHECK(largest_difference(a(x).value(), x.value()) == 0);
  CHECK_THROWS_AS(Dropout<float>(1.0, rng), ValueError);
}

TEST_CASE("Embedding picks rows", "[nn]") {
  Random rng(1);
  const Embedding<float> table(5, 3, rng);
  const std::vector<Index> symbols{4, 0, 4, 2};
  const Tensor<float> y = table(symbols, {2, 2}).value();
  CHECK(y.shape() == Shape{2, 2, 3});
  CHECK(y(1, 0, 2) == table.weight.value()(4, 2));
  CHECK(table(symbols).shape() == Shape{4, 3});
  CHECK_THROWS_AS(table(std::vector<Index>{5}), ValueError);
}

TEST_CASE("Sequential takes modules, steps and lambdas", "[nn]") {
  Random rng(1);
  Sequential net{Conv2d<float>({.in = 1, .out = 2, .padding = {1, 1}}, rng),
                 Relu{},
                 MaxPool2d{},
                 [](const auto& x) { return x; },
                 Flatten{},
                 Linear<float>(12, 4, rng)};
  const auto x = small_image<float>();
  CHECK(net(x).shape() == Shape{2, 4});
  const auto p = parameters(net);
  REQUIRE(p.size() == 4);
  CHECK(p[0].name == "0.weight");
  CHECK(p[3].name == "5.bias");
  CHECK(net.get<5>().bias.node() == p[3].variable.node());
  const auto by_hand = net.get<5>()(flatten(max_pool2d(relu(net.get<0>()(x)), Pool2dOptions{}), 1));
  CHECK(largest_difference(net(x).value(), by_hand.value()) == 0);
  name_modules(net, "net");
  CHECK(net.get<2>().path == "net.2");
}

TEST_CASE("modules that were never filled have no numbers, and say so", "[nn]") {
  Sequential<Linear<double>, Tanh, BatchNorm2d<double>> empty;
  CHECK(count_parameters(empty) == 0);
  CHECK(state_dict(empty).empty());
  CHECK_THROWS_AS(empty(constant(ones<double>({2, 3}))), ShapeError);
}

TEST_CASE("the steps of a Sequential", "[nn]") {
  const auto x = constant(tensor<float>({-1, 0, 1, 2}, {1, 1, 2, 2}));
  CHECK(Relu{}(x).value()(0, 0, 0, 0) == 0);
  CHECK(Tanh{}(x).value()(0, 0, 0, 1) == 0);
  CHECK(Sigmoid{}(x).value()(0, 0, 0, 1) == 0.5f);
  CHECK(Flatten{}(x).shape() == Shape{1, 4});
  CHECK(MaxPool2d{}(x).item() == 2);
  CHECK(MaxPool2d({.kernel = {2, 1}, .stride = {2, 1}})(x).shape() == Shape{1, 1, 1, 2});
  CHECK(GlobalAveragePool2d{}(x).item() == 0.5f);
}
