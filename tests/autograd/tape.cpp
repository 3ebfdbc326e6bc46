// autograd/variable.hpp, node.hpp, mode.hpp: what is recorded, how gradients flow, what is freed
// when.
#include <cmath>

#include <glimpse/autograd/variable.hpp>
#include <glimpse/core/storage.hpp>

#include "../catch.hpp"

using namespace glimpse;

namespace {

/// y = s x, a node without saved tensors.
Variable<double> times(const Variable<double>& x, double s) {
  Tensor<double> y = x.value().clone();
  for (double& v : y.span()) v *= s;
  return record("times", y, {x}, [s](const Tensor<double>& dy, Gradients<double>& d) {
    for (Index i = 0; i < dy.size(); ++i) d[0].data()[i] += s * dy.data()[i];
  });
}

/// y = a b, saves both.
Variable<double> product(const Variable<double>& a, const Variable<double>& b) {
  Tensor<double> y = empty_like(a.value());
  for (Index i = 0; i < y.size(); ++i) y.data()[i] = a.value().data()[i] * b.value().data()[i];
  return record("product", y, {a, b}, [a = a.value(), b = b.value()](const Tensor<double>& dy, Gradients<double>& d) {
    for (Index i = 0; i < dy.size(); ++i) {
      if (d.wants(0)) d[0].data()[i] += b.data()[i] * dy.data()[i];
      if (d.wants(1)) d[1].data()[i] += a.data()[i] * dy.data()[i];
    }
  });
}

Variable<double> leaf(double v) { return parameter(tensor<double>({v})); }

/// The message of f's error.
template <class F>
std::string thrown(F&& f) {
  try {
    f();
  } catch (const Error& e) {
    return e.what();
  }
  return "nothing";
}

constexpr int million = 1000000;

}  // namespace

TEST_CASE("a chain of a million nodes goes backward and dies without recursion", "[autograd]") {
  const auto x = leaf(3);
  {
    Variable<double> y = x;
    for (int i = 0; i < million; ++i) y = times(y, 1.0);
    y.backward();
    CHECK(x.grad().item() == 1);
  }
  CHECK(x.node().use_count() == 1);
}

TEST_CASE("a chain of a million nodes that never went backward dies without recursion", "[autograd]") {
  const auto x = leaf(3);
  {
    Variable<double> y = x;
    for (int i = 0; i < million; ++i) y = times(y, 1.0);
  }
  CHECK(x.node().use_count() == 1);
}

TEST_CASE("a ladder of a hundred thousand diamonds dies without recursion", "[autograd]") {
  const auto x = leaf(1);
  {
    Variable<double> y = x;
    for (int i = 0; i < million / 10; ++i) y = product(times(y, 1.0), y);
  }
  CHECK(x.node().use_count() == 1);
}

TEST_CASE("gradients of all the ways to a leaf add up", "[autograd]") {
  const auto x = leaf(3);
  const auto y = product(product(x, x), times(x, 2));  // 2 x^3
  y.backward();
  CHECK(x.grad().item() == 54);
  SECTION("and over passes, until they are zeroed") {
    auto again = x;
    times(x, 2).backward();
    CHECK(x.grad().item() == 56);
    again.zero_grad();
    CHECK_FALSE(x.grad().defined());
    times(x, 2).backward();
    CHECK(x.grad().item() == 2);
  }
}

TEST_CASE("each node goes backward once, after all that flows into it", "[autograd]") {
  const auto x = leaf(1);
  Variable<double> y = x;
  for (int i = 0; i < 60; ++i) y = product(y, y);  // 2^60 ways
  y.backward();
  CHECK(x.grad().item() == std::pow(2.0, 60));
}

TEST_CASE("a leaf may be the whole graph", "[autograd]") {
  const auto x = leaf(3);
  x.backward();
  x.backward();
  CHECK(x.grad().item() == 2);
}

TEST_CASE("a seed starts from any shape, without one only one element does", "[autograd]") {
  const auto x = parameter(tensor<double>({1, 2, 3}));
  const auto y = times(x, 2);
  CHECK_THROWS_AS(y.backward(), ShapeError);
  CHECK_THROWS_AS(y.backward(ones<double>({2})), ShapeError);
  const Tensor<double> wide = arange<double>(6).reshape({3, 2});
  y.backward(wide.select(1, 1));  // a strided seed: 1, 3, 5
  CHECK(x.grad()(0) == 2);
  CHECK(x.grad()(2) == 10);
}

TEST_CASE("a seed is not kept: changing it afterwards changes no gradient", "[autograd]") {
  const auto x = leaf(3);
  Tensor<double> seed = ones<double>({1});
  x.backward(seed);
  seed.fill(7);
  CHECK(x.grad().item() == 1);
}

TEST_CASE("nothing is recorded without a leaf that wants it, nor under NoGrad", "[autograd]") {
  CHECK_FALSE(times(constant(ones<double>({1})), 2).requires_grad());
  const auto x = leaf(3);
  {
    const NoGrad no_grad;
    CHECK_FALSE(times(x, 2).requires_grad());
    const NoGrad twice;
  }
  CHECK(times(x, 2).requires_grad());
  CHECK_THROWS_AS(constant(ones<double>({1})).backward(), Error);
}

