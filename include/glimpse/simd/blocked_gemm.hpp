// blocked_gemm: the blocked matrix product that gemm.hpp, packed.hpp and transposed_product.hpp
// use.
//
//   for each block of columns, and of rows        threads, split_gemm
//     for each block of k                         the block of B is packed, or read in place
//       for each strip of up to 14 rows           the strip of A is packed if it is A^T
//         for each two vectors of columns         a tile in registers, micro_kernel.hpp
#pragma once

#include <algorithm>

#include <glimpse/core/parallel.hpp>
#include <glimpse/core/storage.hpp>
#include <glimpse/simd/epilogue.hpp>
#include <glimpse/simd/micro_kernel.hpp>
#include <glimpse/simd/pack.hpp>

namespace glimpse::inline v0::simd {

namespace detail {

/// One matrix product. Strides of A express its transposition.
template <class T>
struct GemmArgs {
  Index m, n, k;
  T alpha;
  const T* a;
  Index a_row, a_step;
  const T* b;
  Index b_stride;
  bool b_transposed;
  T* c;
  Index c_stride;
  const T* packed = nullptr;       // its offset table
  const Index* offsets = nullptr;  // the offset table of the packed panels
  Isa level = isa();               // the instruction set whose panel width applies
};

constexpr Index ceil_div(Index a, Index b) { return (a + b - 1) / b; }
constexpr Index round_up(Index a, Index b) { return ceil_div(a, b) * b; }

inline constexpr Index strip_group = 4;  // strips of A^T packed in one pass over the lines

/// Size of a block of B: (512, 256), or (256, 512) if A is transposed. Either takes half of a
/// second-level cache of 1 MB. A^T uses the wider block because it is packed again for each block
/// of columns, and fewer blocks pack it fewer times.
template <class T>
Index rows_of_block(const GemmArgs<T>& x) {
  const Index most = x.a_step == 1 ? 512 : 256;
  return ceil_div(x.k, ceil_div(x.k, most));
}
template <class T>
Index columns_of_block(const GemmArgs<T>& x) {
  return x.a_step == 1 ? 256 : 512;
}

/// Scratch memory of one task: packed B, packed A, one tile, two offset tables.
template <class T>
class GemmScratch {
 public:
  GemmScratch(const MicroKernels<T>& set, Index k, Index n)
      : k_(k),
        a_size_(k * strip_group * round_up(set.rows, 16) + 16 * set.rows),
        b_size_(k * round_up(n, set.cols)),
        tile_size_(Index{set.rows} * set.cols),
        memory_(static_cast<std::size_t>(a_size_ + b_size_ + tile_size_) * sizeof(T) +
                static_cast<std::size_t>(2 * k) * sizeof(Index)) {}

  T* b() const { return reinterpret_cast<T*>(static_cast<Index*>(memory_.data()) + 2 * k_); }
  T* a() const { return b() + b_size_; }
  T* tile() const { return a() + a_size_; }
  /// Table i, filled with the multiples of `step`.
  const Index* multiples(int i, Index step) const {
    Index* const table = static_cast<Index*>(memory_.data()) + i * k_;
    for (Index p = 0; p < k_; ++p) table[p] = p * step;
    return table;
  }

 private:
  Index k_, a_size_, b_size_, tile_size_;
  Storage memory_;
};

/// True if rows are a multiple of 4 KB apart: they then compete for the same few lines of the
/// first-level cache.
template <class T>
constexpr bool rows_collide(Index stride) {
  return stride * static_cast<Index>(sizeof(T)) % 4096 == 0;
}

/// Prefetches the cache lines of a matrix block into the second-level cache, a few lines per call.
template <class T>
class Prefetch {
 public:
  Prefetch() = default;
  Prefetch(const T* x, Index stride, Index rows, Index cols)
      : x_(x), stride_(stride), rows_(rows), lines_(ceil_div(cols, line) + 1) {}
  Index lines() const { return rows_ * lines_; }
  void next(Index count) {
    for (; count > 0 && row_ < rows_; --count) {
      __builtin_prefetch(x_ + row_ * stride_ + at_ * line, 0, 2);
      if (++at_ == lines_) ++row_, at_ = 0;
    }
  }

