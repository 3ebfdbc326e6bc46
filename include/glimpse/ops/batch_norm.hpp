// batch norm: every channel to mean 0 and variance 1 over the batch, then to a learnt mean and
// scale.
//
//   (1)  mean_c = 1/M sum_k x_ck,   var_c = 1/M sum_k (x_ck - mean_c)^2    over N, H, W; M = N H W
//   (2)  y = gamma xhat + beta,     xhat = (x - mean) r,   r = 1 / sqrt(var + eps)
//   (3)  running = (1 - momentum) running + momentum (mean, var M / (M - 1))       when training
//   (4)  dbeta = sum_k g_k,         dgamma = sum_k g_k xhat_k     g = dy, with ReLU dy where y > 0
//   (5)  dx = gamma r (g - dbeta / M - xhat dgamma / M)
//        mean and var depend on every x: sum_k dx_k = 0 and sum_k dx_k xhat_k = 0 take those two
//        directions out of g.
//   Outside training the running statistics stand in for (1); they are constants, and (5) is
//   dx = gamma r g.
//
// x, y: (N, C, H, W). Forward reads x for (1) and, from the cache, for (2); backward x and dy for
// (4), then for (5). The mask of the ReLU is made again from x, so y need not be kept.
// Source: Ioffe, Szegedy 2015.
#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

#include <glimpse/autograd/variable.hpp>
#include <glimpse/core/parallel.hpp>
#include <glimpse/ops/kernel/batch_norm.hpp>

