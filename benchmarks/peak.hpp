// peak: the speed that no product can pass, measured beside what is measured.
//
//   s_i <- s_i a + b        for twelve independent sums, which stay in registers
//
// A machine's clock is not constant, nor are its cores one's own, so a speed says something only
// beside a peak of the same moment: measure them in turn, and take the best of each.
#pragma once

#include <algorithm>
#include <vector>

#include <glimpse/core/parallel.hpp>
#include <glimpse/simd/dispatch.hpp>
#include <glimpse/simd/vec.hpp>

#include "timing.hpp"

namespace bench {

inline volatile float unforeseen = 0.5f;  // what the compiler may neither foresee nor leave out

struct MultiplyAdd {
  // Enough for two units with a latency of four to five cycles, and no more than 16 registers hold.
  static constexpr glimpse::Index sums = 12;

  template <int Bytes>
  [[gnu::always_inline]] static float run(glimpse::Index times, float a, float b) {
    using V = glimpse::simd::Vec<float, Bytes>;
    V sum[sums];
    const V va = V{} + a, vb = V{} + b;
#pragma GCC unroll 12
    for (glimpse::Index i = 0; i < sums; ++i) sum[i] = va * static_cast<float>(i);
    for (glimpse::Index t = 0; t < times; ++t) {
#pragma GCC unroll 12
      for (glimpse::Index i = 0; i < sums; ++i) sum[i] = sum[i] * va + vb;
    }
#pragma GCC unroll 12
    for (glimpse::Index i = 1; i < sums; ++i) sum[0] = sum[0] + sum[i];
    return glimpse::simd::sum_lanes(sum[0]);
  }
};

/// GFLOP/s of `threads` cores at once at the level in use; each multiplies and adds `times` times
/// twelve vectors, a millisecond if nothing else is said.
inline double peak(int threads = 1, glimpse::Index times = 200'000) {
  const glimpse::ThreadScope scope(threads);
  std::vector<double> taken(static_cast<std::size_t>(threads));
  glimpse::parallel_blocks(threads, 1, glimpse::Index{1} << 30,
                           [&](glimpse::Index t, glimpse::Index) {
    taken[static_cast<std::size_t>(t)] = seconds([&] {
      const float a = 0 * unforeseen + 0.5f;
      unforeseen = glimpse::simd::dispatch<MultiplyAdd>(times, a, 0.25f);
    });
  });
  const double lanes = glimpse::simd::vector_bytes(glimpse::simd::isa()) / 4.0;
  const double work = 2e-9 * lanes * static_cast<double>(MultiplyAdd::sums * times);
  return threads * work / *std::max_element(taken.begin(), taken.end());
}

}  // namespace bench
