// batch_norm: normalizes every channel to mean 0 and variance 1 over the batch, then applies a
// learned scale and shift.
//
//   (1)  mean_c = 1/M sum_k x_ck,   var_c = 1/M sum_k (x_ck - mean_c)^2    over N, H, W; M = N H W
//   (2)  y = gamma xhat + beta,     xhat = (x - mean) r,   r = 1 / sqrt(var + eps)
//        batch_norm2d_relu: y = max(0, gamma xhat + beta)     eps > 0 keeps r finite at var = 0
//   (3)  running = (1 - momentum) running + momentum (mean, var M / (M - 1))       when training
//   (4)  dbeta = sum_k g_k,         dgamma = sum_k g_k xhat_k     g = dy, with ReLU dy where y > 0
//   (5)  dx = gamma r (g - dbeta / M - xhat dgamma / M)
//        mean and var depend on every x. Therefore sum_k dx_k = 0, and
//        sum_k dx_k xhat_k = gamma r dgamma eps / (var + eps), which is 0 up to eps.
//   In evaluation mode the running statistics replace (1). They are constants, and (5) becomes
//   dx = gamma r g.
//
// x, y: (N, C, H, W). Forward reads x for (1), and again from the cache for (2). Backward reads x
// and dy for (4), then for (5). It computes the mask of the ReLU from x again, therefore y is not
// kept.
// Source: Ioffe, Szegedy 2015.
// Notation: docs/math/notation.md.
#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

#include <glimpse/autograd/variable.hpp>
#include <glimpse/core/parallel.hpp>
#include <glimpse/ops/kernel/batch_norm.hpp>

