// winograd_weight_gradient: the gradient of the filters by Winograd's transforms.
//
//   (1)  V = B^T d B,   D = A dy A^T          every window and the gradient of its outputs
//   (2)  dU_f[o][c] = sum_tiles D_f[tile][o] V_f[tile][c]
//   (3)  dw = G^T dU G
//
// Loops (L lanes; what each level keeps in cache):
//
//   for each block of input channels c0       V of the block
//     for each block of filters o0            dU of the block, at most 6.4 MB; (3) at the end
//       for each block of tiles s0            V and D of the tiles, at most 18 MB, shared
//         for each frequency f, half of o     one task: one plane of V, D and dU
//           for each 96 tiles                 D of the tiles, second-level cache
//             for each 2 L channels           V: 96 x 2 L floats, 12 KB on AVX-512, first-level
//               for each 4 or 8 filters       one tile of sums, winograd_micro_kernel.hpp
//
// If one block holds all tiles, all blocks of filters use the same V. Sums over tiles run in one
// order, in steps of at most 96.
// Notation: docs/math/notation.md.
#pragma once

#include <glimpse/ops/kernel/winograd_filters.hpp>
#include <glimpse/ops/kernel/winograd_micro_kernel.hpp>

namespace glimpse::inline v0::kernel::winograd {

/// Blocks of the sum (2): groups of input channels, groups of filters, strips of tiles.
struct WeightBlocks {
  Index c, o, strips;
};

/// Of the blocks that keep dU below 6.4 MB and V and D below 18 MB, returns those with the fewest
/// transforms. V is computed for every block of filters unless one block holds all tiles; D is
/// computed for every block of channels.
template <class T>
WeightBlocks weight_blocks(const Plan<T>& p) {
  const Index points = p.points(), all = 1 << 20;
  WeightBlocks best{};
  double least = 0;
  for (const Index most_c : {all, Index{256}, Index{128}, Index{64}}) {
    for (const Index most_o : {all, Index{256}, Index{128}, Index{64}}) {
      const Index c = balanced_block(p.groups_in, most_c / p.lanes);
      const Index o = balanced_block(p.groups_out, most_o / p.lanes);
      if (points * c * o * p.lanes * p.lanes > 1600000 && most_c + most_o > 128) continue;
      const Index strips =
          balanced_block(p.strips, Index{4500000} / (points * (c + o) * p.lanes * p.strip_tiles));
      const Index rounds_c = ceil_div(p.groups_in, c), rounds_o = ceil_div(p.groups_out, o);
      const double work = static_cast<double>(p.groups_in * (strips < p.strips ? rounds_o : 1) +
                                              p.groups_out * rounds_c);
      if (best.c == 0 || work < least) best = {c, o, strips}, least = work;
    }
  }
  return best;
}

/// dw (out, in, taps) += the gradient of the filters.
template <class T>
void weight_gradient(const Plan<T>& p, const T* x, const T* dy, T* dw) {
  if (p.n * p.out * p.in * p.oh * p.ow == 0) return;
  const WinogradMicroKernels<T> set = sums<T>();
  const Index lanes = p.lanes, points = p.points(), taps = Index{p.rows.taps} * p.cols.taps;
  const auto [c_block, o_block, block] = weight_blocks(p);
  const Index plane_tiles = block * p.strip_tiles * lanes;
  const Index v_plane = pad_to_odd_cache_lines(c_block * plane_tiles),
              d_plane = pad_to_odd_cache_lines(o_block * plane_tiles);
  const Index width = round_up(c_block, 2) * lanes,
              u_plane = pad_to_odd_cache_lines(o_block * lanes * width);
  const Scratch<T> v(points * v_plane), d(points * d_plane), u(points * u_plane);

  for (Index c0 = 0; c0 < p.groups_in; c0 += c_block) {
    const Index groups = std::min(c_block, p.groups_in - c0);
    for (Index o0 = 0; o0 < p.groups_out; o0 += o_block) {
      const Index filters = std::min(o_block, p.groups_out - o0);
      for (Index s0 = 0; s0 < p.strips; s0 += block) {
        const Index strips = std::min(block, p.strips - s0), tiles = strips * p.strip_tiles;
        if (block < p.strips || o0 == 0)  // (1)
          transform_block(p, TransformSource<T>::inputs(p, x), s0, strips, c0, groups,
                          static_cast<T*>(v), v_plane);
        transform_block(p, TransformSource<T>::gradients(p, dy), s0, strips, o0, filters,
                        static_cast<T*>(d), d_plane);
        const Index depth = balanced_block(tiles, 96);
        const Index cost = tiles * groups * filters * lanes * lanes / 64 + 1;
        parallel_blocks(2 * points, 1, cost, [&](Index task, Index) {
          const Index f = task / 2, half = task % 2;
          const Index o_first = half * filters / 2, o_last = (half + 1) * filters / 2;
          const T *const vf = v + f * v_plane, *const df = d + f * d_plane;
          T* const uf = u + f * u_plane;
          const Index ahead_f = std::min(f + 1, points - 1) - f;
          for (Index t = 0; t < tiles; t += depth) {
            const bool last = t + depth >= tiles;
            const Index next_t = last ? 0 : t + depth;
            const T* const next_v = vf + (last ? ahead_f * v_plane : 0) + next_t * lanes;
            const T* const next_d = df + (last ? ahead_f * d_plane : 0) + next_t * lanes;
            const Index calls = (o_last - o_first) * lanes / set.filters;
            for (Index c = 0; c < groups; c += 2) {
              const T* const b = vf + (c * tiles + t) * lanes;
              // the first filters prefetch the next part of V, the last channels that of D
              const T* b_next = c + 2 < groups ? b + 2 * tiles * lanes : next_v;
              for (Index i = 0; i < calls; ++i) {
                const Index o = o_first * lanes + i * set.filters, at = (o / lanes * tiles) * lanes;
                const WinogradGemmArgs<T> sum{df + at + t * lanes + o % lanes,
                                              lanes,
                                              {b, c + 1 < groups ? b + tiles * lanes : b},
                                              c + 2 < groups ? df + at + t * lanes : next_d + at,
                                              i == 0 ? b_next : b_next + tiles * lanes,
                                              std::min(depth, tiles - t),
                                              uf + o * width + c * lanes,
                                              width,
                                              s0 + t > 0};
                set.weight(&sum);
              }
            }
          }
        });
      }
      const Index first = o0 * lanes, count = std::min(filters * lanes, p.out - first);
      parallel_for(count, groups * lanes * points / 2, [&](Index o) {  // (3)
        filter_gradient<T>(p, u + o * width, u_plane, width, c0 * lanes, groups,
                           dw + (first + o) * p.in * taps);
      });
    }
  }
}

}  // namespace glimpse::inline v0::kernel::winograd
