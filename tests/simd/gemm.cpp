// simd/gemm.hpp against its definition: transpositions, odd sizes, strides, poison, instruction
// sets, threads.
#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include <glimpse/simd/gemm.hpp>
#include <glimpse/simd/packed.hpp>

#include "../catch.hpp"

using namespace glimpse;
using simd::Isa;
using simd::Trans;

namespace {

template <class T>
std::vector<T> numbers(Index count, int seed) {
  std::vector<T> x;
  std::uint32_t state = static_cast<std::uint32_t>(seed) * 2654435761u + 1;
  for (Index i = 0; i < count; ++i) {
    state = state * 1664525u + 1013904223u;
    x.push_back(static_cast<T>(state >> 8) / static_cast<T>(1 << 23) - 1);
  }
  return x;
}

template <class T>
struct Case {
  Trans ta, tb;
  Index m, n, k;
  T alpha = 1, beta = 0;
  int bias = 0;  // bits: rows, columns, relu
  Index pad = 3;
  bool packed = false;
};

/// Runs gemm and the reference; returns the largest difference in units of k epsilon.
template <class T>
double difference(const Case<T>& c, std::vector<T>* result = nullptr) {
  const Index lda = (c.ta == Trans::yes ? c.m : c.k) + c.pad;
  const Index ldb = (c.tb == Trans::yes ? c.k : c.n) + c.pad;
  const Index ldc = c.n + c.pad;
  const std::vector<T> a = numbers<T>(lda * std::max(c.m, c.k), 1),
                       b = numbers<T>(ldb * std::max(c.n, c.k), 2);
  const std::vector<T> rows = numbers<T>(c.m, 3), columns = numbers<T>(c.n, 4);
  std::vector<T> got = numbers<T>(ldc * c.m, 5);
  if (c.beta == T(0)) got.assign(got.size(), std::numeric_limits<T>::quiet_NaN());
  std::vector<T> want = got;
  const simd::Epilogue<T> epilogue{(c.bias & 1) ? rows.data() : nullptr,
                                   (c.bias & 2) ? columns.data() : nullptr, (c.bias & 4) != 0};
  if (c.packed) {
    simd::gemm<T>(c.ta, c.m, c.alpha, a.data(), lda, simd::pack_b<T>(c.tb, c.n, c.k, b.data(), ldb),
                  c.beta, got.data(), ldc, epilogue);
  } else {
    simd::gemm<T>(c.ta, c.tb, c.m, c.n, c.k, c.alpha, a.data(), lda, b.data(), ldb, c.beta,
                  got.data(), ldc, epilogue);
  }
  simd::reference_gemm<T>(c.ta, c.tb, c.m, c.n, c.k, c.alpha, a.data(), lda, b.data(), ldb, c.beta,
                          want.data(), ldc, epilogue);
  double worst = 0;
  for (Index i = 0; i < c.m; ++i) {
    for (Index j = 0; j < ldc; ++j) {
      const auto at = static_cast<std::size_t>(i * ldc + j);
      if (j >= c.n) {  // nothing may be written beyond the matrix
        if (std::memcmp(&got[at], &want[at], sizeof(T)) != 0) return 1e30;
        continue;
      }
      const double d = std::abs(static_cast<double>(got[at]) - static_cast<double>(want[at]));
      if (std::isnan(d)) return 1e30;
      worst = std::max(worst, d);
    }
  }
  if (result != nullptr) *result = got;
  return worst /
         (static_cast<double>(std::numeric_limits<T>::epsilon()) * (4 + static_cast<double>(c.k)));
}

constexpr Trans both[] = {Trans::no, Trans::yes};

}  // namespace

TEMPLATE_TEST_CASE("gemm: all transpositions, odd sizes, every level", "[simd][gemm]", float,
                   double) {
  using T = TestType;
  const Index sizes[][3] = {
      {1, 1, 1},    {1, 33, 5},    {13, 31, 17},   {14, 32, 16},  {15, 65, 33},  {37, 64, 40},
      {64, 37, 9},  {29, 100, 70}, {64, 128, 130}, {3, 300, 11},  {100, 7, 513}, {2, 40, 1030},
      {90, 37, 64}, {16, 70, 96},  {75, 300, 260}, {131, 16, 80}, {50, 1, 20},   {40, 70, 1024}};
  for (Isa level : {Isa::baseline, Isa::avx2, Isa::avx512}) {
    const simd::IsaScope scope(level);
    for (Trans ta : both) {
      for (Trans tb : both) {
        for (const auto& s : sizes) {
          INFO(simd::name(simd::isa())
               << " " << bool(ta) << bool(tb) << " " << s[0] << " " << s[1] << " " << s[2]);
          CHECK(difference<T>({ta, tb, s[0], s[1], s[2]}) < 1);
          CHECK(difference<T>({ta, tb, s[0], s[1], s[2], T(0.5), T(1), 0, 0}) < 2);
        }
      }
    }
  }
}

TEMPLATE_TEST_CASE("gemm: epilogues, alpha, beta", "[simd][gemm]", float, double) {
  using T = TestType;
  for (Trans ta : both) {
    for (Trans tb : both) {
      for (int bias = 0; bias < 8; ++bias) {
        CHECK(difference<T>({ta, tb, 33, 45, 600, T(1), T(0), bias}) < 1);
        CHECK(difference<T>({ta, tb, 33, 45, 20, T(-2), T(0.25), bias}) < 2);
        CHECK(difference<T>({ta, tb, 64, 96, 160, T(1), T(1), bias, 0}) < 1);
        CHECK(difference<T>({ta, tb, 200, 37, 96, T(1), T(0), bias}) < 1);  // C^T = B^T A^T inside
        CHECK(difference<T>({ta, tb, 200, 37, 96, T(3), T(0.5), bias}) < 4);
        CHECK(difference<T>({ta, tb, 64, 96, 160, T(1), T(-0.5), bias}) < 1);
      }
    }
  }
}