namespace glimpse::inline v0 {

namespace kernel {

/// Calls f(first channel, block) for blocks of channels, in parallel.
template <class T, class F>
void for_each_channel_block(const Tensor<T>& x, F&& f) {
  const Index samples = x.size(0), channels = x.size(1),
              plane = x.size() / std::max<Index>(1, samples * channels);
  const Index bytes = std::max<Index>(1, samples * plane * static_cast<Index>(sizeof(T)));
  // A block holds one channel, or several up to 256 KB, because (2) and (5) then read x from the
  // second-level cache. With 8 or more channels there are at least eight blocks for the threads.
  const Index width = std::clamp<Index>(262144 / bytes, 1,
                                        std::clamp<Index>(channels / 8, 1, ChannelBlock::most));
  parallel_blocks(channels, width, 8 * samples * plane, [&](Index begin, Index end) {
    f(begin, ChannelBlock{samples, channels * plane, end - begin, plane});
  });
}

/// (1) of a block of channels that begins at channel `first`. mean, r, var: (C,); var is unbiased.
template <class T>
void channel_statistics(Index first, const ChannelBlock& block, const T* x, double eps, T* mean,
                        T* r, T* var) {
  const auto width = static_cast<std::size_t>(block.channels);
  const double count = static_cast<double>(block.samples * block.plane);
  std::vector<CenteredTerm<T>> term(width);
  std::vector<double> sum(width), squares(width);
  for (std::size_t c = 0; c < width; ++c) {
    const Index n = std::min(block.plane, detail::run_length);
    term[c].center = simd::sum<T>(n, x + static_cast<Index>(c) * block.plane) / static_cast<T>(n);
  }
  channel_sums(block, term.data(), sum.data(), squares.data(), x);
  for (std::size_t c = 0; c < width; ++c) {
    const Index channel = first + static_cast<Index>(c);
    const double squared_deviation = moment_spread(count, sum[c], squares[c]);
    mean[channel] = static_cast<T>(static_cast<double>(term[c].center) + sum[c] / count);
    r[channel] = static_cast<T>(1 / std::sqrt(squared_deviation / count + eps));
    var[channel] = static_cast<T>(squared_deviation / (count - 1));
  }
}

/// (2) as one map for each channel of a block.
template <class T, bool Relu>
std::vector<ForwardMap<T, Relu>> channel_maps(Index first, const ChannelBlock& block,
                                              const T* gamma, const T* beta, const T* mean,
                                              const T* r) {
  std::vector<ForwardMap<T, Relu>> map;
  for (Index c = first; c < first + block.channels; ++c)
    map.push_back({{mean[c], gamma[c] * r[c], beta[c]}});
  return map;
}

/// (5) as one map for each channel of a block, from sum = sum_k g_k and
/// product = sum_k g_k (x_k - mean). Adds to dbeta and dgamma unless they are null.
template <class T, bool Relu>
std::vector<BackwardMap<T, Relu>> channel_gradients(Index first, const ChannelBlock& block,
                                                    const std::vector<GradientTerm<T, Relu>>& term,
                                                    const T* r, bool training, const double* sum,
                                                    const double* product, T* dgamma, T* dbeta) {
  const double count = static_cast<double>(block.samples * block.plane);
  std::vector<BackwardMap<T, Relu>> map;
  for (Index c = 0; c < block.channels; ++c) {
    const double rc = static_cast<double>(r[first + c]);
    if (dbeta) dbeta[first + c] += static_cast<T>(sum[c]);
    if (dgamma) dgamma[first + c] += static_cast<T>(product[c] * rc);  // (4)
    const ChannelMap<T>& forward = term[static_cast<std::size_t>(c)].map;
    const double scale = training ? static_cast<double>(forward.scale) / count : 0;
    map.push_back({forward, static_cast<T>(scale * sum[c]),
                   static_cast<T>(scale * product[c] * rc * rc)});
  }
  return map;
}

template <class T, bool Relu>
std::vector<GradientTerm<T, Relu>> channel_terms(Index first, const ChannelBlock& block,
                                                 const T* gamma, const T* beta, const T* mean,
                                                 const T* r) {
  std::vector<GradientTerm<T, Relu>> term;
  for (Index c = first; c < first + block.channels; ++c)
    term.push_back({{mean[c], gamma[c] * r[c], beta[c]}});
  return term;
}

/// (1) and (2). mean, r: (C,), written in training, read otherwise. var: (C,), receives the
/// unbiased variance in training.
template <class T, bool Relu>
void batch_norm_forward(const Tensor<T>& x, const T* gamma, const T* beta, bool training,
                        double eps, T* mean, T* r, T* var, Tensor<T>& y) {
  const T* px = x.data();
  T* py = y.data();
  for_each_channel_block(x, [&](Index first, const ChannelBlock& block) {
    const Index at = first * block.plane;
    if (training) channel_statistics(first, block, px + at, eps, mean, r, var);
    const auto map = channel_maps<T, Relu>(first, block, gamma, beta, mean, r);
    channel_map(block, map.data(), py + at, px + at);
  });
}

/// (4) and (5). Adds to dgamma and dbeta; writes dx if `fresh`, otherwise adds. Any of the three
/// may be null.
template <class T, bool Relu>
void batch_norm_backward(const Tensor<T>& x, const T* gamma, const T* beta, bool training,
                         const T* mean, const T* r, const Tensor<T>& dy, T* dx, bool fresh,
                         T* dgamma, T* dbeta) {
  const T* px = x.data();
  const T* pdy = dy.data();
  for_each_channel_block(x, [&](Index first, const ChannelBlock& block) {
    const Index at = first * block.plane;
    const auto term = channel_terms<T, Relu>(first, block, gamma, beta, mean, r);
    std::vector<double> sum(term.size()), product(term.size());
    channel_sums(block, term.data(), sum.data(), product.data(), pdy + at, px + at);
    const auto map = channel_gradients(first, block, term, r, training, sum.data(), product.data(),
                                       dgamma, dbeta);
    if (dx && fresh) {
      channel_map(block, map.data(), dx + at, pdy + at, px + at);
    } else if (dx) {
      std::vector<BackwardUpdate<T, Relu>> update;
      for (const BackwardMap<T, Relu>& m : map) update.push_back({m});
      channel_update(block, update.data(), dx + at, pdy + at, px + at);
    }
  });
}

/// The operands of a batch norm, dense, and the statistics that normalize them.
template <class T>
struct BatchNormOperands {
  Tensor<T> x, gamma, beta;
  Tensor<T> mean, r, var;  // in training: filled by the forward pass
  bool training;
  double eps;

