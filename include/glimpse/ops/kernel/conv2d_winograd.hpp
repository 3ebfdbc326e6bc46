// conv2d_winograd: 3x3 convolutions with 36 products for sixteen outputs instead of 144.
//
//   (1)  V = B^T d B      every 6x6 tile of the input, tiles four apart winograd_transforms.hpp (2)
//   U = G w G^T      every filter (3)  M_f[tile][o] = sum_c V_f[tile][c] U_f[c][o] 36 matrix
//   products (4)  y = A^T M A
//
// and for the filters' gradient  dw = G^T [ sum_tiles (A dy A^T)_f[tile][o] V_f[tile][c] ] G.
//
// Vectors run over channels throughout: pictures are turned to [position][channels] in cache, the
// transforms then load and store whole vectors, and the products need no packing. Pictures go in
// blocks of some 200 tiles; within a block the threads share V, then each takes its own output
// channels through (3) and (4). Every sum has one order.
//
// Rounding: about 1e-6 of the output's size in float, a few times that of the direct sum.
#pragma once

#include <glimpse/ops/kernel/conv2d_planes.hpp>
#include <glimpse/ops/kernel/winograd_transforms.hpp>
#include <glimpse/simd/reduce.hpp>

namespace glimpse::inline v0::kernel::winograd {

using simd::detail::ceil_div;
using simd::detail::round_up;

/// Distance between frequencies: an odd number of cache lines, or all 36 would compete for the same
/// few.
inline Index spread(Index numbers) {
  const Index lines = ceil_div(numbers, 16);
  return (lines % 2 == 0 ? lines + 1 : lines) * 16;
}

/// Sizes shared by the passes: pictures (n, in, h, w) to (n, out, oh, ow).
struct Plan {
  Index n, in, out, h, w, pad_h, pad_w, oh, ow;
  Index cols;  // lanes of a tile of products
  Index tiles_h, tiles_w;
  Index in_width;  // in, rounded up to whole blocks of cols
  Index out_width;
  Index block;  // pictures in a block
  Planes planes;

  Plan(Index n_, Index in_, Index out_, Index h_, Index w_, Index pad_h_, Index pad_w_, Index cols_)
      : n(n_),
        in(in_),
        out(out_),
        h(h_),
        w(w_),
        pad_h(pad_h_),
        pad_w(pad_w_),
        oh(h + 2 * pad_h - 2),
        ow(w + 2 * pad_w - 2),
        cols(cols_),
        tiles_h(ceil_div(oh, 4)),
        tiles_w(ceil_div(ow, 4)),
        in_width(round_up(in, cols)),
        out_width(round_up(out, cols)),
        planes{h, w} {
    planes.top = pad_h, planes.left = pad_w;
    planes.reach_h = planes.reach_w = 2;
    planes.out_h = 4 * tiles_h, planes.out_w = 4 * tiles_w;
    planes.lay_out(1);
    const Index wanted = std::clamp<Index>(Index{1500000} / (36 * in_width), 64, 448);  // 6 MB of V
    block = std::clamp<Index>(wanted / picture_tiles(), 1, n);
    block = ceil_div(n, ceil_div(n, block));
  }

