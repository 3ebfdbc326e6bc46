// gemm: the matrix product, row-major.
//
//   (1)  C = epilogue(alpha op(A) op(B) + beta C)       op(A): (m, k), op(B): (k, n), C: (m, n)
//   (2)  epilogue(c_ij) = relu(c_ij + row_bias_i + column_bias_j), each part optional
//
// How it runs. B is cut into blocks of some 512 rows and at most 256 columns, which stay in the
// second-level cache, packed as panels [k][two vectors]. A is read where it lies, one number spread
// over a vector at a time (tile.hpp), save A^T, whose numbers would each come from another cache
// line. Rows are balanced over the tiles: 64 rows are 13 + 13 + 13 + 13 + 12, not 14 + 14 + 14 + 14
// + 8. Where B^T is large and C has few rows, as in y = x W^T for a batch, C^T = B A^T is computed
// instead: W is then read in place and only x is packed. Threads split the columns, or the rows
// where columns are few; each packs what it needs, so no thread waits for another. An element is
// always summed in the same order, whatever the split.
//
// Structure after Goto, van de Geijn, "Anatomy of High-Performance Matrix Multiplication", 2008.
#pragma once

#include <algorithm>

#include <glimpse/core/parallel.hpp>
#include <glimpse/core/storage.hpp>
#include <glimpse/simd/pack.hpp>
#include <glimpse/simd/tile.hpp>

namespace glimpse::inline v0::simd {

/// Whether a matrix enters a product as it lies in memory or transposed.
enum class Trans : bool { no = false, yes = true };

/// What happens to C on its way out, equation (2). Null pointers: no bias.
template <class T>
struct Epilogue {
  const T* row_bias = nullptr;     // m numbers, one for each row of C
  const T* column_bias = nullptr;  // n numbers, one for each column
  bool relu = false;
};

namespace detail {

/// y = relu(scale * y + x + biases) over a block, x from another block; each part optional.
template <class T>
struct Finish {
  T* y;
  Index y_stride;
  const T* x;  // null: y alone
  Index x_stride;
  Index rows, cols;
  T scale;  // 0: y is not read
  Epilogue<T> epilogue;
};

struct FinishKernel {
  template <int Bytes, class T>
  [[gnu::always_inline]] static inline void run(const Finish<T>* f) {
    using V = Vec<T, Bytes>;
    for (Index i = 0; i < f->rows; ++i) {
      const T bias = f->epilogue.row_bias != nullptr ? f->epilogue.row_bias[i] : T(0);
      Index j = 0;
      for (; j + lanes<V> <= f->cols; j += lanes<V>) block<V>(*f, i, j, lanes<V>, bias);
      if (j < f->cols) block<V>(*f, i, j, f->cols - j, bias);
    }
  }

 private:
  template <class V>
  [[gnu::always_inline]] static inline void block(const Finish<Scalar<V>>& f, Index i, Index j,
                                                  Index count, Scalar<V> bias) {
    using T = Scalar<V>;
    T* const out = f.y + i * f.y_stride + j;
    V v{}, u;
    if (f.scale != T(0)) {
      get(v, out, count);
      v *= f.scale;
    }
    if (f.x != nullptr) {
      get(u, f.x + i * f.x_stride + j, count);
      v += u;
    }
    v += bias;
    if (f.epilogue.column_bias != nullptr) {
      get(u, f.epilogue.column_bias + j, count);
      v += u;
    }
    if (f.epilogue.relu) v = v < T(0) ? V{} : v;  // NaN stays NaN
    if (count == lanes<V>) {
      store(out, v);
    } else {
      store_part(out, v, count);
    }
  }

