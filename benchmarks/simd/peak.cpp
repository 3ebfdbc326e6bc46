// peak: what the machine can do at most, to hold everything else against: multiply-adds from
// registers, and the triad a = b + s c from each cache and from memory, best of 15 runs.
//
//   peak            rows of tabs: what, threads, amount, unit
//
// A multiply-add counts as two operations; the triad as three moves of each number.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <vector>

#include <glimpse/core/parallel.hpp>
#include <glimpse/simd/dispatch.hpp>
#include <glimpse/simd/vec.hpp>

using namespace glimpse;

namespace {

volatile float seen = 0.5f;   // what the compiler may neither foresee nor leave out
constexpr Index chains = 12;  // enough to fill two units with a latency of four to five cycles

struct MultiplyAdd {
  template <int Bytes>
  [[gnu::always_inline]] static void run(Index times, float* x) {
    using V = simd::Vec<float, Bytes>;
    V sum[chains], a, b;
    simd::load(a, x);
    simd::load(b, x + 16);
    for (Index i = 0; i < chains; ++i) sum[i] = a * static_cast<float>(i);
    for (Index t = 0; t < times; ++t) {
#pragma GCC unroll 12
      for (Index i = 0; i < chains; ++i) sum[i] = sum[i] * a + b;
    }
    for (Index i = 1; i < chains; ++i) sum[0] = sum[0] + sum[i];
    simd::store(x, sum[0]);
  }
};

struct Triad {
  template <int Bytes>
  [[gnu::always_inline]] static void run(Index n, float* a, const float* b, const float* c) {
    using V = simd::Vec<float, Bytes>;
    for (Index i = 0; i < n; i += simd::lanes<V>) {
      V x, y;
      simd::load(x, b + i);
      simd::load(y, c + i);
      simd::store(a + i, V(x + y * 0.5f));
    }
  }
};

/// The least time of 15 runs of f(thread) on `threads` threads at once, in seconds.
template <class F>
double best(int threads, F&& f) {
  const ThreadScope scope(threads);
  double least = 1e9;
  for (int r = 0; r < 15; ++r) {
    const auto start = std::chrono::steady_clock::now();
    parallel_blocks(threads, 1, 1 << 30, [&](Index begin, Index) { f(begin); });
    const std::chrono::duration<double> d = std::chrono::steady_clock::now() - start;
    least = std::min(least, d.count());
  }
  return least;
}

}  // namespace

int main() {
  for (const int threads : {1, 2}) {
    constexpr Index times = 2'000'000;
    const double s = best(threads, [](Index) {
      float x[32];
      for (float& v : x) v = seen;
      simd::dispatch<MultiplyAdd>(times, static_cast<float*>(x));
      seen = x[0] * 0 + 0.5f;
    });
    const double lanes = static_cast<double>(simd::vector_bytes(simd::isa())) / 4;
    std::printf("multiply-add\t%d\t%.1f\tGFLOP/s\n", threads,
                2e-9 * threads * lanes * static_cast<double>(chains * times) / s);
  }
  struct Level {
    const char* name;
    Index bytes;  // of the three arrays together, a thread
  };
  for (const Level& l : {Level{"L1", 24 << 10}, Level{"L2", 600 << 10}, Level{"memory", 192 << 20}})
    for (const int threads : {1, 2}) {
      const Index n = l.bytes / 12 / 256 * 256, repeats = std::max<Index>(1, (96 << 20) / l.bytes);
      std::vector<std::vector<float>> arrays(static_cast<std::size_t>(3 * threads));
      for (auto& x : arrays) x.assign(static_cast<std::size_t>(n), 1);
      const double s = best(threads, [&](Index t) {
        float* a = arrays[static_cast<std::size_t>(3 * t)].data();
        const float *b = arrays[static_cast<std::size_t>(3 * t + 1)].data(),
                    *c = arrays[static_cast<std::size_t>(3 * t + 2)].data();
        for (Index r = 0; r < repeats; ++r) simd::dispatch<Triad>(n, a, b, c);
      });
      std::printf("triad %s\t%d\t%.1f\tGB/s\n", l.name, threads,
                  12e-9 * threads * static_cast<double>(n * repeats) / s);
    }
}
