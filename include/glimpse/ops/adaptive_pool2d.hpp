// adaptive_pool2d: pooling to a given output size, for any size of the image.
//
//   (1)  window i of n over an extent of H:  [floor(i H / n), ceil((i + 1) H / n))
//        Neighboring windows may overlap by one.
//   (2)  average: y = mean of the window,  dx += dy / positions
//        maximum: y = max of the window,   dx at the winner += dy      winner as in max_pool2d.hpp
//
// x: (N, C, H, W), y: (N, C, h, w).
// Notation: docs/math/notation.md.
#pragma once

#include <array>
#include <cstdint>

#include <glimpse/autograd/variable.hpp>
#include <glimpse/core/parallel.hpp>
#include <glimpse/ops/kernel/pool_argmax.hpp>
#include <glimpse/simd/reduce.hpp>

namespace glimpse::inline v0 {

namespace kernel {

/// The extents of an adaptive pooling: planes of h x w become planes of out_h x out_w.
struct AdaptiveGeometry {
  Index h, w, out_h, out_w;

  Index in() const { return h * w; }
  Index out() const { return out_h * out_w; }

  /// Calls f(output, row begin, row end, column begin, column end) for every window (1).
  template <class F>
  void for_each_window(F&& f) const {
    for (Index i = 0; i < out_h; ++i)
      for (Index j = 0; j < out_w; ++j)
        f(i * out_w + j, i * h / out_h, ((i + 1) * h + out_h - 1) / out_h, j * w / out_w,
          ((j + 1) * w + out_w - 1) / out_w);
  }
};

inline AdaptiveGeometry adaptive_geometry(std::string_view op, const Shape& x,
                                          const std::array<Index, 2>& size) {
  if (x.rank() != 4 || x[2] < 1 || x[3] < 1)
    fail<ShapeError>(op, "wants (N, C, H, W) with pixels, got ", x);
  if (size[0] < 1 || size[1] < 1)
    fail<ValueError>(op, "wants at least one output, got ", size[0], " x ", size[1]);
  return {x[2], x[3], size[0], size[1]};
}

/// Calls f(plane) for all planes, in parallel.
template <class F>
void for_each_plane(const AdaptiveGeometry& g, Index planes, F&& f) {
  parallel_blocks(planes, planes_per_block(g.in()), g.in(), [&](Index begin, Index end) {
    for (Index p = begin; p < end; ++p) f(p);
  });
}

/// The rows of a window [r0, r1) x [c0, c1) as runs: one run if the window is as wide as the plane.
template <class F>
void for_each_window_run(const AdaptiveGeometry& g, Index r0, Index r1, Index c0, Index c1, F&& f) {
  if (c1 - c0 == g.w) return f(r0 * g.w, (r1 - r0) * g.w);
  for (Index r = r0; r < r1; ++r) f(r * g.w + c0, c1 - c0);
}

/// The average of (2).
template <class T>
void adaptive_average_pool2d_forward(const AdaptiveGeometry& g, Index planes, const T* x, T* y) {
  for_each_plane(g, planes, [&](Index p) {
    const T* const plane = x + p * g.in();
    g.for_each_window([&](Index out, Index r0, Index r1, Index c0, Index c1) {
      T sum = 0;
      for_each_window_run(g, r0, r1, c0, c1,
                          [&](Index at, Index n) { sum += simd::sum<T>(n, plane + at); });
      y[p * g.out() + out] = sum / static_cast<T>((r1 - r0) * (c1 - c0));
    });
  });
}

/// y = s; overwrites y.
template <class T>
struct Constant {
  T s;
  template <class V>
  [[gnu::always_inline]] void apply(V& y) const {
    simd::broadcast(y, s);
  }
};
template <class T>
struct AddConstant {
  T s;
  template <class V>
  [[gnu::always_inline]] void apply(V& y) const {
    y += s;
  }
};

/// True if the windows cover every pixel exactly once; a gradient can then be written, not added.
inline bool disjoint(const AdaptiveGeometry& g) {
  return g.h % g.out_h == 0 && g.w % g.out_w == 0;
}

/// Writes dx if `fresh`, which requires disjoint windows; otherwise adds to dx.
template <class T>
void adaptive_average_pool2d_backward(const AdaptiveGeometry& g, Index planes, const T* dy, T* dx,
                                      bool fresh) {
  for_each_plane(g, planes, [&](Index p) {
    T* const plane = dx + p * g.in();
    g.for_each_window([&](Index out, Index r0, Index r1, Index c0, Index c1) {
      const T share = dy[p * g.out() + out] / static_cast<T>((r1 - r0) * (c1 - c0));
      for_each_window_run(g, r0, r1, c0, c1, [&](Index at, Index n) {
        if (fresh)
          simd::map(Constant<T>{share}, n, plane + at);
        else
          simd::update(AddConstant<T>{share}, n, plane + at);
      });
    });
  });
}

/// The maximum of (2). winner: index of the maximum in its plane; the first of equal numbers, or
/// the last NaN.
template <class T>
void adaptive_max_pool2d_forward(const AdaptiveGeometry& g, Index planes, const T* x, T* y,
                                 std::int32_t* winner) {
  for_each_plane(g, planes, [&](Index p) {
    const T* plane = x + p * g.in();
    g.for_each_window([&](Index out, Index r0, Index r1, Index c0, Index c1) {
      Index best = r0 * g.w + c0;
      for (Index r = r0; r < r1; ++r) {
        for (Index c = c0; c < c1; ++c) {
          if (detail::beats(plane[r * g.w + c], plane[best])) best = r * g.w + c;
        }
      }
      y[p * g.out() + out] = plane[best];
      winner[p * g.out() + out] = static_cast<std::int32_t>(best);
    });
  });
}

template <class T>
void adaptive_max_pool2d_backward(const AdaptiveGeometry& g, Index planes, const T* dy,
                                  const std::int32_t* winner, T* dx) {
  for_each_plane(g, planes, [&](Index p) {
    for (Index k = p * g.out(); k < (p + 1) * g.out(); ++k) dx[p * g.in() + winner[k]] += dy[k];
  });
}

}  // namespace kernel

/// Averages x (N, C, H, W) over windows that cover it. size: {h, w}. Returns (N, C, h, w).
/// Throws ShapeError if x has another rank or no pixels, ValueError if a size is below 1.
template <class T>
Variable<T> adaptive_average_pool2d(const Variable<T>& x, const std::array<Index, 2>& size) {
  const kernel::AdaptiveGeometry g =
      kernel::adaptive_geometry("adaptive_average_pool2d", x.shape(), size);
  const Index planes = x.size(0) * x.size(1);
  const Tensor<T> dense = x.value().contiguous();
  Tensor<T> y(Shape{x.size(0), x.size(1), g.out_h, g.out_w});
  kernel::adaptive_average_pool2d_forward(g, planes, dense.data(), y.data());
  return record("adaptive_average_pool2d", y, {x},
                [g, planes](const Tensor<T>& dy, Gradients<T>& d) {
                  const bool fresh = d.first(0) && kernel::disjoint(g);
                  T* dx = fresh ? d.fresh(0).data() : d[0].data();
                  kernel::adaptive_average_pool2d_backward(g, planes, dy.data(), dx, fresh);
                });
}

/// Maxima of x (N, C, H, W) over windows that cover it; returns and throws as
/// adaptive_average_pool2d.
template <class T>
Variable<T> adaptive_max_pool2d(const Variable<T>& x, const std::array<Index, 2>& size) {
  const kernel::AdaptiveGeometry g =
      kernel::adaptive_geometry("adaptive_max_pool2d", x.shape(), size);
  const Index planes = x.size(0) * x.size(1);
  const Tensor<T> dense = x.value().contiguous();
  Tensor<T> y(Shape{x.size(0), x.size(1), g.out_h, g.out_w});
  Tensor<std::int32_t> winner(y.shape());
  kernel::adaptive_max_pool2d_forward(g, planes, dense.data(), y.data(), winner.data());
  return record(
      "adaptive_max_pool2d", y, {x}, [g, planes, winner](const Tensor<T>& dy, Gradients<T>& d) {
        kernel::adaptive_max_pool2d_backward(g, planes, dy.data(), winner.data(), d[0].data());
      });
}

}  // namespace glimpse::inline v0
