#include <glimpse/ops/resize_bilinear.hpp>

#include "../op_test/op_row.hpp"

using namespace glimpse;
using namespace glimpse::rig;

namespace {

/// Weight of pixel k for output i of n: a triangle around its position, widened by the scale if
/// antialiased.
std::vector<double> weights(Index in, Index n, Index i, bool antialias) {
  const double scale = double(in) / double(n), width = antialias ? std::max(scale, 1.0) : 1.0;
  double center = (double(i) + 0.5) * scale - 0.5;
  if (!antialias) center = std::clamp(center, 0.0, double(in - 1));
  std::vector<double> w;
  double sum = 0;
  for (Index k = 0; k < in; ++k) {
    w.push_back(std::max(0.0, 1 - std::fabs(double(k) - center) / width));
    sum += w.back();
  }
  for (double& v : w) v /= sum;
  return w;
}

Tensor<double> plain(const Tensor<double>& x, Index h, Index w, bool antialias) {
  Tensor<double> y = zeros<double>({x.size(0), x.size(1), h, w});
  for (Index i = 0; i < h; ++i) {
    const std::vector<double> down = weights(x.size(2), h, i, antialias);
    for (Index j = 0; j < w; ++j) {
      const std::vector<double> across = weights(x.size(3), w, j, antialias);
      for (Index n = 0; n < y.size(0); ++n)
        for (Index c = 0; c < y.size(1); ++c)
          for (Index row = 0; row < x.size(2); ++row)
            for (Index col = 0; col < x.size(3); ++col)
              y(n, c, i, j) += down[std::size_t(row)] * across[std::size_t(col)] * x(n, c, row, col);
    }
  }
  return y;
}

Op& images(Op& op) {
  return op.shapes({{1, 1, 1, 1}, {2, 3, 6, 7}, {1, 2, 11, 5}, {2, 3, 9, 13}, {2, 1, 4, 9}, {4, 3, 100, 90}})
      .rejects({{3, 6, 7}});
}

}  // namespace

OP_ROW("resize_bilinear").with(images)
    .call([](auto x) { return resize_bilinear(x[0], 4, 9); })
    .reference([](auto x) { return plain(x[0], 4, 9, false); })
    .golden("resize_bilinear");
OP_ROW("resize_bilinear, antialiased").with(images)
    .call([](auto x) { return resize_bilinear(x[0], 4, 9, true); })
    .reference([](auto x) { return plain(x[0], 4, 9, true); })
    .golden("resize_bilinear_antialias");
OP_ROW("resize_bilinear, enlarged").shapes({{1, 2, 5, 7}, {2, 8, 16, 30}})
    .call([](auto x) { return resize_bilinear(x[0], 32, 100); })
    .reference([](auto x) { return plain(x[0], 32, 100, false); });

TEST_CASE("resize_bilinear: the same size is the same image, no pixels are refused", "[op]") {
  const auto x = constant(arange<float>(12).reshape({1, 1, 3, 4}));
  const Tensor<float> y = resize_bilinear(x, 3, 4).value();
  for (Index i = 0; i < 12; ++i) CHECK(y.data()[i] == static_cast<float>(i));
  CHECK_THROWS_AS(resize_bilinear(x, 0, 4), ValueError);
}

TEST_CASE("resize_bilinear: gray stays gray", "[op]") {
  for (const bool antialias : {false, true}) {
    const Tensor<double> y = resize_bilinear(constant(full<double>({1, 1, 31, 200}, 0.7)), 32, 100, antialias).value();
    for (const double v : y.span()) CHECK(std::fabs(v - 0.7) < 1e-14);
  }
}
