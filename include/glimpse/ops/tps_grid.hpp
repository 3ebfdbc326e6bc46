// tps_grid: the sampling grid of a thin-plate spline: for every pixel of the rectified image its
// position in the input image, given K fiducial points in the input image.
//
// Base points C' (2 x K) are evenly spaced on the top and bottom edge of the rectified image;
// fiducial points C (2 x K) may be anywhere. With d_ij = |c'_i - c'_j| and R_ij = d_ij^2 ln d_ij^2
// (0 on the diagonal):
//
//               [ 1   C'^T  R   ]
//   (1) Delta = [ 0   0     1^T ]        T = (Delta^-1 [ C^T ; 0 ])^T                 2 x (K + 3)
//               [ 0   0     C'  ]
//   (2) p = T [1, x', y', r'_1 ... r'_K]^T       r'_k = d^2 ln d^2,  d = |p' - c'_k|
//   (3) only C depends on the image: with P' the rows of (2) for all pixels, grid = A C^T,
//       A = P' Delta^-1[:, 0:K]  (n x K), computed once for a size, in double.  dC^T = A^T dgrid
//   (4) A reproduces linear functions: rows of A sum to 1 and A C'^T = p', therefore
//       grid = p' + A (C - C')^T.
//       Forward uses this form, because fiducials at their base points then return every pixel
//       exactly.
//
// Coordinates are in [-1, 1], x first, y down. Pixels have their centers at half positions:
// x'_j = (2 j + 1) / w - 1. Sources: Bookstein 1989; Shi et al., Robust Scene Text Recognition with
// Automatic Rectification, CVPR 2016.
// Notation: docs/math/notation.md.
#pragma once

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include <glimpse/autograd/variable.hpp>
#include <glimpse/core/parallel.hpp>
#include <glimpse/ops/kernel/tps_grid.hpp>

