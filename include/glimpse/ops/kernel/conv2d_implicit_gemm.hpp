// conv2d_implicit_gemm: convolution as a matrix product without im2col: conv2d forward, and
// backward to its input.
//
//   (1)  y[n, o, q] = sum_{c, t} a[o, c, t] plane[n, c, q + offset(t)]
//        q: flat window index, conv2d_padded_planes.hpp
//   (2)  forward:        a = w, t over the taps
//   (3)  backward data:  dx at row i step_h + r - pad sums over the taps t_y = u step_h + r:
//        dx[n, c, (i, j)] = sum_{o, u, v} w[o, c, (u, v)] dy[n, o, (i - u, j - v)],
//        one convolution of dy with step 1 for each remainder (r, s) of the stride, with filters
//        rotated by 180 degrees.
//
// (1) is a matrix product whose right operand is never stored: the micro-kernel
// (simd/micro_kernel.hpp) loads its vectors from the padded planes. Columns are counted in vectors
// over all images of a group, because small maps would otherwise leave tiles half empty. Channels
// are processed in blocks of about 512 elements of each filter. The sums stay in a buffer; the
// epilogue copies them out with bias and ReLU. Threads share groups of images, and also rows of
// filters if there are few images. For one to three channels conv2d_small_channels.hpp computes
// backward data.
// Notation: docs/math/notation.md.
#pragma once

#include <vector>

#include <glimpse/ops/kernel/conv2d_padded_planes.hpp>
#include <glimpse/ops/kernel/conv2d_small_channels.hpp>

