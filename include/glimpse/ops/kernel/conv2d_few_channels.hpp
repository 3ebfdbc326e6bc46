// conv2d_few_channels: the filters' gradient where a window holds few numbers, as over a grey
// picture.
//
//   (1)  dw[o, k] += sum_n sum_q window[n, k, q] dy[n, o, q]        k: (channel, tap), q: output
//   pixel
//
// Vectors over input channels would be almost empty here. Instead the windows of a band of rows are
// written out, [k][q], dy is turned to [q][o], and the product has k for rows and filters for
// vectors. Each band sums into a place of its own; these are added up in the order of the bands, so
// the number of threads changes nothing.
#pragma once

#include <glimpse/ops/kernel/conv2d_planes.hpp>
#include <glimpse/simd/reduce.hpp>

namespace glimpse::inline v0::kernel {

/// Whether (1) does less than a product over channels (conv2d_weights.hpp).
inline bool has_few_channels(const ConvGeometry& g, Index cols) {
  using simd::detail::round_up;
  return 10 * g.group_in() * round_up(g.group_out(), cols) <
         7 * g.group_out() * round_up(g.group_in(), cols);
}

/// dw += (1) for one group of filters, whose first channel x and dy point to.
template <class T>
void few_channels_backward_weight(const ConvGeometry& g, const T* x, const T* dy, T* dw) {
  using simd::detail::ceil_div;
  const simd::TileSet<T>& set = simd::tiles<T>();
  const Index in = g.group_in(), out = g.group_out(), windows = in * g.taps();
  const Index cols = set.cols, width = simd::detail::round_up(out, cols);
  Planes band{g.h, g.w, g.stride[0], g.stride[1], g.padding[0], g.padding[1]};
  band.reach_h = (g.kh - 1) * g.dilation[0] / g.stride[0];
  band.reach_w = (g.kw - 1) * g.dilation[1] / g.stride[1];
  band.out_h = ceil_div(g.oh, std::min(g.oh, ceil_div(g.oh * g.ow, 1024)));
  band.out_w = g.ow;
  band.lay_out(1);
  const Index bands = ceil_div(g.oh, band.out_h), units = g.n * bands,
              group = std::min<Index>(units, 64);
  const Index most = band.out_h * g.ow, plane = band.phases() * band.size;
  std::vector<Index> steps;
  for (Index q = 0; q < most; ++q) steps.push_back(q * width);
  const Storage sums(static_cast<std::size_t>(group * windows * width) * sizeof(T));
  T* const sum = static_cast<T*>(sums.data());

  for (Index u0 = 0; u0 < units; u0 += group) {
    const Index here = std::min(group, units - u0);
    parallel_blocks(here, 1, most * (windows * width / 64 + width), [&](Index u, Index) {
      const Index n = (u0 + u) / bands, first = (u0 + u) % bands * band.out_h;
      const Index rows = std::min(band.out_h, g.oh - first), count = rows * g.ow;
      const Storage memory(static_cast<std::size_t>(in * plane + most * (windows + width)) *
                           sizeof(T));
      T* const planes = static_cast<T*>(memory.data());
      T* const window = planes + in * plane;
      T* const turned = window + most * windows;
      for (Index c = 0; c < in; ++c)
        band.fill(planes + c * plane, x + (n * g.c + c) * g.h * g.w, first);
      T* at = window;
      for (Index k = 0; k < windows; ++k) {
        const Index tap = k % g.taps();
        const T* const from = planes + k / g.taps() * plane +
                              band.offset(tap / g.kw * g.dilation[0], tap % g.kw * g.dilation[1]);
        for (Index i = 0; i < rows; ++i) at = std::copy_n(from + i * band.row, g.ow, at);
      }
      simd::pack_transposed<T>(turned, width, dy + (n * g.oc * g.oh + first) * g.ow, g.oh * g.ow,
                               count, out);
      const Index strips = ceil_div(windows, set.rows);
      for (Index o = 0; o < width; o += cols) {
        for (Index s = 0; s < strips; ++s) {
          const Index k = s * windows / strips, high = (s + 1) * windows / strips - k;
          const simd::Tile<T> tile{window + k * count,
                                   count,
                                   1,
                                   0,
                                   {turned + o, turned + o + cols / 2},
                                   steps.data(),
                                   0,
                                   count,
                                   1,
                                   sum + (u * windows + k) * width + o,
                                   width,
                                   T(1),
                                   false};
          set.run[high - 1](&tile);
        }
      }
    });
    parallel_for(windows, here * width, [&](Index k) {
      T* const total = sum + k * width;
      for (Index u = 1; u < here; ++u) simd::add<T>(width, total, sum + (u * windows + k) * width);
      for (Index o = 0; o < out; ++o) dw[o * windows + k] += total[o];
    });
  }
}

}  // namespace glimpse::inline v0::kernel