  Index picture_tiles() const { return tiles_h * tiles_w; }
  Index tiles() const { return block * picture_tiles(); }
  Index v_plane() const { return spread(tiles() * in_width); }
};

template <class T>
T* numbers(const Storage& s) {
  return static_cast<T*>(s.data());
}
template <class T>
Storage room(Index count) {
  return Storage(static_cast<std::size_t>(count) * sizeof(T));
}

/// (1) for `cols` channels of one picture.
template <class T>
void transform_input(const Plan& p, const T* x, Index channels, T* v) {
  const Storage memory = room<T>(2 * p.cols * p.planes.size);
  T* const plane = numbers<T>(memory);
  T* const turned = plane + p.cols * p.planes.size;
  for (Index c = 0; c < channels; ++c)
    p.planes.fill(plane + c * p.planes.size, x + c * p.h * p.w, 0);
  simd::pack_transposed<T>(turned, p.cols, plane, p.planes.size, p.planes.size, channels);
  const Block<T> b{turned, p.planes.row, p.cols,     p.tiles_h, p.tiles_w, 0, 0,
                   v,      p.v_plane(),  p.in_width, {},        false};
  simd::dispatch<InputKernel>(&b);
}

/// y (n, out, oh, ow) = or += conv(x, filters) + bias.  Filter (c, o) is at w[c * w_in + o *
/// w_out], nine taps, backwards where `turned`.
template <class T>
void forward(const Plan& p, const T* x, const T* w, Index w_in, Index w_out, bool turned,
             const T* bias, bool relu, bool add, T* y) {
  const simd::TileSet<T>& set = simd::tiles<T>();
  const Index blocks_in = p.in_width / p.cols, blocks_out = p.out_width / p.cols;
  const Index u_plane = spread(p.in * p.cols), m_plane = spread(p.tiles() * p.cols),
              pixels = p.oh * p.ow;
  const Storage u_room = room<T>(blocks_out * 36 * u_plane), v_room = room<T>(36 * p.v_plane());
  T* const u = numbers<T>(u_room);
  T* const v = numbers<T>(v_room);
  std::vector<Index> steps;
  for (Index c = 0; c < p.in; ++c) steps.push_back(c * p.cols);

  parallel_blocks(blocks_out, 1, p.in * p.cols * 20, [&](Index o, Index) {
    simd::dispatch<FilterKernel>(w + o * p.cols * w_out, w_in, w_out, turned, p.in,
                                 std::min(p.cols, p.out - o * p.cols), u + o * 36 * u_plane,
                                 u_plane, p.cols);
  });
  for (Index n0 = 0; n0 < p.n; n0 += p.block) {
    const Index here = std::min(p.block, p.n - n0), tiles = here * p.picture_tiles();
    parallel_blocks(here * blocks_in, 1, p.planes.size * p.cols, [&](Index task, Index) {
      const Index n = task / blocks_in, c = task % blocks_in * p.cols;
      transform_input(p, x + ((n0 + n) * p.in + c) * p.h * p.w, std::min(p.cols, p.in - c),
                      v + n * p.picture_tiles() * p.in_width + c);
    });
    parallel_blocks(blocks_out, 1, 36 * tiles * p.in * p.cols / 64 + 1, [&](Index o, Index) {
      const Index channels = std::min(p.cols, p.out - o * p.cols);
      const Storage memory = room<T>(36 * m_plane + 2 * pixels * p.cols + p.cols);
      T* const m = numbers<T>(memory);
      T* const space = m + 36 * m_plane;
      T* const back = space + pixels * p.cols;
      T* const shift = back + pixels * p.cols;
      if (bias != nullptr)
        std::fill(std::copy_n(bias + o * p.cols, channels, shift), shift + p.cols, T(0));
      const Index strips = ceil_div(tiles, set.rows);
      for (Index f = 0; f < 36; ++f) {
        const T* const b = u + (o * 36 + f) * u_plane;
        for (Index s = 0; s < strips; ++s) {
          const Index t = s * tiles / strips, rows = (s + 1) * tiles / strips - t;
          const simd::Tile<T> tile{v + f * p.v_plane() + t * p.in_width,
                                   p.in_width,
                                   1,
                                   0,
                                   {b, b + p.cols / 2},
                                   steps.data(),
                                   0,
                                   p.in,
                                   1,
                                   m + f * m_plane + t * p.cols,
                                   p.cols,
                                   T(1),
                                   false};
          set.run[rows - 1](&tile);
        }
      }
      for (Index n = 0; n < here; ++n) {
        const Block<T> b{space,
                         p.ow,
                         p.cols,
                         p.tiles_h,
                         p.tiles_w,
                         p.oh,
                         p.ow,
                         m + n * p.picture_tiles() * p.cols,
                         m_plane,
                         p.cols,
                         bias != nullptr ? shift : nullptr,
                         relu};
        simd::dispatch<OutputKernel>(&b);
        T* const to = y + ((n0 + n) * p.out + o * p.cols) * pixels;
        simd::pack_transposed<T>(add ? back : to, pixels, space, p.cols, channels, pixels);
        if (add) simd::add<T>(channels * pixels, to, back);
      }
    });
  }
}

/// dw (out, in, 3, 3) += the filters' gradient.
template <class T>
void backward_weight(const Plan& p, const T* x, const T* dy, T* dw) {
  const simd::TileSet<T>& set = simd::tiles<T>();
  const Index blocks_in = p.in_width / p.cols, blocks_out = p.out_width / p.cols,
              pixels = p.oh * p.ow;
  const Index d_plane = spread(p.tiles() * p.out_width), u_plane = spread(p.in_width);
  const Storage v_room = room<T>(36 * p.v_plane()), d_room = room<T>(36 * d_plane);
  const Storage u_room = room<T>(p.out * 36 * u_plane);
  T* const v = numbers<T>(v_room);
  T* const d = numbers<T>(d_room);
  T* const u = numbers<T>(u_room);  // [out][36][in]
  std::vector<Index> steps;
  for (Index t = 0; t < p.tiles(); ++t) steps.push_back(t * p.in_width);
  const Index strips = ceil_div(p.out, set.rows);

  for (Index n0 = 0; n0 < p.n; n0 += p.block) {
    const Index here = std::min(p.block, p.n - n0), tiles = here * p.picture_tiles();
    parallel_blocks(
        here * (blocks_in + blocks_out), 1, p.planes.size * p.cols, [&](Index task, Index) {
          const Index n = task / (blocks_in + blocks_out), i = task % (blocks_in + blocks_out);
          const Index tile = n * p.picture_tiles();
          if (i < blocks_in) {
            transform_input(p, x + ((n0 + n) * p.in + i * p.cols) * p.h * p.w,
                            std::min(p.cols, p.in - i * p.cols),
                            v + tile * p.in_width + i * p.cols);
            return;
          }
          const Index o = (i - blocks_in) * p.cols;
          const Storage memory = room<T>(pixels * p.cols);
          T* const turned = numbers<T>(memory);
          simd::pack_transposed<T>(turned, p.cols, dy + ((n0 + n) * p.out + o) * pixels, pixels,
                                   pixels, std::min(p.cols, p.out - o));
          const Block<T> b{turned,    p.ow,        p.cols,  p.tiles_h,
                           p.tiles_w, p.oh,        p.ow,    d + tile * p.out_width + o,
                           d_plane,   p.out_width, nullptr, false};
          simd::dispatch<OutputBackKernel>(&b);
        });
    parallel_blocks(36, 1, p.out * p.in_width * tiles / 64 + 1, [&](Index f, Index) {
      for (Index i = 0; i < p.in_width; i += p.cols) {
        const T* const b = v + f * p.v_plane() + i;
        for (Index s = 0; s < strips; ++s) {
          const Index o = s * p.out / strips, rows = (s + 1) * p.out / strips - o;
          const simd::Tile<T> tile{
              d + f * d_plane + o, 1,    p.out_width, 0, {b, b + p.cols / 2},
              steps.data(),        0,    tiles,       1, u + (o * 36 + f) * u_plane + i,
              36 * u_plane,        T(1), n0 > 0};
          set.run[rows - 1](&tile);
        }
      }
    });
  }
  parallel_for(p.out, p.in * 20, [&](Index o) {
    simd::dispatch<FilterBackKernel>(u + o * 36 * u_plane, u_plane, p.in, dw + o * p.in * 9);
  });
}

/// Whether the transforms pay: 3x3, step 1, enough channels for whole vectors and enough tiles to
/// share a filter.
inline bool pays(const ConvGeometry& g) {
  const bool fits = g.kh == 3 && g.kw == 3 && g.groups == 1 && g.stride[0] == 1 &&
                    g.stride[1] == 1 && g.dilation[0] == 1 && g.dilation[1] == 1 &&
                    g.padding[0] <= 2 && g.padding[1] <= 2;
  return fits && g.c >= 16 && g.oc >= 16 && g.n * ceil_div(g.oh, 4) * ceil_div(g.ow, 4) >= 64;
}

}  // namespace glimpse::inline v0::kernel::winograd
