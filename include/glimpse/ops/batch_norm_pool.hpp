// batch_norm_pool: batch norm, ReLU and max pool, the steps after a convolution, as one operation.
//
//   (1)  z = gamma (x - mean) r + beta                    as in batch_norm.hpp
//   (2)  y_ij = max(0, max_ab z_(i s + a - p)(j s + b - p))         as in max_pool2d.hpp
//   (3)  g_kl = sum of dy_ij over the windows (i, j) with maximum (k, l); none if it is zero
//   (4)  dx from g as in batch_norm.hpp
//
// x: (N, C, H, W), y: (N, C, out_h, out_w). z and g exist only for a few planes at a time, in
// cache. Of the tensors of full size, the kernel reads only x and writes only dx. For backward it
// keeps x and one byte for each output.
// Notation: docs/math/notation.md.
#pragma once

#include <vector>

#include <glimpse/ops/batch_norm.hpp>
#include <glimpse/ops/kernel/max_pool2d.hpp>

namespace glimpse::inline v0 {

namespace kernel {

/// (1) and (2); statistics as in batch_norm_forward.
template <class T>
void batch_norm_pool_forward(const Pool2dGeometry& g, BatchNormOperands<T>& o, T* y,
                             WindowIndex* argmax) {
  const T* x = std::as_const(o.x).data();
  T *const mean = o.mean.data(), *const r = o.r.data(), *const var = o.var.data();
  const T *const gamma = std::as_const(o.gamma).data(), *const beta = std::as_const(o.beta).data();
  for_each_channel_block(o.x, [&](Index first, const ChannelBlock& block) {
    const Index at = first * block.plane, out = g.out_h * g.out_w;
    if (o.training) channel_statistics(first, block, x + at, o.eps, mean, r, var);
    const auto map = channel_maps<T, false>(first, block, gamma, beta, mean, r);
    const ChannelBlock one{1, block.stride, block.channels, block.plane};
    Tensor<T> z(Shape{block.channels, block.plane});
    T* const pz = z.data();
    for (Index n = 0; n < block.samples; ++n) {
      const Index to = (n * (block.stride / block.plane) + first) * out;
      channel_map(one, map.data(), pz, x + n * block.stride + at);
      simd::dispatch<detail::MaxPoolForward<true>>(g, block.channels, static_cast<const T*>(pz),
                                                   y + to, argmax + to);
    }
  });
}

/// (3) and (4); gradients as in batch_norm_backward.
template <class T>
void batch_norm_pool_backward(const Pool2dGeometry& g, const BatchNormOperands<T>& o,
                              const WindowIndex* argmax, const T* dy, T* dx, bool fresh, T* dgamma,
                              T* dbeta) {
  const T* x = o.x.data();
  const T *const mean = o.mean.data(), *const r = o.r.data(), *const gamma = o.gamma.data();
  for_each_channel_block(o.x, [&](Index first, const ChannelBlock& block) {
    const Index at = first * block.plane, out = g.out_h * g.out_w;
    const ChannelBlock one{1, block.stride, block.channels, block.plane};
    Tensor<T> expand(Shape{block.channels, block.plane});
    T* const pg = expand.data();
    const auto expand_sample = [&](Index n) {  // (3)
      const Index from = (n * (block.stride / block.plane) + first) * out;
      simd::dispatch<detail::MaxPoolBackward<true>>(g, block.channels, dy + from, argmax + from,
                                                    pg);
    };
    const auto term = channel_terms<T, false>(first, block, gamma, o.beta.data(), mean, r);
    std::vector<double> sum(term.size()), product(term.size());
    for (Index n = 0; n < block.samples; ++n) {
      expand_sample(n);
      channel_sums(one, term.data(), sum.data(), product.data(), static_cast<const T*>(pg),
                   x + n * block.stride + at);
    }
    const auto map = channel_gradients(first, block, term, r, o.training, sum.data(),
                                       product.data(), dgamma, dbeta);
    if (!dx) return;
    std::vector<BackwardUpdate<T, false>> update;
    for (const BackwardMap<T, false>& m : map) update.push_back({m});
    for (Index n = 0; n < block.samples; ++n) {
      const Index to = n * block.stride + at;
      expand_sample(n);
      if (fresh)
        channel_map(one, map.data(), dx + to, static_cast<const T*>(pg), x + to);
      else
        channel_update(one, update.data(), dx + to, static_cast<const T*>(pg), x + to);
    }
  });
}

}  // namespace kernel

/// max_pool2d(batch_norm2d_relu(x, ...), pool) in one pass each way. x: (N, C, H, W).
/// Returns (N, C, out_h, out_w). Throws as batch_norm2d and max_pool2d.
template <class T>
Variable<T> batch_norm2d_relu_max_pool2d(const Variable<T>& x, const Variable<T>& gamma,
                                         const Variable<T>& beta, Tensor<T>& running_mean,
                                         Tensor<T>& running_var, bool training,
                                         const Pool2dOptions& pool = {},
                                         std::type_identity_t<T> momentum = T(0.1),
                                         std::type_identity_t<T> eps = T(1e-5)) {
  constexpr std::string_view op = "batch_norm2d_relu_max_pool2d";
  const kernel::Pool2dGeometry g = kernel::pool2d_geometry(op, x.shape(), pool);
  kernel::check_window_size(op, g);
  kernel::BatchNormOperands<T> o(op, x, gamma, beta, running_mean, running_var, training, eps);
  Tensor<T> y(Shape{x.size(0), x.size(1), g.out_h, g.out_w});
  Tensor<kernel::WindowIndex> argmax(y.shape());
  kernel::batch_norm_pool_forward(g, o, y.data(), argmax.data());
  o.move(running_mean, running_var, momentum);
  o.var = Tensor<T>();
  return record(op, y, {x, gamma, beta}, [g, o, argmax](const Tensor<T>& dy, Gradients<T>& d) {
    const bool fresh = d.wants(0) && d.first(0);
    T* dx = !d.wants(0) ? nullptr : fresh ? d.fresh(0).data() : d[0].data();
    T* dgamma = d.wants(1) ? d[1].data() : nullptr;
    T* dbeta = d.wants(2) ? d[2].data() : nullptr;
    kernel::batch_norm_pool_backward(g, o, argmax.data(), dy.data(), dx, fresh, dgamma, dbeta);
  });
}

}  // namespace glimpse::inline v0
