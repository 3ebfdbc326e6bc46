// peak: the maximum speed of any product, measured together with the product.
//
//   s_i <- s_i a + b        for twelve independent sums, which stay in registers
//
// A machine's clock is not constant, and other programs use its cores. A speed is therefore
// meaningful only relative to a peak of the same moment: measure both in turn, and take the best of
// each.
#pragma once

#include <algorithm>
#include <vector>

#include <glimpse/core/parallel.hpp>
#include <glimpse/simd/dispatch.hpp>
#include <glimpse/simd/vec.hpp>

#include "timing.hpp"

namespace bench {

inline volatile float unforeseen = 0.5f;  // volatile: sums are not optimized out

struct MultiplyAdd {
  // Enough for two units with a latency of four to five cycles; with a and b they fit 16 registers.
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

/// GFLOP/s of `threads` cores at once at the current instruction set. Each core does `times` x
/// twelve multiply-adds of vectors; the default takes about a millisecond.
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
