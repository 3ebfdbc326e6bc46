// conv2d_small_channels: gradients of convolutions with few input channels, such as a gray image.
//
//   (1)  dw[o, k] += sum_n sum_q window[n, k, q] dy[n, o, q]        k: (channel, tap), q: output
//                                                                   pixel
//   (2)  part[k, q] = sum_o w[o, k] dy[n, o, q],   dx[n, c, q + tap - pad] += part[(c, tap), q]
//
// Vectors over input channels would be almost empty. For (1) the kernel copies the windows of a
// band of rows to [k][q] and transposes dy to [o / L][q][L]. The product has rows k and vectors of
// filters. Each band has its own sums. They are added in the order of the bands, therefore the
// result does not depend on the number of threads. For (2) dy is the right operand of a product, in
// place; the few rows of the product are then added at their positions in dx.
// Notation: docs/math/notation.md.
#pragma once

#include <glimpse/ops/kernel/conv2d_layout.hpp>
#include <glimpse/ops/kernel/conv2d_padded_planes.hpp>
#include <glimpse/simd/reduce.hpp>

namespace glimpse::inline v0::kernel {

/// True if (1) needs less work than the product of conv2d_weight_gradient.hpp. Both counts are
/// products, padded to whole tiles. (1) must need less than 7/10, because it also copies windows.
inline bool has_small_channels(const ConvGeometry& g, Index cols) {
  using simd::detail::round_up;
  return 10 * g.group_in() * round_up(g.group_out(), cols) <
         7 * g.group_out() * round_up(g.group_in(), cols);
}

/// dw += (1) for one group of filters; x and dy point to its first channel.
template <class T>
void small_channels_backward_weight(const ConvGeometry& g, const T* x, const T* dy, T* dw) {
  using simd::detail::ceil_div;
  const simd::MicroKernels<T>& set = simd::micro_kernels<T>();
  const Index in = g.group_in(), out = g.group_out(), windows = in * g.taps();
  const Index cols = set.cols, lanes = cols / 2, width = simd::detail::round_up(out, cols);
  PaddedPlanes band{g.h, g.w, g.stride[0], g.stride[1], g.padding[0], g.padding[1]};
  band.reach_h = (g.kh - 1) * g.dilation[0] / g.stride[0];
  band.reach_w = (g.kw - 1) * g.dilation[1] / g.stride[1];
  // A band has about 1024 windows; 64 bands form a group, whose sums are kept at the same time.
  band.out_h = ceil_div(g.oh, std::min(g.oh, ceil_div(g.oh * g.ow, 1024)));
  band.out_w = g.ow;
  band.lay_out(1);
  const Index bands = ceil_div(g.oh, band.out_h), units = g.n * bands,
              group = std::min<Index>(units, 64);
  const Index most = band.out_h * g.ow, plane = band.phases() * band.size;
  std::vector<Index> steps;
  for (Index q = 0; q < most; ++q) steps.push_back(q * lanes);
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
      T* const transposed = window + most * windows;
      for (Index c = 0; c < in; ++c)
        band.fill(planes + c * plane, x + (n * g.c + c) * g.h * g.w, first);
      T* at = window;
      for (Index k = 0; k < windows; ++k) {
        const Index tap = k % g.taps();
        const T* const from = planes + k / g.taps() * plane +
                              band.offset(tap / g.kw * g.dilation[0], tap % g.kw * g.dilation[1]);
        for (Index i = 0; i < rows; ++i) at = std::copy_n(from + i * band.row, g.ow, at);
      }
      const Index ahead = first + rows < g.oh ? count : (g.oc * g.oh - first) * g.ow;
      for (Index o = 0; o < width; o += lanes)
        pack_nchwc<T>(transposed + o * count, dy + ((n * g.oc + o) * g.oh + first) * g.ow,
                      g.oh * g.ow, count, std::clamp<Index>(out - o, 0, lanes), ahead);
      const Index strips = ceil_div(windows, set.rows);
      for (Index o = 0; o < width; o += cols) {
        for (Index s = 0; s < strips; ++s) {
          const Index k = s * windows / strips, high = (s + 1) * windows / strips - k;
          const simd::MicroKernelArgs<T> tile{
              window + k * count,
              count,
              1,
              0,
              {transposed + o * count, transposed + (o + lanes) * count},
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

/// True if (2) needs less time than the implicit GEMM, whose rows are the input channels. With
/// fewer than 4 rows each loaded vector enters only a few multiply-adds, and loads limit the speed.
/// At most 36 rows (channel, tap) of about 2048 pixels take 288 KB, which fits the second-level
/// cache.
inline bool scatters_gradient(const ConvGeometry& g) {
  return g.group_in() < 4 && g.group_in() * g.taps() <= 36 && g.stride[0] == 1 && g.stride[1] == 1;
}

/// dx = or += (`add`) (2) for one group of filters; dy and dx point to its first channel.
template <class T>
void small_channels_backward_data(const ConvGeometry& g, const T* w, const T* dy, bool add, T* dx) {
  using simd::detail::ceil_div;
  const simd::MicroKernels<T>& set = simd::micro_kernels<T>();
  const Index windows = g.group_in() * g.taps(), out = g.group_out(), cols = set.cols;
  const Index pixels = g.oh * g.ow, reach = (g.kh - 1) * g.dilation[0];
  const Index bands = std::min(g.h, ceil_div(g.h * g.w, 2048)), height = ceil_div(g.h, bands);
  const Index most = (height + reach) * g.ow, stride = simd::detail::round_up(most, cols) + 16;
  std::vector<Index> steps;
  for (Index o = 0; o < out; ++o) steps.push_back(o * pixels);
  for (Index o = 0; o < out; ++o) steps.push_back(o * cols);

  parallel_blocks(g.n * bands, 1, windows * most * out / 32, [&](Index task, Index) {
    const Index n = task / bands, top = task % bands * height, low = std::min(g.h, top + height);
    // the rows of dy that contribute to the band
    const Index first = std::clamp<Index>(top + g.padding[0] - reach, 0, g.oh);
    const Index last = std::clamp<Index>(low + g.padding[0], first, g.oh);
    const Index count = (last - first) * g.ow, strips = ceil_div(windows, set.rows);
    const Storage memory(static_cast<std::size_t>(windows * stride + out * cols) * sizeof(T));
    T* const partial = static_cast<T*>(memory.data());
    T* const rest = partial + windows * stride;  // the last columns, if they do not fill a tile
    const T* const from = dy + n * g.oc * pixels + first * g.ow;
    for (Index q = 0; q < count; q += cols) {
      const bool whole = q + cols <= count;
      if (!whole) simd::pack_copied<T>(rest, cols, from + q, pixels, out, count - q);
      const T* const b = whole ? from + q : rest;
      for (Index o = 0; o < out; ++o)  // short runs far apart in memory: prefetched
        for (Index line = 0; line < cols; line += 16)
          __builtin_prefetch(from + o * pixels + q + 2 * cols + line, 0, 2);
      for (Index s = 0; s < strips; ++s) {
        const Index k = s * windows / strips, high = (s + 1) * windows / strips - k;
        const simd::MicroKernelArgs<T> tile{w + k,
                                            1,
                                            windows,
                                            0,
                                            {b, b + cols / 2},
                                            steps.data() + (whole ? 0 : out),
                                            0,
                                            out,
                                            1,
                                            partial + k * stride + q,
                                            stride,
                                            T(1),
                                            false};
        set.run[high - 1](&tile);
      }
    }
    for (Index c = 0; c < g.group_in(); ++c) {
      T* const to = dx + (n * g.c + c) * g.h * g.w;
      if (!add) std::fill(to + top * g.w, to + low * g.w, T(0));
      for (Index k = 0; k < g.taps(); ++k) {
        const Index down = k / g.kw * g.dilation[0] - g.padding[0];
        const Index across = k % g.kw * g.dilation[1] - g.padding[1];
        const Index begin = std::max<Index>(0, -across), end = std::min(g.ow, g.w - across);
        for (Index y = std::max(first, top - down); y < std::min(last, low - down); ++y)
          if (begin < end)
            simd::add<T>(end - begin, to + (y + down) * g.w + begin + across,
                         partial + (c * g.taps() + k) * stride + (y - first) * g.ow + begin);
      }
    }
  });
}

}  // namespace glimpse::inline v0::kernel