namespace glimpse::inline v0::kernel {

/// Arguments of the product (1).
template <class T>
struct ImplicitGemmArgs {
  PaddedPlanes planes;
  const T* x;  // image n, channel c at x + n * x_image + c * h * w
  Index images, x_image, channels;
  const T* a;  // (rows, channels * taps)
  Index rows;
  std::vector<std::array<Index, 2>> taps;
  T* y;  // window (i, j) of filter o at y + n * y_image + o * y_channel + i * y_row + j * y_step
  Index y_image, y_channel, y_row, y_step;
  const T* bias = nullptr;
  bool relu = false, add = false;
};

namespace detail {

/// Copies finished sums to the output and drops the flat positions between the rows.
template <class T>
struct ImplicitGemmEpilogueArgs {
  const T* sum;
  Index sum_stride, row;
  Index channels, out_h, out_w;
  T* y;
  Index y_channel, y_row, y_step;
  const T* bias;
  bool relu, add;
};

struct ImplicitGemmEpilogue {
  template <int Bytes, class T>
  [[gnu::always_inline]] static inline void run(const ImplicitGemmEpilogueArgs<T>* o) {
    using V = simd::Vec<T, Bytes>;
    constexpr Index w = simd::lanes<V>;
    for (Index c = 0; c < o->channels; ++c) {
      const T bias = o->bias != nullptr ? o->bias[c] : T(0);
      for (Index i = 0; i < o->out_h; ++i) {
        const T* const from = o->sum + c * o->sum_stride + i * o->row;
        T* const to = o->y + c * o->y_channel + i * o->y_row;
        if (o->y_step == 1 && o->out_w >= w && !o->add) {
          V v;
          for (Index j = 0; j < o->out_w; j += w) {
            const Index at = j + w <= o->out_w ? j : o->out_w - w;  // the last vector overlaps
            simd::load(v, from + at);
            v += bias;
            if (o->relu) v = v < T(0) ? V{} : v;
            simd::store(to + at, v);
          }
          continue;
        }
        for (Index j = 0; j < o->out_w; ++j) {
          T v = from[j] + bias;
          if (o->relu) v = v < T(0) ? T(0) : v;
          T* const at = to + j * o->y_step;
          *at = o->add ? *at + v : v;
        }
      }
    }
  }
};

}  // namespace detail

/// Computes (1) for every image and filter.
template <class T>
void implicit_gemm(ImplicitGemmArgs<T> x) {
  using simd::detail::ceil_div;
  using simd::detail::round_up;
  const simd::MicroKernels<T>& set = simd::micro_kernels<T>();
  const Index lanes = set.cols / 2, taps = static_cast<Index>(x.taps.size()),
              strips = ceil_div(x.rows, set.rows);
  if (x.images * x.rows * x.planes.out_h * x.planes.out_w == 0) return;

  // Columns of one task. A large image is cut into bands of rows of at most 1536 windows. Small
  // images are grouped to about 640 columns (40 vectors of 16). Enough columns amortize the work on
  // each block of planes. Few enough keep the block in the second-level cache: for 3x3 filters 57
  // channels of 1536 floats take 350 KB. Tiles take two vectors; an odd number leaves half a tile
  // idle. Below 30 vectors the idle half costs more than 1/30, and one more image fills it.
  x.planes.lay_out(lanes);
  const Index bands = std::min(x.planes.out_h, ceil_div(x.planes.count(), 1536));
  const Index band_rows = ceil_div(x.planes.out_h, bands);
  PaddedPlanes band = x.planes;
  band.out_h = band_rows;
  band.lay_out(lanes);
  const Index vectors = ceil_div(band.count(), lanes);
  Index group = bands > 1 ? 1 : std::max<Index>(1, 40 / std::max<Index>(1, vectors * lanes / 16));
  if (group * vectors % 2 == 1 && bands == 1 && group * vectors < 30) ++group;
  const Index units = x.images * bands, groups = ceil_div(units, group);
  const Index parts = std::min(strips, ceil_div(num_threads(), groups));

  const Index width = x.channels * taps;  // elements of a filter
  const Index blocks = std::max<Index>(1, ceil_div(width, Index{512}));
  const Index depth = std::max<Index>(1, ceil_div(x.channels, blocks));  // channels in a block
  std::vector<Index> offsets;
  for (Index c = 0; c < depth; ++c)
    for (const auto& t : x.taps)
      offsets.push_back(c * band.phases() * band.size + band.offset(t[0], t[1]));

  const Index cost = x.rows * width * vectors * group * lanes / 64 / parts + 1;
  parallel_blocks(groups * parts, 1, cost, [&](Index task, Index) {
    const Index first_unit = task / parts * group, here = std::min(group, units - first_unit);
    const Index first_strip = task % parts * strips / parts,
                last_strip = (task % parts + 1) * strips / parts;
    const auto strip_row = [&](Index s) { return s * x.rows / strips; };
    const Index columns = round_up(here * vectors, 2) * lanes,
                unit_size = depth * band.phases() * band.size;
    const Index sums = (strip_row(last_strip) - strip_row(first_strip)) * columns;
    const Storage memory(static_cast<std::size_t>(here * unit_size + sums) * sizeof(T));
    T* const plane = static_cast<T*>(memory.data());
    T* const sum = plane + here * unit_size;

    for (Index c0 = 0; c0 == 0 || c0 < x.channels; c0 += depth) {
      const Index channels = std::min(depth, x.channels - c0);
      for (Index u = 0; u < here; ++u) {
        const Index n = (first_unit + u) / bands, first = (first_unit + u) % bands * band_rows;
        for (Index c = 0; c < channels; ++c) {
          band.fill(plane + u * unit_size + c * band.phases() * band.size,
                    x.x + n * x.x_image + (c0 + c) * band.h * band.w, first);
        }
      }
      for (Index s = first_strip; s < last_strip; ++s) {
        const Index o = strip_row(s), rows = strip_row(s + 1) - o;
        T* const strip_sum = sum + (o - strip_row(first_strip)) * columns;
        simd::MicroKernelArgs<T> t{x.a + o * width + c0 * taps,
                                   width,
                                   1,
                                   0,
                                   {},
                                   offsets.data(),
                                   0,
                                   channels * taps,
                                   1,
                                   strip_sum,
                                   columns,
                                   T(1),
                                   c0 > 0};
        for (Index v = 0; v < here * vectors; v += 2, t.out += set.cols) {
          const Index next = std::min(v + 1, here * vectors - 1);
          t.b[0] = plane + v / vectors * unit_size + v % vectors * lanes;
          t.b[1] = plane + next / vectors * unit_size + next % vectors * lanes;
          set.run[rows - 1](&t);
        }
        if (c0 + channels < x.channels) continue;
        for (Index u = 0; u < here; ++u) {
          const Index n = (first_unit + u) / bands, first = (first_unit + u) % bands * band_rows;
          const detail::ImplicitGemmEpilogueArgs<T> out{
              strip_sum + u * vectors * lanes,
              columns,
              band.row,
              rows,
              std::min(band_rows, x.planes.out_h - first),
              band.out_w,
              x.y + n * x.y_image + o * x.y_channel + first * x.y_row,
              x.y_channel,
              x.y_row,
              x.y_step,
              x.bias != nullptr ? x.bias + o : nullptr,
              x.relu,
              x.add};
          simd::dispatch<detail::ImplicitGemmEpilogue>(&out);
        }
      }
    }
  });
}

/// (2): y = conv(x, w) + bias, followed by ReLU if `relu`. bias may be null.
template <class T>
void direct_forward(const ConvGeometry& g, const T* x, const T* w, const T* bias, bool relu, T* y) {
  const Index in = g.group_in(), out = g.group_out();
  ImplicitGemmArgs<T> v{{g.h, g.w, g.stride[0], g.stride[1], g.padding[0], g.padding[1]},
                        x,
                        g.n,
                        g.c * g.h * g.w,
                        in,
                        w,
                        out,
                        {},
                        y,
                        g.oc * g.oh * g.ow,
                        g.oh * g.ow,
                        g.ow,
                        1,
                        bias,
                        relu,
                        false};
  v.planes.out_h = g.oh, v.planes.out_w = g.ow;
  v.planes.reach_h = (g.kh - 1) * g.dilation[0] / g.stride[0];
  v.planes.reach_w = (g.kw - 1) * g.dilation[1] / g.stride[1];
  for (Index r = 0; r < g.kh; ++r)
    for (Index s = 0; s < g.kw; ++s) v.taps.push_back({r * g.dilation[0], s * g.dilation[1]});
  for (Index i = 0; i < g.groups; ++i) {
    v.x = x + i * in * g.h * g.w, v.a = w + i * out * in * g.taps(),
    v.y = y + i * out * g.oh * g.ow;
    v.bias = bias != nullptr ? bias + i * out : nullptr;
    implicit_gemm(v);
  }
}

/// dx = or += (`add`) the gradient (3) of the input.
template <class T>
void direct_backward_data(const ConvGeometry& g, const T* w, const T* dy, bool add, T* dx) {
  const Index in = g.group_in(), out = g.group_out(), taps = g.taps();
  if (scatters_gradient(g)) {
    for (Index i = 0; i < g.groups; ++i)
      small_channels_backward_data(g, w + i * out * in * taps, dy + i * out * g.oh * g.ow, add,
                                   dx + i * in * g.h * g.w);
    return;
  }
  const Storage flipped(static_cast<std::size_t>(in * out * taps) * sizeof(T));
  T* const a = static_cast<T*>(flipped.data());
  for (Index i = 0; i < g.groups; ++i) {
    for (Index r = 0; r < g.stride[0]; ++r) {
      for (Index s = 0; s < g.stride[1]; ++s) {
        ImplicitGemmArgs<T> v{{g.oh, g.ow}, dy + i * out * g.oh * g.ow,
                              g.n,          g.oc * g.oh * g.ow,
                              out,          a,
                              in,           {},
                              dx,           g.c * g.h * g.w,
                              g.h * g.w,    g.stride[0] * g.w,
                              g.stride[1],  nullptr,
                              false,        add};
        PaddedPlanes& p = v.planes;
        std::vector<Index>
            from;  // the taps that reach this remainder, by their place in the filter
        for (Index k = 0; k < taps; ++k) {
          const Index ty = k / g.kw * g.dilation[0], tx = k % g.kw * g.dilation[1];
          if (ty % g.stride[0] != r || tx % g.stride[1] != s) continue;
          from.push_back(k);
          v.taps.push_back({ty / g.stride[0], tx / g.stride[1]});
          p.reach_h = std::max(p.reach_h, v.taps.back()[0]);
          p.reach_w = std::max(p.reach_w, v.taps.back()[1]);
        }
        for (auto& t : v.taps) t = {p.reach_h - t[0], p.reach_w - t[1]};
        // padded rows i stride + r inside the image
        const auto bounds = [](Index size, Index pad, Index stride, Index rest, Index& first,
                               Index& count) {
          first = simd::detail::ceil_div(std::max<Index>(pad - rest, 0), stride);
          const Index last = size + pad - rest;  // first * stride < last wanted
          count = last > first * stride ? simd::detail::ceil_div(last - first * stride, stride) : 0;
        };
        Index first_h = 0, first_w = 0;
        bounds(g.h, g.padding[0], g.stride[0], r, first_h, p.out_h);
        bounds(g.w, g.padding[1], g.stride[1], s, first_w, p.out_w);
        if (p.out_h <= 0 || p.out_w <= 0) continue;
        p.top = p.reach_h - first_h, p.left = p.reach_w - first_w;
        v.y += i * in * g.h * g.w + (first_h * g.stride[0] + r - g.padding[0]) * g.w +
               first_w * g.stride[1] + s - g.padding[1];

        const Index width = out * static_cast<Index>(from.size());
        const T* const filters = w + i * out * in * taps;
        parallel_blocks(in, 16, width, [&](Index c0, Index c1) {
          for (Index o = 0; o < out; ++o) {
            for (Index c = c0; c < c1; ++c) {
              const T* const source = filters + (o * in + c) * taps;
              T* to = a + c * width + o * static_cast<Index>(from.size());
              for (const Index k : from) *to++ = source[k];
            }
          }
        });
        implicit_gemm(v);
      }
    }
  }
}

}  // namespace glimpse::inline v0::kernel
