// conv2d_geometry: the extents and options of one convolution.
//
//   (1)  H' = floor((H + 2 pad - dilation (kernel - 1) - 1) / stride) + 1         and likewise W'
//   (2)  output (i, j) and tap (r, s) read input (k, l):  k = i stride + r dilation - pad,
//        l = j stride + s dilation - pad, each with the options of its own axis; the loops
//        are those of conv2d_reference.hpp, in vectors those of conv2d_implicit_gemm.hpp
// Notation: docs/math/notation.md.
#pragma once

#include <array>

#include <glimpse/core/tensor.hpp>

namespace glimpse::inline v0 {

/// Algorithm of a convolution. F(m x n, h x w): tiles of m x n outputs, filters of h x w.
enum class ConvAlgorithm {
  automatic,     // the fastest by the table in conv2d_dispatch.hpp
  direct,        // the defining sum
  winograd_2x2,  // F(2x2, 3x3): 16 products instead of 36
  winograd_4x4,  // F(4x4, 3x3): 36 products instead of 144
  winograd_4x6,  // F(4x6, 3x3): 48 products instead of 216
  winograd_1x5,  // F(1x5, 2x2): 12 products instead of 20
};

/// Name of an algorithm, as in the enumeration.
constexpr const char* name(ConvAlgorithm a) {
  constexpr const char* names[] = {"automatic",    "direct",       "winograd_2x2",
                                   "winograd_4x4", "winograd_4x6", "winograd_1x5"};
  return names[static_cast<int>(a)];
}

/// Options of a convolution. Pairs are (height, width), in pixels.
struct Conv2dOptions {
  std::array<Index, 2> stride{1, 1};
  std::array<Index, 2> padding{0, 0};
  std::array<Index, 2> dilation{1, 1};
  Index groups = 1;
  ConvAlgorithm algorithm = ConvAlgorithm::automatic;
};

namespace kernel {

/// One convolution: x (n, c, h, w), weight (oc, c / groups, kh, kw), y (n, oc, oh, ow).
struct ConvGeometry {
  Index n, c, h, w;
  Index oc, kh, kw;
  Index oh, ow;
  std::array<Index, 2> stride, padding, dilation;
  Index groups;
  ConvAlgorithm algorithm;

  Index taps() const { return kh * kw; }
  Index group_in() const { return c / groups; }
  Index group_out() const { return oc / groups; }
  Shape output() const { return {n, oc, oh, ow}; }
};

/// True if the algorithm supports this convolution.
inline bool can_compute(ConvAlgorithm a, const ConvGeometry& g) {
  if (a == ConvAlgorithm::automatic || a == ConvAlgorithm::direct) return true;
  const Index size = a == ConvAlgorithm::winograd_1x5 ? 2 : 3;
  const auto all = [](const std::array<Index, 2>& pair, Index most) {
    return pair[0] <= most && pair[1] <= most;
  };
  return g.kh == size && g.kw == size && g.groups == 1 && all(g.stride, 1) && all(g.dilation, 1) &&
         all(g.padding, size - 1);
}

/// The geometry of conv2d(x, w, bias). Throws ShapeError if channels, groups, bias or sizes do not
/// fit, ValueError if an option is out of range or the algorithm does not support the convolution.
template <class X>
ConvGeometry conv_geometry(std::string_view op, const X& x, const X& w, const X& bias,
                           const Conv2dOptions& o) {
  if (x.rank() != 4) fail<ShapeError>(op, "input ", x, " wants 4 axes (N, C, H, W)");
  if (w.rank() != 4) fail<ShapeError>(op, "weight ", w, " wants 4 axes (out, in / groups, h, w)");
  ConvGeometry g{x.size(0), x.size(1), x.size(2), x.size(3), w.size(0),  w.size(2), w.size(3),
                 0,         0,         o.stride,  o.padding, o.dilation, o.groups,  o.algorithm};
  for (const std::size_t i : {0u, 1u}) {
    if (o.stride[i] < 1 || o.dilation[i] < 1 || o.padding[i] < 0) {
      fail<ValueError>(op, "wants stride and dilation of 1 or more and padding of 0 or more, got ",
                       o.stride[i], ", ", o.dilation[i], " and ", o.padding[i]);
    }
  }
  if (g.groups < 1 || g.oc % g.groups != 0)
    fail<ShapeError>(op, "weight ", w, " cannot be split into ", g.groups, " groups");
  if (w.size(1) * g.groups != g.c) {
    fail<ShapeError>(op, "weight ", w, " wants ", w.size(1) * g.groups, " input channels, input ",
                     x, " has ", g.c);
  }
  if (bias.defined() && (bias.rank() != 1 || bias.size(0) != g.oc))
    fail<ShapeError>(op, "bias ", bias, " wants ", g.oc, " elements, one for each filter of ", w);
  const Index high = g.h + 2 * o.padding[0] - o.dilation[0] * (g.kh - 1) - 1;
  const Index wide = g.w + 2 * o.padding[1] - o.dilation[1] * (g.kw - 1) - 1;
  if (g.kh < 1 || g.kw < 1 || high < 0 || wide < 0)
    fail<ShapeError>(op, "weight ", w, " does not fit into input ", x, " with its padding");
  if (!can_compute(o.algorithm, g)) {
    const Index size = o.algorithm == ConvAlgorithm::winograd_1x5 ? 2 : 3;
    fail<ValueError>(op, name(o.algorithm), " wants filters of ", size, "x", size,
                     ", stride, dilation and groups of 1 and padding up to ", size - 1,
                     ", got weight ", w);
  }
  g.oh = high / o.stride[0] + 1;  // (1)
  g.ow = wide / o.stride[1] + 1;
  return g;
}

}  // namespace kernel
}  // namespace glimpse::inline v0
