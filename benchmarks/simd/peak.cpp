// peak: the machine's maximum speeds: multiply-adds from registers, and the triad a = b + s c from
// each cache and from memory, best of 15 runs.
//
//   peak            rows of tabs: what, threads, amount, unit
//
// A multiply-add counts as two operations; the triad as three moves of each number.
#include <algorithm>
#include <cstdio>
#include <vector>

#include "../peak.hpp"

using namespace glimpse;

namespace {

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
double least(int threads, F&& f) {
  const ThreadScope scope(threads);
  double seconds = 1e9;
  for (int r = 0; r < 15; ++r) {
    seconds = std::min(seconds, bench::seconds([&] {
                         parallel_blocks(threads, 1, Index{1} << 30,
                                         [&](Index begin, Index) { f(begin); });
                       }));
  }
  return seconds;
}

}  // namespace

int main() {
  for (const int threads : {1, 2}) {
    double best = 0;
    for (int r = 0; r < 15; ++r) best = std::max(best, bench::peak(threads, 2'000'000));
    std::printf("multiply-add\t%d\t%.1f\tGFLOP/s\n", threads, best);
  }
  struct Level {
    const char* name;
    Index bytes;  // of the three arrays together, for each thread
  };
  for (const Level& l : {Level{"L1", 24 << 10}, Level{"L2", 600 << 10}, Level{"memory", 192 << 20}})
    for (const int threads : {1, 2}) {
      const Index n = l.bytes / 12 / 256 * 256, repeats = std::max<Index>(1, (96 << 20) / l.bytes);
      std::vector<std::vector<float>> arrays(static_cast<std::size_t>(3 * threads));
      for (auto& x : arrays) x.assign(static_cast<std::size_t>(n), 1);
      const double s = least(threads, [&](Index t) {
        float* a = arrays[static_cast<std::size_t>(3 * t)].data();
        const float *b = arrays[static_cast<std::size_t>(3 * t + 1)].data(),
                    *c = arrays[static_cast<std::size_t>(3 * t + 2)].data();
        for (Index r = 0; r < repeats; ++r) simd::dispatch<Triad>(n, a, b, c);
      });
      std::printf("triad %s\t%d\t%.1f\tGB/s\n", l.name, threads,
                  12e-9 * threads * static_cast<double>(n * repeats) / s);
    }
}
