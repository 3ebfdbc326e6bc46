// The kernels of ops/conv2d.hpp against its definition: strides, padding, dilation, groups, bands,
// instruction sets, threads.
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

using enum ConvAlgorithm;

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
    // not chosen automatically for this size
    {{3, 16, 7, 26}, {20, 16, 3, 3}, {.padding = {1, 1}, .algorithm = direct}},
    {{9, 16, 7, 26}, {20, 16, 3, 3}, {.padding = {1, 1}, .algorithm = winograd_4x6}},
    {{40, 17, 4, 5}, {35, 17, 3, 3}, {.padding = {0, 2}, .algorithm = winograd_4x6}, false},
    {{2, 33, 33, 29}, {16, 33, 3, 3}, {.algorithm = winograd_4x6}},
    {{1, 1, 3, 3}, {1, 1, 3, 3}, {.algorithm = winograd_4x6}},
    {{3, 5, 1, 1}, {3, 5, 3, 3}, {.padding = {2, 1}, .algorithm = winograd_4x6}},
    {{2, 3, 4, 300}, {3, 3, 3, 3}, {.padding = {1, 1}, .algorithm = winograd_4x6}},
    {{3, 140, 4, 9}, {150, 140, 3, 3}, {.padding = {1, 1}, .algorithm = winograd_4x6}},
    {{5, 20, 9, 11}, {40, 20, 3, 3}, {.padding = {1, 0}, .algorithm = winograd_4x4}},
    {{2, 17, 4, 5}, {5, 17, 3, 3}, {.padding = {2, 2}, .algorithm = winograd_4x4}},
    {{5, 20, 9, 11}, {40, 20, 3, 3}, {.padding = {1, 0}, .algorithm = winograd_2x2}},
    {{3, 33, 2, 2}, {16, 33, 3, 3}, {.padding = {1, 1}, .algorithm = winograd_2x2}, false},
    {{7, 20, 2, 27}, {40, 20, 2, 2}, {.algorithm = winograd_1x5}},
    {{2, 33, 5, 8}, {17, 33, 2, 2}, {.padding = {1, 0}, .algorithm = winograd_1x5}},
    {{2, 3, 1, 6}, {4, 3, 2, 2}, {.padding = {1, 1}, .algorithm = winograd_1x5}, false},
    {{0, 16, 5, 5}, {16, 16, 3, 3}, {.algorithm = winograd_4x6}},
};

template <class T>
Tensor<T> noise(const Shape& shape, std::uint64_t seed) {
  Random rng(seed);
  Tensor<T> t = empty<T>(shape);
  // the same numbers in float and double
  for (T& v : t.span()) v = static_cast<T>(static_cast<float>(rng.uniform(-1, 1)));
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

/// Forward and backward; with `seeded`, gradients start from ones.
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
        INFO(c.x.str() << " " << c.w.str() << " " << name(c.o.algorithm) << " "
                       << simd::name(simd::isa()));
        const Result<T> got = run<T>(c, seeded);
        const Index sums = c.w.count() / c.w[0], pixels = want.y.size() / c.w[0];
        // the transforms round some 60 times more than a sum of a few products
        const Index more = c.o.algorithm == automatic || c.o.algorithm == direct ? 4 : 250;
        CHECK(difference(got.y, want.y) <= unit * static_cast<double>(2 * sums + more));
        CHECK(difference(got.dx, want.dx) <= unit * static_cast<double>(2 * c.w.count() + more));
        CHECK(difference(got.dw, want.dw) <= unit * static_cast<double>(2 * pixels + more));
        if (c.bias)
          CHECK(difference(got.db, want.db) <= unit * static_cast<double>(2 * pixels + 4));
      }
    }
  }
}

TEST_CASE("conv2d: one thread and many agree bit for bit", "[ops][conv2d]") {
  const Case large[] = {
      {{9, 40, 8, 25}, {70, 40, 3, 3}, {.padding = {1, 1}, .algorithm = direct}},
      {{9, 40, 8, 25}, {70, 40, 3, 3}, {.padding = {1, 1}, .algorithm = winograd_2x2}},
      {{9, 40, 8, 25}, {70, 40, 3, 3}, {.padding = {1, 1}, .algorithm = winograd_4x4}},
      {{9, 40, 8, 25}, {70, 40, 3, 3}, {.padding = {1, 1}, .algorithm = winograd_4x6}},
      {{9, 40, 2, 27}, {70, 40, 2, 2}, {.algorithm = winograd_1x5}},
      // filters that are transformed again for every block of tiles, and several blocks of both
      {{24, 288, 4, 26}, {288, 288, 3, 3}, {.padding = {1, 1}, .algorithm = winograd_4x6}},
  };
  for (const Case& c : large) {
    INFO(c.x.str() << " " << name(c.o.algorithm));
    Result<float> one;
    {
      const ThreadScope scope(1);
      one = run<float>(c, false);
    }
    for (const int threads : {2, 3, 7}) {
      const ThreadScope scope(threads);
      const Result<float> many = run<float>(c, false);
      CHECK(difference(one.y, many.y) == 0);
      CHECK(difference(one.dx, many.dx) == 0);
      CHECK(difference(one.dw, many.dw) == 0);
      CHECK(difference(one.db, many.db) == 0);
    }
  }
}

