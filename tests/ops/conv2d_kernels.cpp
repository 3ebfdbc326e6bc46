// The kernels of ops/conv2d.hpp against its definition: strides, padding, dilation, groups, bands,
// levels, threads.
#include <cmath>
#include <cstring>

#include <glimpse/core/random.hpp>
#include <glimpse/ops/conv2d.hpp>

#include "../catch.hpp"

using namespace glimpse;
using simd::Isa;

namespace {

struct Case {
  Shape x, w;
  Conv2dOptions o = {};
  bool bias = true;
};

const Case cases[] = {
    {{1, 1, 1, 1}, {1, 1, 1, 1}},
    {{2, 1, 9, 30}, {5, 1, 3, 3}, {.padding = {1, 1}}},
    {{3, 4, 5, 26}, {17, 4, 3, 3}, {.padding = {1, 1}}},
    {{5, 40, 4, 13}, {33, 40, 3, 3}, {.padding = {1, 1}}, false},
    {{2, 70, 6, 7}, {20, 70, 3, 3}, {}},
    {{2, 3, 2, 27}, {8, 3, 2, 2}, {}},
    {{2, 3, 9, 11}, {8, 3, 3, 3}, {.stride = {2, 2}, .padding = {1, 1}}},
    {{2, 5, 10, 12}, {6, 5, 3, 2}, {.stride = {2, 1}, .padding = {0, 1}}},
    {{1, 3, 11, 13}, {4, 3, 1, 1}, {.stride = {3, 2}}},
    {{2, 3, 12, 17}, {4, 3, 3, 3}, {.padding = {2, 2}, .dilation = {2, 2}}},
    {{1, 2, 14, 15}, {3, 2, 3, 3}, {.stride = {2, 3}, .padding = {3, 2}, .dilation = {3, 2}}},
    {{2, 6, 7, 8}, {9, 2, 3, 3}, {.padding = {1, 1}, .groups = 3}},
    {{2, 6, 7, 8}, {6, 1, 3, 3}, {.stride = {2, 2}, .padding = {1, 1}, .groups = 6}},
    {{1, 2, 5, 4}, {3, 2, 5, 4}, {.padding = {4, 6}}},
    {{1, 2, 3, 3}, {3, 2, 1, 1}, {.padding = {2, 3}}},
    {{2, 1, 64, 70}, {3, 1, 3, 3}, {.padding = {1, 1}}},
    {{1, 2, 90, 41}, {2, 2, 5, 3}, {.stride = {1, 2}, .padding = {2, 1}}},
    {{1, 64, 3, 30}, {16, 64, 3, 3}, {.padding = {1, 1}}},
    {{0, 2, 5, 5}, {3, 2, 3, 3}},
    {{9, 16, 7, 26}, {20, 16, 3, 3}, {.padding = {1, 1}}},  // from here on by Winograd's transforms
    {{40, 17, 4, 5}, {35, 17, 3, 3}, {.padding = {0, 2}}, false},
    {{2, 33, 33, 29}, {16, 33, 3, 3}, {}},
};

template <class T>
Tensor<T> noise(const Shape& shape, std::uint64_t seed) {
  Random rng(seed);
  Tensor<T> t = empty<T>(shape);
  for (T& v : t.span()) v = static_cast<T>(rng.uniform(-1, 1));
  return t;
}

template <class T>
double difference(const Tensor<T>& a, const Tensor<T>& b) {
  REQUIRE(a.shape() == b.shape());
  double worst = 0;
  for (Index i = 0; i < a.size(); ++i) {
    const double d = std::abs(static_cast<double>(a.data()[i]) - static_cast<double>(b.data()[i]));
    worst = std::isnan(d) ? 1e30 : std::max(worst, d);
  }
  return worst;
}

template <class T>
struct Result {
  Tensor<T> y, dx, dw, db;
};

/// Forward and backward, with gradients that start from ones where `seeded`.
template <class T>
Result<T> run(const Case& c, bool seeded) {
  Variable<T> x = parameter(noise<T>(c.x, 1)), w = parameter(noise<T>(c.w, 2)), b;
  if (c.bias) b = parameter(noise<T>({c.w[0]}, 3));
  if (seeded) {
    x.mutable_grad().fill(1), w.mutable_grad().fill(1);
    if (c.bias) b.mutable_grad().fill(1);
  }
  const Variable<T> y = conv2d(x, w, b, c.o);
  y.backward(noise<T>(y.shape(), 4));
  return {y.value(), x.grad(), w.grad(), b.grad()};
}

template <class T>
Result<T> by_definition(const Case& c, bool seeded) {
  const Tensor<T> x = noise<T>(c.x, 1), w = noise<T>(c.w, 2),
                  b = c.bias ? noise<T>({c.w[0]}, 3) : Tensor<T>();
  const T start = seeded ? 1 : 0;
  Result<T> r{reference::conv2d(x, w, b, c.o), full<T>(c.x, start), full<T>(c.w, start), {}};
  if (c.bias) r.db = full<T>({c.w[0]}, start);
  reference::conv2d_backward(x, w, noise<T>(r.y.shape(), 4), c.o, r.dx, r.dw, r.db);
  return r;
}

}  // namespace

