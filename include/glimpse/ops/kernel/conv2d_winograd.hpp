// conv2d_winograd: convolution by Winograd's transforms, forward and backward to the input.
//
//   (1)  V = B^T d B          every window of the input, winograd_plan.hpp; the left B is that of
//                             the columns, the right B that of the rows
//   (2)  U = G w G^T          every filter, winograd_filters.hpp
//   (3)  M_f[tile][o] = sum_c V_f[tile][c] U_f[c][o]         one product for each frequency f
//   (4)  y = A^T M A + b
//
// Backward to the input uses the same steps with filters rotated by 180 degrees.
//
// Tiles form blocks whose V takes about 14 MB. The threads share the V of a block. A task is 2 L
// filters and some tiles, and transforms its M out at once. A small U is computed once, or not at
// all if the filters come transformed (prepared_filters.hpp). If U is large, each task computes its
// own U for every block of tiles: six or eight frequencies at a time, in the second-level cache.
// This costs less time than reading U of 50 MB from memory.
// Sums over channels run in steps of 128. The operands of (3) then stay in the first-level cache:
// 16 KB of U and 7 KB of V on AVX-512. The rounding error is below that of one long sum. Every sum
// has one order.
// Notation: docs/math/notation.md.
#pragma once

#include <glimpse/ops/kernel/winograd_filters.hpp>
#include <glimpse/ops/kernel/winograd_micro_kernel.hpp>

namespace glimpse::inline v0::kernel::winograd {

/// Limits on V (14 MB) and on a shared U (8 MB), in elements.
inline constexpr Index v_limit = 3600000, u_limit = 2000000;

/// Destination of (4): y = relu(. + bias), or y += if `add`.
template <class T>
struct Out {
  T* y;
  const T* bias = nullptr;
  bool relu = false, add = false;
};

/// (4) for 2 L filters from filter o, strips [first, last). Their M is m[f * plane + tile * 2 L].
template <class T>
void transform_out(const Plan<T>& p, Index o, Index first, Index last, const T* m, Index plane,
                   const Out<T>& out) {
  const Index lanes = p.lanes, width = p.strip_tiles * p.cols.outputs;
  const Scratch<T> memory((p.rows.points * width + p.rows.outputs * p.ow + 1) * lanes);
  T* const middle = memory;                                 // [rows.points][width][L]
  T* const space = middle + p.rows.points * width * lanes;  // [rows.outputs][ow][L]
  T* const shift = space + p.rows.outputs * p.ow * lanes;
  for (Index half = 0; half < 2 && o < p.out; ++half, o += lanes, m += lanes) {
    const Index channels = std::min(lanes, p.out - o);
    std::fill_n(shift, lanes, T(0));
    if (out.bias != nullptr) std::copy_n(out.bias + o, channels, shift);
    for (Index s = first; s < last; ++s) {
      const TransformArgs<T> along{m + (s - first) * p.strip_tiles * 2 * lanes,
                          plane,
                          2 * lanes,
                          p.cols.points * plane,
                          middle,
                          lanes,
                          p.cols.outputs * lanes,
                          width * lanes,
                          p.strip_tiles,
                          p.rows.points};
      p.cols.output(&along);
      const Index top = s % p.tile_rows * p.rows.outputs;
      const Index high = std::min<Index>(p.rows.outputs, p.oh - top);
      for (Index n = p.first(s); n < p.last(s); ++n) {
        const TransformArgs<T> down{middle + (n - p.first(s)) * p.period * lanes,
                           width * lanes,
                           lanes,
                           0,
                           space,
                           p.ow * lanes,
                           lanes,
                           0,
                           p.ow,
                           1,
                           shift,
                           out.relu};
        p.rows.finish(&down);
        unpack_nchwc(out.y + ((n * p.out + o) * p.oh + top) * p.ow, p.oh * p.ow, space,
                         high * p.ow, channels, out.add);
      }
    }
  }
}

/// (3) for one frequency: M (tiles x 2 L) from V (groups x tiles x L) and U (channels x 2 L).
template <class T>
struct BatchedGemm {
  const WinogradMicroKernels<T>& set;
  Index lanes, groups, k_groups, group_step;  // distance between groups of V

  /// next_v, next_u: the operands of the next product, for prefetching.
  void operator()(const T* v, const T* u, Index tiles, T* m, const T* next_v,
                  const T* next_u) const {
    const Index cuts = ceil_div(tiles, set.rows), panel = k_groups * lanes * 2 * lanes;
    for (Index g = 0; g < groups; g += k_groups) {
      const bool last = g + k_groups >= groups;
      const T* const b = u + g * lanes * 2 * lanes;
      const T* const b_next = last ? next_u : b + panel;
      const T* const a = v + g * group_step;
      for (Index i = 0; i < cuts; ++i) {
        const Index t = i * tiles / cuts, after = (i + 1) * tiles / cuts;
        const T* const ahead = i + 1 < cuts ? a + after * lanes
                               : last       ? next_v
                                            : a + k_groups * group_step;
        const WinogradGemmArgs<T> sum{a + t * lanes,
                         group_step,
                         {b, nullptr},
                         ahead,
                         b_next + std::max<Index>(i - cuts + 2, 0) * panel / 2,
                         std::min(k_groups, groups - g),
                         m + t * 2 * lanes,
                         2 * lanes,
                         g > 0};
        set.forward[after - t - 1](&sum);
      }
    }
  }
};

/// Layout of the transformed filters: u[block][f][c][2 L].
template <class T>
struct FilterPlanes {
  Index blocks, plane, block;  // blocks of 2 L filters; distance between f, between blocks