  BatchNormOperands(std::string_view op, const Variable<T>& input, const Variable<T>& weight,
                    const Variable<T>& bias, const Tensor<T>& running_mean,
                    const Tensor<T>& running_var, bool train, T epsilon)
      : training(train), eps(static_cast<double>(epsilon)) {
    require(input.rank() >= 2, op, "wants a batch of channels", input);
    const Index channels = input.size(1), count = input.size() / std::max<Index>(1, channels);
    const Shape wanted{channels};
    if (!(weight.shape() == wanted && bias.shape() == wanted && running_mean.shape() == wanted &&
          running_var.shape() == wanted))
      fail<ShapeError>(op, "gamma ", weight, ", beta ", bias, ", running mean ", running_mean,
                       " and variance ", running_var, " want one number a channel of ", input);
    require(!training || count > 1 || channels == 0, op,
            "wants more than one value a channel to train on", input);
    x = input.value().contiguous();
    gamma = weight.value().contiguous(), beta = bias.value().contiguous();
    mean = training ? empty<T>(wanted) : running_mean.clone();
    r = empty<T>(wanted), var = empty<T>(wanted);
    if (!training) {
      for (Index c = 0; c < channels; ++c) r(c) = T(1) / std::sqrt(running_var(c) + epsilon);
    }
  }

  /// (3); call it after the forward pass.
  void move(Tensor<T>& running_mean, Tensor<T>& running_var, T momentum) const {
    if (!training) return;
    for (Index c = 0; c < mean.size(); ++c) {
      running_mean(c) += momentum * (mean(c) - running_mean(c));
      running_var(c) += momentum * (var(c) - running_var(c));
    }
  }
};

template <bool Relu, class T>
Variable<T> batch_norm(std::string_view op, const Variable<T>& input, const Variable<T>& gamma,
                       const Variable<T>& beta, Tensor<T>& running_mean, Tensor<T>& running_var,
                       bool training, T momentum, T eps) {
  BatchNormOperands<T> o(op, input, gamma, beta, running_mean, running_var, training, eps);
  Tensor<T> y = empty_like(o.x);
  batch_norm_forward<T, Relu>(o.x, o.gamma.data(), o.beta.data(), training, o.eps, o.mean.data(),
                              o.r.data(), o.var.data(), y);
  o.move(running_mean, running_var, momentum);
  o.var = Tensor<T>();
  return record(op, y, {input, gamma, beta}, [o](const Tensor<T>& dy, Gradients<T>& d) {
    const bool fresh = d.wants(0) && d.first(0);
    T* dx = !d.wants(0) ? nullptr : fresh ? d.fresh(0).data() : d[0].data();
    T* dgamma = d.wants(1) ? d[1].data() : nullptr;
    T* dbeta = d.wants(2) ? d[2].data() : nullptr;
    batch_norm_backward<T, Relu>(o.x, o.gamma.data(), o.beta.data(), o.training, o.mean.data(),
                                 o.r.data(), dy, dx, fresh, dgamma, dbeta);
  });
}

}  // namespace kernel

/// Batch normalization of x (N, C, H, W), or of any rank from 2 with channels on axis 1. Returns
/// the shape of x. gamma, beta, running_mean, running_var: (C,).
/// training: normalizes by the statistics of the batch and updates the running statistics by
/// `momentum`, also under NoGrad. Otherwise uses the running statistics and does not change them.
/// Throws ShapeError if shapes disagree, and in training if a channel has only one value.
/// Source: Ioffe, Szegedy 2015.
template <class T>
Variable<T> batch_norm2d(const Variable<T>& x, const Variable<T>& gamma, const Variable<T>& beta,
                         Tensor<T>& running_mean, Tensor<T>& running_var, bool training,
                         std::type_identity_t<T> momentum = T(0.1),
                         std::type_identity_t<T> eps = T(1e-5)) {
  return kernel::batch_norm<false>("batch_norm2d", x, gamma, beta, running_mean, running_var,
                                   training, momentum, eps);
}

/// relu(batch_norm2d(...)), without an extra pass or tensor for the ReLU. Throws as batch_norm2d.
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
