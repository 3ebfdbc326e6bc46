// pool2d: the shared parts of pooling: options, output extents, and the geometry.
//
//   (1)  out = floor((in + 2 padding - kernel) / stride) + 1
//   With ceil_mode the division rounds up, and a last window that would start in the padding is
//   dropped.
// Notation: docs/math/notation.md.
#pragma once

#include <algorithm>
#include <array>
#include <string_view>

#include <glimpse/core/tensor.hpp>

namespace glimpse::inline v0 {

/// Options of max_pool2d and average_pool2d. Pairs are {down, across}, in pixels.
struct Pool2dOptions {
  std::array<Index, 2> kernel{2, 2};
  std::array<Index, 2> stride{2, 2};
  std::array<Index, 2> padding{0, 0};
  bool ceil_mode = false;
  bool count_padding = true;  // average only; true: padding counts as zeros, false: not at all
};

namespace kernel {

/// Extents and options of a pooling kernel: planes of h x w become planes of out_h x out_w.
struct Pool2dGeometry {
  Index h, w, out_h, out_w, kernel_h, kernel_w, stride_h, stride_w, pad_h, pad_w;
};

/// Extent after pooling, (1). Throws ValueError if an option is out of range, ShapeError if no
/// window fits.
inline Index pooled_extent(std::string_view op, Index in, Index kernel, Index stride, Index padding,
                           bool ceil_mode) {
  if (kernel < 1 || stride < 1 || padding < 0 || 2 * padding > kernel)
    fail<ValueError>(
        op, "wants kernel and stride from 1 and padding up to half the kernel, got kernel ", kernel,
        ", stride ", stride, ", padding ", padding);
  const Index room = in + 2 * padding - kernel;
  if (room < 0)
    fail<ShapeError>(op, "window of ", kernel, " does not fit ", in, " with padding ", padding);
  Index out = (room + (ceil_mode ? stride - 1 : 0)) / stride + 1;
  if (ceil_mode && (out - 1) * stride >= in + padding) --out;
  return out;
}

inline Pool2dGeometry pool2d_geometry(std::string_view op, const Shape& x, const Pool2dOptions& o) {
  if (x.rank() != 4) fail<ShapeError>(op, "wants (N, C, H, W), got ", x);
  Pool2dGeometry g{};
  g.h = x[2], g.w = x[3];
  g.kernel_h = o.kernel[0], g.kernel_w = o.kernel[1];
  g.stride_h = o.stride[0], g.stride_w = o.stride[1];
  g.pad_h = o.padding[0], g.pad_w = o.padding[1];
  g.out_h = pooled_extent(op, g.h, g.kernel_h, g.stride_h, g.pad_h, o.ceil_mode);
  g.out_w = pooled_extent(op, g.w, g.kernel_w, g.stride_w, g.pad_w, o.ceil_mode);
  return g;
}

/// Number of planes of one parallel block; a block has about 16384 elements (64 KB of floats).
inline Index planes_per_block(Index plane) {
  return std::max<Index>(1, 16384 / std::max<Index>(1, plane));
}

}  // namespace kernel

}  // namespace glimpse::inline v0
