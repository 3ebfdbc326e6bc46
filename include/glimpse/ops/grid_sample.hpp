// grid_sample: bilinear sampling of an image at positions between its pixels.
//
//   (1)  u = ((g_x + 1) W - 1) / 2,  v = ((g_y + 1) H - 1) / 2
//        Maps [-1, 1] to pixels, whose centers are at integers.
//   (2)  y = (1 - b) ((1 - a) x00 + a x01) + b ((1 - a) x10 + a x11)
//        a = u - floor u,  b = v - floor v
//   (3)  dx00 += (1 - a)(1 - b) dy, and likewise for the other three neighbors
//   (4)  dg_x = W/2 du,  du = sum_c dy_c ((1 - b)(x01 - x00) + b (x11 - x10))
//        dg_y = H/2 dv,  dv = sum_c dy_c ((1 - a)(x10 - x00) + a (x11 - x01))
//        At a pixel's center the slope jumps: (4) takes the right and lower one, a = b = 0
//
//   border   positions beyond the centers of the outer pixels move to them. At and beyond these
//            centers (u <= 0 or u >= W - 1, and v likewise) the gradient (4) is 0
//   zeros    neighbors outside of the image are 0
//
// A position within rounding error of a pixel's center is set to this center. The grid of an
// image's own pixels misses the centers by a few units in the last place. Sampling at this grid
// then returns the image bit for bit.
//
// x: (N, C, H, W), grid: (N, h, w, 2) with x first, y: (N, C, h, w). Half-pixel centers, as in
// PyTorch with align_corners=False. Source: Jaderberg et al., Spatial Transformer Networks, 2015.
// Notation: docs/math/notation.md.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>

#include <glimpse/autograd/variable.hpp>
#include <glimpse/core/parallel.hpp>
#include <glimpse/ops/kernel/grid_sample.hpp>

namespace glimpse::inline v0 {

/// The values outside of the image: the nearest edge pixel, or zero.
enum class GridPadding { border, zeros };

namespace kernel {

/// One axis of a position: neighbors `low` and `low + 1`, the distance from `low`, and
/// slope = d position / d g.
template <class T>
struct SampleAxis {
  Index low;
  T fraction, slope;
  bool low_inside, high_inside;

  SampleAxis(T g, Index n, GridPadding padding) {
    const T size = static_cast<T>(n), last = size - 1;
    T u = ((g + 1) * size - 1) / 2;  // (1)
    slope = size / 2;
    const T whole = std::floor(u + T(0.5));
    if (std::fabs(u - whole) <= size * std::numeric_limits<T>::epsilon()) u = whole;
    if (padding == GridPadding::border) {
      if (!(u > 0 && u < last)) {  // also true for NaN
        u = u >= last ? last : T(0);
        slope = 0;
      }
    } else if (!(u > -1 && u < size)) {
      low = 0, fraction = slope = 0, low_inside = high_inside = false;
      return;
    }
    const T floor = std::floor(u);
    low = static_cast<Index>(floor);
    fraction = u - floor;
    low_inside = low >= 0;
    high_inside = low + 1 < n;
  }
};

/// The four neighbors of a position and their weights; the value outside is 0.
template <class T>
struct SamplePosition {
  SampleAxis<T> x, y;
  Index w;

  SamplePosition(const T* g, Index height, Index width, GridPadding padding)
      : x(g[0], width, padding), y(g[1], height, padding), w(width) {}

