// peak: what one core can do at most at each instruction set, measured where the products are.
//
//   (1)  s_i <- s_i a + b        for as many independent sums as hide the latency, all in registers
//
// A machine's clock is not constant, nor are its cores one's own, so a speed says something only
// beside a peak of the same moment: measure them in turn, and take the best of each.
#pragma once

#include <algorithm>
#include <chrono>

#include <glimpse/simd/dispatch.hpp>
#include <glimpse/simd/vec.hpp>

namespace bench {

template <class F>
double seconds(F&& f) {
  const auto start = std::chrono::steady_clock::now();
  f();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

struct PeakKernel {
  static constexpr int sums = 10;  // of 16 registers at the narrower levels

  template <int Bytes>
  [[gnu::always_inline]] static float run(glimpse::Index n, float a) {
    using V = glimpse::simd::Vec<float, Bytes>;
    V s[sums];
#pragma GCC unroll 10
    for (int i = 0; i < sums; ++i) s[i] = V{} + static_cast<float>(i);
    const V x = V{} + a;
    for (glimpse::Index r = 0; r < n; ++r) {
#pragma GCC unroll 10
      for (int i = 0; i < sums; ++i) s[i] = s[i] * x + x;
    }
    V total{};
#pragma GCC unroll 10
    for (int i = 0; i < sums; ++i) total += s[i];
    return glimpse::simd::sum_lanes(total);
  }
};

/// GFLOP/s of one core at the level in use, during a millisecond.
inline double peak() {
  constexpr glimpse::Index count = 200000;
  const double t = seconds([] {
    glimpse::Index n = count;  // what the compiler cannot foresee it cannot compute outside
    asm volatile("" : "+r"(n) : : "memory");
    float result = glimpse::simd::dispatch<PeakKernel>(n, 0.5f);
    asm volatile("" : "+m"(result) : : "memory");
  });
  const double width = glimpse::simd::vector_bytes(glimpse::simd::isa()) / 4.0;
  return 2 * PeakKernel::sums * width * static_cast<double>(count) / t * 1e-9;
}

}  // namespace bench
