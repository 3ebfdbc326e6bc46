#include <glimpse/ops/conv2d.hpp>

#include "../op_test/op_row.hpp"

using namespace glimpse;
using namespace glimpse::rig;

namespace {

constexpr Conv2dOptions plain{}, padded{.padding = {1, 2}}, strided{.stride = {2, 3}, .padding = {1, 1}},
    dilated{.padding = {2, 1}, .dilation = {2, 3}}, grouped{.padding = {1, 1}, .groups = 2},
    depthwise{.stride = {2, 1}, .padding = {1, 1}, .groups = 4}, same{.padding = {1, 1}};

/// The library's reference loops; every row with golden numbers also compares them with PyTorch.
Tensor<double> loops(const Tensors& x, const Conv2dOptions& options) {
  return glimpse::reference::conv2d(x[0], x[1], x.size() > 2 ? x[2] : Tensor<double>(), options);
}

/// Padding of 1, with the given algorithm.
Conv2dOptions forced(ConvAlgorithm a) { return {.padding = {1, 1}, .algorithm = a}; }

const char* const many = "sums of up to 3000 products";

}  // namespace

OP_ROW("conv2d")
    .cases({{{1, 1, 1, 1}, {1, 1, 1, 1}, {1}}, {{2, 3, 6, 7}, {4, 3, 3, 3}, {4}}, {{2, 5, 4, 3}, {6, 5, 1, 1}, {6}},
            {{3, 2, 5, 37}, {17, 2, 2, 5}, {17}}, {{2, 3, 9, 8}, {2, 3, 9, 8}, {2}}, {{2, 33, 8, 25}, {64, 33, 3, 3}, {64}}})
    .call([](auto x) { return conv2d(x[0], x[1], x[2]); })
    .reference([](auto x) { return loops(x, plain); })
    .golden("conv2d").float_tolerance(5e-5, many)
    .rejects({{2, 3, 6, 7}, {4, 2, 3, 3}, {4}})
    .rejects({{2, 3, 6, 7}, {4, 3, 3, 3}, {3}})
    .rejects({{2, 3, 2, 2}, {4, 3, 3, 3}, {4}})
    .rejects({{3, 6, 7}, {4, 3, 3, 3}, {4}});

OP_ROW("conv2d with padding")
    .cases({{{2, 3, 6, 7}, {4, 3, 3, 3}, {4}}, {{1, 2, 5, 4}, {3, 2, 2, 5}, {3}}, {{1, 1, 1, 1}, {2, 1, 3, 3}, {2}},
            {{2, 32, 16, 50}, {48, 32, 3, 3}, {48}}})
    .call([](auto x) { return conv2d(x[0], x[1], x[2], padded); })
    .reference([](auto x) { return loops(x, padded); })
    .golden("conv2d_padding").float_tolerance(5e-5, many);

OP_ROW("conv2d with stride")
    .cases({{{2, 3, 7, 8}, {4, 3, 3, 3}, {4}}, {{2, 16, 32, 51}, {32, 16, 3, 3}, {32}}})
    .call([](auto x) { return conv2d(x[0], x[1], x[2], strided); })
    .reference([](auto x) { return loops(x, strided); })
    .golden("conv2d_stride").float_tolerance(5e-5, many);

OP_ROW("conv2d with dilation")
    .cases({{{2, 3, 7, 9}, {4, 3, 3, 3}, {4}}, {{2, 16, 16, 50}, {20, 16, 3, 3}, {20}}})
    .call([](auto x) { return conv2d(x[0], x[1], x[2], dilated); })
    .reference([](auto x) { return loops(x, dilated); })
    .golden("conv2d_dilation").float_tolerance(5e-5, many);

OP_ROW("conv2d in groups")
    .cases({{{2, 4, 5, 6}, {6, 2, 3, 3}, {6}}, {{2, 32, 16, 25}, {48, 16, 3, 3}, {48}}})
    .call([](auto x) { return conv2d(x[0], x[1], x[2], grouped); })
    .reference([](auto x) { return loops(x, grouped); })
    .golden("conv2d_groups").float_tolerance(5e-5, many)
    .rejects({{2, 4, 5, 6}, {5, 2, 3, 3}, {5}});

