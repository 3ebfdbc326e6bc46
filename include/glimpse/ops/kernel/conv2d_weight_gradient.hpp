// conv2d_weight_gradient: the gradient of a convolution's filters, by direct sums.
//
//   (1)  dw[o, c, t] += sum_n sum_q dy[n, o, q] plane[n, c, q + offset(t)]
//        q: flat window index, conv2d_padded_planes.hpp
//
// (1) is a product summed over all pixels of all images. dy is copied to the flat windows, with
// zeros between the rows. Vectors run over input channels; planes are therefore transposed to
// [position][channels], and a tap is again one constant offset. Images form groups of a fixed size,
// and one thread sums each dw in one order. The result therefore does not depend on the number of
// threads. For few channels conv2d_small_channels.hpp is used instead.
// Notation: docs/math/notation.md.
#pragma once

#include <glimpse/ops/kernel/conv2d_padded_planes.hpp>
#include <glimpse/ops/kernel/conv2d_small_channels.hpp>

namespace glimpse::inline v0::kernel {

namespace detail {

/// Layout of (1) for one group of filters.
template <class T>
struct WeightPlan {
  PaddedPlanes band;  // one unit: an image, or a band of its rows
  Index bands, band_rows;
  Index units, group;
  Index blocks;       // number of blocks of `cols` channels
  Index cols, count;  // lanes of a tile; flat windows of a unit
  Index unit_size;    // elements of a unit's right operand
  Index dy_row;       // distance between filters in the copy of dy
  std::vector<Index> taps, steps;

  WeightPlan(const ConvGeometry& g, const simd::MicroKernels<T>& set) : band{g.h, g.w} {
    using simd::detail::ceil_div;
    cols = set.cols;
    band.step_h = g.stride[0], band.step_w = g.stride[1];
    band.top = g.padding[0], band.left = g.padding[1];
    band.reach_h = (g.kh - 1) * g.dilation[0] / g.stride[0];
    band.reach_w = (g.kw - 1) * g.dilation[1] / g.stride[1];
    band.out_h = g.oh, band.out_w = g.ow;
    band.lay_out(cols);
    // A unit has at most about 1024 windows; a group has about 1664 windows, or at least four
    // units. More units for each product mean fewer additions to dw, but a larger copy of the
    // planes.
    bands = std::min(g.oh, ceil_div(band.count(), 1024));
    band_rows = ceil_div(g.oh, bands);
    band.out_h = band_rows;
    band.lay_out(cols);
    count = band.count();
    units = g.n * bands;
    group = std::min(units, std::max<Index>(4, 1664 / count));
    const Index in = g.group_in();
    blocks = ceil_div(in, cols);
    unit_size = blocks * band.phases() * band.size * cols;
    dy_row = simd::detail::round_up(group * count, 16);
    if (dy_row / 16 % 2 == 0) dy_row += 16; // odd number of cache lines, against collisions
    for (Index k = 0; k < g.taps(); ++k)
      taps.push_back(band.offset(k / g.kw * g.dilation[0], k % g.kw * g.dilation[1]));
    for (Index q = 0; q < count; ++q) steps.push_back(q * cols);
  }

  Index width() const { return blocks * static_cast<Index>(taps.size()) * cols; }

  /// Copies dy of one unit to its flat windows.
  void copy_dy(const ConvGeometry& g, const T* dy, Index unit, T* to) const {
    const Index n = unit / bands, first = unit % bands * band_rows;
    const Index rows = std::min(band_rows, g.oh - first);
    for (Index o = 0; o < g.group_out(); ++o, to += dy_row) {
      const T* from = dy + ((n * g.oc + o) * g.oh + first) * g.ow;
      T* at = to;
      for (Index i = 0; i < rows; ++i, from += g.ow) {
        at = std::copy_n(from, g.ow, at);
        if (i + 1 < rows) at = std::fill_n(at, band.row - g.ow, T(0));
      }
      std::fill(at, to + count, T(0));
    }
  }

