// packed: op(B) stored in the order that the micro-kernel reads, for products that share B.
// Example: the recurrent weights, which every step of a sequence uses.
//
//   panel j: columns [j w, j w + w) of op(B), as [k][w] without gaps, w = two vectors; zeros past n
//
// B is packed once. Each product then reads the packed copy sequentially and packs nothing.
#pragma once

#include <glimpse/core/parallel.hpp>
#include <glimpse/core/storage.hpp>
#include <glimpse/simd/gemm.hpp>

namespace glimpse::inline v0::simd {

/// op(B), (k, n), packed by pack_b. Copies share the elements. Does not follow later changes of B.
template <class T>
class PackedB {
 public:
  PackedB() = default;
  PackedB(Index n, Index k)
      : n_(n),
        k_(k),
        level_(isa()),
        width_(micro_kernels<T>(level_).cols),
        offsets_(static_cast<std::size_t>(k) * sizeof(Index)),
        numbers_(static_cast<std::size_t>(detail::round_up(n, width_) * k) * sizeof(T)) {
    for (Index p = 0; p < k; ++p) static_cast<Index*>(offsets_.data())[p] = p * width_;
  }

  Index n() const { return n_; }
  Index k() const { return k_; }
  bool empty() const { return n_ == 0; }
  Isa level() const { return level_; }  // the instruction set whose panel width it has
  Index panel_width() const { return width_; }
  T* data() const { return static_cast<T*>(numbers_.data()); }
  const Index* offsets() const { return static_cast<const Index*>(offsets_.data()); }

 private:
  Index n_ = 0, k_ = 0;
  Isa level_ = Isa::baseline;
  Index width_ = 0;
  Storage offsets_, numbers_;
};

/// Packs op(B), (k, n). B is stored as (k, n) for Trans::no, as (n, k) for Trans::yes.
/// ldb: distance between the rows of B in memory, in elements.
template <class T>
PackedB<T> pack_b(Trans trans, Index n, Index k, const T* b, Index ldb) {
  const PackedB<T> packed(n, k);
  const Index width = packed.panel_width();
  parallel_blocks(n, width, k * width / 8 + 1, [&](Index j0, Index j1) {
    T* const to = packed.data() + j0 * k;
    if (trans == Trans::yes) {
      pack_transposed<T>(to, width, b + j0 * ldb, ldb, k, j1 - j0);
    } else {
      pack_copied<T>(to, width, b + j0, ldb, k, j1 - j0);
    }
  });
  return packed;
}

/// C = epilogue(alpha op(A) B + beta C), equation (1) of gemm.hpp, for a packed B.
/// op(A): (m, k), C: (m, n). Inside a parallel loop it runs on the calling thread.
template <class T>
void gemm(Trans trans_a, Index m, T alpha, const T* a, Index lda, const PackedB<T>& b, T beta, T* c,
          Index ldc, const Epilogue<T>& epilogue = {}) {
  using namespace detail;
  const Index n = b.n(), k = b.k();
  if (m <= 0 || n <= 0) return;
  if (k <= 0) return apply_epilogue<T>({c, ldc, nullptr, 0, m, n, beta, epilogue});
  const bool ta = trans_a == Trans::yes;
  GemmArgs<T> x{m, n, k, alpha, a, ta ? 1 : lda, ta ? lda : 1, nullptr, 0, false, c, ldc};
  x.packed = b.data(), x.offsets = b.offsets(), x.level = b.level();
  blocked_product(x, beta, epilogue);
}

}  // namespace glimpse::inline v0::simd
