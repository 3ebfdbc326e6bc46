// dropout: in training, zeroes random elements and scales the others to keep the mean.
//
//   (1)  y_i = m_i x_i,   m_i = 0 with probability floor(p 2^32) / 2^32, else 1 / (1 - p)
//        p = 1: every m_i is 0
//   (2)  dx_i = m_i dy_i
//
// m_i comes from word number (position + i) of the generator. The mask therefore does not depend on
// the number of threads. The generator advances by one word for every element. Source: Srivastava
// et al. 2014.
// Notation: docs/math/notation.md.
#pragma once

#include <cstdint>

#include <glimpse/core/random.hpp>
#include <glimpse/ops/elementwise.hpp>

namespace glimpse::inline v0 {

namespace kernel {

struct DropoutApply {  // (1) and (2) are the same product
  template <class V>
  [[gnu::always_inline]] static void apply(V& y, const V& x, const V& mask) {
    y = x * mask;
  }
};

/// Words 4 b to 4 b + 3 of `out` are the Philox block of counter first + b (core/random.hpp), for
/// b < `blocks` rounded up to whole vectors. Each lane of 64 bits holds one word of 32 bits,
/// because the lane must hold the product of two words.
struct PhiloxKernel {
  template <int Bytes>
  [[gnu::always_inline]] static inline void run(std::uint64_t first, std::uint64_t stream,
                                                std::uint64_t seed, Index blocks,
                                                std::uint32_t* out) {
    using V = simd::Vec<std::uint64_t, Bytes>;
    constexpr std::uint64_t low = 0xFFFFFFFFu;
    for (Index b = 0; b < blocks; b += simd::lanes<V>) {
      std::uint64_t lane[simd::lanes<V>];
      for (Index l = 0; l < simd::lanes<V>; ++l)
        lane[l] = first + static_cast<std::uint64_t>(b + l);
      V counter;
      simd::load(counter, lane);
      V c0 = counter & low, c1 = counter >> 32, c2 = V{} + (stream & low),
        c3 = V{} + (stream >> 32);
      std::uint64_t key0 = seed & low, key1 = seed >> 32;
      for (int round = 0; round < 10; ++round) {
        const V p0 = c0 * std::uint64_t{0xD2511F53u}, p1 = c2 * std::uint64_t{0xCD9E8D57u};
        c0 = (p1 >> 32) ^ c1 ^ key0;
        c1 = p1 & low;
        c2 = (p0 >> 32) ^ c3 ^ key1;
        c3 = p0 & low;
        key0 = (key0 + 0x9E3779B9u) & low;
        key1 = (key1 + 0xBB67AE85u) & low;
      }
      for (int w = 0; w < 4; ++w) {
        simd::store(lane, w == 0 ? c0 : w == 1 ? c1 : w == 2 ? c2 : c3);
        for (Index l = 0; l < simd::lanes<V>; ++l)
          out[4 * (b + l) + w] = static_cast<std::uint32_t>(lane[l]);
      }
    }
  }
};

/// Elements of one block of work; its words take 8 KB of stack.
inline constexpr Index dropout_chunk = 2048;

/// 0 or 1 / (1 - p) for each element. Advances `rng` by one word an element. Element i is dropped
/// if the word that rng.bits() would return after i calls is below p 2^32.
template <class T>
Tensor<T> dropout_mask(const Shape& shape, double p, Random& rng) {
  Tensor<T> mask(shape);
  const Random::State start = rng.state();
  const std::uint64_t threshold = static_cast<std::uint64_t>(p * 0x1p32);
  const T kept = p < 1 ? static_cast<T>(1 / (1 - p)) : T(0);
  T* const m = mask.data();
  parallel_blocks(mask.size(), dropout_chunk, 4, [&](Index begin, Index end) {
    std::uint32_t words[dropout_chunk + 36];
    const std::uint64_t at = start.position + static_cast<std::uint64_t>(begin);
    const Index skip = static_cast<Index>(at % 4), blocks = (skip + end - begin + 3) / 4;
    simd::dispatch<PhiloxKernel>(at / 4, start.stream, start.seed, blocks, words);
    for (Index i = begin; i < end; ++i)  // no branch, because half of its predictions would fail
      m[i] = kept * static_cast<T>(words[skip + i - begin] >= threshold);
  });
  rng =
      Random({start.seed, start.stream, start.position + static_cast<std::uint64_t>(mask.size())});
  return mask;
}

}  // namespace kernel

/// In training drops each element with probability p; otherwise returns x itself.
/// x: any shape. Throws ValueError if p is outside [0, 1].
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