  /// Fills the right operand of one unit.
  void transpose_planes(const ConvGeometry& g, const T* x, Index unit, T* to) const {
    const Index n = unit / bands, first = unit % bands * band_rows, in = g.group_in();
    const Index channel = band.phases() * band.size, pixels = g.h * g.w;
    const T* const image = x + n * g.c * pixels;
    const Storage memory(static_cast<std::size_t>(cols * channel) * sizeof(T));
    T* const plane = static_cast<T*>(memory.data());
    for (Index c0 = 0; c0 < in; c0 += cols) {
      const Index here = std::min(cols, in - c0);
      for (Index c = 0; c < here; ++c)
        band.fill(plane + c * channel, image + (c0 + c) * pixels, first);
      simd::pack_transposed<T>(to + c0 * channel, cols, plane, channel, channel, here);
    }
  }
};

}  // namespace detail

/// dw += the gradient (1) of the filters.
template <class T>
void direct_backward_weight(const ConvGeometry& g, const T* x, const T* dy, T* dw) {
  using simd::detail::ceil_div;
  const Index in = g.group_in(), out = g.group_out(), taps = g.taps();
  if (g.n * in * out * taps == 0) return;
  const simd::MicroKernels<T>& set = simd::micro_kernels<T>();
  if (has_small_channels(g, set.cols)) {
    for (Index i = 0; i < g.groups; ++i)
      small_channels_backward_weight(g, x + i * in * g.h * g.w, dy + i * out * g.oh * g.ow,
                                     dw + i * out * in * taps);
    return;
  }
  const detail::WeightPlan<T> plan(g, set);
  const Index width = plan.width(), strips = ceil_div(out, set.rows);
  const Storage memory(
      static_cast<std::size_t>(out * width + out * plan.dy_row + plan.group * plan.unit_size) *
      sizeof(T));
  T* const sum = static_cast<T*>(memory.data());
  T* const left = sum + out * width;
  T* const right = left + out * plan.dy_row;
  const Index parts = std::min(strips, ceil_div(4 * num_threads(), plan.blocks));

  for (Index i = 0; i < g.groups; ++i) {
    const T* const gx = x + i * in * g.h * g.w;
    const T* const gdy = dy + i * out * g.oh * g.ow;
    for (Index u0 = 0; u0 < plan.units; u0 += plan.group) {
      const Index here = std::min(plan.group, plan.units - u0);
      parallel_blocks(here, 1, (in + out) * plan.count, [&](Index u, Index) {
        plan.copy_dy(g, gdy, u0 + u, left + u * plan.count);
        plan.transpose_planes(g, gx, u0 + u, right + u * plan.unit_size);
      });
      const Index cost = out * width / 64 * here * plan.count / (plan.blocks * parts) + 1;
      parallel_blocks(plan.blocks * parts, 1, cost, [&](Index task, Index) {
        const Index block = task / parts, part = task % parts;
        for (Index s = part * strips / parts; s < (part + 1) * strips / parts; ++s) {
          const Index o = s * out / strips, rows = (s + 1) * out / strips - o;
          for (Index t = 0; t < taps; ++t) {
            const Index channel = plan.band.phases() * plan.band.size;
            const T* const b =
                right + (block * channel + plan.taps[static_cast<std::size_t>(t)]) * plan.cols;
            const simd::MicroKernelArgs<T> tile{left + o * plan.dy_row,
                                                plan.dy_row,
                                                1,
                                                plan.count,
                                                {b, b + plan.cols / 2},
                                                plan.steps.data(),
                                                plan.unit_size,
                                                plan.count,
                                                here,
                                                sum + o * width + (block * taps + t) * plan.cols,
                                                width,
                                                T(1),
                                                u0 > 0};
            set.run[rows - 1](&tile);
          }
        }
      });
    }
    parallel_for(out, in * taps, [&](Index o) {
      T* const to = dw + (i * out + o) * in * taps;
      const T* const from = sum + o * width;
      for (Index c = 0; c < in; ++c)
        for (Index t = 0; t < taps; ++t)
          to[c * taps + t] += from[(c / plan.cols * taps + t) * plan.cols + c % plan.cols];
    });
  }
}

}  // namespace glimpse::inline v0::kernel
