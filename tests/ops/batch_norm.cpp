#include <glimpse/ops/batch_norm.hpp>
#include <glimpse/ops/batch_norm_pool.hpp>
#include <glimpse/ops/max_pool2d.hpp>

#include "../op_test/op_row.hpp"

using namespace glimpse;
using namespace glimpse::rig;

namespace {

/// Running statistics: mean 0.1 (c + 1), variance 0.5 + 0.25 c.
template <class T>
struct Running {
  explicit Running(Index channels) : mean({channels}), var({channels}) {
    for (Index c = 0; c < channels; ++c) {
      mean(c) = static_cast<T>(0.1 * static_cast<double>(c + 1));
      var(c) = static_cast<T>(0.5 + 0.25 * static_cast<double>(c));
    }
  }
  Tensor<T> mean, var;
};

template <class T>
Variable<T> norm(const Inputs<T>& x, bool training, bool relu) {
  Running<T> r(x[0].size(1));
  return relu ? batch_norm2d_relu(x[0], x[1], x[2], r.mean, r.var, training)
              : batch_norm2d(x[0], x[1], x[2], r.mean, r.var, training);
}

Tensor<double> plain(const Tensors& x, bool training, bool relu) {
  const Running<double> r(x[0].size(1));
  Tensor<double> y = x[0].clone();
  for (Index c = 0; c < y.size(1); ++c) {
    double mean = r.mean(c), var = r.var(c), count = 0, sum = 0, squares = 0;
    const auto every = [&](auto f) {
      for (Index n = 0; n < y.size(0); ++n)
        for (Index i = 0; i < y.size(2); ++i)
          for (Index j = 0; j < y.size(3); ++j) f(y(n, c, i, j));
    };
    if (training) {
      every([&](double v) { sum += v, count += 1; });
      mean = sum / count;
      every([&](double v) { squares += (v - mean) * (v - mean); });
      var = squares / count;
    }
    every([&](double& v) {
      v = x[1](c) * (v - mean) / std::sqrt(var + 1e-5) + x[2](c);
      if (relu) v = std::max(v, 0.0);
    });
  }
  return y;
}

Op& batches(Op& op) {
  return op.cases({{{4, 3, 5, 2}, {3}, {3}}, {{2, 1, 3, 7}, {1}, {1}}, {{3, 5, 1, 1}, {5}, {5}}, {{1, 33, 3, 3}, {33}, {33}},
                   {{4, 20, 20, 40}, {20}, {20}}})
      .values(1, uniform(0.5, 1.5))
      .rejects({{2, 3, 4, 4}, {2}, {3}});
}

const char* const sums = "gradients are sums of 8000 terms";

}  // namespace

OP_ROW("batch_norm2d").with(batches)
    .call([](auto x) { return norm(x, true, false); })
    .reference([](auto x) { return plain(x, true, false); })
    .golden("batch_norm2d").double_tolerance(1e-10, sums).float_tolerance(5e-5, sums);
OP_ROW("batch_norm2d by running statistics").with(batches)
    .call([](auto x) { return norm(x, false, false); })
    .reference([](auto x) { return plain(x, false, false); })
    .golden("batch_norm2d_running").double_tolerance(1e-10, sums).float_tolerance(5e-5, sums);
OP_ROW("batch_norm2d_relu").with(batches)
    .call([](auto x) { return norm(x, true, true); })
    .reference([](auto x) { return plain(x, true, true); })
    .golden("batch_norm2d_relu").double_tolerance(1e-10, sums).float_tolerance(5e-5, sums);
OP_ROW("batch_norm2d_relu by running statistics").with(batches)
    .call([](auto x) { return norm(x, false, true); })
    .reference([](auto x) { return plain(x, false, true); })
    .double_tolerance(1e-10, sums).float_tolerance(5e-5, sums);

namespace {

/// Whole vectors and narrower ones, odd widths, planes longer than a run of the sums, padded pools.
Op& pooled(Op& op) {
  return op.cases({{{2, 3, 6, 8}, {3}, {3}}, {{2, 1, 5, 25}, {1}, {1}}, {{1, 33, 4, 5}, {33}, {33}},
                   {{2, 2, 2, 70}, {2}, {2}}, {{4, 20, 20, 40}, {20}, {20}}, {{2, 1, 66, 70}, {1}, {1}}})
      .values(distinct(-3, 3)).values(1, away_from(0, 0.5, 1.5)).values(2, uniform(-1, 1))
      .rejects({{2, 3, 4, 4}, {2}, {3}}).rejects({{2, 3, 1, 4}, {3}, {3}});
}

constexpr Pool2dOptions squares{}, tall{.kernel = {2, 2}, .stride = {2, 1}, .padding = {0, 1}};

template <class T>
Variable<T> norm_pool(const Inputs<T>& x, bool training, const Pool2dOptions& pool) {
  Running<T> r(x[0].size(1));
  return batch_norm2d_relu_max_pool2d(x[0], x[1], x[2], r.mean, r.var, training, pool);
}

/// Batch norm, then ReLU and the pool, separately.
Tensor<double> plain_pool(const Tensors& x, bool training, const Pool2dOptions& pool) {
  return max_pool2d(constant(plain(x, training, true)), pool).value();
}

}  // namespace

OP_ROW("batch_norm2d_relu_max_pool2d").with(pooled)
    .call([](auto x) { return norm_pool(x, true, squares); })
    .reference([](auto x) { return plain_pool(x, true, squares); })
    .double_tolerance(1e-10, sums).float_tolerance(5e-5, sums);
