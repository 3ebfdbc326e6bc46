// product: the blocked matrix product under gemm.hpp and packed.hpp.
#pragma once

#include <algorithm>

#include <glimpse/core/parallel.hpp>
#include <glimpse/core/storage.hpp>
#include <glimpse/simd/epilogue.hpp>
#include <glimpse/simd/pack.hpp>
#include <glimpse/simd/tile.hpp>

namespace glimpse::inline v0::simd {

namespace detail {

/// One product as the driver sees it: strides instead of transpositions.
template <class T>
struct Product {
  Index m, n, k;
  T alpha;
  const T* a;
  Index a_row, a_step;
  const T* b;
  Index b_stride;
  bool b_transposed;
  T* c;
  Index c_stride;
  const T* packed = nullptr;       // op(B) in panels of whole k (packed.hpp); b is not read then
  const Index* offsets = nullptr;  // and their table of offsets
  Isa level = isa();               // whose panels they are
};

constexpr Index ceil_div(Index a, Index b) { return (a + b - 1) / b; }
constexpr Index round_up(Index a, Index b) { return ceil_div(a, b) * b; }

inline constexpr Index k_block = 512, n_block = 256;

/// Scratch of one task: packed B, packed A, one tile, the table of offsets.
template <class T>
class Workspace {
 public:
  Workspace(const TileSet<T>& set, Index k, Index n)
      : a_size_(k * round_up(set.rows, 16)),
        b_size_(k * round_up(n, set.cols)),
        tile_size_(Index{set.rows} * set.cols),
        numbers_(static_cast<std::size_t>(a_size_ + b_size_ + tile_size_) * sizeof(T)),
        offsets_(static_cast<std::size_t>(k) * sizeof(Index)) {}

  T* b() const { return static_cast<T*>(numbers_.data()); }
  T* a() const { return b() + b_size_; }
  T* tile() const { return a() + a_size_; }
  Index* offsets() const { return static_cast<Index*>(offsets_.data()); }