TEMPLATE_TEST_CASE("gemm: nothing to sum", "[simd][gemm]", float, double) {
  using T = TestType;
  CHECK(difference<T>({Trans::no, Trans::no, 5, 7, 0}) == 0);
  CHECK(difference<T>({Trans::no, Trans::yes, 5, 7, 0, T(1), T(0), 7}) == 0);
  CHECK(difference<T>({Trans::yes, Trans::no, 5, 7, 0, T(1), T(2), 1}) == 0);
  CHECK(difference<T>({Trans::no, Trans::no, 0, 7, 3}) == 0);
  CHECK(difference<T>({Trans::no, Trans::no, 5, 0, 3}) == 0);
}

TEMPLATE_TEST_CASE("gemm: few rows, one column, packed", "[simd][gemm]", float, double) {
  using T = TestType;
  const Index sizes[][3] = {{1, 1, 1},    {1, 19, 40}, {2, 45, 31},  {3, 16, 8},  {4, 9, 64},
                            {5, 33, 7},   {6, 40, 66}, {7, 100, 19}, {8, 8, 130}, {30, 1, 17},
                            {131, 1, 64}, {1, 1, 100}, {64, 96, 700}};
  for (Isa level : {Isa::baseline, Isa::avx2, Isa::avx512}) {
    const simd::IsaScope scope(level);
    for (bool packed : {false, true}) {
      for (Trans ta : both) {
        for (Trans tb : both) {
          for (const auto& s : sizes) {
            INFO(simd::name(simd::isa()) << " " << packed << bool(ta) << bool(tb) << " " << s[0]
                                         << " " << s[1] << " " << s[2]);
            for (Index pad : {0, 3}) {
              CHECK(difference<T>({ta, tb, s[0], s[1], s[2], T(1), T(0), 0, pad, packed}) < 1);
              CHECK(difference<T>({ta, tb, s[0], s[1], s[2], T(1), T(0), 7, pad, packed}) < 1);
              CHECK(difference<T>({ta, tb, s[0], s[1], s[2], T(-2), T(0.5), 3, pad, packed}) < 3);
            }
          }
        }
      }
    }
  }
}

TEST_CASE("gemm: B packed at one level is multiplied at another", "[simd][gemm]") {
  const Index m = 5, n = 37, k = 20;
  const std::vector<double> a = numbers<double>(m * k, 1), b = numbers<double>(k * n, 2);
  std::vector<double> c(static_cast<std::size_t>(m * n)), want(c.size());
  simd::PackedB<double> packed;
  CHECK(packed.empty());
  {
    const simd::IsaScope scope(Isa::baseline);
    packed = simd::pack_b<double>(Trans::yes, n, k, b.data(), k);
  }
  simd::gemm<double>(Trans::no, m, 1, a.data(), k, packed, 0, c.data(), n);
  simd::reference_gemm<double>(Trans::no, Trans::yes, m, n, k, 1, a.data(), k, b.data(), k, 0,
                               want.data(), n);
  for (std::size_t i = 0; i < c.size(); ++i) CHECK(c[i] == Approx(want[i]).margin(1e-14));
}

TEST_CASE("gemm: one thread and many agree bit for bit", "[simd][gemm]") {
  for (int form = 0; form < 8; ++form) {
    {
      const Trans ta{(form & 1) != 0}, tb{(form & 2) != 0};
      for (auto [m, n, k] : {std::array<Index, 3>{64, 1024, 256},
                             {300, 700, 600},
                             {700, 40, 300},
                             {1, 1003, 500},
                             {2, 3000, 301},
                             {6, 999, 300},
                             {2000, 1, 300},
                             {1700, 37, 100}}) {
        std::vector<float> one, many;
        const Case<float> c{ta, tb, m, n, k, 1, 0, 7, 0, (form & 4) != 0};
        {
          const ThreadScope scope(1);
          CHECK(difference(c, &one) < 1);
        }
        for (int threads : {2, 3, 5}) {
          const ThreadScope scope(threads);
          difference(c, &many);
          CHECK(std::memcmp(one.data(), many.data(), one.size() * sizeof(float)) == 0);
        }
      }
    }
  }
}

TEST_CASE("gemm: batches, with shared operands", "[simd][gemm]") {
  const Index m = 6, n = 20, k = 9;
  for (Index count : {Index{1}, Index{7}}) {
    const std::vector<double> a = numbers<double>(count * m * k, 1), b = numbers<double>(k * n, 2);
    std::vector<double> c(static_cast<std::size_t>(count * m * n)), want(c.size());
    simd::gemm_batched<double>(count, Trans::no, Trans::no, m, n, k, 1, a.data(), k, m * k,
                               b.data(), n, 0, 0, c.data(), n, m * n);
    simd::reference_gemm<double>(Trans::no, Trans::no, count * m, n, k, 1, a.data(), k, b.data(), n,
                                 0, want.data(), n);
    for (std::size_t i = 0; i < c.size(); ++i) CHECK(c[i] == Approx(want[i]).margin(1e-14));
  }
}