TEMPLATE_TEST_CASE("conv2d is its definition", "[ops][conv2d]", float, double) {
  using T = TestType;
  const double unit = static_cast<double>(std::numeric_limits<T>::epsilon());
  for (const Case& c : cases) {
    for (const bool seeded : {false, true}) {
      const Result<T> want = by_definition<T>(c, seeded);
      for (const Isa level : {Isa::baseline, Isa::avx2, Isa::avx512}) {
        const simd::IsaScope scope(level);
        INFO(c.x.str() << " " << c.w.str() << " " << simd::name(simd::isa()));
        const Result<T> got = run<T>(c, seeded);
        const Index sums = c.w.count() / c.w[0], pixels = want.y.size() / c.w[0];
        CHECK(difference(got.y, want.y) <= unit * static_cast<double>(2 * sums + 4));
        CHECK(difference(got.dx, want.dx) <= unit * static_cast<double>(2 * c.w.count() + 4));
        CHECK(difference(got.dw, want.dw) <= unit * static_cast<double>(2 * pixels + 4));
        if (c.bias)
          CHECK(difference(got.db, want.db) <= unit * static_cast<double>(2 * pixels + 4));
      }
    }
  }
}

TEST_CASE("conv2d: one thread and many agree bit for bit, and so do batches", "[ops][conv2d]") {
  const Case large{{9, 40, 8, 25}, {70, 40, 3, 3}, {.padding = {1, 1}}};
  Result<float> one;
  {
    const ThreadScope scope(1);
    one = run<float>(large, false);
  }
  for (const int threads : {2, 3, 7}) {
    const ThreadScope scope(threads);
    const Result<float> many = run<float>(large, false);
    CHECK(difference(one.y, many.y) == 0);
    CHECK(difference(one.dx, many.dx) == 0);
    CHECK(difference(one.dw, many.dw) == 0);
    CHECK(difference(one.db, many.db) == 0);
  }
  const Tensor<float> x = noise<float>(large.x, 1), w = noise<float>(large.w, 2);
  for (Index n = 0; n < 3; ++n) {
    const auto y = conv2d(constant(x.slice(0, n, n + 1).contiguous()), constant(w),
                          constant(noise<float>({70}, 3)), large.o);
    CHECK(difference(y.value(), one.y.slice(0, n, n + 1).contiguous()) <
          1e-4);  // one picture goes direct
  }
}

TEST_CASE("conv2d_relu is relu of conv2d, backward too", "[ops][conv2d]") {
  const Conv2dOptions o{.padding = {1, 1}};
  auto x = parameter(noise<double>({2, 3, 5, 20}, 1)),
       w = parameter(noise<double>({4, 3, 3, 3}, 2));
  const auto y = conv2d(x, w, {}, o), z = conv2d_relu(x, w, {}, o);
  Tensor<double> dy = noise<double>(y.shape(), 3);
  z.backward(dy.clone());
  const Tensor<double> dx = x.grad().clone(), dw = w.grad().clone();
  x.zero_grad(), w.zero_grad();
  for (Index i = 0; i < dy.size(); ++i) {
    const double v = y.value().data()[i];
    CHECK(z.value().data()[i] == (v > 0 ? v : 0));
    if (v <= 0) dy.data()[i] = 0;
  }
  y.backward(dy);
  CHECK(difference(dx, x.grad()) == 0);
  CHECK(difference(dw, w.grad()) == 0);
}

TEST_CASE("conv2d names the rule that was broken", "[ops][conv2d]") {
  const auto x = constant(ones<float>({8, 1, 32, 100}));
  const auto w = [](const Shape& s) { return constant(ones<float>(s)); };
  CHECK_THROWS_WITH(
      conv2d(x, w({64, 3, 3, 3})),
      "conv2d: weight (64, 3, 3, 3) wants 3 input channels, input (8, 1, 32, 100) has 1");
  CHECK_THROWS_AS(conv2d(x, w({64, 3, 3})), ShapeError);
  CHECK_THROWS_AS(conv2d(w({1, 32, 100}), w({64, 1, 3, 3})), ShapeError);
  CHECK_THROWS_AS(conv2d(x, w({64, 1, 33, 3})), ShapeError);
  CHECK_THROWS_AS(conv2d(x, w({64, 1, 3, 3}), w({63})), ShapeError);
  CHECK_THROWS_AS(conv2d(x, w({3, 1, 3, 3}), {}, {.groups = 2}), ShapeError);
  CHECK_THROWS_AS(conv2d(x, w({4, 1, 3, 3}), {}, {.stride = {0, 1}}), ValueError);
}
