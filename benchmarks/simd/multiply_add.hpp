// multiply_add: the speed that no product can pass, measured when it is needed: a clock is not
// constant, nor are cores one's own.
//
//   s_i <- s_i a + b        for twelve independent sums, which stay in registers
#pragma once

#include <algorithm>
#include <chrono>
#include <vector>

#include <glimpse/core/parallel.hpp>
#include <glimpse/simd/dispatch.hpp>
#include <glimpse/simd/vec.hpp>

namespace bench {

using glimpse::Index;

inline volatile float unforeseen = 0.5f;  // what the compiler may neither foresee nor leave out

struct MultiplyAdd {
  static constexpr Index sums = 12;  // enough for two units with a latency of four to five cycles

  template <int Bytes>
  [[gnu::always_inline]] static float run(Index times, float a, float b) {
    using V = glimpse::simd::Vec<float, Bytes>;
    V sum[sums];
    const V va = V{} + a, vb = V{} + b;
#pragma GCC unroll 12
    for (Index i = 0; i < sums; ++i) sum[i] = va * static_cast<float>(i);
    for (Index t = 0; t < times; ++t) {
#pragma GCC unroll 12
      for (Index i = 0; i < sums; ++i) sum[i] = sum[i] * va + vb;
    }
#pragma GCC unroll 12
    for (Index i = 1; i < sums; ++i) sum[0] = sum[0] + sum[i];
    return glimpse::simd::sum_lanes(sum[0]);
  }
};

inline double now() {
  const auto t = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration<double>(t).count();
}

/// GFLOP/s of `threads` cores at once at the level in use; each multiplies and adds `times` times
/// twelve vectors.
inline double multiply_adds(int threads, Index times = 200'000) {
  const glimpse::ThreadScope scope(threads);
  std::vector<double> seconds(static_cast<std::size_t>(threads));
  glimpse::parallel_blocks(threads, 1, Index{1} << 30, [&](Index t, Index) {
    const double start = now();
    unforeseen = glimpse::simd::dispatch<MultiplyAdd>(times, 0 * unforeseen + 0.5f, 0.25f);
    seconds[static_cast<std::size_t>(t)] = now() - start;
  });
  const double lanes = glimpse::simd::vector_bytes(glimpse::simd::isa()) / 4.0;
  const double work = 2e-9 * lanes * static_cast<double>(MultiplyAdd::sums * times);
  return threads * work / *std::max_element(seconds.begin(), seconds.end());
}

}  // namespace bench
