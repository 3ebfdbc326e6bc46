// simd/isa.hpp, map.hpp and reduce.hpp: instruction sets, tails, arrays in place, fixed-order sums.
#include <cmath>
#include <limits>
#include <vector>

#include <glimpse/simd/reduce.hpp>

#include "../catch.hpp"

using namespace glimpse;
using simd::Isa;

namespace {

struct Blend {
  double share;
  template <class V>
  [[gnu::always_inline]] void apply(V& y, const V& a, const V& b) const {
    y = (b - a) * simd::Scalar<V>(share) + a;
  }
};

struct Square {
  template <class V>
  [[gnu::always_inline]] static void apply(V& y, const V& x) {
    y = x * x;
  }
};

struct Swap {
  template <class V>
  [[gnu::always_inline]] static void apply(V& a, V& b, const V& offset) {
    const V t = a + offset;
    a = b;
    b = t;
  }
};

template <class T>
std::vector<T> ramp(Index n, T step) {
  std::vector<T> x;
  for (Index i = 0; i < n; ++i) x.push_back(T((i * 7) % 23 - 11) * step);
  return x;
}

}  // namespace

TEST_CASE("a level is lowered, never raised", "[simd][isa]") {
  const Isa before = simd::isa();
  {
    const simd::IsaScope scope(Isa::baseline);
    CHECK(simd::isa() == Isa::baseline);
    const simd::IsaScope inner(Isa::avx512);
    CHECK(simd::isa() <= simd::cpu_isa());
  }
  CHECK(simd::isa() == before);
  CHECK(simd::parse_isa("avx2") == Isa::avx2);
  CHECK_THROWS_AS(simd::parse_isa("sse9"), ValueError);
}

TEMPLATE_TEST_CASE("map and reductions at every length and level", "[simd][map]", float, double) {
  using T = TestType;
  const T tolerance = std::numeric_limits<T>::epsilon() * 100;
  for (Isa level : {Isa::baseline, Isa::avx2, Isa::avx512}) {
    const simd::IsaScope scope(level);
    for (Index n = 0; n < 150; n += n < 70 ? 1 : 13) {
      const std::vector<T> a = ramp<T>(n, T(0.125)), b = ramp<T>(n + 3, T(0.5));
      std::vector<T> y(a.size() + 1, T(99)), p = a, q(b.begin(), b.begin() + n);
      simd::map(Blend{0.25}, n, y.data(), a.data(), b.data());
      T sum = 0, dot = 0, largest = -std::numeric_limits<T>::infinity(), squares = 0, powers = 0;
      for (std::size_t i = 0; i < a.size(); ++i) {
        CHECK(y[i] == (b[i] - a[i]) * T(0.25) + a[i]);
        sum += a[i];
        dot += a[i] * b[i];
        largest = std::max(largest, a[i]);
        squares += (a[i] - 1) * (a[i] - 1);
        powers += std::exp(a[i] - T(0.5));
      }
      CHECK(y.back() == T(99));
      CHECK(simd::sum(n, a.data()) == sum);
      CHECK(simd::dot(n, a.data(), b.data()) == dot);
      CHECK(simd::max(n, a.data()) == largest);
      CHECK(simd::sum_squares(n, a.data(), T(1)) == squares);
      CHECK(std::abs(simd::exp_shifted(n, a.data(), T(0.5), y.data()) - powers) <=
            tolerance * (1 + powers));
      CHECK(y.back() == T(99));
      simd::map<Square>(n, y.data(), a.data());
      simd::axpy(n, y.data(), T(2), b.data());
      simd::update(Swap{}, n, p.data(), q.data(), a.data());
      for (std::size_t i = 0; i < a.size(); ++i) {
        CHECK(y[i] == a[i] * a[i] + 2 * b[i]);
        CHECK(p[i] == b[i]);
        CHECK(q[i] == 2 * a[i]);
      }
      simd::map<Square>(n, p.data(), p.data());  // in place
      for (std::size_t i = 0; i < a.size(); ++i) CHECK(p[i] == b[i] * b[i]);
    }
  }
}

TEST_CASE("spans", "[simd][map]") {
  std::vector<float> x{1, 2, 3}, y(3);
  CHECK(simd::sum(std::span(x)) == 6);
  CHECK(simd::max(std::span<const float>(x)) == 3);
  CHECK(simd::dot(std::span(x), std::span<const float>(x)) == 14);
  const float z = simd::exp_shifted(std::span<const float>(x), 3, std::span(y));
  simd::scale(std::span(y), 1 / z);
  CHECK(simd::sum(std::span(y)) == Approx(1));
  simd::exp(std::span<const float>(x), std::span(y));
  CHECK(y[0] == simd::exp(1.0f));
}