  template <class V>
  [[gnu::always_inline]] static inline void get(V& v, const Scalar<V>* p, Index count) {
    if (count == lanes<V>) {
      load(v, p);
    } else {
      load_part(v, p, count);
    }
  }
};

template <class T>
Epilogue<T> shifted(Epilogue<T> e, Index i, Index j) {
  if (e.row_bias != nullptr) e.row_bias += i;
  if (e.column_bias != nullptr) e.column_bias += j;
  return e;
}

template <class T>
void finish(const Finish<T>& f) {
  dispatch<FinishKernel>(&f);
}

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
  const TileSet<T>& set = tiles<T>();
  const Index cols = set.cols, width = n1 - n0;
  const Index depth = ceil_div(x.k, ceil_div(x.k, k_block));
  const Workspace<T> work(set, depth, width);
  const Index strips = ceil_div(m1 - m0, set.rows);
  const bool in_place = !x.b_transposed && m1 - m0 <= 2 * set.rows && width >= cols;
  for (Index k0 = 0; k0 < x.k; k0 += depth) {
    const Index k = std::min(depth, x.k - k0);
    for (Index j = 0; j < width; j += cols) {
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
                work.offsets(),
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
      Index table = 0;  // the row distance that the table of offsets holds
      for (Index j = 0; j < width; j += cols) {
        const bool whole = j + cols <= width;
        const bool direct = in_place && whole;
        const Index row = direct ? x.b_stride : cols;
        if (row != table) {
          for (Index p = 0; p < k; ++p) work.offsets()[p] = p * row;
          table = row;
        }
        t.b[0] = direct ? x.b + k0 * x.b_stride + n0 + j : work.b() + j * k;
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
  const TileSet<T>& set = tiles<T>();
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

}  // namespace detail

/// C = epilogue(alpha op(A) op(B) + beta C), row-major, equation (1).
/// op(A): (m, k), op(B): (k, n), C: (m, n). lda, ldb, ldc: distance between rows as they lie in
/// memory, so A is (m, k) for Trans::no and (k, m) for Trans::yes. With beta = 0 C is never read.
template <class T>
void gemm(Trans trans_a, Trans trans_b, Index m, Index n, Index k, T alpha, const T* a, Index lda,
          const T* b, Index ldb, T beta, T* c, Index ldc, const Epilogue<T>& epilogue = {}) {
  using namespace detail;
  if (m <= 0 || n <= 0) return;
  const bool plain =
      epilogue.row_bias == nullptr && epilogue.column_bias == nullptr && !epilogue.relu;
  if (k <= 0) return finish<T>({c, ldc, nullptr, 0, m, n, beta, epilogue});
  const bool ta = trans_a == Trans::yes, tb = trans_b == Trans::yes;
  const Index cols = tiles<T>().cols;

  if (tb && !ta && m <= 128 && 2 * m <= k && 8 * (round_up(m, cols) - m) <= m) {  // C^T = B A^T
    const Index row = round_up(m, cols);
    const Product<T> x{n, m, k, alpha, b, ldb, 1, a, lda, true, nullptr, row};
    const Index chunk = std::min<Index>(n_block, round_up(ceil_div(n, num_threads()), cols));
    parallel_blocks(n, chunk, m * k / 64 + 1, [&](Index j0, Index j1) {
      const Storage turned(static_cast<std::size_t>((j1 - j0) * row + m * (j1 - j0)) * sizeof(T));
      Product<T> part = x;
      part.m = j1 - j0, part.a = b + j0 * ldb, part.c = static_cast<T*>(turned.data());
      product_block(part, 0, part.m, 0, m, false, [](Index, Index) {});
      T* const back = part.c + part.m * row;
      const bool direct = plain && beta == T(0);
      if (direct && ldc == part.m) return pack_transposed<T>(c, part.m, part.c, row, m, part.m);
      pack_transposed<T>(back, part.m, part.c, row, m, part.m);
      finish<T>({c + j0, ldc, back, part.m, m, part.m, beta, shifted(epilogue, 0, j0)});
    });
    return;
  }

  const Product<T> x{m, n, k, alpha, a, ta ? 1 : lda, ta ? lda : 1, b, ldb, tb, c, ldc};
  split_product(x, [&](Index m0, Index m1, Index n0, Index n1) {
    const Finish<T> block{c + m0 * ldc + n0, ldc, nullptr, 0, m1 - m0, n1 - n0, beta, {}};
    if (beta != T(0) && beta != T(1)) finish(block);
    product_block(x, m0, m1, n0, n1, beta != T(0), [&](Index i, Index rows) {
      if (plain) return;
      finish<T>({c + i * ldc + n0, ldc, nullptr, 0, rows, n1 - n0, T(1), shifted(epilogue, i, n0)});
    });
  });
}

/// `count` products of the same shape; matrix i of each operand begins i strides after the first.
/// A stride of 0 shares an operand. C must not be shared.
template <class T>
void gemm_batched(Index count, Trans trans_a, Trans trans_b, Index m, Index n, Index k, T alpha,
                  const T* a, Index lda, Index stride_a, const T* b, Index ldb, Index stride_b,
                  T beta, T* c, Index ldc, Index stride_c, const Epilogue<T>& epilogue = {}) {
  const auto one = [&](Index i) {
    gemm<T>(trans_a, trans_b, m, n, k, alpha, a + i * stride_a, lda, b + i * stride_b, ldb, beta,
            c + i * stride_c, ldc, epilogue);
  };
  if (count < num_threads()) {  // few and large: the threads share each product
    for (Index i = 0; i < count; ++i) one(i);
  } else {
    parallel_blocks(count, 1, m * n * k / 64 + 1, [&](Index i, Index) { one(i); });
  }
}

/// The same by the definition (1): the reference that tests hold gemm against.
template <class T>
void reference_gemm(Trans trans_a, Trans trans_b, Index m, Index n, Index k, T alpha, const T* a,
                    Index lda, const T* b, Index ldb, T beta, T* c, Index ldc,
                    const Epilogue<T>& epilogue = {}) {
  for (Index i = 0; i < m; ++i) {
    for (Index j = 0; j < n; ++j) {
      T sum = 0;
      for (Index p = 0; p < k; ++p) {
        sum += (trans_a == Trans::yes ? a[p * lda + i] : a[i * lda + p]) *
               (trans_b == Trans::yes ? b[j * ldb + p] : b[p * ldb + j]);
      }
      T y = alpha * sum + (beta == T(0) ? T(0) : beta * c[i * ldc + j]);
      if (epilogue.row_bias != nullptr) y += epilogue.row_bias[i];
      if (epilogue.column_bias != nullptr) y += epilogue.column_bias[j];
      c[i * ldc + j] = epilogue.relu && y < T(0) ? T(0) : y;
    }
  }
}

}  // namespace glimpse::inline v0::simd
