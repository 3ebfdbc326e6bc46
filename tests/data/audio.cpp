#include <glimpse/core/random.hpp>
#include <glimpse/data/audio/mel.hpp>

#include "../catch.hpp"

using namespace glimpse;

TEST_CASE("the fast transform is the slow one", "[audio]") {
  Random rng(1);
  for (const Index n : {2, 8, 256}) {
    std::vector<std::complex<float>> x;
    for (Index i = 0; i < n; ++i)
      x.emplace_back(static_cast<float>(rng.uniform(-1, 1)),
                     static_cast<float>(rng.uniform(-1, 1)));
    std::vector<std::complex<float>> fast = x;
    Fourier{n}(fast.data());
    for (Index k = 0; k < n; ++k) {
      std::complex<double> sum;
      for (Index i = 0; i < n; ++i)
        sum += std::complex<double>(x[static_cast<std::size_t>(i)]) *
               std::polar(1.0, -2 * 3.14159265358979323846 * static_cast<double>(i * k) /
                                   static_cast<double>(n));
      CHECK(std::abs(sum - std::complex<double>(fast[static_cast<std::size_t>(k)])) <
            1e-4 * std::sqrt(static_cast<double>(n)));
    }
  }
  CHECK_THROWS_AS(Fourier(12), ValueError);
}

TEST_CASE("a tone stands in its own frequency, frame by frame, whatever the number of frames",
          "[audio]") {
  for (const Index n : {150, 200, 280, 1000, 1080}) {
    Tensor<float> x({n});
    for (Index i = 0; i < n; ++i)
      x(i) = static_cast<float>(
          std::sin(2 * 3.14159265358979323846 * 1000.0 * static_cast<double>(i) / 8000));
    const Tensor<float> p = power_spectrogram(x);
    CHECK(p.shape() == Shape{n <= 200 ? 1 : 1 + (n - 200) / 80, 129});
    for (Index t = 0; t < p.size(0); ++t) {
      const float* row = p.data() + t * 129;
      CHECK(std::max_element(row, row + 129) - row == 32);  // 1000 of 8000 hertz, 256 numbers
      if (n >= 200) CHECK(row[32] == Approx(2500).epsilon(0.01));  // (sum of the window / 2)^2
    }
  }
}

TEST_CASE("a spectrogram says which of its options is wrong", "[audio]") {
  const Tensor<float> x = zeros<float>({300});
  CHECK_THROWS_WITH(power_spectrogram(x, {.hop = 0}), Catch::Contains("hop from 1, got 0"));
  CHECK_THROWS_WITH(power_spectrogram(x, {.transform = 128}), Catch::Contains("got 200 and 128"));
}

TEST_CASE("mel bands: triangles that overlap by half, and a tone in the band of its pitch",
          "[audio]") {
  const MelOptions o{.bands = 20};
  const Tensor<float> w = mel_filters(o);
  for (Index k = 20; k < 90;
       ++k) {  // between the first and the last center the triangles add up to one
    float sum = 0;
    for (Index b = 0; b < 20; ++b) sum += w(b, k);
    CHECK(sum == Approx(1).epsilon(1e-4));
  }
  Tensor<float> x({800});
  for (Index i = 0; i < 800; ++i)
    x(i) = static_cast<float>(
        std::sin(2 * 3.14159265358979323846 * 1500.0 * static_cast<double>(i) / 8000));
  const Tensor<float> y = log_mel(x, o);
  Index best = 0, own = 0;
  for (Index b = 0; b < 20; ++b) {
    if (y(2, b) > y(2, best)) best = b;
    if (w(b, 48) > w(own, 48)) own = b;
  }
  CHECK(best == own);
  CHECK_THROWS_AS(mel_filters({.rate = 4000}), ValueError);
}
