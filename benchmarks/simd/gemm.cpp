// gemm: this library's product compared with Eigen's and with the cores' peak, best of several
// alternating runs.
//
//   g++ -std=c++20 -O2 -Iinclude -I/usr/include/eigen3 benchmarks/simd/gemm.cpp -o gemm
//
// No -m flag is needed, because the library detects the CPU's vectors at run time. Eigen selects
// them at compile time: build with -march=native for its best speed. Eigen's own threads are off.
// With two threads, its product is split by columns here, as this library does.
#define EIGEN_DONT_PARALLELIZE
#include <Eigen/Core>
#include <cstdio>

#include <glimpse/core/tensor.hpp>
#include <glimpse/simd/gemm.hpp>

#include "../peak.hpp"

namespace {

using namespace glimpse;
using simd::Trans;
using Matrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using Map = Eigen::Map<const Matrix>;

using bench::seconds;

void row(Trans ta, Trans tb, Index m, Index n, Index k, int threads) {
  const ThreadScope scope(threads);
  Tensor<float> a({m * k}), b({k * n}), c({m * n});
  for (Index i = 0; i < a.size(); ++i) a(i) = static_cast<float>(i % 13) - 6;
  for (Index i = 0; i < b.size(); ++i) b(i) = static_cast<float>(i % 11) - 5;
  const Index lda = ta == Trans::yes ? m : k, ldb = tb == Trans::yes ? k : n;
  const double work = 2.0 * static_cast<double>(m * n * k);
  const int repeats = static_cast<int>(5e7 / work) + 1;
  double ours = 1e9, eigen = 1e9, peak = 0;
  for (int run = 0; run < 12; ++run) {
    peak = std::max(peak, bench::peak(threads));
    ours = std::min(ours, seconds([&] {
                      for (int r = 0; r < repeats; ++r)
                        simd::gemm<float>(ta, tb, m, n, k, 1, a.data(), lda, b.data(), ldb, 0,
                                          c.data(), n);
                    }));
    eigen = std::min(eigen, seconds([&] {
                       const Map ma(a.data(), ta == Trans::yes ? k : m, lda),
                           mb(b.data(), tb == Trans::yes ? n : k, ldb);
                       Eigen::Map<Matrix> mc(c.data(), m, n);
                       const Index part = (n + threads - 1) / threads;
                       for (int r = 0; r < repeats; ++r) {
                         parallel_blocks(n, part, m * k, [&](Index j0, Index j1) {
                           auto out = mc.middleCols(j0, j1 - j0);
                           if (ta == Trans::no && tb == Trans::no)
                             out.noalias() = ma * mb.middleCols(j0, j1 - j0);
                           if (ta == Trans::no && tb == Trans::yes)
                             out.noalias() = ma * mb.middleRows(j0, j1 - j0).transpose();
                           if (ta == Trans::yes && tb == Trans::no)
                             out.noalias() = ma.transpose() * mb.middleCols(j0, j1 - j0);
                           if (ta == Trans::yes && tb == Trans::yes)
                             out.noalias() =
                                 ma.transpose() * mb.middleRows(j0, j1 - j0).transpose();
                         });
                       }
                     }));
  }
  std::printf("%5td %5td %5td  %s%s  %7d  %8.1f  %7.1f %%  %8.1f  %5.2f\n", m, n, k,
              ta == Trans::yes ? "T" : "N", tb == Trans::yes ? "T" : "N", threads,
              work * repeats / ours * 1e-9, work * repeats / ours * 1e-7 / peak,
              work * repeats / eigen * 1e-9, eigen / ours);
}

}  // namespace

int main() {
#if defined(__AVX512F__)
  const char* eigen_flags = "AVX-512";
#elif defined(__AVX2__)
  const char* eigen_flags = "AVX2";
#else
  const char* eigen_flags = "baseline";
#endif
  std::printf("this library: %s, found at run time; Eigen: compiled for %s\n",
              simd::name(simd::isa()), eigen_flags);
  std::printf("    m     n     k      threads  GFLOP/s  of peak      Eigen  ratio\n");
  for (int threads = 1; threads <= std::min(2, num_threads()); ++threads) {
    for (Trans ta : {Trans::no, Trans::yes})
      for (Trans tb : {Trans::no, Trans::yes}) row(ta, tb, 512, 512, 512, threads);
    row(Trans::no, Trans::no, 1024, 1024, 1024, threads);
    row(Trans::no, Trans::yes, 64, 1024, 256, threads);
    row(Trans::no, Trans::no, 64, 256, 1024, threads);
    row(Trans::no, Trans::yes, 37, 64, 256, threads);
    row(Trans::no, Trans::yes, 1664, 2048, 512, threads);
    row(Trans::no, Trans::no, 1664, 512, 2048, threads);
    row(Trans::yes, Trans::no, 2048, 512, 1664, threads);
    row(Trans::no, Trans::yes, 1664, 37, 256, threads);
    row(Trans::no, Trans::no, 37, 64, 256, threads);
    row(Trans::no, Trans::no, 64, 512, 9, threads);
    row(Trans::no, Trans::yes, 64, 512, 256, threads);
    row(Trans::no, Trans::yes, 16, 1024, 256, threads);
    row(Trans::no, Trans::yes, 1, 1024, 512, threads);
  }
}
