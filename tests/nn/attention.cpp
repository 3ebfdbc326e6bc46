// The forms of attention as a module: gradients of every form, windows and lengths, heads.
#include <glimpse/autograd/gradcheck.hpp>
#include <glimpse/nn/attention.hpp>
#include <glimpse/nn/module.hpp>
#include <glimpse/nn/multi_head_attention.hpp>
#include <glimpse/ops/reductions.hpp>

#include "../catch.hpp"

using namespace glimpse;

namespace {

Tensor<double> drawn(const Shape& shape, Random& rng) {
  Tensor<double> x(shape);
  for (double& v : x.span()) v = rng.uniform(-1, 1);
  return x;
}

struct Form {
  std::string name;
  AttentionConfig config;
};
std::vector<Form> forms() {
  const AttentionConfig base{.state = 5, .sequence = 4, .width = 6};
  std::vector<Form> all{{"additive", base}, {"dot", base},      {"scaled", base},
                        {"heads", base},    {"location", base}, {"logistic", base},
                        {"window", base},   {"gate", base},     {"all that go together", base}};
  all[1].config.score = ScoreForm::dot;
  all[2].config.score = ScoreForm::scaled_dot;
  all[3].config.score = ScoreForm::scaled_dot, all[3].config.heads = 2;
  all[4].config.filters = 3, all[4].config.taps = 5;
  all[5].config.weights = AttentionNormalization::sigmoid;
  all[6].config.window = 2;
  all[7].config.gate = true;
  all[8].config = {.state = 5,
                   .sequence = 4,
                   .width = 6,
                   .filters = 3,
                   .taps = 5,
                   .weights = AttentionNormalization::sigmoid,
                   .window = 3,
                   .gate = true};
  return all;
}

}  // namespace

TEST_CASE(
    "every form of attention: weights of one attention step, and gradients of two attention steps "
    "in a row",
    "[attention]") {
  for (const Form& form : forms()) {
    INFO(form.name);
    Random rng(3);
    Attention<double> attention(form.config, rng);
    const std::vector<Index> lengths{7, 4};
    const Variable<double> s = parameter(drawn({2, 5}, rng)), h = parameter(drawn({2, 7, 4}, rng));
    const auto two_steps = [&] {
      const auto memory = attention.encode_memory(h, lengths);
      const auto first = attention(s, memory, attention.start(memory));
      return attention(s * 0.5, memory, first.weights);
    };
    const auto attended = two_steps();
    CHECK(attended.glimpse.shape() == Shape{2, 4});
    for (Index n = 0; n < 2; ++n) {
      double sum = 0;
      for (Index i = 0; i < 7; ++i) {
        sum += attended.weights.value()(n, i);
        if (i >= lengths[static_cast<std::size_t>(n)]) CHECK(attended.weights.value()(n, i) == 0);
      }
      CHECK(sum == Approx(1));
    }
    std::vector<Variable<double>> inputs{s, h};
    for (const auto& p : parameters(attention)) inputs.push_back(p.variable);
    // Numerical gradients, one parameter after the other; changes this small do not move the
    // windows.
    const Tensor<double> c = drawn({2, 4}, rng);
    const auto value = [&] { return sum(two_steps().glimpse * constant(c)); };
    for (auto& x : inputs) x.zero_grad();
    value().backward();
    double worst = 0, largest = 0;
    for (auto& x : inputs)
      for (Index i = 0; i < x.size(); i += std::max<Index>(1, x.size() / 7)) {
        double& v = x.mutable_value().data()[i];
        const double kept = v, step = 1e-5;
        v = kept + step;
        const double above = value().item();
        v = kept - step;
        const double below = value().item();
        v = kept;
        const double slope = (above - below) / (2 * step);
        const double own = x.grad().defined() ? x.grad().contiguous().data()[i] : 0;
        worst = std::max(worst, std::abs(slope - own)),
        largest = std::max(largest, std::abs(slope));
      }
    CHECK(worst < 1e-7);
    CHECK(largest > 1e-3);
  }
}

TEST_CASE("a window lets no attention step leave it", "[attention]") {
  Random rng(4);
  Attention<double> attention({.state = 5, .sequence = 4, .width = 6, .window = 1}, rng);
  const auto memory = attention.encode_memory(constant(drawn({1, 9, 4}, rng)));
  Tensor<double> before = zeros<double>({1, 9});
  before(0, 4) = 1;
  const Tensor<double> a =
      attention(constant(drawn({1, 5}, rng)), memory, constant(before)).weights.value();
  for (Index i = 0; i < 9; ++i) CHECK((a(0, i) > 0) == (i >= 3 && i <= 5));
}

TEST_CASE("forms that do not go together are reported", "[attention]") {
  Random rng(5);
  const auto make = [&](AttentionConfig c) { return Attention<float>(c, rng); };
  CHECK_THROWS_AS(make({.state = 4, .sequence = 4, .width = 6, .heads = 2}), ValueError);
  CHECK_THROWS_AS(
      make({.state = 4, .sequence = 4, .width = 6, .score = ScoreForm::dot, .heads = 4}),
      ValueError);
  CHECK_THROWS_AS(make({.state = 4,
                        .sequence = 4,
                        .width = 6,
                        .score = ScoreForm::dot,
                        .filters = 2,
                        .taps = 3}),
                  ValueError);
  CHECK_THROWS_AS(make({.state = 4, .sequence = 4, .width = 6, .filters = 2}), ValueError);
}

TEST_CASE("multi-head attention over a sequence equals one query at a time", "[attention]") {
  Random rng(6);
  MultiHeadAttention<double> heads(6, 2, rng);
  const Tensor<double> x = drawn({3, 4, 6}, rng), h = drawn({3, 5, 6}, rng);
  const std::vector<Index> lengths{5, 2, 3};
  const Tensor<double> y = heads(constant(x), constant(h), lengths).value();
  Attention<double> single(
      {.state = 6, .sequence = 6, .width = 6, .score = ScoreForm::scaled_dot, .heads = 2}, rng);
  single.query = heads.query, single.value = heads.value, single.output = heads.output,
  single.key = heads.key;
  const auto memory = single.encode_memory(constant(h), lengths);
  for (Index q = 0; q < 4; ++q) {
    const Tensor<double> g =
        single(constant(x.select(1, q).clone()), memory, single.start(memory)).glimpse.value();
    for (Index n = 0; n < 3; ++n)
      for (Index c = 0; c < 6; ++c) CHECK(g(n, c) == Approx(y(n, q, c)).margin(1e-12));
  }
}