TEST_CASE("a detached value stops the gradient and shares the numbers", "[autograd]") {
  const auto x = leaf(3);
  const auto y = times(x, 2), cut = y.detach();
  CHECK_FALSE(cut.requires_grad());
  CHECK(cut.value().shares(y.value()));
  product(y, cut).backward();
  CHECK(x.grad().item() == 12);  // 2 * 6, not 24
}

TEST_CASE("a frozen leaf gets no gradient, thawed it does", "[autograd]") {
  auto x = leaf(3), w = leaf(2);
  w.set_requires_grad(false);
  product(x, w).backward();
  CHECK(x.grad().item() == 2);
  CHECK_FALSE(w.grad().defined());
  w.set_requires_grad(true);
  product(x, w).backward();
  CHECK(w.grad().item() == 3);
}

TEST_CASE("gradients of intermediate values are kept on request", "[autograd]") {
  const auto x = leaf(3);
  auto kept = times(x, 2);
  const auto dropped = times(kept, 5);
  kept.retain_grad();
  times(dropped, 7).backward();
  CHECK(kept.grad().item() == 35);
  CHECK_FALSE(dropped.grad().defined());
  CHECK(x.grad().item() == 70);
}

TEST_CASE("a graph that has been used up says so", "[autograd]") {
  const auto x = leaf(3);
  const auto shared = product(x, x), y = times(shared, 2), z = times(shared, 3);
  y.backward();
  CHECK(thrown([&] { y.backward(); }).find("'times' has been used up") != std::string::npos);
  CHECK(thrown([&] { z.backward(); }).find("'product' has been used up") != std::string::npos);
  CHECK(x.grad().item() == 12);
}

TEST_CASE("anomaly mode names the op and the module that first made a NaN", "[autograd]") {
  const AnomalyMode on;
  const auto x = leaf(3);
  SECTION("forward") {
    const ModuleScope scope("encoder.conv3");
    CHECK(thrown([&] { times(times(x, 2), NAN); }).find("times: output (1,) holds NaN [encoder.conv3]") != std::string::npos);
    CHECK(thrown([&] { times(x, INFINITY); }).find("infinity") != std::string::npos);
  }
  SECTION("backward") {
    const ModuleScope scope("decoder");
    const auto y = record("broken", x.value().clone(), {x}, [](const Tensor<double>& dy, Gradients<double>& d) {
      d[0].data()[0] += dy.data()[0] / 0.0;
    });
    CHECK(thrown([&] { times(y, 2).backward(); }).find("broken: gradient (1,) holds infinity [decoder]") != std::string::npos);
  }
}

TEST_CASE("anomaly mode ends with its scope", "[autograd]") {
  { const AnomalyMode on; }
  CHECK(std::isnan(times(leaf(3), NAN).item()));
}

TEST_CASE("backward frees the activations as it goes", "[autograd]") {
  const Index n = 100000;
  const std::size_t bytes = static_cast<std::size_t>(n) * sizeof(double);
  MemoryCache& cache = MemoryCache::instance();
  const auto x = parameter(ones<double>({n}));
  const std::size_t before = cache.in_use();
  Variable<double> y = x;
  for (int i = 0; i < 20; ++i) y = product(y, times(y, 1.0));
  CHECK(cache.in_use() > before + 20 * bytes);
  const std::size_t full = cache.in_use();
  y.backward(ones<double>({n}));
  CHECK(cache.in_use() < full);
  CHECK(cache.in_use() < before + 4 * bytes);  // the gradient of x and the last value
}

TEST_CASE("a gradient that is a view of another keeps to itself", "[autograd]") {
  // add: both inputs adopt dy; a second pass must not write into the other's gradient.
  const auto sum = [](const Variable<double>& a, const Variable<double>& b) {
    Tensor<double> y = empty_like(a.value());
    for (Index i = 0; i < y.size(); ++i) y.data()[i] = a.value().data()[i] + b.value().data()[i];
    return record("sum", y, {a, b}, [](const Tensor<double>& dy, Gradients<double>& d) { d.add(0, dy), d.add(1, dy); });
  };
  const auto a = leaf(1), b = leaf(2);
  sum(a, b).backward();
  times(a, 10).backward();
  CHECK(a.grad().item() == 11);
  CHECK(b.grad().item() == 1);
}

TEST_CASE("a gradient of the wrong shape is refused by name", "[autograd]") {
  const auto x = leaf(3);
  const auto y = record("odd", x.value().clone(), {x},
                        [](const Tensor<double>&, Gradients<double>& d) { d.add(0, ones<double>({2})); });
  CHECK(thrown([&] { y.backward(); }).find("odd: made a gradient (2,) for input 0 of shape (1,)") != std::string::npos);
}

TEST_CASE("a backward that throws reaches the caller, and what is left of the graph dies quietly", "[autograd]") {
  const auto x = leaf(3);
  {
    Variable<double> y = times(x, 2);
    y = record("thrower", y.value().clone(), {y}, [](const Tensor<double>&, Gradients<double>&) { fail("thrower", "no"); });
    y = times(y, 2);
    CHECK(thrown([&] { y.backward(); }).find("thrower: no") != std::string::npos);
  }
  CHECK(x.node().use_count() == 1);
  CHECK_FALSE(x.grad().defined());
}