 private:
  Index a_size_, b_size_, tile_size_;
  Storage numbers_, offsets_;
};

/// Rows a multiple of 4 KB apart fall into the same few lines of the first-level cache.
template <class T>
constexpr bool rows_collide(Index stride) {
  return stride * static_cast<Index>(sizeof(T)) % 4096 == 0;
}

/// Rows [m0, m1) and columns [n0, n1) of the product: C = alpha A B where `add` is false, which
/// never reads C, else C += alpha A B. After the last block of k every finished strip goes through
/// `done(i, rows)`.
template <class T, class Done>
void product_block(const Product<T>& x, Index m0, Index m1, Index n0, Index n1, bool add,
                   Done&& done) {
  const TileSet<T>& set = tiles<T>(x.level);
  const Index cols = set.cols, width = n1 - n0;
  const Index depth = ceil_div(x.k, ceil_div(x.k, k_block));
  const Workspace<T> work(set, depth, x.packed != nullptr ? 0 : width);
  const Index strips = ceil_div(m1 - m0, set.rows);
  const bool packed = x.packed != nullptr;
  const bool in_place =
      !packed && !x.b_transposed && m1 - m0 <= 2 * set.rows && width >= cols;
  for (Index k0 = 0; k0 < x.k; k0 += depth) {
    const Index k = std::min(depth, x.k - k0);
    for (Index j = 0; j < width && !packed; j += cols) {
      if (in_place && j + cols <= width) continue;
      const T* from =
          x.b + (x.b_transposed ? (n0 + j) * x.b_stride + k0 : k0 * x.b_stride + n0 + j);
      T* const to = work.b() + j * k;
      const Index filled = std::min(cols, width - j);
      (x.b_transposed ? pack_transposed<T> : pack_copied<T>)(to, cols, from, x.b_stride, k, filled);
    }
    for (Index s = 0; s < strips; ++s) {
      const Index i = m0 + s * (m1 - m0) / strips, rows = m0 + (s + 1) * (m1 - m0) / strips - i;
      Tile<T> t{x.a + i * x.a_row + k0 * x.a_step,
                x.a_row,
                x.a_step,
                0,
                {},
                packed ? x.offsets : work.offsets(),
                0,
                k,
                1,
                nullptr,
                0,
                x.alpha,
                add || k0 > 0};
      if (x.a_step != 1 && width > cols && k > 8) {
        const Index stride = round_up(rows, 16);
        const Index readable =
            std::min(stride, x.m - i);  // whole vectors, where the matrix has them
        pack_copied<T>(work.a(), stride, t.a, x.a_step, k, readable);
        t.a = work.a(), t.a_step = stride;
      } else if (rows_collide<T>(x.a_row) && x.a_step == 1 && width > cols && k >= 128) {
        pack_copied<T>(work.a(), k + 16, t.a, x.a_row, rows, k);
        t.a = work.a(), t.a_row = k + 16;
      }
      Index table = packed ? cols : 0;  // the row distance that the table of offsets holds
      for (Index j = 0; j < width; j += cols) {
        const bool whole = j + cols <= width;
        const bool direct = in_place && whole;
        const Index row = direct ? x.b_stride : cols;
        if (row != table) {
          for (Index p = 0; p < k; ++p) work.offsets()[p] = p * row;
          table = row;
        }
        t.b[0] = packed   ? x.packed + (n0 + j) * x.k + k0 * cols
                 : direct ? x.b + k0 * x.b_stride + n0 + j
                          : work.b() + j * k;
        t.b[1] = t.b[0] + cols / 2;
        T* const c = x.c + i * x.c_stride + n0 + j;
        if (whole) {
          t.out = c, t.out_row = x.c_stride, t.add = add || k0 > 0;
          set.run[rows - 1](&t);
        } else {
          t.out = work.tile(), t.out_row = cols, t.add = false;
          set.run[rows - 1](&t);
          finish<T>({c, x.c_stride, work.tile(), cols, rows, width - j, T(add || k0 > 0), {}});
        }
      }
      if (k0 + k == x.k) done(i, rows);
    }
  }
}

/// Cuts the product into blocks of columns, and of rows where columns are few, and runs f(m0, m1,
/// n0, n1).
template <class T, class F>
void split_product(const Product<T>& x, F&& f) {
  const TileSet<T>& set = tiles<T>(x.level);
  const Index threads = num_threads();
  const Index wide = threads * std::max<Index>(1, ceil_div(x.n, n_block * threads));
  const Index width = std::min(x.n, round_up(ceil_div(x.n, wide), set.cols));
  const Index across = ceil_div(x.n, width);
  const Index down =
      across >= threads ? 1 : std::min(ceil_div(threads, across), ceil_div(x.m, set.rows));
  const Index cost =
      x.m * x.n * x.k / 64 / (across * down) + 1;  // some 64 multiply-adds to an operation
  parallel_blocks(across * down, 1, cost, [&](Index task, Index) {
    const Index i = task % down, j = task / down;
    f(i * x.m / down, (i + 1) * x.m / down, j * width, std::min(x.n, (j + 1) * width));
  });
}

/// C = epilogue(alpha A B + beta C), by blocks.
template <class T>
void blocked_product(const Product<T>& x, T beta, const Epilogue<T>& epilogue) {
  split_product(x, [&](Index m0, Index m1, Index n0, Index n1) {
    T* const c = x.c + m0 * x.c_stride + n0;
    if (beta != T(0) && beta != T(1))
      finish<T>({c, x.c_stride, nullptr, 0, m1 - m0, n1 - n0, beta, {}});
    product_block(x, m0, m1, n0, n1, beta != T(0), [&](Index i, Index rows) {
      if (epilogue.none()) return;
      finish<T>({x.c + i * x.c_stride + n0, x.c_stride, nullptr, 0, rows, n1 - n0, T(1),
                 shifted(epilogue, i, n0)});
    });
  });
}

}  // namespace detail

}  // namespace glimpse::inline v0::simd