OP_ROW("batch_norm2d_relu_max_pool2d that keeps the width").with(pooled)
    .call([](auto x) { return norm_pool(x, true, tall); })
    .reference([](auto x) { return plain_pool(x, true, tall); })
    .double_tolerance(1e-10, sums).float_tolerance(5e-5, sums);
OP_ROW("batch_norm2d_relu_max_pool2d by running statistics").with(pooled)
    .call([](auto x) { return norm_pool(x, false, squares); })
    .reference([](auto x) { return plain_pool(x, false, squares); })
    .double_tolerance(1e-10, sums).float_tolerance(5e-5, sums);

TEST_CASE("batch_norm2d_relu_max_pool2d: gradients are those of the two operations", "[op]") {
  Random rng(5);
  for (const bool training : {true, false}) {
    for (const Pool2dOptions& pool : {squares, tall}) {
      Tensor<double> x({3, 4, 6, 37});
      for (double& v : x.span()) v = rng.normal();
      std::vector<Variable<double>> one, two;
      for (auto* inputs : {&one, &two})
        *inputs = {parameter(x.clone()), parameter(tensor<double>({1, -0.5, 2, 0.7})),
                   parameter(tensor<double>({0.1, 0, -0.2, 0.3}))};
      Running<double> r1(4), r2(4);
      const auto y1 = batch_norm2d_relu_max_pool2d(one[0], one[1], one[2], r1.mean, r1.var, training, pool);
      const auto y2 = max_pool2d(batch_norm2d_relu(two[0], two[1], two[2], r2.mean, r2.var, training), pool);
      Tensor<double> dy(y1.shape());
      for (double& v : dy.span()) v = rng.normal();
      y1.backward(dy), y2.backward(dy);
      const auto same = [](const Tensor<double>& a, const Tensor<double>& b) {
        double worst = 0;
        for (Index i = 0; i < a.size(); ++i) worst = std::max(worst, std::fabs(a.data()[i] - b.data()[i]));
        return worst < 1e-11;
      };
      CHECK(same(y1.value(), y2.value()));
      for (std::size_t i = 0; i < 3; ++i) CHECK(same(one[i].grad(), two[i].grad()));
      CHECK(same(r1.mean, r2.mean));
      CHECK(same(r1.var, r2.var));
    }
  }
}

TEST_CASE("batch_norm2d: one value a channel is nothing to train on, but can be used", "[op]") {
  const auto x = constant(ones<float>({1, 1, 1, 1})), one = constant(ones<float>({1}));
  Running<float> r(1);
  CHECK_THROWS_AS(batch_norm2d(x, one, one, r.mean, r.var, true), ShapeError);
  CHECK(batch_norm2d(x, one, one, r.mean, r.var, false).item() == Approx(0.9 / std::sqrt(0.5) + 1).epsilon(1e-4));
}

TEST_CASE("batch_norm2d: a first image far from the others does not spoil the sums", "[op]") {
  Random rng(3);
  Tensor<float> x(Shape{16, 2, 8, 8});
  for (float& v : x.span()) v = static_cast<float>(10000 + rng.uniform(-1, 1));
  for (Index k = 0; k < 64; ++k) x.data()[k] = 0;  // the run that the sums of channel 0 are centered on
  Tensor<float> mean = zeros<float>({2}), var = zeros<float>({2});
  const auto one = constant(ones<float>({2}));
  batch_norm2d(constant(x), one, one, mean, var, true, 1.0f);
  for (Index c = 0; c < 2; ++c) {
    double m = 0, v = 0;
    for (Index n = 0; n < 16; ++n)
      for (Index k = 0; k < 64; ++k) m += double(x(n, c, k / 8, k % 8)) / 1024;
    for (Index n = 0; n < 16; ++n)
      for (Index k = 0; k < 64; ++k) v += std::pow(double(x(n, c, k / 8, k % 8)) - m, 2) / 1023;
    CHECK(mean(c) == Approx(m).epsilon(1e-6));
    CHECK(var(c) == Approx(v).epsilon(1e-4));
  }
}

TEST_CASE("batch_norm2d: running statistics move toward the batch's, unbiased", "[op]") {
  const auto x = constant(tensor<double>({1, 2, 3, 6}, {2, 1, 1, 2}));
  Running<double> r(1);
  batch_norm2d(x, constant(ones<double>({1})), constant(zeros<double>({1})), r.mean, r.var, true);
  CHECK(r.mean(0) == Approx(0.9 * 0.1 + 0.1 * 3));
  CHECK(r.var(0) == Approx(0.9 * 0.5 + 0.1 * 14.0 / 3));
  Running<double> kept(1);
  batch_norm2d(x, constant(ones<double>({1})), constant(zeros<double>({1})), kept.mean, kept.var, false);
  CHECK((kept.mean(0) == 0.1 && kept.var(0) == 0.5));
}

TEST_CASE("batch_norm2d: a mean far from zero costs no digits in float", "[op]") {
  Tensor<float> x({4, 1, 8, 8});
  Random rng(3);
  for (float& v : x.span()) v = 1000 + static_cast<float>(rng.normal());
  Running<float> r(1);
  const Tensor<float> y =
      batch_norm2d(constant(x), constant(ones<float>({1})), constant(zeros<float>({1})), r.mean, r.var, true).value();
  double sum = 0, sum_of_squares = 0;
  for (const float v : y.span()) sum += double(v), sum_of_squares += double(v) * double(v);
  CHECK(std::fabs(sum / 256) < 1e-3);
  CHECK(sum_of_squares / 256 == Approx(1).epsilon(1e-3));
}
