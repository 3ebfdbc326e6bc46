#include <glimpse/ops/grid_sample.hpp>

#include "../op_test/op_row.hpp"

using namespace glimpse;
using namespace glimpse::rig;

namespace {

Tensor<double> plain(const Tensors& x, bool border) {
  const Tensor<double>&p = x[0], &g = x[1];
  Tensor<double> y = zeros<double>({p.size(0), p.size(1), g.size(1), g.size(2)});
  for (Index n = 0; n < y.size(0); ++n)
    for (Index i = 0; i < y.size(2); ++i)
      for (Index j = 0; j < y.size(3); ++j) {
        double u = ((g(n, i, j, 0) + 1) * double(p.size(3)) - 1) / 2, v = ((g(n, i, j, 1) + 1) * double(p.size(2)) - 1) / 2;
        if (border) u = std::clamp(u, 0.0, double(p.size(3) - 1)), v = std::clamp(v, 0.0, double(p.size(2) - 1));
        for (Index c = 0; c < y.size(1); ++c)
          for (Index row = 0; row < p.size(2); ++row)
            for (Index col = 0; col < p.size(3); ++col)  // every pixel counts by its distance
              y(n, c, i, j) += p(n, c, row, col) * std::max(0.0, 1 - std::fabs(u - double(col))) *
                               std::max(0.0, 1 - std::fabs(v - double(row)));
      }
  return y;
}

/// Images and positions, most inside, some beyond the edge.
Op& positions(Op& op) {
  return op.cases({{{2, 3, 5, 7}, {2, 4, 3, 2}}, {{1, 2, 8, 6}, {1, 5, 9, 2}}, {{2, 1, 1, 9}, {2, 1, 5, 2}},
                   {{1, 1, 9, 1}, {1, 7, 1, 2}}, {{2, 3, 16, 25}, {2, 32, 100, 2}}})
      .values(1, uniform(-1.3, 1.3))
      .rejects({{2, 3, 5, 7}, {1, 4, 3, 2}})
      .rejects({{2, 3, 5, 7}, {2, 4, 3, 3}})
      .rejects({{3, 5, 7}, {2, 4, 3, 2}});
}

}  // namespace

OP_ROW("grid_sample")
    .with(positions)
    .call([](auto x) { return grid_sample(x[0], x[1]); })
    .reference([](auto x) { return plain(x, true); })
    .golden("grid_sample")
    .float_tolerance(5e-5,
                     "a gradient by the position is a difference of pixels times half the width");
OP_ROW("grid_sample, zeros outside").with(positions)
    .call([](auto x) { return grid_sample(x[0], x[1], GridPadding::zeros); })
    .reference([](auto x) { return plain(x, false); })
    .golden("grid_sample_zeros").float_tolerance(5e-5, "as above");

TEST_CASE("grid_sample: an image's own positions give it back bit for bit", "[op]") {
  for (const Shape& size : {Shape{1, 1}, {7, 13}, {32, 100}, {5, 49}, {57, 333}, {48, 160}}) {
    const Index h = size[0], w = size[1];
    Tensor<float> x({1, 1, h, w}), grid({1, h, w, 2});
    Random rng(4);
    for (float& v : x.span()) v = static_cast<float>(rng.uniform());
    for (Index i = 0; i < h; ++i)
      for (Index j = 0; j < w; ++j) {
        grid(0, i, j, 0) = static_cast<float>(2 * j + 1) / static_cast<float>(w) - 1;
        grid(0, i, j, 1) = static_cast<float>(2 * i + 1) / static_cast<float>(h) - 1;
      }
    for (const GridPadding padding : {GridPadding::border, GridPadding::zeros}) {
      INFO(size.str());
      const Tensor<float> y = grid_sample(constant(x), constant(grid), padding).value();
      CHECK(std::equal(x.span().begin(), x.span().end(), y.span().begin()));
    }
  }
}

TEST_CASE("grid_sample: beyond the border nothing pulls on the grid", "[op]") {
  const auto x = parameter(tensor<double>({1, 2, 3, 5}, {1, 1, 1, 4}));
  const auto grid = parameter(tensor<double>({-0.9, 0, 0.9, 0, 0.1, 0}, {1, 1, 3, 2}));
  const auto y = grid_sample(x, grid);
  y.backward(ones<double>(y.shape()));
  CHECK((y.value()(0, 0, 0, 0) == 1 && y.value()(0, 0, 0, 1) == 5));
  CHECK((grid.grad()(0, 0, 0, 0) == 0 && grid.grad()(0, 0, 1, 0) == 0));
  CHECK(grid.grad()(0, 0, 2, 0) == Approx(2));  // (3 - 2) a pixel, W / 2 pixels a unit
}

TEST_CASE("grid_sample: positions without sense read no memory that is not the image's", "[op]") {
  const auto x = constant(ones<float>({1, 1, 4, 4}));
  const auto grid = parameter(tensor<float>({NAN, 0, INFINITY, 0, -INFINITY, 1e30f, 1e30f, -1e30f}, {1, 1, 4, 2}));
  for (const GridPadding padding : {GridPadding::border, GridPadding::zeros}) {
    const auto y = grid_sample(x, grid, padding);
    for (const float v : y.value().span()) CHECK((v == 0 || v == 1));
    y.backward(ones<float>({1, 1, 1, 4}));
  }
}