  Index at(Index row, Index col) const { return (y.low + row) * w + x.low + col; }
  bool inside(Index row, Index col) const {
    return (row ? y.high_inside : y.low_inside) && (col ? x.high_inside : x.low_inside);
  }
  T value(const T* plane, Index row, Index col) const {
    return inside(row, col) ? plane[at(row, col)] : T(0);
  }
  T weight(Index row, Index col) const {
    return (row ? y.fraction : 1 - y.fraction) * (col ? x.fraction : 1 - x.fraction);
  }
};

/// True if the vector code of kernel/grid_sample.hpp applies; the scalar loops below handle all
/// cases.
template <class T>
bool in_vectors(const SampleGeometry& g, GridPadding padding) {
  return padding == GridPadding::border && g.h > 1 && g.w > 1 && g.in() < (Index{1} << 31);
}

template <class T>
void grid_sample_forward(const SampleGeometry& g, GridPadding padding, const T* x, const T* grid,
                         T* y) {
  if (in_vectors<T>(g, padding)) {
    const Index rows = std::max<Index>(1, 1024 / std::max<Index>(1, g.out_w));
    const Index pieces = (g.out_h + rows - 1) / rows;
    parallel_for(g.count * pieces, rows * g.out_w * (8 + 4 * g.channels), [&](Index piece) {
      const Index n = piece / pieces, first = piece % pieces * rows * g.out_w;
      simd::dispatch<detail::SampleForward>(
          g, x + n * g.channels * g.in(), grid + 2 * (n * g.out() + first),
          std::min(rows * g.out_w, g.out() - first), y + n * g.channels * g.out() + first);
    });
    return;
  }
  parallel_for(g.count * g.out_h, g.out_w * (16 + 8 * g.channels), [&](Index row) {
    const Index n = row / g.out_h, first = row % g.out_h * g.out_w;
    for (Index p = first; p < first + g.out_w; ++p) {
      const SamplePosition<T> s(grid + (n * g.out() + p) * 2, g.h, g.w, padding);
      const T a = s.x.fraction, b = s.y.fraction;
      for (Index c = n * g.channels; c < (n + 1) * g.channels; ++c) {
        const T* plane = x + c * g.in();
        y[c * g.out() + p] =
            (1 - b) * ((1 - a) * s.value(plane, 0, 0) + a * s.value(plane, 0, 1)) +
            b * ((1 - a) * s.value(plane, 1, 0) + a * s.value(plane, 1, 1));  // (2)
      }
    }
  });
}

/// Adds to dx and dgrid; either may be null. One thread handles an image, because sums then keep
/// their order.
template <class T>
void grid_sample_backward(const SampleGeometry& g, GridPadding padding, const T* x, const T* grid,
                          const T* dy, T* dx, T* dgrid) {
  if (in_vectors<T>(g, padding)) {
    parallel_for(g.count, g.out() * (8 + 8 * g.channels), [&](Index n) {
      const Index in = n * g.channels * g.in(), out = n * g.out();
      simd::dispatch<detail::SampleBackward>(g, x + in, grid + 2 * out, dy + out * g.channels,
                                             dx ? dx + in : nullptr,
                                             dgrid ? dgrid + 2 * out : nullptr);
    });
    return;
  }
  parallel_for(g.count, g.out() * (16 + 16 * g.channels), [&](Index n) {
    for (Index p = 0; p < g.out(); ++p) {
      const Index at = (n * g.out() + p) * 2;
      const SamplePosition<T> s(grid + at, g.h, g.w, padding);
      T du = 0, dv = 0;
      for (Index c = n * g.channels; c < (n + 1) * g.channels; ++c) {
        const T share = dy[c * g.out() + p];
        if (dx) {
          for (Index row = 0; row < 2; ++row)
            for (Index col = 0; col < 2; ++col)
              if (s.inside(row, col))
                dx[c * g.in() + s.at(row, col)] += s.weight(row, col) * share;  // (3)
        }
        if (dgrid) {
          const T* plane = x + c * g.in();
          const T x00 = s.value(plane, 0, 0), x01 = s.value(plane, 0, 1);
          const T x10 = s.value(plane, 1, 0), x11 = s.value(plane, 1, 1);
          du += share * ((1 - s.y.fraction) * (x01 - x00) + s.y.fraction * (x11 - x10));  // (4)
          dv += share * ((1 - s.x.fraction) * (x10 - x00) + s.x.fraction * (x11 - x01));
        }
      }
      if (dgrid) {
        dgrid[at] += s.x.slope * du;
        dgrid[at + 1] += s.y.slope * dv;
      }
    }
  });
}

}  // namespace kernel

/// Samples x (N, C, H, W) at the positions of grid (N, h, w, 2). Returns (N, C, h, w).
/// grid: x, y in [-1, 1], where -1 and 1 are the outer edges of the image. A NaN reads the first
/// pixel (border) or zero. Throws ShapeError if the shapes do not fit or the image has no pixels.
template <class T>
Variable<T> grid_sample(const Variable<T>& x, const Variable<T>& grid,
                        GridPadding padding = GridPadding::border) {
  if (x.rank() != 4 || grid.rank() != 4 || grid.size(3) != 2 || grid.size(0) != x.size(0))
    fail<ShapeError>("grid_sample", "images ", x, " want (N, C, H, W), grid ", grid,
                     " wants (N, h, w, 2)");
  require(x.size(2) > 0 && x.size(3) > 0, "grid_sample", "wants images with pixels", x);
  const kernel::SampleGeometry g{x.size(0), x.size(1),    x.size(2),
                                 x.size(3), grid.size(1), grid.size(2)};
  const Tensor<T> image = x.value().contiguous(), positions = grid.value().contiguous();
  Tensor<T> y(Shape{g.count, g.channels, g.out_h, g.out_w});
  kernel::grid_sample_forward(g, padding, image.data(), positions.data(), y.data());
  return record("grid_sample", y, {x, grid},
                [g, padding, image, positions](const Tensor<T>& dy, Gradients<T>& d) {
                  T* dx = d.wants(0) ? d[0].data() : nullptr;
                  T* dgrid = d.wants(1) ? d[1].data() : nullptr;
                  kernel::grid_sample_backward(g, padding, image.data(), positions.data(),
                                               dy.data(), dx, dgrid);
                });
}

}  // namespace glimpse::inline v0
