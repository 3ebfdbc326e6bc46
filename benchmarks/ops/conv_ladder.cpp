// conv_ladder: one convolution, 256 to 256 channels at 8x25, in steps from the definition to
// Winograd's transforms: GFLOP/s of the defining sum (2 N O H W C 9), relative error (root mean
// square, against double). The table of docs/math/fast-convolution.md.
//
//   conv_ladder [batch]
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <string>

#include <glimpse/core/random.hpp>
#include <glimpse/ops/conv2d.hpp>
#include <glimpse/simd/gemm.hpp>

#include "../timing.hpp"

namespace {

using namespace glimpse;

constexpr Index channels = 256, height = 8, width = 25, pixels = height * width;

template <class T>
Tensor<T> noise(const Shape& shape, std::uint64_t seed) {
  Random rng(seed);
  Tensor<T> t = empty<T>(shape);
  for (T& v : t.span()) v = static_cast<T>(static_cast<float>(rng.uniform(-1, 1)));
  return t;
}

template <class F>
double best_seconds(int runs, F&& f) {
  double best = 1e9;
  for (int r = 0; r < runs; ++r) best = std::min(best, bench::seconds(f));
  return best;
}

/// columns[(c, r, s)][y, x] = image[c, y + r - 1, x + s - 1]
void to_columns(const float* image, float* columns) {
  for (Index c = 0; c < channels; ++c)
    for (Index r = -1; r <= 1; ++r)
      for (Index s = -1; s <= 1; ++s)
        for (Index y = 0; y < height; ++y)
          for (Index x = 0; x < width; ++x) {
            const bool inside = y + r >= 0 && y + r < height && x + s >= 0 && x + s < width;
            *columns++ = inside ? image[(c * height + y + r) * width + x + s] : 0.0f;
          }
}

/// y (m, n) = a (m, k) b (k, n), by adding rows of b one after the other.
void plain_product(Index m, Index n, Index k, const float* a, const float* b, float* y) {
  std::fill(y, y + m * n, 0.0f);
  for (Index i = 0; i < m; ++i)
    for (Index p = 0; p < k; ++p)
      for (Index j = 0; j < n; ++j) y[i * n + j] += a[i * k + p] * b[p * n + j];
}

}  // namespace

int main(int count, char** argument) {
  const Index n = count > 1 ? std::atoi(argument[1]) : 64;
  const Conv2dOptions same{.padding = {1, 1}};
  const Tensor<float> x = noise<float>({n, channels, height, width}, 1);
  const Tensor<float> w = noise<float>({channels, channels, 3, 3}, 2);
  const Tensor<double> exact =
      conv2d(constant(noise<double>(x.shape(), 1).slice(0, 0, 1).contiguous()),
             constant(noise<double>(w.shape(), 2)), {},
             {.padding = {1, 1}, .algorithm = ConvAlgorithm::direct})
          .value();
  Tensor<float> y = empty<float>(x.shape());
  Tensor<float> columns = empty<float>({channels * 9, pixels});
  std::printf("%-44s %8s %10s %9s\n", "", "1 thread", "2 threads", "error");

  // f(images) computes y for this many images; slow rungs take few
  const auto rung = [&](const std::string& name, Index images, bool threads, auto&& f) {
    double speed[2] = {};
    for (const int t : {1, 2}) {
      if (t == 2 && !threads) continue;
      const ThreadScope scope(t);
      const double work = 2e-9 * static_cast<double>(images * channels * pixels * channels * 9);
      speed[t - 1] = work / best_seconds(images < n ? 2 : 9, [&] { f(images); });
    }
    double error = 0, size = 0;
    for (Index i = 0; i < exact.size(); ++i) {
      const double d = static_cast<double>(y.data()[i]) - exact.data()[i];
      error += d * d, size += exact.data()[i] * exact.data()[i];
    }
    std::printf("%-44s %8.1f ", name.c_str(), speed[0]);
    if (threads) {
      std::printf("%10.0f %9.1e\n", speed[1], std::sqrt(error / size));
    } else {
      std::printf("%10s %9.1e\n", "", std::sqrt(error / size));
    }
  };

  rung("the definition, seven loops", 1, false, [&](Index) {
    const Tensor<float> one = reference::conv2d(x.slice(0, 0, 1).contiguous(), w, {}, same);
    std::copy_n(one.data(), one.size(), y.data());
  });
  const auto by_columns = [&](Index images, auto&& product) {
    for (Index i = 0; i < images; ++i) {
      const Index at = i * channels * pixels;
      to_columns(x.data() + at, columns.data());
      product(w.data(), columns.data(), y.data() + at);
    }
  };
  rung("windows as columns, plain matrix product", 2, false, [&](Index images) {
    by_columns(images, [](const float* a, const float* b, float* c) {
      plain_product(channels, pixels, channels * 9, a, b, c);
    });
  });
  rung("windows as columns, gemm", n, true, [&](Index images) {
    by_columns(images, [](const float* a, const float* b, float* c) {
      simd::gemm(simd::Trans::no, simd::Trans::no, channels, pixels, channels * 9, 1.0f, a,
                 channels * 9, b, pixels, 0.0f, c, pixels);
    });
  });
  using enum ConvAlgorithm;
  for (const ConvAlgorithm a : {direct, winograd_2x2, winograd_4x4, winograd_4x6}) {
    const kernel::ConvGeometry g =
        kernel::conv_geometry("conv2d", x, w, Tensor<float>(), {.padding = {1, 1}, .algorithm = a});
    rung(a == direct ? "direct, no columns" : name(a), n, true, [&](Index) {
      kernel::conv2d_forward<float>(g, std::as_const(x).data(), w.data(), nullptr, false, y.data());
    });
  }
}
