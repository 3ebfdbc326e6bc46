// winograd_filters: transforms filters to the planes of the products, U = G w G^T, and back.
//
//   (1)  U[block][f][c][2 L]        c: input channels, in whole groups; 2 L filters adjacent
//   (2)  dw = G^T dU G
// Notation: docs/math/notation.md.
#pragma once

#include <glimpse/ops/kernel/winograd_plan.hpp>
#include <glimpse/simd/reduce.hpp>

namespace glimpse::inline v0::kernel::winograd {

/// Tap t of the filter from input channel c to output channel o is w[c * in + o * out + t]; taps
/// are reversed if `flipped`. `end` is the end of all filters.
template <class T>
struct Filters {
  const T* w;
  const T* end;
  Index in, out;
  bool flipped;
};

/// The first half of (1), along the columns, for 2 L filters from output channel o and `groups`
/// groups of input channels from c. Writes half[i][c][s][2 L], i < rows.points, s < cols.taps;
/// `row` is the distance from i to i + 1.
template <class T>
void filters_down(const Plan<T>& p, const Filters<T>& f, Index o, Index c, Index groups, T* half,
                  Index row) {
  const Index lanes = p.lanes, kw = p.cols.taps, taps = p.rows.taps * kw;
  const Index slot = std::max(taps, lanes);  // rows of a channel in `raw`
  const bool dense = f.in == taps;
  const Index stride = dense ? taps : slot;
  const Scratch<T> raw(lanes * slot * lanes);  // [c][tap][L]
  const Index sign = f.flipped ? -1 : 1;
  for (Index g = 0; g < groups; ++g, c += lanes, half += lanes * kw * 2 * lanes) {
    const Index depth = std::min(lanes, p.in - c);
    for (Index side = 0; side < 2; ++side) {
      const Index first = o + side * lanes, here = std::clamp<Index>(p.out - first, 0, lanes);
      const T* const from = f.w + c * f.in + first * f.out;
      if (dense) {
        pack_nchwc<T>(raw, from, f.out, depth * taps, here, lanes * taps);
      } else {
        for (Index i = 0; i < depth; ++i) {
          const T* const at = from + i * f.in;
          for (Index ahead = 0; ahead < here * taps; ahead += 16)
            if (i + 8 < depth) __builtin_prefetch(at + 8 * f.in + ahead);
          // whole squares if the elements after the filters may be read
          const Index count = f.end - at >= (here - 1) * taps + slot ? slot : taps;
          pack_nchwc<T>(raw + i * slot * lanes, at, f.out, count, here);
        }
      }
      std::fill(raw + depth * stride * lanes, raw + lanes * stride * lanes, T(0));
      const TransformArgs<T> down{raw + (f.flipped ? (taps - 1) * lanes : 0),
                                  sign * kw * lanes,
                                  sign * lanes,
                                  stride * lanes,
                                  half + side * lanes,
                                  row,
                                  2 * lanes,
                                  kw * 2 * lanes,
                                  kw,
                                  lanes};
      p.rows.filter(&down);
    }
  }
}

/// The second half of (1), along the rows, for one i and `channels` channels. Writes
/// u[j * plane + c * 2 L], j < cols.points.
template <class T>
void filters_along(const Plan<T>& p, const T* half, Index channels, T* u, Index plane) {
  const Index lanes = p.lanes;
  const TransformArgs<T> along{
      half, 2 * lanes, p.cols.taps * 2 * lanes, lanes, u, plane, 2 * lanes, lanes, channels, 2};
  p.cols.filter(&along);
}

/// (2) for one filter over `groups` groups of input channels from c: dw[(c + i) * taps + t] +=.
/// u[f * plane + i]: the gradient of its transform; that of the next filter is `next` elements
/// later.
template <class T>
void filter_gradient(const Plan<T>& p, const T* u, Index plane, Index next, Index c, Index groups,
                     T* dw) {
  const Index lanes = p.lanes, kh = p.rows.taps, kw = p.cols.taps, taps = kh * kw;
  const Index slot = std::max(taps, lanes);
  const Scratch<T> memory((p.rows.points * kw + 2 * slot) * lanes + slot);
  T* const half = memory;                                   // [rows.points][kw][L]
  T* const transposed = half + p.rows.points * kw * lanes;  // [tap][L]
  T* const table = transposed + slot * lanes;               // [L][tap]
  std::fill(transposed, table, T(0));
  for (Index g = 0; g < groups; ++g) {
    const Index at = c + g * lanes, channels = std::min(lanes, p.in - at);
    for (Index f = 0; f < p.points(); ++f) __builtin_prefetch(u + f * plane + next + g * lanes);
    const TransformArgs<T> along{
        u + g * lanes, plane, 0, p.cols.points * plane, half, lanes, 0, kw * lanes, 1,
        p.rows.points};
    p.cols.filter_back(&along);
    const TransformArgs<T> down{half,       kw * lanes, lanes, 0,  transposed,
                                kw * lanes, lanes,      0,     kw, 1};
    p.rows.filter_back(&down);
    // each filter's row overwrites the excess elements of the one before
    unpack_nchwc(table, taps, transposed, slot, lanes, false);
    simd::add<T>(channels * taps, dw + at * taps, table);
  }
}

}  // namespace glimpse::inline v0::kernel::winograd
