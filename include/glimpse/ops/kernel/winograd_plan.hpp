// winograd_plan: divides the images of a batch into tiles, and lays out the planes of the products.
//
// Images are placed side by side in strips, one row of tiles high. Two neighbors share the zeros
// between them. Only the last tile of a strip is then partly empty, not one tile of every image:
//        image 0         image 1         image 2
//   0 x x x x x x x 0 x x x x x x x 0 x x x x x x x 0
//   |---- tile 0 ---|
//               |---- tile 1 ---|  ...                   F(., 6): windows of 8, 6 apart
//
// L channels form a group, one vector wide. Transformed inputs have the layout
//
//   (1)  V[f][group][tile][L]        f: one of rows.points * cols.points frequencies
//
// with an odd number of cache lines from f to f + 1, because at a power of two all frequencies of a
// tile would compete for the same few lines of the cache.
// Notation: docs/math/notation.md.
#pragma once

#include <algorithm>

#include <glimpse/core/storage.hpp>
#include <glimpse/ops/kernel/conv2d_layout.hpp>
#include <glimpse/ops/kernel/winograd_transforms.hpp>
#include <glimpse/simd/gemm.hpp>

namespace glimpse::inline v0::kernel::winograd {

using simd::detail::ceil_div;
using simd::detail::round_up;

/// `numbers` rounded up to an odd number of cache lines.
inline Index pad_to_odd_cache_lines(Index numbers) {
  const Index lines = ceil_div(numbers, 16);
  return (lines % 2 == 0 ? lines + 1 : lines) * 16;
}

/// Size of the blocks if `count` items form the fewest equal blocks of at most `most`.
inline Index balanced_block(Index count, Index most) {
  return ceil_div(count, ceil_div(count, std::clamp<Index>(most, 1, count)));
}

/// Scratch memory from the memory cache.
template <class T>
class Scratch {
 public:
  explicit Scratch(Index count) : storage_(static_cast<std::size_t>(count) * sizeof(T)) {}
  operator T*() const { return static_cast<T*>(storage_.data()); }

 private:
  Storage storage_;
};

/// A convolution of images (n, in, h, w) to (n, out, oh, ow) with stride 1, as strips of tiles.
template <class T>
struct Plan {
  Line<T> rows, cols;
  Index n, in, out, h, w, pad_h, pad_w, oh, ow;
  Index lanes, groups_in, groups_out;
  Index period;    // distance between images of a strip, in columns
  Index together;  // number of images in a strip
  Index strip_tiles, tile_rows, strips;

  Plan(const Line<T>& rows_, const Line<T>& cols_, Index n_, Index in_, Index out_, Index h_,
       Index w_, Index pad_h_, Index pad_w_)
      : rows(rows_),
        cols(cols_),
        n(n_),
        in(in_),
        out(out_),
        h(h_),
        w(w_),
        pad_h(pad_h_),
        pad_w(pad_w_) {
    oh = h + 2 * pad_h - rows.taps + 1, ow = w + 2 * pad_w - cols.taps + 1;
    lanes = simd::micro_kernels<T>().cols / 2;
    groups_in = ceil_div(in, lanes), groups_out = ceil_div(out, lanes);
    period = w + pad_w;
    tile_rows = ceil_div(oh, rows.outputs);
    const auto width = [&](Index g) { return ceil_div((g - 1) * period + ow, cols.outputs); };
    // Choose the strip with the fewest tiles in total. At most 256 columns, because the buffers of
    // transform_strip then take about 200 KB for F(4x6, 3x3) on AVX-512.
    together = 1;
    for (Index g = 2; g <= n && g * period <= 256; ++g)
      if (ceil_div(n, g) * width(g) < ceil_div(n, together) * width(together)) together = g;
    strip_tiles = width(together);
    strips = ceil_div(n, together) * tile_rows;
  }