 private:
  static constexpr Index line = 64 / static_cast<Index>(sizeof(T));
  const T* x_ = nullptr;
  Index stride_ = 0, rows_ = 0, lines_ = 0, row_ = 0, at_ = 0;
};

/// Prefetches the tile of C while its sums are computed, because the tile has left the cache since
/// the previous block of k.
template <class T>
void prefetch_rows(const T* c, Index stride, Index rows, Index width) {
  for (Index r = 0; r < rows; ++r) {
    __builtin_prefetch(c + r * stride, 1);
    __builtin_prefetch(c + r * stride + width - 1, 1);
  }
}

/// Rows [m0, m1) and columns [n0, n1) of the product. add: C += alpha A B; otherwise C = alpha A B,
/// and C is never read. Calls done(i, rows) for each finished strip after the last block of k.
template <class T, class Done>
void gemm_block(const GemmArgs<T>& x, Index m0, Index m1, Index n0, Index n1, bool add,
                Done&& done) {
  const MicroKernels<T>& set = micro_kernels<T>(x.level);
  const Index cols = set.cols, vector = cols / 2, width = n1 - n0;
  const Index depth = rows_of_block(x);
  const Index strips = ceil_div(m1 - m0, set.rows);
  const bool packed = x.packed != nullptr;
  // Packing B pays if enough strips read it. B is read in place for up to five strips, or if it has
  // at most 65536 elements (256 KB of floats), because it then stays in cache without packing.
  const bool in_place = !packed && !x.b_transposed && (strips <= 5 || x.n * x.k <= 65536);
  const GemmScratch<T> work(set, depth, packed ? 0 : width);
  const Index* const dense = packed ? x.offsets : work.multiples(0, cols);
  const Index* const strided = in_place ? work.multiples(1, x.b_stride) : nullptr;
  // Whole vectors of a B in place are read from B; the remaining columns at the right are packed.
  const Index lying = in_place ? (width % cols == vector ? width : width / cols * cols) : 0;
  const auto begin_of = [&](Index s) { return m0 + s * (m1 - m0) / strips; };
  // A^T is packed, because consecutive elements lie on different cache lines. Colliding rows of A
  // are copied with a stride of k + 16. Both pay only if several tiles read the strip (width >
  // cols) and if k is long enough: more than 8 for A^T, at least 128 for the copy.
  const bool turn_a = x.a_step != 1 && width > cols && x.k > 8;
  const bool copy_a = x.a_step == 1 && rows_collide<T>(x.a_row) && width > cols && x.k >= 128;

  for (Index k0 = 0; k0 < x.k; k0 += depth) {
    const Index k = std::min(depth, x.k - k0);
    if (!packed && lying < width) {
      const T* const from =
          x.b + (x.b_transposed ? (n0 + lying) * x.b_stride + k0 : k0 * x.b_stride + n0 + lying);
      (x.b_transposed ? pack_transposed_panels<T> : pack_panels<T>)(work.b() + lying * k, cols,
                                                                    from, x.b_stride, k,
                                                                    width - lying);
    }
    const bool adds = add || k0 > 0;
    Prefetch<T> ahead;
    Index pace = 0;
    for (Index s = 0; s < strips; ++s) {
      const Index i = begin_of(s), rows = begin_of(s + 1) - i;
      MicroKernelArgs<T> t{x.a + i * x.a_row + k0 * x.a_step,
                           x.a_row,
                           x.a_step,
                           0,
                           {},
                           dense,
                           0,
                           k,
                           1,
                           {},
                           0,
                           x.alpha,
                           adds};
      if (turn_a) {
        const Index stride = round_up(set.rows, vector), room = k * stride, g = s % strip_group;
        if (g == 0) {
          const Index count = std::min(strip_group, strips - s);
          Index starts[strip_group + 1];
          for (Index r = 0; r <= count; ++r) starts[r] = begin_of(s + r);
          pack_strips<T>(work.a(), stride, t.a - i, x.a_step, k, count, starts, x.m);
        }
        t.a = work.a() + g * room, t.a_step = stride;
      } else if (copy_a) {
        pack_copied<T>(work.a(), k + 16, t.a, x.a_row, rows, k);
        t.a = work.a(), t.a_row = k + 16;
      }
      const Index unit = turn_a ? strip_group : 1;
      // Prefetches the next strip (of A^T: the next group) while this one is multiplied. `pace` is
      // the number of cache lines for each tile, which spreads them evenly. Needs more than four
      // tiles in a strip, because fewer tiles leave too little time.
      if (s % unit == 0 && s + unit < strips && width > 4 * cols) {
        const Index i0 = begin_of(s + unit), i1 = begin_of(std::min(strips, s + 2 * unit));
        const T* const from = x.a + i0 * x.a_row + k0 * x.a_step;
        ahead = x.a_step == 1 ? Prefetch<T>(from, x.a_row, i1 - i0, k)
                              : Prefetch<T>(from, x.a_step, k, i1 - i0);
        pace = ceil_div(ahead.lines(), unit * ceil_div(width, cols));
      }
      for (Index j = 0; j < width; j += cols) {
        ahead.next(pace);
        const Index left = width - j, across = left > vector ? cols : vector;
        const auto run = (left > vector ? set.run : set.narrow)[rows - 1];
        if (packed) {
          t.b[0] = x.packed + (n0 + j) * x.k + k0 * cols;
        } else if (j < lying) {
          t.b[0] = x.b + k0 * x.b_stride + n0 + j, t.offset = strided;
        } else {
          t.b[0] = work.b() + j * k, t.offset = dense;
        }
        t.b[1] = t.b[0] + vector;
        T* const c = x.c + i * x.c_stride + n0 + j;
        // A tile with k < 64 ends before the prefetched lines of C would arrive.
        if (k >= 64) prefetch_rows(c, x.c_stride, rows, across);
        if (left >= across) {
          t.out = c, t.out_row = x.c_stride, t.add = adds;
          run(&t);
        } else {
          t.out = work.tile(), t.out_row = cols, t.add = false;
          run(&t);
          apply_epilogue<T>({c, x.c_stride, work.tile(), cols, rows, left, T(adds), {}});
        }
      }
      if (k0 + k == x.k) done(i, rows);
    }
  }
}

/// Splits the product into blocks and calls f(m0, m1, n0, n1) for each. Splits by columns, because
/// each task then packs only its own part of B. A product with m > 2 n is split by rows.
template <class T, class F>
void split_gemm(const GemmArgs<T>& x, F&& f) {
  const MicroKernels<T>& set = micro_kernels<T>(x.level);
  const Index threads = num_threads(), block = columns_of_block(x);
  const bool tall = x.m > 2 * x.n;
  const Index wide =
      tall ? ceil_div(x.n, block) : threads * std::max<Index>(1, ceil_div(x.n, block * threads));
  const Index width = std::min(x.n, round_up(ceil_div(x.n, wide), set.cols));
  const Index across = ceil_div(x.n, width);
  const Index most = ceil_div(x.m, set.rows);
  const Index down = std::min(most, tall ? threads : ceil_div(threads, across));
  // Unit of cost: one multiply-add of a vector of 16 floats.
  const Index cost = x.m * x.n * x.k / 16 / (across * down) + 1;
  parallel_blocks(across * down, 1, cost, [&](Index task, Index) {
    const Index i = task % down, j = task / down;
    f(i * x.m / down, (i + 1) * x.m / down, j * width, std::min(x.n, (j + 1) * width));
  });
}

/// C = epilogue(alpha A B + beta C), computed in blocks.
template <class T>
void blocked_product(const GemmArgs<T>& x, T beta, const Epilogue<T>& epilogue) {
  split_gemm(x, [&](Index m0, Index m1, Index n0, Index n1) {
    T* const c = x.c + m0 * x.c_stride + n0;
    if (beta != T(0) && beta != T(1))
      apply_epilogue<T>({c, x.c_stride, nullptr, 0, m1 - m0, n1 - n0, beta, {}});
    gemm_block(x, m0, m1, n0, n1, beta != T(0), [&](Index i, Index rows) {
      if (epilogue.none()) return;
      apply_epilogue<T>({x.c + i * x.c_stride + n0, x.c_stride, nullptr, 0, rows, n1 - n0, T(1),
                         shifted(epilogue, i, n0)});
    });
  });
}

}  // namespace detail

}  // namespace glimpse::inline v0::simd
