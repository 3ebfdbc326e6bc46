// conv2d_padded_planes: zero-padded copies of images in which every tap of a filter is one constant
// offset.
//
//   (1)  plane_ab[i][j] = image[i step_h + a - top][j step_w + b - left]
//        zero outside of the image
//   (2)  tap (ty, tx) of window (y, x) is in plane (a, b) = (ty mod step_h, tx mod step_w)
//        at flat position  y row + x + (ty / step_h) row + tx / step_w
//
// With step 1 there is one plane; larger strides divide the image into step_h x step_w planes
// (polyphase). By (2), if windows are visited in flat order q = y row + x, every tap reads
// consecutive elements. Vectors are loaded directly from the plane, and no window is copied. The
// cost is a few extra q whose x is beyond the last window; they are computed and dropped. The zeros
// at the left of a row also serve as the zeros at the right of the row above.
// Notation: docs/math/notation.md.
#pragma once

#include <algorithm>

#include <glimpse/ops/kernel/conv2d_geometry.hpp>
#include <glimpse/simd/gemm.hpp>

namespace glimpse::inline v0::kernel {

/// `out_h` x `out_w` windows over images of (channels, h, w), by (1) and (2).
struct PaddedPlanes {
  Index h, w;
  Index step_h = 1, step_w = 1, top = 0, left = 0;
  Index reach_h = 0, reach_w = 0;  // the largest tap offset, divided by the step
  Index out_h = 0, out_w = 0;
  Index row = 0, size = 0;  // elements of a row and of a plane

  /// Computes `row` and `size` for blocks of `lanes` windows.
  void lay_out(Index lanes) {
    const Index need = out_w + reach_w;
    row = step_w > 1 ? need
                     : std::max({out_w, need - std::max<Index>(left, 0), std::min(left + w, need)});
    size = simd::detail::round_up(count(), std::max<Index>(lanes, 16)) + reach_h * row + reach_w;
    size = simd::detail::round_up(size, 16);
    if (size / 16 % 2 == 0) size += 16;  // odd, because planes at powers of two share cache lines
  }

  /// Number of flat positions from the first window to the last.
  Index count() const { return (out_h - 1) * row + out_w; }
  Index phases() const { return step_h * step_w; }
  Index offset(Index ty, Index tx) const {
    return (ty % step_h * step_w + tx % step_w) * size + ty / step_h * row + tx / step_w;
  }

  /// Fills the planes of one channel, for windows from row `first`.
  template <class T>
  void fill(T* plane, const T* image, Index first) const {
    for (Index a = 0; a < step_h; ++a) {
      for (Index b = 0; b < step_w; ++b, plane += size) {
        T* at = plane;
        for (Index i = 0; i < out_h + reach_h; ++i, at += row) {
          const Index y = (first + i) * step_h + a - top;
          if (y < 0 || y >= h) {
            std::fill_n(at, row, T(0));
          } else {
            fill_row(at, image + y * w, b);
          }
        }
        std::fill(at, plane + size, T(0));
      }
    }
  }

 private:
  template <class T>
  void fill_row(T* at, const T* from, Index b) const {
    // columns j with 0 <= j step_w + b - left < w
    const Index begin =
        std::clamp<Index>(simd::detail::ceil_div(std::max<Index>(left - b, 0), step_w), 0, row);
    const Index end = std::clamp<Index>(
        simd::detail::ceil_div(std::max<Index>(w + left - b, 0), step_w), begin, row);
    std::fill(at, at + begin, T(0));
    if (step_w == 1) {
      std::copy(from + (begin - left), from + (end - left), at + begin);
    } else {
      for (Index j = begin; j < end; ++j) at[j] = from[j * step_w + b - left];
    }
    std::fill(at + end, at + row, T(0));
  }
};

}  // namespace glimpse::inline v0::kernel