TEST_CASE("conv2d: an image alone is what it is among others", "[ops][conv2d]") {
  const Case c{{9, 40, 8, 25}, {70, 40, 3, 3}, {.padding = {1, 1}}};
  const Tensor<float> x = noise<float>(c.x, 1);
  const auto w = constant(noise<float>(c.w, 2)), b = constant(noise<float>({70}, 3));
  const Tensor<float> all = conv2d(constant(x), w, b, c.o).value();
  for (Index n = 0; n < 3; ++n) {
    const auto y = conv2d(constant(x.slice(0, n, n + 1).contiguous()), w, b, c.o);
    // tiles of several images are in one block, so sums differ in their last bits
    CHECK(difference(y.value(), all.slice(0, n, n + 1).contiguous()) < 1e-4);
  }
}

namespace {

/// Root of the mean square of a - b, relative to that of b.
double relative_error(const Tensor<float>& a, const Tensor<double>& b) {
  double error = 0, size = 0;
  for (Index i = 0; i < b.size(); ++i) {
    const double d = static_cast<double>(a.data()[i]) - b.data()[i];
    error += d * d, size += b.data()[i] * b.data()[i];
  }
  return std::sqrt(error / size);
}

}  // namespace

TEST_CASE("conv2d: what the transforms round", "[ops][conv2d]") {
  struct Limit {
    ConvAlgorithm algorithm;
    Shape x, w;
    Index pad;
    double forward, weights;  // relative, root mean square; measured: from 0.9 of it
  };
  const Limit limits[] = {
      {direct, {4, 512, 4, 26}, {32, 512, 3, 3}, 1, 1e-6, 1e-6},
      {winograd_2x2, {4, 512, 4, 26}, {32, 512, 3, 3}, 1, 1e-6, 1e-6},
      {winograd_4x4, {4, 512, 4, 26}, {32, 512, 3, 3}, 1, 1.5e-6, 3e-6},
      {winograd_4x6, {4, 512, 4, 26}, {32, 512, 3, 3}, 1, 2.5e-6, 6e-6},
      {winograd_4x6, {16, 64, 16, 50}, {32, 64, 3, 3}, 1, 2.5e-6, 6e-6},
      {winograd_1x5, {16, 512, 2, 27}, {32, 512, 2, 2}, 0, 1e-6, 2e-6},
  };
  for (const Limit& l : limits) {
    INFO(name(l.algorithm));
    const Conv2dOptions o{.padding = {l.pad, l.pad}, .algorithm = l.algorithm};
    const Conv2dOptions exact{.padding = {l.pad, l.pad}, .algorithm = direct};
    const Result<float> got = run<float>({l.x, l.w, o, false}, false);
    const Result<double> want = run<double>({l.x, l.w, exact, false}, false);
    CHECK(relative_error(got.y, want.y) < l.forward);
    CHECK(relative_error(got.dx, want.dx) < l.forward);
    CHECK(relative_error(got.dw, want.dw) < l.weights);
  }
}

TEMPLATE_TEST_CASE("conv2d with filters prepared is its definition", "[ops][conv2d]", float,
                   double) {
  using T = TestType;
  const Case alone[] = {
      {{1, 64, 16, 30}, {70, 64, 3, 3}, {.padding = {1, 1}}},         // F(4x6, 3x3)
      {{1, 150, 4, 26}, {290, 150, 3, 3}, {.padding = {1, 1}}},       // F(2x2, 3x3)
      {{5, 150, 4, 26}, {290, 150, 3, 3}, {.padding = {1, 1}}},       // too many for it
      {{1, 16, 3, 5}, {16, 16, 3, 3}, {}},                            // too few for anything
      {{2, 20, 9, 11}, {16, 20, 3, 3}, {.stride = {2, 1}}},           // strided: no transform
      {{2, 20, 9, 11}, {16, 20, 2, 2}, {}},                           // 2x2: no transform
      {{2, 32, 9, 11}, {32, 16, 3, 3}, {.padding = {1, 1}, .groups = 2}},
  };
  for (const Case& c : alone) {
    const Tensor<T> x = noise<T>(c.x, 1), w = noise<T>(c.w, 2), b = noise<T>({c.w[0]}, 3);
    const Tensor<T> other = noise<T>(c.w, 5), want = reference::conv2d(x, w, b, c.o),
                    want_of_other = conv2d(constant(x), constant(other), constant(b), c.o).value();
    const double most =
        static_cast<double>(std::numeric_limits<T>::epsilon()) * static_cast<double>(2 * c.w.count() / c.w[0] + 250);
    for (const Isa level : {Isa::baseline, Isa::avx2, Isa::avx512}) {
      const simd::IsaScope scope(level);
      const kernel::PreparedFilters<T> ready(w);
      INFO(c.x.str() << " " << c.w.str() << " " << simd::name(simd::isa()));
      const auto with = [&](const Tensor<T>& filters) {
        return conv2d(constant(x), constant(filters), constant(b), c.o, &ready).value();
      };
      CHECK(difference(with(w), want) <= most);
      // other filters (compared with their definition above) are not confused with these, nor is
      // another level's layout
      CHECK(difference(with(other), want_of_other) <= most);
      const simd::IsaScope lower(Isa::baseline);
      CHECK(difference(with(w), want) <= most);
    }
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
  CHECK_THROWS_WITH(
      conv2d(x, w({4, 1, 5, 5}), {}, {.algorithm = winograd_4x4}),
      "conv2d: winograd_4x4 wants filters of 3x3, stride, dilation and groups of 1 and padding up "
      "to 2, got weight (4, 1, 5, 5)");
  CHECK_THROWS_AS(
      conv2d(x, w({4, 1, 3, 3}), {}, {.stride = {2, 1}, .algorithm = winograd_4x6}), ValueError);
  CHECK_THROWS_AS(conv2d(x, w({4, 1, 3, 3}), {}, {.algorithm = winograd_1x5}), ValueError);
}
