// resize_bilinear: an image at another size. Every output is a weighted mean of its neighbors, axis
// by axis.
//
//   (1)  center of output i in the input:   s_i = (i + 1/2) in / out          half-pixel centers
//   (2)  w_ik = tri((k + 1/2 - s_i) / f) / sum_k tri(...),   tri(t) = max(0, 1 - |t|)
//        f = 1: the two nearest inputs. antialias: f = max(1, in / out), because a smaller image
//        must average over all pixels.
//   (3)  y = V x H^T  with V, H the weights down and across;     dx += V^T dy H
//   Outside of the image nothing is read; the remaining weights are divided by their sum. If f = 1,
//   this repeats the edge; with antialias it does not: 4 pixels to 2 have the first weights
//   (3, 3, 1)/7, a repeated edge would give (4, 3, 1)/8.
//
// x: (N, C, H, W), y: (N, C, h, w). O(h W taps) for V, O(h w taps) for H.
// Notation: docs/math/notation.md.
#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

#include <glimpse/autograd/variable.hpp>
#include <glimpse/core/parallel.hpp>
#include <glimpse/simd/reduce.hpp>

namespace glimpse::inline v0 {

namespace kernel {

/// The weights (2) of one axis, computed in double: output i reads count[i] inputs from begin[i].
template <class T>
struct ResizeAxis {
  Index in, out;
  std::vector<Index> begin, count, offset;
  std::vector<T> weight;

  ResizeAxis(Index in_size, Index out_size, bool antialias) : in(in_size), out(out_size) {
    const double scale = static_cast<double>(in) / static_cast<double>(out);
    const double filter = antialias ? std::max(1.0, scale) : 1.0;
    std::vector<double> row;
    for (Index i = 0; i < out; ++i) {
      const double center = (static_cast<double>(i) + 0.5) * scale;  // (1)
      const Index first = std::max<Index>(0, static_cast<Index>(std::floor(center - filter)));
      const Index last = std::min(in, static_cast<Index>(std::ceil(center + filter)));
      row.clear();
      Index start = first;
      double sum = 0;
      for (Index k = first; k < last; ++k) {
        const double t = 1 - std::fabs((static_cast<double>(k) + 0.5 - center) / filter);
        if (t <= 0 && row.empty()) {
          ++start;
          continue;
        }
        row.push_back(std::max(0.0, t));
        sum += row.back();
      }
      while (!row.empty() && row.back() <= 0) row.pop_back();
      begin.push_back(start);
      count.push_back(static_cast<Index>(row.size()));
      offset.push_back(static_cast<Index>(weight.size()));
      for (const double w : row) weight.push_back(static_cast<T>(w / sum));
    }
  }

  /// Calls f(output, input, weight) in order, for one output.
  template <class F>
  void taps(Index i, F&& f) const {
    const auto at = static_cast<std::size_t>(i);
    const T* w = weight.data() + offset[at];
    for (Index t = 0; t < count[at]; ++t) f(begin[at] + t, w[t]);
  }
};

template <class T>
void resize_bilinear_forward(const ResizeAxis<T>& down, const ResizeAxis<T>& across, Index planes,
                             const T* x, T* y) {
  parallel_for(planes * down.out, 4 * across.in + 4 * across.out, [&](Index row) {
    const T* plane = x + row / down.out * down.in * across.in;
    std::vector<T> mixed(static_cast<std::size_t>(across.in), T(0));  // a row of V x, (3)
    down.taps(row % down.out, [&](Index r, T w) {
      simd::axpy<T>(across.in, mixed.data(), w, plane + r * across.in);
    });
    for (Index j = 0; j < across.out; ++j) {
      T sum = 0;
      across.taps(j, [&](Index c, T w) { sum += w * mixed[static_cast<std::size_t>(c)]; });
      y[row * across.out + j] = sum;
    }
  });
}

/// Adds to dx.
template <class T>
void resize_bilinear_backward(const ResizeAxis<T>& down, const ResizeAxis<T>& across, Index planes,
                              const T* dy, T* dx) {
  parallel_for(planes, down.out * (4 * across.in + 4 * across.out), [&](Index p) {
    std::vector<T> mixed(static_cast<std::size_t>(across.in));  // a row of dy H, (3)
    for (Index i = 0; i < down.out; ++i) {
      std::fill(mixed.begin(), mixed.end(), T(0));
      for (Index j = 0; j < across.out; ++j) {
        const T share = dy[(p * down.out + i) * across.out + j];
        across.taps(j, [&](Index c, T w) { mixed[static_cast<std::size_t>(c)] += w * share; });
      }
      down.taps(i, [&](Index r, T w) {
        simd::axpy<T>(across.in, dx + (p * down.in + r) * across.in, w, mixed.data());
      });
    }
  });
}

}  // namespace kernel

/// Resizes x (N, C, H, W) to (N, C, h, w) by bilinear interpolation. antialias: widens the triangle
/// filter by the factor of reduction. Throws ShapeError if x has another rank or no pixels,
/// ValueError if h or w is below 1.
template <class T>
Variable<T> resize_bilinear(const Variable<T>& x, Index h, Index w, bool antialias = false) {
  require(x.rank() == 4 && x.size(2) > 0 && x.size(3) > 0, "resize_bilinear",
          "wants (N, C, H, W) with pixels", x);
  if (h < 1 || w < 1)
    fail<ValueError>("resize_bilinear", "wants at least one pixel, got ", h, " x ", w);
  const Index planes = x.size(0) * x.size(1);
  const kernel::ResizeAxis<T> down(x.size(2), h, antialias), across(x.size(3), w, antialias);
  const Tensor<T> dense = x.value().contiguous();
  Tensor<T> y(Shape{x.size(0), x.size(1), h, w});
  kernel::resize_bilinear_forward(down, across, planes, dense.data(), y.data());
  return record("resize_bilinear", y, {x},
                [down, across, planes](const Tensor<T>& dy, Gradients<T>& d) {
                  kernel::resize_bilinear_backward(down, across, planes, dy.data(), d[0].data());
                });
}

}  // namespace glimpse::inline v0