namespace glimpse::inline v0 {

/// K base points (K, 2) as x, y in [-1, 1]: K / 2 on the top edge from left to right, then K / 2 on
/// the bottom edge. Throws ValueError unless K is even and at least 4.
template <class T = float>
Tensor<T> tps_base_points(Index points) {
  if (points < 4 || points % 2 != 0)
    fail<ValueError>("tps_base_points", "wants an even number of points from 4, got ", points);
  Tensor<T> base(Shape{points, 2});
  const Index half = points / 2;
  for (Index k = 0; k < points; ++k) {
    base(k, 0) =
        static_cast<T>(static_cast<double>(2 * (k % half)) / static_cast<double>(half - 1) - 1);
    base(k, 1) = k < half ? T(-1) : T(1);
  }
  return base;
}

namespace kernel {

/// Center of pixel i of n in [-1, 1].
template <class T>
T pixel_center(Index i, Index n) {
  return static_cast<T>(static_cast<double>(2 * i + 1) / static_cast<double>(n) - 1);
}

/// d^2 ln d^2 of two points, 0 if they coincide.
inline double tps_radial(double dx, double dy) {
  const double d2 = dx * dx + dy * dy;
  return d2 > 0 ? d2 * std::log(d2) : 0;
}

/// Inverts an n x n matrix in place, by Gauss-Jordan elimination with row pivoting; returns false
/// if the matrix is singular.
inline bool invert(std::vector<double>& m, std::size_t n) {
  std::vector<double> inverse(n * n, 0);
  for (std::size_t i = 0; i < n; ++i) inverse[i * n + i] = 1;
  for (std::size_t col = 0; col < n; ++col) {
    std::size_t pivot = col;
    for (std::size_t r = col + 1; r < n; ++r)
      if (std::fabs(m[r * n + col]) > std::fabs(m[pivot * n + col])) pivot = r;
    if (!(std::fabs(m[pivot * n + col]) > 0)) return false;
    for (std::size_t j = 0; j < n; ++j) {
      std::swap(m[col * n + j], m[pivot * n + j]);
      std::swap(inverse[col * n + j], inverse[pivot * n + j]);
    }
    const double scale = 1 / m[col * n + col];
    for (std::size_t j = 0; j < n; ++j) m[col * n + j] *= scale, inverse[col * n + j] *= scale;
    for (std::size_t r = 0; r < n; ++r) {
      const double f = m[r * n + col];
      if (r == col || f == 0) continue;
      for (std::size_t j = 0; j < n; ++j) {
        m[r * n + j] -= f * m[col * n + j];
        inverse[r * n + j] -= f * inverse[col * n + j];
      }
    }
  }
  m = std::move(inverse);
  return true;
}

/// The inverse of Delta of (1): (K + 3) x (K + 3).
inline std::vector<double> tps_inverse(const Tensor<double>& base) {
  const auto k = static_cast<std::size_t>(base.size(0)), n = k + 3;
  const double* c = base.data();
  std::vector<double> delta(n * n, 0);
  for (std::size_t i = 0; i < k; ++i) {
    delta[i * n] = delta[k * n + 3 + i] = 1;
    delta[i * n + 1] = delta[(k + 1) * n + 3 + i] = c[2 * i];
    delta[i * n + 2] = delta[(k + 2) * n + 3 + i] = c[2 * i + 1];
    for (std::size_t j = 0; j < k; ++j)
      delta[i * n + 3 + j] = tps_radial(c[2 * i] - c[2 * j], c[2 * i + 1] - c[2 * j + 1]);
  }
  if (!invert(delta, n))
    fail<Error>("tps_matrix", "Delta of ", static_cast<Index>(k), " base points is singular");
  return delta;
}

/// (4) for `count` images of h x w.
template <class T>
void tps_grid_forward(const TpsRows<T>& a, Index count, Index h, Index w, const T* fiducials,
                      const T* base_points, T* grid) {
  constexpr Index lanes = TpsRows<T>::lanes, block = 32 * lanes;
  Tensor<T> base(Shape{a.stride}), offsets(Shape{count, a.points, lanes});
  T *const positions = base.data(), *const d = offsets.data();
  std::fill(positions + a.size, positions + a.stride, T(0));
  for (Index j = 0; j < w; ++j) positions[2 * j] = pixel_center<T>(j, w);
  for (Index i = h - 1; i >= 0; --i) {
    const T y = pixel_center<T>(i, h);
    for (Index j = 0; j < w; ++j)
      positions[2 * (i * w + j)] = positions[2 * j], positions[2 * (i * w + j) + 1] = y;
  }
  for (Index i = 0; i < count * a.points; ++i) {
    for (Index l = 0; l < lanes; ++l)
      d[i * lanes + l] = fiducials[2 * i + l % 2] - base_points[2 * (i % a.points) + l % 2];
  }
  parallel_blocks(a.stride, block, count * a.points / 4, [&](Index begin, Index end) {
    simd::dispatch<detail::TpsForward>(count, a.points, a.size, a.stride, a.rows.data(),
                                       std::as_const(base).data(), std::as_const(offsets).data(),
                                       begin, end, grid);
  });
}

/// (3): dC^T += A^T dgrid for `count` images.
template <class T>
void tps_grid_backward(const TpsRows<T>& a, Index count, const T* dgrid, T* dfiducials) {
  parallel_blocks(count, 8, a.points * a.size / 4, [&](Index begin, Index end) {
    const Index first = 2 * begin * a.points, n = 2 * (end - begin) * a.points;
    std::vector<double> sums(static_cast<std::size_t>(n), 0);
    simd::dispatch<detail::TpsBackward>(end - begin, a.points, a.size, a.stride, a.rows.data(),
                                        dgrid + begin * a.size, sums.data());
    for (Index i = 0; i < n; ++i)
      dfiducials[first + i] += static_cast<T>(sums[static_cast<std::size_t>(i)]);
  });
}

}  // namespace kernel

/// A of (3): (h w, K), from K fiducials to the grid of h x w pixels. It is the same for all images:
/// compute it once for a size. Throws ValueError unless K is even and at least 4, and h and w at
/// least 1.
template <class T = float>
Tensor<T> tps_matrix(Index points, Index h, Index w) {
  if (h < 1 || w < 1) fail<ValueError>("tps_matrix", "wants at least one pixel, got ", h, " x ", w);
  const Tensor<double> base = tps_base_points<double>(points);
  const std::vector<double> inverse = kernel::tps_inverse(base);
  const Index n = points + 3;
  Tensor<T> matrix(Shape{h * w, points});
  const double* c = base.data();
  T* a = matrix.data();
  parallel_for(h * w, n * points, [&](Index pixel) {
    const double x = kernel::pixel_center<double>(pixel % w, w),
                 y = kernel::pixel_center<double>(pixel / w, h);
    std::vector<double> row{1, x, y};  // of P', (2)
    for (Index k = 0; k < points; ++k)
      row.push_back(kernel::tps_radial(x - c[2 * k], y - c[2 * k + 1]));
    for (Index k = 0; k < points; ++k) {
      double sum = 0;
      for (std::size_t i = 0; i < row.size(); ++i)
        sum += row[i] * inverse[i * static_cast<std::size_t>(n) + static_cast<std::size_t>(k)];
      a[pixel * points + k] = static_cast<T>(sum);
    }
  });
  return matrix;
}

/// The sampling grid (N, h, w, 2), x first, of fiducials (N, K, 2). matrix: tps_matrix(K, h, w).
/// Throws ShapeError if the shapes do not fit.
template <class T>
Variable<T> tps_grid(const Variable<T>& fiducials, const Tensor<T>& matrix, Index h, Index w) {
  if (fiducials.rank() != 3 || fiducials.size(2) != 2 ||
      !(matrix.shape() == Shape{h * w, fiducials.size(1)}))
    fail<ShapeError>("tps_grid", "fiducials ", fiducials, " want (N, K, 2), matrix ", matrix,
                     " wants (", h, " x ", w, ", K)");
  const Index count = fiducials.size(0), points = fiducials.size(1);
  const Tensor<T> c = fiducials.value().contiguous(), base = tps_base_points<T>(points);
  const kernel::TpsRows<T> a(points, h * w, matrix.contiguous().data());
  Tensor<T> grid(Shape{count, h, w, 2});
  kernel::tps_grid_forward(a, count, h, w, c.data(), base.data(), grid.data());
  return record("tps_grid", grid, {fiducials},
                [a, count](const Tensor<T>& dgrid, Gradients<T>& d) {
                  kernel::tps_grid_backward(a, count, dgrid.data(), d[0].data());
                });
}

}  // namespace glimpse::inline v0