  explicit FilterPlanes(const Plan<T>& p)
      : blocks(ceil_div(p.out, 2 * p.lanes)),
        plane(pad_to_odd_cache_lines(p.groups_in * p.lanes * 2 * p.lanes)),
        block(p.points() * plane) {}
  Index size() const { return blocks * block; }
};

/// (2) for all filters.
template <class T>
void transform_filters(const Plan<T>& p, const Filters<T>& filters, T* u) {
  const FilterPlanes<T> planes(p);
  const Index lanes = p.lanes, row = lanes * p.cols.taps * 2 * lanes;
  parallel_blocks(planes.blocks * p.groups_in, 1, p.points() * lanes * 16, [&](Index task, Index) {
    const Index o = task / p.groups_in, g = task % p.groups_in;
    T* const to = u + o * planes.block + g * 2 * lanes * lanes;
    const Scratch<T> half(p.rows.points * row);
    filters_down<T>(p, filters, o * 2 * lanes, g * lanes, 1, half, row);
    for (Index i = 0; i < p.rows.points; ++i)
      filters_along<T>(p, half + i * row, lanes, to + i * p.cols.points * planes.plane,
                       planes.plane);
  });
}

/// y (n, out, oh, ow) = or += conv(x, filters) + bias.
/// prepared: result of transform_filters, or null if the filters are not transformed yet.
template <class T>
void convolve(const Plan<T>& p, const T* x, const Filters<T>& filters, const Out<T>& out,
              const T* prepared = nullptr) {
  if (p.n * p.out * p.oh * p.ow == 0) return;
  const WinogradMicroKernels<T> set = sums<T>();
  const FilterPlanes<T> planes(p);
  const Index lanes = p.lanes, points = p.points(), depth = p.groups_in * lanes;
  const Index row = depth * p.cols.taps * 2 * lanes, half_size = p.rows.points * row;
  const bool shared = prepared != nullptr || planes.size() <= u_limit;
  const Index block = balanced_block(p.strips, v_limit / (points * depth * p.strip_tiles));
  // Tiles of a task: 84 = 6 x 14 rows of the largest tile. For F(4x6, 3x3) on AVX-512 their M takes
  // 48 x 84 x 32 floats = 516 KB, half of a second-level cache of 1 MB. If each task transforms its
  // own filters, 336 tiles share the cost of the transform.
  const Index part = balanced_block(block, ceil_div(shared ? 84 : 336, p.strip_tiles));
  const Index v_plane = pad_to_odd_cache_lines(block * p.strip_tiles * depth);
  const Index m_plane = pad_to_odd_cache_lines(part * p.strip_tiles * 2 * lanes);
  const Index k_groups = balanced_block(p.groups_in, 128 / lanes);
  const Scratch<T> made(shared && !prepared ? planes.size() : 0), v(points * v_plane);
  if (shared && !prepared) transform_filters<T>(p, filters, made);
  const T* const u = prepared ? prepared : static_cast<T*>(made);

  for (Index s0 = 0; s0 < p.strips; s0 += block) {
    const Index strips = std::min(block, p.strips - s0), tiles = strips * p.strip_tiles;
    transform_block<T>(p, TransformSource<T>::inputs(p, x), s0, strips, 0, p.groups_in, v, v_plane);
    const Index parts = ceil_div(strips, part);
    const Index cost = points * part * p.strip_tiles * depth * lanes / 32 + 1;
    const BatchedGemm<T> product{set, lanes, p.groups_in, k_groups, tiles * lanes};
    parallel_blocks(planes.blocks * parts, 1, cost, [&](Index task, Index) {
      const Index o = task / parts, first = task % parts * part;
      const Index last = std::min(strips, first + part);
      const Index count = (last - first) * p.strip_tiles;
      const Scratch<T> m(points * m_plane);
      const Scratch<T> half(shared ? 0 : half_size), own(shared ? 0 : p.cols.points * planes.plane);
      if (!shared) filters_down<T>(p, filters, o * 2 * lanes, 0, p.groups_in, half, row);
      const T* const from = v + first * p.strip_tiles * lanes;
      for (Index i = 0; i < p.rows.points; ++i) {
        if (!shared) filters_along<T>(p, half + i * row, depth, own, planes.plane);
        const T* const us =
            shared ? u + o * planes.block + i * p.cols.points * planes.plane : own;
        for (Index j = 0; j < p.cols.points; ++j) {
          const Index f = i * p.cols.points + j, next = std::min(f + 1, points - 1);
          product(from + f * v_plane, us + j * planes.plane, count, m + f * m_plane,
                  from + next * v_plane,
                  us + std::min<Index>(j + 1, p.cols.points - 1) * planes.plane);
        }
      }
      transform_out<T>(p, o * 2 * lanes, s0 + first, s0 + last, m, m_plane, out);
    });
  }
}

}  // namespace glimpse::inline v0::kernel::winograd
