// simd/math.hpp: error bounds in units in the last place against long double, and special values.
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <vector>

#include <glimpse/simd/math.hpp>

#include "../catch.hpp"

using namespace glimpse;
using simd::Isa;

namespace {

template <class T>
long double ulp_distance(T got, long double want) {
  using Lim = std::numeric_limits<T>;
  if (std::isnan(want)) return std::isnan(got) ? 0 : 1e30L;
  if (std::isnan(got)) return 1e30L;
  const T nearest = static_cast<T>(want);
  if (std::isinf(nearest) || std::isinf(got)) return got == nearest ? 0 : 1e30L;
  const long double size = std::fmax(std::fabs(want), static_cast<long double>(Lim::min()));
  const long double unit = std::ldexp(1.0L, std::ilogb(size) - (Lim::digits - 1));
  return std::fabs(static_cast<long double>(got) - want) / unit;
}

/// Numbers of every size and both signs, dense near zero, and the limits of the format.
template <class T>
std::vector<T> inputs(T lo, T hi) {
  using Lim = std::numeric_limits<T>;
  std::vector<T> x{T(0),
                   T(-0.0),
                   T(1),
                   T(-1),
                   Lim::min(),
                   -Lim::min(),
                   Lim::denorm_min(),
                   -Lim::denorm_min(),
                   Lim::max(),
                   Lim::lowest(),
                   Lim::infinity(),
                   -Lim::infinity(),
                   Lim::quiet_NaN(),
                   Lim::epsilon(),
                   Lim::min() / 3};
  const int count = 200000;
  for (int i = 0; i <= count; ++i) x.push_back(lo + (hi - lo) * T(i) / T(count));
  for (int e = Lim::min_exponent - Lim::digits; e < Lim::max_exponent; ++e) {
    for (int i = 0; i < 40; ++i) {
      const T v = std::ldexp(T(1) + T(i) * T(0.0246913), e);
      x.push_back(v);
      x.push_back(-v);
    }
  }
  return x;
}

template <class T>
using Array = void (*)(Index, T*, const T*);

template <class T>
void check(Array<T> f, long double (*reference)(long double), T lo, T hi, double bound) {
  const std::vector<T> x = inputs<T>(lo, hi);
  std::vector<T> y(x.size());
  for (Isa level : {Isa::baseline, Isa::avx2, Isa::avx512}) {
    const simd::IsaScope scope(level);
    f(static_cast<Index>(x.size()), y.data(), x.data());
    long double worst = 0;
    T where = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
      const long double d = ulp_distance(y[i], reference(static_cast<long double>(x[i])));
      if (d > worst) worst = d, where = x[i];
    }
    INFO(simd::name(simd::isa()) << ": " << static_cast<double>(worst) << " ulp at " << where);
    CHECK(worst <= static_cast<long double>(bound));
    if (std::getenv("GLIMPSE_SHOW") != nullptr) {
      std::printf("%s %zu bytes: %.3f ulp at %g\n", simd::name(simd::isa()), sizeof(T),
                  static_cast<double>(worst), static_cast<double>(where));
    }
  }
}

long double exp_reference(long double x) { return std::exp(x); }
long double log_reference(long double x) { return std::log(x); }
long double tanh_reference(long double x) { return std::tanh(x); }
long double sigmoid_reference(long double x) {
  return x < 0 ? std::exp(x) / (1 + std::exp(x)) : 1 / (1 + std::exp(-x));
}

}  // namespace

TEMPLATE_TEST_CASE("exp is within 1.5 ulp", "[simd][math]", float, double) {
  check<TestType>(simd::exp<TestType>, exp_reference, sizeof(TestType) == 4 ? -110.f : -750.f,
                  sizeof(TestType) == 4 ? 90.f : 711.f, 1.5);
}

TEMPLATE_TEST_CASE("log is within 1.5 ulp", "[simd][math]", float, double) {
  check<TestType>(simd::log<TestType>, log_reference, 0, 4, 1.5);
}

TEMPLATE_TEST_CASE("tanh is within 3 ulp", "[simd][math]", float, double) {
  check<TestType>(simd::tanh<TestType>, tanh_reference, -25, 25, 3);
}

TEMPLATE_TEST_CASE("sigmoid is within 3 ulp", "[simd][math]", float, double) {
  check<TestType>(simd::sigmoid<TestType>, sigmoid_reference,
                  sizeof(TestType) == 4 ? -110.f : -750.f, 100, 3);
}

TEMPLATE_TEST_CASE("signs and saturation are exact", "[simd][math]", float, double) {
  using T = TestType;
  using Lim = std::numeric_limits<T>;
  const T inf = Lim::infinity();
  CHECK(simd::exp(T(0)) == T(1));
  CHECK(simd::exp(inf) == inf);
  CHECK(simd::exp(-inf) == T(0));
  CHECK(simd::log(T(1)) == T(0));
  CHECK(simd::log(T(0)) == -inf);
  CHECK(simd::log(T(-0.0)) == -inf);
  CHECK(simd::log(inf) == inf);
  CHECK(std::isnan(simd::log(T(-1))));
  CHECK(std::isnan(simd::log(-inf)));
  CHECK(simd::tanh(T(100)) == T(1));
  CHECK(simd::tanh(-inf) == T(-1));
  CHECK(std::signbit(simd::tanh(T(-0.0))));
  CHECK_FALSE(std::signbit(simd::tanh(T(0))));
  CHECK(simd::tanh(Lim::denorm_min()) == Lim::denorm_min());
  CHECK(simd::sigmoid(inf) == T(1));
  CHECK(simd::sigmoid(-inf) == T(0));
  CHECK(simd::sigmoid(T(0)) == T(0.5));
}

TEMPLATE_TEST_CASE("a value does not depend on its place in the array", "[simd][math]", float,
                   double) {
  using T = TestType;
  for (Isa level : {Isa::baseline, Isa::avx2, Isa::avx512}) {
    const simd::IsaScope scope(level);
    for (Index n = 1; n < 40; ++n) {
      std::vector<T> x(static_cast<std::size_t>(n)), y(x.size() + 1, T(-7));
      for (std::size_t i = 0; i < x.size(); ++i) x[i] = T(0.37) * T(i) - T(3);
      for (Array<T> f : {Array<T>(simd::exp<T>), Array<T>(simd::log<T>), Array<T>(simd::tanh<T>),
                         Array<T>(simd::sigmoid<T>)}) {
        f(n, y.data(), x.data());
        for (std::size_t i = 0; i < x.size(); ++i) {
          T alone;
          f(1, &alone, &x[i]);
          CHECK(std::memcmp(&alone, &y[i], sizeof(T)) == 0);
        }
        CHECK(y.back() == T(-7));
      }
    }
  }
}
