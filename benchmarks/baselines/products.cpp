// products: matrix products of this library, oneDNN and OpenBLAS in turn, and the peak of the
// cores; the best of 12 rounds each.
//
//   g++ -std=c++20 -O2 -Iinclude benchmarks/baselines/products.cpp -fopenmp -ldnnl libopenblas.so.0
//   products [threads]        rows of tabs: m, n, k, transposed, threads, whose, GFLOP/s
//
// C (m, n) = A (m, k) B (k, n), row-major; "NT": B is stored transposed. The other libraries'
// threads spin for a while after their work, so each measurement waits until they sleep.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <thread>
#include <vector>

#include <omp.h>
#include <oneapi/dnnl/dnnl.h>

#include <glimpse/core/tensor.hpp>
#include <glimpse/simd/gemm.hpp>

#include "../peak.hpp"

// Declared here, so that only OpenBLAS's library is needed and not its headers.
extern "C" {
void openblas_set_num_threads(int);
void cblas_sgemm(int order, int trans_a, int trans_b, int m, int n, int k, float alpha,
                 const float* a, int lda, const float* b, int ldb, float beta, float* c, int ldc);
}

using namespace glimpse;

namespace {

constexpr int row_major = 101, not_transposed = 111, transposed = 112;  // CBLAS's constants

struct Shape3 {
  const char* kept;  // N or T for A, then for B
  Index m, n, k;
};

// The last eight are the recognizer's.
constexpr Shape3 shapes[] = {
    {"NN", 512, 512, 512},   {"NT", 512, 512, 512},    {"TN", 512, 512, 512},
    {"TT", 512, 512, 512},   {"NN", 1024, 1024, 1024}, {"NT", 64, 1024, 256},
    {"NN", 64, 256, 1024},   {"NT", 37, 64, 256},      {"NT", 1664, 2048, 512},
    {"NN", 1664, 512, 2048}, {"TN", 2048, 512, 1664},  {"NT", 1664, 37, 256},
    {"NT", 1, 1024, 512},
};

void run(const Shape3& s, int threads) {
  const bool ta = s.kept[0] == 'T', tb = s.kept[1] == 'T';
  Tensor<float> a({s.m * s.k}), b({s.k * s.n}), c({s.m * s.n});  // aligned to 64 bytes
  for (Index i = 0; i < a.size(); ++i) a(i) = static_cast<float>(i % 13) - 6;
  for (Index i = 0; i < b.size(); ++i) b(i) = static_cast<float>(i % 11) - 5;
  const Index lda = ta ? s.m : s.k, ldb = tb ? s.k : s.n, ldc = s.n;
  const double work = 2e-9 * static_cast<double>(s.m * s.n * s.k);
  const int repeats = static_cast<int>(0.3 / work) + 1;
  double best[4] = {};  // this library, oneDNN, OpenBLAS, peak
  const auto time = [&](int who, auto&& product) {
    std::this_thread::sleep_for(std::chrono::milliseconds(8));
    product();
    const double taken = bench::seconds([&] {
      for (int r = 0; r < repeats; ++r) product();
    });
    best[who] = std::max(best[who], work * repeats / taken);
  };
  for (int round = 0; round < 12; ++round) {
    time(0, [&] {
      simd::gemm<float>(ta ? simd::Trans::yes : simd::Trans::no,
                        tb ? simd::Trans::yes : simd::Trans::no, s.m, s.n, s.k, 1, a.data(), lda,
                        b.data(), ldb, 0, c.data(), ldc);
    });
    time(1, [&] {
      dnnl_sgemm(ta ? 'T' : 'N', tb ? 'T' : 'N', s.m, s.n, s.k, 1, a.data(), lda, b.data(), ldb, 0,
                 c.data(), ldc);
    });
    time(2, [&] {
      cblas_sgemm(row_major, ta ? transposed : not_transposed, tb ? transposed : not_transposed,
                  static_cast<int>(s.m), static_cast<int>(s.n), static_cast<int>(s.k), 1, a.data(),
                  static_cast<int>(lda), b.data(), static_cast<int>(ldb), 0, c.data(),
                  static_cast<int>(ldc));
    });
    std::this_thread::sleep_for(std::chrono::milliseconds(8));
    best[3] = std::max(best[3], bench::peak(threads));
  }
  const char* const names[] = {"glimpse", "onednn", "openblas", "peak"};
  for (int i = 0; i < 4; ++i)
    std::printf("%td\t%td\t%td\t%s\t%d\t%s\t%.2f\n", s.m, s.n, s.k, s.kept, threads, names[i],
                best[i]);
  std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
  const int only = argc > 1 ? std::atoi(argv[1]) : 0;
  for (const int threads : {1, 2}) {
    if (only != 0 && threads != only) continue;
    const ThreadScope scope(threads);
    omp_set_num_threads(threads);
    openblas_set_num_threads(threads);
    for (const Shape3& s : shapes) run(s, threads);
  }
}