OP_ROW("conv2d depthwise")
    .cases({{{2, 4, 5, 6}, {4, 1, 3, 3}, {4}}, {{1, 4, 37, 9}, {8, 1, 3, 3}, {8}}})
    .call([](auto x) { return conv2d(x[0], x[1], x[2], depthwise); })
    .reference([](auto x) { return loops(x, depthwise); })
    .golden("conv2d_depthwise");

OP_ROW("conv2d without bias")
    .cases({{{2, 3, 5, 6}, {4, 3, 3, 3}}, {{2, 16, 16, 25}, {32, 16, 3, 3}}})
    .call([](auto x) { return conv2d(x[0], x[1], {}, same); })
    .reference([](auto x) { return loops(x, same); })
    .golden("conv2d_no_bias").float_tolerance(5e-5, many);

// Each algorithm, forced.
OP_ROW("conv2d by direct sums")
    .cases({{{2, 3, 5, 6}, {4, 3, 3, 3}, {4}}, {{8, 16, 8, 25}, {32, 16, 3, 3}, {32}}})
    .call([](auto x) { return conv2d(x[0], x[1], x[2], forced(ConvAlgorithm::direct)); })
    .reference([](auto x) { return loops(x, same); })
    .float_tolerance(5e-5, many);

OP_ROW("conv2d by F(2x2, 3x3)")
    .cases({{{2, 3, 5, 6}, {4, 3, 3, 3}, {4}}, {{8, 16, 8, 25}, {33, 16, 3, 3}, {33}}})
    .call([](auto x) { return conv2d(x[0], x[1], x[2], forced(ConvAlgorithm::winograd_2x2)); })
    .reference([](auto x) { return loops(x, same); })
    .float_tolerance(5e-5, many);

OP_ROW("conv2d by F(4x4, 3x3)")
    .cases({{{2, 3, 5, 6}, {4, 3, 3, 3}, {4}}, {{8, 16, 8, 25}, {33, 16, 3, 3}, {33}}})
    .call([](auto x) { return conv2d(x[0], x[1], x[2], forced(ConvAlgorithm::winograd_4x4)); })
    .reference([](auto x) { return loops(x, same); })
    .float_tolerance(5e-5, many);

OP_ROW("conv2d by F(4x6, 3x3)")
    .cases({{{2, 3, 5, 6}, {4, 3, 3, 3}, {4}}, {{8, 16, 8, 25}, {33, 16, 3, 3}, {33}}})
    .call([](auto x) { return conv2d(x[0], x[1], x[2], forced(ConvAlgorithm::winograd_4x6)); })
    .reference([](auto x) { return loops(x, same); })
    .float_tolerance(1e-4, many);

OP_ROW("conv2d by F(1x5, 2x2)")
    .cases({{{2, 3, 2, 7}, {4, 3, 2, 2}, {4}}, {{8, 16, 6, 27}, {33, 16, 2, 2}, {33}}})
    .call([](auto x) {
      return conv2d(x[0], x[1], x[2], {.algorithm = ConvAlgorithm::winograd_1x5});
    })
    .reference([](auto x) { return loops(x, plain); })
    .float_tolerance(5e-5, many);

OP_ROW("conv2d_relu")
    .cases({{{2, 3, 5, 6}, {4, 3, 3, 3}, {4}}, {{2, 16, 8, 25}, {32, 16, 3, 3}, {32}}})
    .call([](auto x) { return conv2d_relu(x[0], x[1], x[2], same); })
    .reference([](auto x) {
      Tensor<double> y = loops(x, same);
      for (double& v : y.span()) v = std::max(v, 0.0);
      return y;
    })
    .float_tolerance(5e-5, many);

TEST_CASE("conv2d: what does not fit is named with both shapes", "[op]") {
  const auto x = constant(zeros<float>({8, 1, 32, 100})), w = constant(zeros<float>({64, 3, 3, 3}));
  CHECK_THROWS_WITH(conv2d(x, w), "conv2d: weight (64, 3, 3, 3) wants 3 input channels, input (8, 1, 32, 100) has 1");
  CHECK_THROWS_AS(conv2d(x, w, {}, {.stride = {0, 1}}), ValueError);
  CHECK_THROWS_AS(conv2d(x, w, {}, {.padding = {-1, 0}}), ValueError);
}
