// simd/bfloat16.hpp: products of rounded numbers against the definition on numbers that are rounded
// separately.
#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include <glimpse/simd/gemm.hpp>

#include "../catch.hpp"

using namespace glimpse;
using simd::Isa;
using simd::Precision;
using simd::Trans;

namespace {

/// The nearest number whose lower 16 bits are zero, ties to even.
float rounded(float x) {
  std::uint32_t u;
  std::memcpy(&u, &x, 4);
  const std::uint32_t low = u & 0xffff;
  u -= low;
  if (low > 0x8000 || (low == 0x8000 && (u & 0x10000) != 0)) u += 0x10000;
  std::memcpy(&x, &u, 4);
  return x;
}

std::vector<float> numbers(Index count, std::uint32_t state) {
  std::vector<float> x;
  for (Index i = 0; i < count; ++i) {
    state = state * 1664525u + 1013904223u;
    x.push_back(static_cast<float>(state >> 8) / static_cast<float>(1 << 23) - 1);
  }
  return x;
}

}  // namespace

TEST_CASE("bfloat16: rounded operands, float sums, at every level", "[simd][bfloat16]") {
  const Index sizes[][3] = {{8, 8, 16}, {14, 32, 64}, {37, 70, 33}, {64, 45, 600}, {90, 300, 1025}};
  for (Isa level : {Isa::baseline, Isa::avx2, Isa::avx512}) {
    const simd::IsaScope at(level);
    for (int form = 0; form < 8; ++form) {
      const Trans ta{(form & 1) != 0}, tb{(form & 2) != 0};
      const float beta = (form & 4) != 0 ? 0.5f : 0.0f;
      for (const auto& [m, n, k] : sizes) {
        INFO(simd::name(simd::isa()) << " " << form << " " << m << " " << n << " " << k);
        const Index lda = ta == Trans::yes ? m : k, ldb = tb == Trans::yes ? k : n;
        std::vector<float> a = numbers(m * k, 1), b = numbers(n * k, 2), c = numbers(m * n, 3);
        const std::vector<float> bias = numbers(n, 4);
        std::vector<float> want = c, one;
        for (int threads : {1, 2}) {
          const ThreadScope scope(threads);
          const simd::PrecisionScope coarse(Precision::bfloat16);
          std::vector<float> got = c;
          simd::gemm<float>(ta, tb, m, n, k, 2, a.data(), lda, b.data(), ldb, beta, got.data(), n,
                            {.column_bias = bias.data()});
          if (threads == 1) {
            one = got;
          } else {
            CHECK(std::memcmp(one.data(), got.data(), got.size() * sizeof(float)) == 0);
          }
        }
        for (float& x : a) x = rounded(x);
        for (float& x : b) x = rounded(x);
        simd::reference_gemm<float>(ta, tb, m, n, k, 2, a.data(), lda, b.data(), ldb, beta,
                                    want.data(), n, {.column_bias = bias.data()});
        double worst = 0;
        for (std::size_t i = 0; i < want.size(); ++i)
          worst = std::max(worst, std::abs(static_cast<double>(one[i] - want[i])));
        CHECK(worst < 1e-6 * (8 + static_cast<double>(k)));
      }
    }
  }
}

TEST_CASE("bfloat16: ties to even, infinity, NaN", "[simd][bfloat16]") {
  const simd::PrecisionScope coarse(Precision::bfloat16);
  const Index m = 8, n = 8, k = 16;
  const float tie = 1 + 1.0f / 256, odd = 1 + 3.0f / 256;  // halfway to 1 + 2^-7, to 1 + 2^-6
  for (Isa level : {Isa::baseline, Isa::avx2, Isa::avx512}) {
    const simd::IsaScope at(level);
    std::vector<float> a(m * k, 0.0f), b(k * n, 1.0f), c(m * n);
    a[0] = tie, a[1 * k] = odd, a[2 * k] = -tie;
    a[3 * k] = std::numeric_limits<float>::infinity();
    a[4 * k + 1] = std::numeric_limits<float>::quiet_NaN();
    a[5 * k] = std::nextafter(tie, 2.0f);
    simd::gemm<float>(Trans::no, Trans::no, m, n, k, 1, a.data(), k, b.data(), n, 0, c.data(), n);
    CHECK(c[0] == 1);
    CHECK(c[1 * n] == 1 + 1.0f / 64);
    CHECK(c[2 * n] == -1);
    CHECK(std::isinf(c[3 * n]));
    CHECK(std::isnan(c[4 * n]));
    CHECK(c[5 * n] == 1 + 1.0f / 128);
    CHECK(c[6 * n] == 0);
  }
}

TEST_CASE("bfloat16: never unless asked for", "[simd][bfloat16]") {
  const std::vector<float> a(16 * 16, 1 + 1.0f / 1024), b(16 * 16, 1.0f);
  std::vector<float> c(16 * 16);
  const auto product = [&] {
    simd::gemm<float>(Trans::no, Trans::no, 16, 16, 16, 1, a.data(), 16, b.data(), 16, 0, c.data(),
                      16);
    return c[0];
  };
  CHECK(product() == 16 + 16.0f / 1024);
  {
    const simd::PrecisionScope coarse(Precision::bfloat16);
    CHECK(product() == 16);
  }
  CHECK(product() == 16 + 16.0f / 1024);
}
