// loops: iterates over several views of one shape in as few contiguous runs as possible.
//
//   axes a and a+1 of a view act as one axis if   stride_a = extent_a+1 * stride_a+1
//
// coalesce_dims drops axes of extent 1 and joins neighbors if the equation holds for every view.
// A dense tensor becomes one run. A dense (N, C, H, W) with a broadcast (C, 1, 1) becomes N C runs
// of H W elements. Long runs are split, because threads can then share them.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>

#include <glimpse/core/parallel.hpp>
#include <glimpse/core/shape.hpp>

namespace glimpse::inline v0 {

/// The coalesced axes of K views, outermost first. There is at least one axis.
template <std::size_t K>
struct StridedLoop {
  Shape extent;
  std::array<Shape, K> stride;

  /// Stride of view k along the innermost axis, in elements.
  Index step(std::size_t k) const { return stride[k][-1]; }
};

/// Coalesces the axes of K views; `strides` are theirs after broadcasting to `shape`.
///
/// Invariant: after axis a, `loops` visits the elements of axes 0..a of each view in row-major
/// order. Axis a joins the last coalesced axis if, in every view, one step along that axis equals
/// shape[a] steps along a. The extents are then multiplied, and the smaller stride is kept.
/// Example: (2, 3, 4) with strides (12, 4, 1) and (0, 4, 1) becomes (2, 12), strides (12, 1), (0,
/// 1).
template <std::size_t K>
StridedLoop<K> coalesce_dims(const Shape& shape, const std::array<Shape, K>& strides) {
  StridedLoop<K> loops;
  for (Index a = 0; a < shape.rank(); ++a) {
    if (shape[a] == 1) continue;
    bool joins = !loops.extent.empty();
    for (std::size_t k = 0; k < K; ++k)
      joins = joins && loops.stride[k][-1] == strides[k][a] * shape[a];
    if (!joins) loops.extent.push_back(1);
    loops.extent[-1] *= shape[a];
    for (std::size_t k = 0; k < K; ++k) {
      if (!joins) loops.stride[k].push_back(0);
      loops.stride[k][-1] = strides[k][a];
    }
  }
  if (loops.extent.empty()) {
    loops.extent.push_back(1);
    for (Shape& s : loops.stride) s.push_back(1);
  }
  return loops;
}

/// Calls f(offsets, n) for runs of n elements along the innermost axis. The runs cover each element
/// once. They are shared among threads if the work is large enough.
/// offsets: element offset of the run in each view. cost: simple operations for one element.
template <std::size_t K, class F>
void for_each_contiguous_run(const StridedLoop<K>& loops, Index cost, F&& f) {
  constexpr Index longest = 16384;
  const Index n = loops.extent[-1], total = loops.extent.count();
  if (total == 0) return;
  const Index pieces = (n + longest - 1) / longest;
  const Index block = std::max<Index>(1, longest / (std::min(n, longest) * cost));
  parallel_blocks(total / n * pieces, block, cost * std::min(n, longest),
                  [&](Index begin, Index end) {
                    Index piece = begin % pieces;
                    Shape index = loops.extent;
                    std::array<Index, K> at{};
                    for (Index a = index.rank() - 2, row = begin / pieces; a >= 0; --a) {
                      index[a] = row % loops.extent[a];
                      row /= loops.extent[a];
                      for (std::size_t k = 0; k < K; ++k) at[k] += index[a] * loops.stride[k][a];
                    }
                    for (Index item = begin; item < end; ++item) {
                      std::array<Index, K> start = at;
                      for (std::size_t k = 0; k < K; ++k)
                        start[k] += piece * longest * loops.step(k);
                      f(start, std::min(longest, n - piece * longest));
                      if (++piece < pieces) continue;
                      piece = 0;
                      for (Index a = index.rank() - 2; a >= 0; --a) {
                        for (std::size_t k = 0; k < K; ++k) at[k] += loops.stride[k][a];
                        if (++index[a] < loops.extent[a]) break;
                        for (std::size_t k = 0; k < K; ++k) at[k] -= index[a] * loops.stride[k][a];
                        index[a] = 0;
                      }
                    }
                  });
}

namespace detail {

/// One run of copy_strided: dense to dense, one element repeated, or strided.
template <class T>
void copy_run(T* to, Index to_step, const T* from, Index from_step, Index n) {
  if (to_step == 1 && from_step == 1)
    std::copy_n(from, n, to);
  else if (to_step == 1 && from_step == 0)
    std::fill_n(to, n, *from);
  else
    for (Index i = 0; i < n; ++i) to[i * to_step] = from[i * from_step];
}

/// Transposes a 4 x 4 tile: to[i * to_step + j] = from[i + j * from_step] for i, j < 4.
/// Elements of four bytes are moved as vectors of 16 bytes.
template <class T>
void copy_transposed(T* to, Index to_step, const T* from, Index from_step) {
  if constexpr (sizeof(T) == 4) {
    typedef std::int32_t V __attribute__((vector_size(16)));
    V r[4];
    for (Index j = 0; j < 4; ++j) std::memcpy(&r[j], from + j * from_step, 16);
    const V a = __builtin_shufflevector(r[0], r[1], 0, 4, 1, 5),
            b = __builtin_shufflevector(r[0], r[1], 2, 6, 3, 7);
    const V c = __builtin_shufflevector(r[2], r[3], 0, 4, 1, 5),
            d = __builtin_shufflevector(r[2], r[3], 2, 6, 3, 7);
    const V y[4] = {
        __builtin_shufflevector(a, c, 0, 1, 4, 5), __builtin_shufflevector(a, c, 2, 3, 6, 7),
        __builtin_shufflevector(b, d, 0, 1, 4, 5), __builtin_shufflevector(b, d, 2, 3, 6, 7)};
    for (Index i = 0; i < 4; ++i) std::memcpy(to + i * to_step, &y[i], 16);
  } else {
    for (Index i = 0; i < 4; ++i)
      for (Index j = 0; j < 4; ++j) to[i * to_step + j] = from[i + j * from_step];
  }
}

/// to[i] = from[i] for all indices i of `shape`. If the dense axes of the two views differ, as in a
/// transpose, the kernel walks both dense axes in square tiles. Both sides then use whole cache
/// lines.
template <class T>
void copy_strided(const Shape& shape, T* to, const Shape& to_strides, const T* from,
                  const Shape& from_strides) {
  StridedLoop<2> loops = coalesce_dims<2>(shape, {to_strides, from_strides});
  const Index last = loops.extent.rank() - 1;
  Index dense = last;
  for (Index a = last; a >= 0; --a)
    if (loops.stride[1][a] == 1 && loops.extent[a] > 1) dense = a;
  if (dense == last || loops.step(0) != 1 || loops.step(1) == 0) {
    for_each_contiguous_run(loops, 1, [&](const std::array<Index, 2>& at, Index n) {
      copy_run(to + at[0], loops.step(0), from + at[1], loops.step(1), n);
    });
    return;
  }
  constexpr Index tile = 64;
  const Index rows = loops.extent[dense], cols = loops.extent[-1];
  const Index to_step = loops.stride[0][dense], from_step = loops.step(1);
  // One run covers one tile of `dense`, and all other axes except the last. View 3 counts the rows.
  StridedLoop<3> bands;
  bands.extent = loops.extent;
  bands.extent[dense] = (rows + tile - 1) / tile;
  bands.extent[-1] = 1;
  for (Index a = 0; a <= last; ++a) {
    const Index times = a == dense ? tile : 1;
    bands.stride[0].push_back(loops.stride[0][a] * times);
    bands.stride[1].push_back(loops.stride[1][a] * times);
    bands.stride[2].push_back(a == dense ? tile : 0);
  }
  for_each_contiguous_run(bands, tile * cols, [&](const std::array<Index, 3>& at, Index) {
    const Index high = std::min(tile, rows - at[2]);
    T* y = to + at[0];
    const T* x = from + at[1];
    for (Index j0 = 0; j0 < cols; j0 += tile) {
      const Index wide = std::min(tile, cols - j0), whole_i = high / 4 * 4, whole_j = wide / 4 * 4;
      for (Index i = 0; i < whole_i; i += 4) {
        for (Index j = j0; j < j0 + whole_j; j += 4)
          copy_transposed(y + i * to_step + j, to_step, x + i + j * from_step, from_step);
      }
      for (Index i = 0; i < high; ++i) {  // the remainder at the right and below
        for (Index j = j0 + (i < whole_i ? whole_j : 0); j < j0 + wide; ++j)
          y[i * to_step + j] = x[i + j * from_step];
      }
    }
  });
}

}  // namespace detail

}  // namespace glimpse::inline v0
