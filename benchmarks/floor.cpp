// floor: fails if a fast path has silently become a slow one.
//
//   g++ -std=c++20 -O2 -Iinclude benchmarks/floor.cpp -o floor && ./floor
//
// For each instruction set of the CPU, on one thread, the program measures products and
// convolutions as a share of the peak at the same moment (peak.hpp). Each share has a floor: two
// thirds or less of the share when the floor was set.
//
// - Shares, because seconds mean nothing on a machine that others use.
// - The best of many short runs, because a disturbance can only slow a run.
// - Up to five rounds, because a disturbed minute is no fault of the code.
//
// A kernel that lost its target attribute, spills its sums or packs unnecessarily falls to a third
// or less; no disturbance of five rounds does that. Instruction counts would be exact, but valgrind
// does not support AVX-512, and an instruction count does not show a spill.
//
// Convolutions count the operations of a direct one. A Winograd convolution therefore exceeds the
// peak, and one that has fallen back to a direct kernel does not.
#include <algorithm>
#include <cstdio>
#include <vector>

#include <glimpse/ops/conv2d.hpp>
#include <glimpse/simd/packed.hpp>

#include "peak.hpp"

using namespace glimpse;
using simd::Isa;
using simd::Trans;

namespace {

struct Floor {
  const char* what;
  double share[3];  // of the peak of baseline, avx2, avx512
  double work;      // floating-point operations
  void (*run)();
};

template <Index count, int seed>
float* numbers() {
  static const Tensor<float> x = [] {
    Tensor<float> t({count});
    for (Index i = 0; i < count; ++i) t(i) = static_cast<float>((i * 7 + seed) % 13) - 6;
    return t;
  }();
  return const_cast<float*>(x.data());
}

template <Trans ta, Trans tb, Index m, Index n, Index k>
void product() {
  simd::gemm<float>(ta, tb, m, n, k, 1, numbers<m * k, 1>(), ta == Trans::yes ? m : k,
                    numbers<n * k, 2>(), tb == Trans::yes ? k : n, 0, numbers<m * n, 3>(), n);
}

template <Index m, Index n, Index k>
void packed_product() {
  // Packed again for each level, because the panels are as wide as its vectors.
  static simd::PackedB<float> b;
  if (b.empty() || b.level() != simd::isa())
    b = simd::pack_b<float>(Trans::yes, n, k, numbers<n * k, 2>(), k);
  simd::gemm<float>(Trans::no, m, 1, numbers<m * k, 1>(), k, b, 0, numbers<m * n, 3>(), n);
}

void convolution() {
  const NoGrad off;
  static const Variable<float> x = constant(full<float>({8, 128, 8, 25}, 0.5f));
  static const Variable<float> w = constant(full<float>({256, 128, 3, 3}, 0.25f));
  conv2d(x, w, Variable<float>{}, {.padding = {1, 1}});
}

constexpr Trans n = Trans::no, t = Trans::yes;
const Floor floors[] = {
    {"gemm NN 256 256 256", {0.4, 0.5, 0.6}, 2.0 * 256 * 256 * 256, product<n, n, 256, 256, 256>},
    {"gemm TT 256 256 256", {0.4, 0.5, 0.5}, 2.0 * 256 * 256 * 256, product<t, t, 256, 256, 256>},
    {"gemm NT 64 512 256", {0.4, 0.5, 0.5}, 2.0 * 64 * 512 * 256, product<n, t, 64, 512, 256>},
    {"gemm NT 37 64 256", {0.35, 0.4, 0.45}, 2.0 * 37 * 64 * 256, product<n, t, 37, 64, 256>},
    {"gemm NT 1 256 256", {0.3, 0.15, 0.15}, 2.0 * 256 * 256, product<n, t, 1, 256, 256>},
    {"packed 32 512 256", {0.4, 0.5, 0.6}, 2.0 * 32 * 512 * 256, packed_product<32, 512, 256>},
    {"conv 3x3 128 256 8x25", {0.8, 1.05, 1.05}, 2.0 * 8 * 256 * 200 * 128 * 9, convolution},
};

/// The best share of the peak in one round of short runs.
double share(const Floor& f) {
  const int repeats = static_cast<int>(2e7 / f.work) + 1, runs = f.work > 1e8 ? 6 : 20;
  double speed = 0, most = 0;
  for (int run = 0; run < runs; ++run) {
    most = std::max(most, bench::peak());
    const double s = bench::seconds([&] {
      for (int r = 0; r < repeats; ++r) f.run();
    });
    speed = std::max(speed, 1e-9 * f.work * repeats / s);
  }
  return speed / most;
}

}  // namespace

int main() {
  const ThreadScope one(1);
  int low = 0;
  for (const Isa level : {Isa::baseline, Isa::avx2, Isa::avx512}) {
    if (simd::cpu_isa() < level) continue;
    const simd::IsaScope scope(level);
    for (const Floor& f : floors) {
      const double floor = f.share[static_cast<int>(level)];
      double best = 0;
      for (int round = 0; round < 5 && best < floor; ++round) best = std::max(best, share(f));
      std::printf("%-9s %-24s %6.1f %% of peak, floor %4.0f %%%s\n", simd::name(level), f.what,
                  100 * best, 100 * floor, best < floor ? "   TOO SLOW" : "");
      low += best < floor;
    }
  }
  if (low > 0) std::printf("%d below the floor\n", low);
  return low > 0;
}
