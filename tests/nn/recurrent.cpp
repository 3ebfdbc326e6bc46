// LSTM, GRU, Bidirectional, Stacked, AdditiveAttention: how layers are composed. The tests of the
// operations cover the arithmetic of a single layer.
#include <glimpse/nn/additive_attention.hpp>
#include <glimpse/nn/bidirectional.hpp>
#include <glimpse/nn/gru.hpp>
#include <glimpse/nn/lstm.hpp>
#include <glimpse/nn/summary.hpp>

#include "../catch.hpp"
#include "small_net.hpp"

using namespace glimpse;

namespace {

Variable<double> sequence(Index steps, Index batch, Index width) {
  Random rng(8);
  Tensor<double> x({steps, batch, width});
  for (double& v : x.span()) v = rng.normal();
  return constant(x);
}

double sigmoid_of(double x) { return 1 / (1 + std::exp(-x)); }

/// Reverses the first `length` steps of every sequence.
Tensor<double> reversed(const Tensor<double>& x, std::span<const Index> lengths) {
  Tensor<double> y = x.clone();
  for (Index n = 0; n < x.size(1); ++n)
    for (Index t = 0; t < lengths[static_cast<std::size_t>(n)]; ++t)
      y.select(0, t).select(0, n).copy_from(
          x.select(0, lengths[static_cast<std::size_t>(n)] - 1 - t).select(0, n));
  return y;
}

}  // namespace

TEST_CASE("one step of an LSTM and a GRU by hand", "[nn]") {
  Random rng(1);
  Lstm<double> lstm(1, 1, rng);
  lstm.weight_x = parameter(tensor<double>({0.1, 0.2, 0.3, 0.4}, {4, 1}));
  lstm.bias_x = parameter(tensor<double>({0.5, 0.6, 0.7, 0.8}));
  lstm.bias_h = parameter(tensor<double>({0, 0, 0, 0.1}));
  const Variable<double> x = constant(full<double>({1, 1, 1}, 2.0));
  const double c = sigmoid_of(0.7) * std::tanh(1.3);
  CHECK(lstm(x).item() == Approx(sigmoid_of(1.7) * std::tanh(c)));

  Gru<double> gru(1, 1, rng);
  gru.weight_x = parameter(tensor<double>({0.1, 0.2, 0.3}, {3, 1}));
  gru.bias_x = parameter(tensor<double>({0.5, 0.6, 0.7}));
  gru.bias_h = parameter(tensor<double>({0, 0, 0.4}));
  const double n = std::tanh(1.3 + sigmoid_of(0.7) * 0.4), z = sigmoid_of(1.0);
  CHECK(gru(x).item() == Approx((1 - z) * n));
}

TEST_CASE("a GRU step by step is the GRU over the sequence", "[nn]") {
  Random rng(2);
  const Gru<double> gru(3, 4, rng);
  const Variable<double> x = sequence(5, 2, 3);
  const Tensor<double> whole = gru(x).value();
  Variable<double> state = constant(zeros<double>({2, 4}));
  for (Index t = 0; t < 5; ++t) {
    state = gru.step(gru.input_sums(constant(x.value().select(0, t).contiguous())), state);
    CHECK(largest_difference(state.value(), whole.select(0, t)) < 1e-14);
  }
}

TEMPLATE_TEST_CASE("two directions side by side", "[nn]", Lstm<double>, Gru<double>) {
  Random rng(3);
  Bidirectional<TestType> both(3, 4, rng);
  const std::vector<Index> lengths{5, 2};
  const Variable<double> x = sequence(5, 2, 3);
  const Tensor<double> y = both(x, lengths).value();
  CHECK(y.shape() == Shape{5, 2, 8});
  CHECK(both.output_size() == 8);
  CHECK(largest_difference(y.slice(2, 0, 4), both.forward(x, lengths).value()) == 0);
  const Tensor<double> backward =
      both.reverse(constant(reversed(x.value(), lengths)), lengths).value();
  CHECK(largest_difference(y.slice(2, 4, 8).contiguous(), reversed(backward, lengths)) < 1e-14);
  for (Index t = 2; t < 5; ++t)
    for (Index i = 0; i < 8; ++i) CHECK(y(t, 1, i) == 0);
}

TEST_CASE("stacked layers with dropout between", "[nn]") {
  Random rng(4);
  Stacked<Bidirectional<Lstm<double>>> stack(3, 4, 2, rng, 0.5);
  std::string names;
  for (const auto& p : parameters(stack)) names += p.name + " ";
  CHECK(names ==
        "layers.0.forward.weight_x layers.0.forward.weight_h layers.0.forward.bias_x "
        "layers.0.forward.bias_h layers.0.reverse.weight_x layers.0.reverse.weight_h "
        "layers.0.reverse.bias_x layers.0.reverse.bias_h layers.1.forward.weight_x "
        "layers.1.forward.weight_h layers.1.forward.bias_x layers.1.forward.bias_h "
        "layers.1.reverse.weight_x layers.1.reverse.weight_h layers.1.reverse.bias_x "
        "layers.1.reverse.bias_h ");
  CHECK(stack.layers[1].forward.weight_x.shape() == Shape{16, 8});
  CHECK(stack.dropouts.size() == 1);
  const Variable<double> x = sequence(5, 2, 3);
  CHECK(largest_difference(stack(x).value(), stack(x).value()) > 0);
  set_training(stack, false);
  CHECK(largest_difference(stack(x).value(), stack.layers[1](stack.layers[0](x)).value()) == 0);
  CHECK_THROWS_AS(Stacked<Gru<double>>(3, 4, 0, rng), ValueError);
  const auto rows = layer_rows(stack, [&] { stack(x); });
  REQUIRE(rows.size() == 5);
  CHECK(rows[0].name == "layers.0.forward");
  CHECK(rows[0].multiply_adds == 10 * 16 * (3 + 4));
}

TEST_CASE("additive attention looks where it may", "[nn]") {
  Random rng(5);
  AdditiveAttention<double> attention(4, 3, 6, rng);
  CHECK(count_parameters(attention) == 4 * 6 + 6 + 3 * 6 + 6);
  const Variable<double> h = constant(sequence(2, 5, 3).value());  // (N, T, C)
  const Variable<double> s = constant(sequence(1, 2, 4).value().reshape({2, 4}));
  const std::vector<Index> lengths{5, 2};
  const Variable<double> k = attention.keys(h);
  const Glimpse<double> g = attention(s, k, h, lengths);
  CHECK(g.glimpse.shape() == Shape{2, 3});
  const Tensor<double> a = g.weights.value(), q = attention.query(s).value();
  for (Index n = 0; n < 2; ++n) {
    double e[5] = {}, z = 0;
    for (Index t = 0; t < lengths[static_cast<std::size_t>(n)]; ++t) {
      for (Index i = 0; i < 6; ++i)
        e[t] += attention.score.value()(i) * std::tanh(q(n, i) + k.value()(n, t, i));
      z += e[t] = std::exp(e[t]);
    }
    double glimpse = 0;
    for (Index t = 0; t < 5; ++t) {
      CHECK(a(n, t) == Approx(e[t] / z));
      glimpse += e[t] / z * h.value()(n, t, 1);
    }
    CHECK(g.glimpse.value()(n, 1) == Approx(glimpse));
  }
}
