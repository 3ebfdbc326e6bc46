// layer_norm: normalizes every row to mean 0 and variance 1 over its last axis, then applies a
// learned scale and shift. Does not depend on the batch or on training mode.
//
//   (1)  mean = 1/n sum_j x_j,   var = 1/n sum_j (x_j - mean)^2
//   (2)  y = gamma xhat + beta,  xhat = (x - mean) r,  r = 1 / sqrt(var + eps), eps > 0
//   (3)  dgamma = sum over rows of dy xhat,   dbeta = sum over rows of dy
//   (4)  dx = r (g - 1/n sum_j g_j - xhat 1/n sum_j g_j xhat_j),       g = gamma dy
//        sum_j dx_j = 0, and sum_j dx_j xhat_j = 0 up to eps, as in batch_norm.hpp
//
// x, y: (rows, n); mean, r: (rows,) are kept beside x. Source: Ba, Kiros, Hinton 2016.
// Notation: docs/math/notation.md.
#pragma once

#include <cmath>

#include <glimpse/autograd/variable.hpp>
#include <glimpse/core/parallel.hpp>
#include <glimpse/ops/elementwise.hpp>
#include <glimpse/ops/kernel/batch_norm.hpp>
#include <glimpse/simd/map.hpp>
#include <glimpse/simd/reduce.hpp>

namespace glimpse::inline v0 {

namespace kernel {

/// (2).
template <class T>
struct LayerNormMap {
  T mean, r;
  template <class V>
  [[gnu::always_inline]] inline void apply(V& y, const V& x, const V& gamma, const V& beta) const {
    y = (x - mean) * r * gamma + beta;
  }
};

/// The two sums of (4) over a row: s = sum_j g_j, q = sum_j g_j xhat_j.
template <class T>
struct LayerNormTerms {
  T mean, r;

  T fill() const { return T(0); }  // dy = 0 adds nothing to the sums
  template <class V>
  [[gnu::always_inline]] inline void apply(V& s, V& q, const V& dy, const V& x,
                                           const V& gamma) const {
    const V g = gamma * dy;
    s += g;
    q += g * ((x - mean) * r);
  }
};

/// (4), given both sums.
template <class T>
struct LayerNormBackward {
  T mean, r, mean_g, mean_product;
  template <class V>
  [[gnu::always_inline]] inline void apply(V& dx, const V& dy, const V& x, const V& gamma) const {
    dx = (gamma * dy - mean_g - (x - mean) * r * mean_product) * r;
  }
};

/// (3) for one row.
template <class T>
struct LayerNormParameters {
  T mean, r;
  template <class V>
  [[gnu::always_inline]] inline void apply(V& dgamma, V& dbeta, const V& x, const V& dy) const {
    dgamma += dy * ((x - mean) * r);
    dbeta += dy;
  }
};

template <class T>
void layer_norm_forward(Matrix<const T> x, const T* gamma, const T* beta, double eps, T* mean, T* r,
                        Matrix<T> y) {
  const Index n = x.cols();
  parallel_for(x.rows(), 4 * n, [&](Index row) {
    const T* px = x.row(row).data();
    mean[row] = simd::sum<T>(n, px) / static_cast<T>(n);  // (1)
    const double var =
        static_cast<double>(simd::sum_squares<T>(n, px, mean[row])) / static_cast<double>(n);
    r[row] = static_cast<T>(1 / std::sqrt(var + eps));
    simd::map(LayerNormMap<T>{mean[row], r[row]}, n, y.row(row).data(), px, gamma, beta);
  });
}

/// (4). Adds to dx if `add`, otherwise writes. Reads each row twice, the second time from cache.
template <class T>
void layer_norm_backward_input(Matrix<const T> x, const T* gamma, const T* mean, const T* r,
                               Matrix<const T> dy, Matrix<T> dx, bool add) {
  const Index n = x.cols();
  parallel_for(x.rows(), 8 * n, [&](Index row) {
    const T *px = x.row(row).data(), *pdy = dy.row(row).data();
    const LayerNormTerms<T> term{mean[row], r[row]};
    double g = 0, product = 0;
    channel_sums(ChannelBlock{1, n, 1, n}, &term, &g, &product, pdy, px, gamma);
    const double scale = 1 / static_cast<double>(n);
    const LayerNormBackward<T> step{mean[row], r[row], static_cast<T>(g * scale),
                                    static_cast<T>(product * scale)};
    write_or_add(add, step, n, dx.row(row).data(), pdy, px, gamma);
  });
}

/// (3). Adds to dgamma and dbeta. Threads share the columns; rows are added in order.
template <class T>
void layer_norm_backward_parameters(Matrix<const T> x, const T* mean, const T* r,
                                    Matrix<const T> dy, T* dgamma, T* dbeta) {
  parallel_blocks(x.cols(), 128, 4 * x.rows(), [&](Index begin, Index end) {
    for (Index row = 0; row < x.rows(); ++row)
      simd::update(LayerNormParameters<T>{mean[row], r[row]}, end - begin, dgamma + begin,
                   dbeta + begin, x.row(row).data() + begin, dy.row(row).data() + begin);
  });
}

}  // namespace kernel

/// Layer normalization of x (..., n) over its last axis; gamma, beta: (n,). Returns the shape of x.
/// Throws ShapeError if x has no axis, n is 0, or gamma or beta are not (n,).
/// Source: Ba, Kiros, Hinton 2016.
template <class T>
Variable<T> layer_norm(const Variable<T>& x, const Variable<T>& gamma, const Variable<T>& beta,
                       std::type_identity_t<T> eps = T(1e-5)) {
  require(x.rank() >= 1 && x.size(-1) > 0, "layer_norm", "wants at least one number to a row", x);
  const Shape wanted{x.size(-1)};
  if (!(gamma.shape() == wanted && beta.shape() == wanted))
    fail<ShapeError>("layer_norm", "gamma ", gamma, " and beta ", beta,
                     " want one number a column of ", x);
  const Tensor<T> dense = x.value().contiguous(), g = gamma.value().contiguous(),
                  b = beta.value().contiguous();
  Tensor<T> y = empty_like(dense), mean(Shape{dense.size() / x.size(-1)}), r(mean.shape());
  kernel::layer_norm_forward<T>(rows_of(dense), g.data(), b.data(), static_cast<double>(eps),
                                mean.data(), r.data(), rows_of(y));
  return record(
      "layer_norm", y, {x, gamma, beta}, [dense, g, mean, r](const Tensor<T>& dy, Gradients<T>& d) {
        if (d.wants(0)) {
          const kernel::GradientSlot<T> dx = kernel::gradient_slot(d, 0);
          kernel::layer_norm_backward_input<T>(rows_of(dense), g.data(), mean.data(), r.data(),
                                               rows_of(dy), rows_of(dx.dx), dx.add);
        }
        if (!d.wants(1) && !d.wants(2)) return;
        Tensor<T> dgamma = zeros_like(g), dbeta = zeros_like(g);
        kernel::layer_norm_backward_parameters<T>(rows_of(dense), mean.data(), r.data(),
                                                  rows_of(dy), dgamma.data(), dbeta.data());
        d.add(1, dgamma);
        d.add(2, dbeta);
      });
}

}  // namespace glimpse::inline v0