namespace glimpse::inline v0 {

namespace kernel {

/// f(first channel, block) over blocks of channels that fit the cache, in parallel.
template <class T, class F>
void for_each_channel_block(const Tensor<T>& x, F&& f) {
  const Index samples = x.size(0), channels = x.size(1),
              plane = x.size() / std::max<Index>(1, samples * channels);
  const Index bytes = std::max<Index>(1, samples * plane * static_cast<Index>(sizeof(T)));
  const Index width = std::clamp<Index>(262144 / bytes, 1, std::clamp<Index>(channels / 8, 1, 16));
  parallel_blocks(channels, width, 8 * samples * plane, [&](Index begin, Index end) {
    f(begin, ChannelBlock{samples, channels * plane, end - begin, plane});
  });
}

/// (1) and (2). mean, r: (C,), written when training, read otherwise. var: (C,) written with the
/// unbiased variance.
template <class T, bool Relu>
void batch_norm_forward(const Tensor<T>& x, const T* gamma, const T* beta, bool training,
                        double eps, T* mean, T* r, T* var, Tensor<T>& y) {
  const T* px = x.data();
  T* py = y.data();
  for_each_channel_block(x, [&](Index first, const ChannelBlock& block) {
    const Index at = first * block.plane;
    const auto width = static_cast<std::size_t>(block.channels);
    if (training) {
      const double count = static_cast<double>(block.samples * block.plane);
      std::vector<CenteredTerm<T>> term(width);
      std::vector<double> sum(width), squares(width);
      for (std::size_t c = 0; c < width; ++c) {
        const Index n = std::min(block.plane, detail::run_length);
        term[c].center =
            simd::sum<T>(n, px + at + static_cast<Index>(c) * block.plane) / static_cast<T>(n);
      }
      channel_sums(block, term.data(), sum.data(), squares.data(), px + at);
      for (std::size_t c = 0; c < width; ++c) {
        const Index channel = first + static_cast<Index>(c);
        const double spread = std::max(0.0, squares[c] - sum[c] * sum[c] / count);
        mean[channel] = static_cast<T>(static_cast<double>(term[c].center) + sum[c] / count);
        r[channel] = static_cast<T>(1 / std::sqrt(spread / count + eps));
        var[channel] = static_cast<T>(spread / (count - 1));
      }
    }
    std::vector<ForwardMap<T, Relu>> map(width);
    for (std::size_t c = 0; c < width; ++c) {
      const Index channel = first + static_cast<Index>(c);
      map[c].map = {mean[channel], gamma[channel] * r[channel], beta[channel]};
    }
    channel_map(block, map.data(), py + at, px + at);
  });
}

/// (4) and (5). dgamma, dbeta are added to; dx is written where `fresh`, else added to. Any of the
/// three may be null.
template <class T, bool Relu>
void batch_norm_backward(const Tensor<T>& x, const T* gamma, const T* beta, bool training,
                         const T* mean, const T* r, const Tensor<T>& dy, T* dx, bool fresh,
                         T* dgamma, T* dbeta) {
  const T* px = x.data();
  const T* pdy = dy.data();
  for_each_channel_block(x, [&](Index first, const ChannelBlock& block) {
    const Index at = first * block.plane;
    const auto width = static_cast<std::size_t>(block.channels);
    const double count = static_cast<double>(block.samples * block.plane);
    std::vector<GradientTerm<T, Relu>> term(width);
    std::vector<double> sum(width), product(width);
    for (std::size_t c = 0; c < width; ++c) {
      const Index channel = first + static_cast<Index>(c);
      term[c].map = {mean[channel], gamma[channel] * r[channel], beta[channel]};
    }
    channel_sums(block, term.data(), sum.data(), product.data(), pdy + at, px + at);
    for (std::size_t c = 0; c < width; ++c) {
      const Index channel = first + static_cast<Index>(c);
      if (dbeta) dbeta[channel] += static_cast<T>(sum[c]);
      if (dgamma) dgamma[channel] += static_cast<T>(product[c] * static_cast<double>(r[channel]));
    }
    if (!dx) return;
    std::vector<BackwardMap<T, Relu>> map(width);
    for (std::size_t c = 0; c < width; ++c) {
      const auto rc = static_cast<double>(r[first + static_cast<Index>(c)]);
      const double scale = training ? static_cast<double>(term[c].map.scale) / count : 0;
      map[c] = {term[c].map, static_cast<T>(scale * sum[c]),
                static_cast<T>(scale * product[c] * rc * rc)};
    }
    if (fresh) {
      channel_map(block, map.data(), dx + at, pdy + at, px + at);
    } else {
      std::vector<BackwardUpdate<T, Relu>> update(width);
      for (std::size_t c = 0; c < width; ++c) update[c].map = map[c];
      channel_update(block, update.data(), dx + at, pdy + at, px + at);
    }
  });
}

template <bool Relu, class T>
Variable<T> batch_norm(std::string_view op, const Variable<T>& input, const Variable<T>& gamma,
                       const Variable<T>& beta, Tensor<T>& running_mean, Tensor<T>& running_var,
                       bool training, T momentum, T eps) {
  require(input.rank() >= 2, op, "wants a batch of channels", input);
  const Index channels = input.size(1), count = input.size() / std::max<Index>(1, channels);
  const Shape wanted{channels};
  if (!(gamma.shape() == wanted && beta.shape() == wanted && running_mean.shape() == wanted &&
        running_var.shape() == wanted))
    fail<ShapeError>(op, "gamma ", gamma, ", beta ", beta, ", running mean ", running_mean,
                     " and variance ", running_var, " want one number a channel of ", input);
  require(!training || count > 1 || channels == 0, op,
          "wants more than one value a channel to train on", input);

  const Tensor<T> x = input.value().contiguous(), g = gamma.value().contiguous(),
                  b = beta.value().contiguous();
  Tensor<T> mean = training ? empty<T>(wanted) : running_mean.clone();
  Tensor<T> r = empty<T>(wanted), var = empty<T>(wanted), y = empty_like(x);
  if (!training) {
    for (Index c = 0; c < channels; ++c) r(c) = T(1) / std::sqrt(running_var(c) + eps);
  }
  batch_norm_forward<T, Relu>(x, g.data(), b.data(), training, static_cast<double>(eps),
                              mean.data(), r.data(), var.data(), y);
  if (training) {
    for (Index c = 0; c < channels; ++c) {  // (3)
      running_mean(c) += momentum * (mean(c) - running_mean(c));
      running_var(c) += momentum * (var(c) - running_var(c));
    }
  }
  return record(op, y, {input, gamma, beta},
                [x, g, b, mean, r, training](const Tensor<T>& dy, Gradients<T>& d) {
                  const bool fresh = d.wants(0) && d.first(0);
                  T* dx = !d.wants(0) ? nullptr : fresh ? d.fresh(0).data() : d[0].data();
                  T* dgamma = d.wants(1) ? d[1].data() : nullptr;
                  T* dbeta = d.wants(2) ? d[2].data() : nullptr;
                  batch_norm_backward<T, Relu>(x, g.data(), b.data(), training, mean.data(),
                                               r.data(), dy, dx, fresh, dgamma, dbeta);
                });
}

}  // namespace kernel

/// Batch normalisation of x (N, C, H, W), or of any rank from 2 with channels on axis 1.
/// gamma, beta, running_mean, running_var: (C,). Training normalises by the statistics of the batch
/// and moves the running ones by `momentum`, also under NoGrad; else the running ones are used and
/// stay. Throws ShapeError where shapes disagree, and in training where a channel has a single
/// value. Source: Ioffe, Szegedy 2015.
template <class T>
Variable<T> batch_norm2d(const Variable<T>& x, const Variable<T>& gamma, const Variable<T>& beta,
                         Tensor<T>& running_mean, Tensor<T>& running_var, bool training,
                         std::type_identity_t<T> momentum = T(0.1),
                         std::type_identity_t<T> eps = T(1e-5)) {
  return kernel::batch_norm<false>("batch_norm2d", x, gamma, beta, running_mean, running_var,
                                   training, momentum, eps);
}

/// relu(batch_norm2d(...)) without a pass or a tensor of its own for the ReLU, forward or backward.
template <class T>
Variable<T> batch_norm2d_relu(const Variable<T>& x, const Variable<T>& gamma,
                              const Variable<T>& beta, Tensor<T>& running_mean,
                              Tensor<T>& running_var, bool training,
                              std::type_identity_t<T> momentum = T(0.1),
                              std::type_identity_t<T> eps = T(1e-5)) {
  return kernel::batch_norm<true>("batch_norm2d_relu", x, gamma, beta, running_mean, running_var,
                                  training, momentum, eps);
}

}  // namespace glimpse::inline v0
