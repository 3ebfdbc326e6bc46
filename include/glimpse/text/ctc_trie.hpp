// ctc trie: the probability of each word of a lexicon under CTC, for all words at once.
//
// For a node v with symbol c and parent u, frame by frame, in logarithms:
//
//   (1)  n_t(v) = ln p_t(c) + ln( exp n_t-1(v) + exp enter ),
//        enter  = b_t-1(u) if u's symbol is c too, else f_t-1(u)
//   (2)  b_t(v) = ln p_t(blank) + f_t-1(v)
//   (3)  f_t(v) = ln( exp n_t(v) + exp b_t(v) )                f_T-1(v) = ln p(text of v)
//   (4)  before the first frame n = b = f = -infinity, but b(root) = f(root) = 0;
//        b_t(root) = f_t(root) = f_t-1(root) + ln p_t(blank)
//
// n: paths that end in the symbol; b: paths that end in a blank. Words share the sums of a common
// prefix, and a vector holds neighboring nodes. Nodes are stored level by level. A walk in reverse
// order therefore reads every parent's old values, and frame t reaches at most level t + 1.
// O(T x nodes): 88 thousand words take some twenty milliseconds on one core.
// Notation: docs/math/notation.md.
#pragma once

#include <algorithm>
#include <cstdint>
#include <type_traits>
#include <vector>

#include <glimpse/core/tensor.hpp>
#include <glimpse/ops/kernel/ctc.hpp>
#include <glimpse/text/lexicon.hpp>

namespace glimpse::inline v0 {

namespace kernel {

/// y = ln(e^a + e^b).
template <class V>
[[gnu::always_inline]] inline void log_sum(V& y, const V& a, const V& b) {
  V top, low, t;
  simd::maximum(top, a, b);
  simd::minimum(low, a, b);
  const V below = low - top;
  simd::Exp::apply(t, below);
  const V one_up = t + simd::Scalar<V>(1);
  simd::Log::apply(t, one_up);
  y = top + t;
}

/// One frame of (1) to (3) for nodes [1, count), in place. Each array is padded by one vector.
/// source: offset of `enter`, counted from f; log_p: of the classes. The caller updates the root.
struct CtcTrieFrame {
  template <int Bytes, class T>
  [[gnu::always_inline]] static inline void run(Index count, const std::int32_t* source,
                                                const std::int32_t* symbol, const T* log_p, T blank,
                                                T* n, T* b, T* f) {
    using V = simd::Vec<T, Bytes>;
    constexpr Index w = simd::lanes<V>;
    for (Index v = 1 + (count - 2) / w * w; v >= 1; v -= w) {
      T into[w], shown[w];
      for (Index i = 0; i < w; ++i) {
        into[i] = f[source[v + i]];
        shown[i] = log_p[symbol[v + i]];
      }
      V enter, emitted, stay, now, total, empty;
      simd::load(enter, into);
      simd::load(emitted, shown);
      simd::load(stay, n + v);
      simd::load(total, f + v);
      log_sum(now, stay, enter);
      now += emitted;
      empty = total + blank;
      log_sum(total, now, empty);
      simd::store(n + v, now);
      simd::store(b + v, empty);
      simd::store(f + v, total);
    }
  }
};

}  // namespace kernel

/// ln p(text) of every node of the trie; log_zero or less if there are too few frames.
/// log_p: (T, C) log-probabilities; blank: the last class if -1. O(T x nodes).
/// Throws ValueError if the trie holds the blank or a symbol that is not a class.
/// Source: the forward recursion of Graves et al. 2006 over a trie.
template <class M>
std::vector<std::remove_const_t<M>> ctc_trie(Matrix<M> log_p, const Trie& trie, Index blank = -1) {
  using T = std::remove_const_t<M>;
  if (blank < 0) blank = log_p.cols() - 1;
  constexpr T never = kernel::log_zero<T>;
  constexpr std::size_t padding =
      64;  // padding for one vector after the last node; its values are never read
  const std::size_t nodes = static_cast<std::size_t>(trie.nodes()), length = nodes + padding;
  std::vector<std::int32_t> source(length, 0), symbol(length, 0);
  for (std::size_t v = 1; v < nodes; ++v) {
    const Index c = trie.symbol(static_cast<Index>(v)), u = trie.parent(static_cast<Index>(v));
    if (c >= log_p.cols() || c == blank)
      fail("ctc_trie", "a word holds class ", c, " of ", log_p.cols(), ", blank ", blank);
    symbol[v] = static_cast<std::int32_t>(c);
    source[v] = static_cast<std::int32_t>(trie.symbol(u) == c ? u + std::ssize(symbol) : u);
  }
  // f, then b: one array, so that `enter` is an offset into either.
  std::vector<T> log_prefixes(2 * length, never), n(length, never);
  std::vector<T> row(static_cast<std::size_t>(log_p.cols()));
  T *const f = log_prefixes.data(), *const b = f + length;
  b[0] = f[0] = 0;  // (4)
  for (Index t = 0; t < log_p.rows(); ++t) {
    for (Index c = 0; c < log_p.cols(); ++c)
      row[static_cast<std::size_t>(c)] = std::max(log_p(t, c), never);
    const Index reached = trie.level(std::min(t + 2, trie.depth() + 1));
    const T empty = row[static_cast<std::size_t>(blank)];
    if (reached > 1)
      simd::dispatch<kernel::CtcTrieFrame>(reached, std::as_const(source).data(),
                                           std::as_const(symbol).data(), std::as_const(row).data(),
                                           empty, n.data(), b, f);
    b[0] = f[0] += empty;
  }
  log_prefixes.resize(nodes);
  return log_prefixes;
}

}  // namespace glimpse::inline v0
