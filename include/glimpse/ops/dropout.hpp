// dropout: zeroes numbers at random while training, and scales the rest so that their mean stays.
//
//   (1)  y_i = m_i x_i,   m_i = 0 with probability p, else 1 / (1 - p)
//   (2)  dx_i = m_i dy_i
//
// m_i comes from word number (position + i) of the generator, so the mask does not depend on the number of threads,
// and the generator moves on by one word for every element.
// Source: Srivastava et al. 2014.
#pragma once

#include <glimpse/core/random.hpp>
#include <glimpse/ops/elementwise.hpp>

namespace glimpse::inline v0 {

namespace kernel {

struct DropoutApply {  // (1) and (2) are the same product
  template <class V>
  [[gnu::always_inline]] static void apply(V& y, const V& x, const V& mask) { y = x * mask; }
};

/// 0 or 1 / (1 - p) for each element, from `rng`, which moves on.
template <class T>
Tensor<T> dropout_mask(const Shape& shape, double p, Random& rng) {
  Tensor<T> mask(shape);
  const Random::State start = rng.state();
  const double threshold = p * 0x1p32;
  const T kept = p < 1 ? static_cast<T>(1 / (1 - p)) : T(0);
  T* const m = mask.data();
  parallel_blocks(mask.size(), map_block / 8, 8, [&](Index begin, Index end) {
    Random words({start.seed, start.stream, start.position + static_cast<std::uint64_t>(begin)});
    for (Index i = begin; i < end; ++i) m[i] = static_cast<double>(words.bits()) < threshold ? T(0) : kept;
  });
  rng = Random({start.seed, start.stream, start.position + static_cast<std::uint64_t>(mask.size())});
  return mask;
}

}  // namespace kernel

/// Drops each number with probability p while `training`, else returns x itself.
/// x: any shape.  Throws ValueError where p leaves [0, 1].
template <class T>
Variable<T> dropout(const Variable<T>& x, double p, Random& rng, bool training = true) {
  if (!(p >= 0 && p <= 1)) fail("dropout", "probability ", p, " leaves [0, 1]");
  if (!training || p == 0) return x;
  const Tensor<T> in = x.value().contiguous(), mask = kernel::dropout_mask<T>(x.shape(), p, rng);
  Tensor<T> y = empty_like(in);
  kernel::map(kernel::DropoutApply{}, 1, y.size(), y.data(), in.data(), mask.data());
  return record("dropout", y, {x}, [mask](const Tensor<T>& dy, Gradients<T>& d) {
    kernel::map_gradient(kernel::DropoutApply{}, 1, d, 0, dy, mask);
  });
}

}  // namespace glimpse::inline v0
