#include <glimpse/core/random.hpp>

#include <cmath>
#include <vector>

#include "../catch.hpp"

using namespace glimpse;

TEST_CASE("Philox gives the words that its authors publish", "[core]") {
  using detail::philox;
  using Block = detail::PhiloxBlock;
  CHECK(philox({0, 0, 0, 0}, 0, 0) == Block{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
  constexpr std::uint32_t all = 0xffffffff;
  CHECK(philox({all, all, all, all}, all, all) ==
        Block{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd});
  CHECK(philox({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, 0xa4093822, 0x299f31d0) ==
        Block{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1});
}

TEST_CASE("a generator is its state and nothing else", "[core]") {
  Random a(7, 3);
  for (int i = 0; i < 13; ++i) a.bits();
  Random b(a.state());
  CHECK(b.state() == Random::State{7, 3, 13});
  for (int i = 0; i < 20; ++i) CHECK(a.bits() == b.bits());
  CHECK(Random(7).bits() != Random(8).bits());
  CHECK(Random(7, 0).bits() != Random(7, 1).bits());
}

TEST_CASE("streams that are split off differ, and stay the same", "[core]") {
  const Random root(1);
  CHECK(root.split(5).state() == root.split(5).state());
  CHECK_FALSE(root.split(5).state() == root.split(6).state());
  CHECK_FALSE(root.split(1).split(2).state() == root.split(2).split(1).state());
  Random left = root.split(0), right = root.split(1);
  double together = 0;
  for (int i = 0; i < 10000; ++i) together += (left.uniform() - 0.5) * (right.uniform() - 0.5);
  CHECK(std::fabs(together / 10000) < 5.0 / 12 / 100);  // five deviations of uncorrelated streams
}

TEST_CASE("moments of the distributions", "[core]") {
  Random rng(42);
  constexpr int n = 200000;
  struct Moments {
    double sum = 0, square = 0, fourth = 0, low = 1e9, high = -1e9;
    void add(double x) {
      sum += x, square += x * x, fourth += x * x * x * x;
      low = std::min(low, x), high = std::max(high, x);
    }
  } uniform, normal;
  int heads = 0;
  std::vector<int> faces(6);
  for (int i = 0; i < n; ++i) {
    uniform.add(rng.uniform(-1, 3));
    normal.add(rng.normal());
    heads += rng.bernoulli(0.3);
    ++faces[static_cast<std::size_t>(rng.uniform_int(6))];
  }
  CHECK(uniform.sum / n == Approx(1).margin(0.02));
  CHECK(uniform.square / n - 1 == Approx(16.0 / 12).epsilon(0.02));
  CHECK(uniform.low >= -1);
  CHECK(uniform.high < 3);
  CHECK(normal.sum / n == Approx(0).margin(0.012));
  CHECK(normal.square / n == Approx(1).epsilon(0.02));
  CHECK(normal.fourth / n == Approx(3).epsilon(0.05));
  CHECK(heads == Approx(0.3 * n).epsilon(0.02));
  for (const int count : faces) CHECK(count == Approx(n / 6.0).epsilon(0.03));
  CHECK(Random(1).uniform_int(1) == 0);
}

TEST_CASE("the normal quantile inverts the normal distribution", "[core]") {
  for (const double p : {1e-12, 1e-5, 0.01, 0.074, 0.076, 0.3, 0.5, 0.9, 0.99999})
    CHECK(0.5 * std::erfc(-detail::normal_quantile(p) / std::sqrt(2.0)) ==
          Approx(p).epsilon(1e-11));
}