  Index points() const { return rows.points * cols.points; }
  Index tiles() const { return strips * strip_tiles; }
  /// The images [first, last) of a strip.
  Index first(Index strip) const { return strip / tile_rows * together; }
  Index last(Index strip) const { return std::min(n, first(strip) + together); }
};

/// One input of the transforms: images on the way to V, or output gradients, which the transposed
/// output transform maps to planes of the same layout.
template <class T>
struct TransformSource {
  const T* x;
  Index channels, h, w, pad_h, pad_w;
  Index reach_h, reach_w;  // rows and columns read by one tile
  typename Line<T>::Run down, along;

  static TransformSource inputs(const Plan<T>& p, const T* x) {
    return {x,       p.in,          p.h,           p.w,          p.pad_h - p.rows.skip,
            p.pad_w, p.rows.inputs, p.cols.inputs, p.rows.input, p.cols.input};
  }
  static TransformSource gradients(const Plan<T>& p, const T* dy) {
    return {dy,
            p.out,
            p.oh,
            p.ow,
            0,
            0,
            p.rows.outputs,
            p.cols.outputs,
            p.rows.gradient,
            p.cols.gradient};
  }
};

/// Transforms one strip of one group of channels to planes[f * plane + tile * L].
template <class T>
void transform_strip(const Plan<T>& p, const TransformSource<T>& s, Index strip, Index group,
                     T* planes, Index plane) {
  const Index lanes = p.lanes, width = (p.strip_tiles - 1) * p.cols.outputs + s.reach_w;
  const Scratch<T> memory((s.reach_h * s.w + p.rows.points * width) * lanes);
  T* const space = memory;                            // [reach_h][w][L]
  T* const middle = space + s.reach_h * s.w * lanes;  // [rows.points][width][L]
  const Index channels = std::min(lanes, s.channels - group * lanes);
  const Index top = strip % p.tile_rows * p.rows.outputs - s.pad_h;
  const Index low = std::clamp<Index>(top, 0, s.h),
              high = std::clamp<Index>(top + s.reach_h, 0, s.h);
  std::fill_n(space, std::max<Index>(low - top, 0) * s.w * lanes, T(0));
  if (high >= low)
    std::fill(space + (high - top) * s.w * lanes, space + s.reach_h * s.w * lanes, T(0));

  const Index image = s.channels * s.h * s.w;
  const Index next_group = lanes * s.h * s.w - (p.last(strip) - 1 - p.first(strip)) * image;
  Index done = 0;  // columns of `middle` already filled
  const auto skip_to = [&](Index column) {
    if (column > done)
      for (Index i = 0; i < p.rows.points; ++i)
        std::fill_n(middle + (i * width + done) * lanes, (column - done) * lanes, T(0));
  };
  for (Index n = p.first(strip); n < p.last(strip); ++n) {
    const Index column = (n - p.first(strip)) * p.period + s.pad_w;
    pack_nchwc(space + (low - top) * s.w * lanes,
               s.x + ((n * s.channels + group * lanes) * s.h + low) * s.w, s.h * s.w,
               (high - low) * s.w, channels, n + 1 < p.last(strip) ? image : next_group);
    skip_to(column);
    const TransformArgs<T> down{space,         s.w * lanes, lanes, 0,   middle + column * lanes,
                                width * lanes, lanes,       0,     s.w, 1};
    s.down(&down);
    done = column + s.w;
  }
  skip_to(width);
  const TransformArgs<T> along{middle, lanes, p.cols.outputs * lanes, width * lanes, planes,
                               plane,  lanes, p.cols.points * plane,  p.strip_tiles, p.rows.points};
  s.along(&along);
}

/// (1) for `strips` strips from `strip` and `groups` groups of channels from `group`.
template <class T>
void transform_block(const Plan<T>& p, const TransformSource<T>& s, Index strip, Index strips,
                     Index group, Index groups, T* planes, Index plane) {
  const Index tiles = strips * p.strip_tiles, cost = p.points() * p.strip_tiles * 8;
  parallel_blocks(strips * groups, 1, cost, [&](Index task, Index) {
    const Index i = task / groups, g = task % groups;
    transform_strip(p, s, strip + i, group + g, planes + (g * tiles + i * p.strip_tiles) * p.lanes,
                    plane);
  });
}

}  // namespace glimpse::inline v0::kernel::winograd
