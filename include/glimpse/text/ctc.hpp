// ctc: decodes frames of symbol probabilities, with a blank class, into texts.
//
//   (1)  text of a path = the path, equal neighbors merged, then blanks dropped
//   (2)  p(text) = sum over the paths with that text of prod_t p_t(path_t)
//
//   greedy      the text of the likeliest path: the best symbol of every frame
//   beam        approximately the likeliest text: after each frame the `width` likeliest prefixes
//               survive. Each has two sums of paths (2): B for those that end in a blank, N for the
//               others. For a prefix l = l' c with last symbol c, after frame t:
//   (3)  B_t(l) = p_t(blank) ( B_t-1(l) + N_t-1(l) )                 B_-1("") = 1, all others 0
//   (4)  N_t(l) = p_t(c) ( N_t-1(l) + M ),   M = B_t-1(l')                   if l' ends in c
//                                            M = B_t-1(l') + N_t-1(l')       otherwise
//   alignment   probability that frame t shows symbol i of a text
//
// Frames are rows of log-probabilities, (T, C).
// Sources: Graves et al. 2006; Graves, Jaitly 2014 and Hannun 2017 for prefix beam search.
// Notation: docs/math/notation.md.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>
#include <vector>

#include <glimpse/core/tensor.hpp>
#include <glimpse/ops/kernel/ctc.hpp>
#include <glimpse/text/lexicon.hpp>

namespace glimpse::inline v0 {

/// A merged path: its symbols and the frames [begin, end) of each.
struct CtcPath {
  struct Run {
    Index begin = 0, end = 0;
  };
  std::vector<Index> symbols;
  std::vector<Run> runs;
  double log_probability = 0;  // of this one path
};

/// The likeliest path and its text (1); of equal symbols the lower. log_p: (T, C); scores before
/// the softmax give the same symbols and frames. blank: the last class if -1. O(T C).
template <class T>
CtcPath ctc_greedy(Matrix<T> log_p, Index blank = -1) {
  if (blank < 0) blank = log_p.cols() - 1;
  CtcPath path;
  Index before = blank;
  for (Index t = 0; t < log_p.rows(); ++t) {
    const std::span<T> row = log_p.row(t);
    const Index best = std::max_element(row.begin(), row.end()) - row.begin();
    path.log_probability += static_cast<double>(row[static_cast<std::size_t>(best)]);
    if (best != blank && best == before) path.runs.back().end = t + 1;
    if (best != blank && best != before) {
      path.symbols.push_back(best);
      path.runs.push_back({t, t + 1});
    }
    before = best;
  }
  return path;
}

/// ln p(text), (2), and the positions of its symbols: frames(i, t) is the probability that frame t
/// shows symbol i, given the text.
struct CtcAlignment {
  double log_probability = 0;  // -infinity: the text needs more than T frames
  Tensor<double> frames;       // (symbols, T); zeros if the text is impossible
};

template <class T>
CtcAlignment ctc_alignment(Matrix<T> log_p, std::span<const Index> text, Index blank = -1) {
  if (blank < 0) blank = log_p.cols() - 1;
  const Index length = std::ssize(text), frames = log_p.rows(), width = kernel::ctc_width(length);
  for (const Index c : text)
    if (c < 0 || c >= log_p.cols() || c == blank)
      fail("ctc_alignment", "text holds class ", c, " of ", log_p.cols(), ", blank ", blank);
  const auto numbers = [](Index n) { return std::vector<double>(static_cast<std::size_t>(n)); };
  std::vector<double> skip = numbers(width + kernel::ctc_border), e = numbers(frames * width),
                      alpha = numbers((frames + 1) * kernel::ctc_stride(width)), row = skip;
  kernel::ctc_skips(text.data(), length, width, skip.data());
  std::vector<double> scores = numbers(log_p.cols());
  for (Index t = 0; t < frames; ++t) {
    std::copy(log_p.row(t).begin(), log_p.row(t).end(), scores.begin());
    kernel::ctc_emission(scores.data(), 0.0, 0.0, text.data(), length, blank, width,
                         e.data() + t * width);
  }
  simd::dispatch<kernel::CtcAlpha>(frames, width, length, std::as_const(e).data(),
                                   std::as_const(skip).data(), alpha.data());
  CtcAlignment found{kernel::ctc_log_p(alpha.data() + frames * kernel::ctc_stride(width), length),
                     zeros<double>({length, frames})};
  if (found.log_probability < kernel::log_zero<double> / 2) {
    found.log_probability = -std::numeric_limits<double>::infinity();
    return found;
  }
  simd::dispatch<kernel::CtcBeta>(frames, width, length, std::as_const(alpha).data(),
                                  std::as_const(skip).data(), found.log_probability, row.data(),
                                  e.data());
  for (Index i = 0; i < length; ++i)
    for (Index t = 0; t < frames; ++t)
      found.frames(i, t) = e[static_cast<std::size_t>(t * width + 2 * i + 1)];
  return found;
}

struct CtcBeamOptions {
  Index width = 7;
  Index blank = -1;            // the last class if -1
  Index results = 1;           // texts to return, at most width
  const Trie* trie = nullptr;  // the words that may be predicted; null: any text
};

struct CtcHypothesis {
  std::vector<Index> symbols;
  double log_probability = 0;  // (2), without the paths that left the beam
  Index node = 0;              // in the trie
};

namespace detail {

inline double log_add(double a, double b) {
  const double top = std::max(a, b), low = std::min(a, b);
  if (low == -std::numeric_limits<double>::infinity()) return top;
  return top + std::log1p(std::exp(low - top));
}

/// The prefixes met so far, as a tree. Each is stored once, even if several paths lead to it.
struct CtcPrefixes {
  static constexpr double never = -std::numeric_limits<double>::infinity();
  struct Node {
    Index parent, symbol, word;  // word: node in the trie of words
    Index child = -1, sibling = -1;
    double blank = never, shown = never;            // ln of the paths that end in a blank, or not
    double next_blank = never, next_shown = never;  // the same sums one frame later
    bool touched = false;

    double total() const { return log_add(blank, shown); }
  };
  std::vector<Node> nodes;
  std::vector<Index> touched;  // prefixes that can survive the next frame

  Node& operator[](Index i) { return nodes[static_cast<std::size_t>(i)]; }

  Index extended(Index parent, Index symbol, Index word) {
    for (Index c = (*this)[parent].child; c >= 0; c = (*this)[c].sibling)
      if ((*this)[c].symbol == symbol) return c;
    nodes.push_back({parent, symbol, word});
    const Index made = static_cast<Index>(nodes.size()) - 1;
    (*this)[made].sibling = (*this)[parent].child;
    (*this)[parent].child = made;
    return made;
  }
  void add(Index node, double Node::*to, double log_p) {
    Node& n = (*this)[node];
    n.*to = log_add(n.*to, log_p);
    if (!n.touched) n.touched = true, touched.push_back(node);
  }
};

}  // namespace detail

/// The likeliest texts of one sequence log_p (T, C), best first. With a trie, only its words are
/// returned; the result is empty if no word survived to the end. Ties: the one met first. Throws
/// ValueError for options out of range.
template <class T>
std::vector<CtcHypothesis> ctc_beam(Matrix<T> log_p, const CtcBeamOptions& options = {}) {
  if (options.width < 1 || options.results < 1)
    fail("ctc_beam", "wants width and results from 1, got ", options.width, " and ",
         options.results);
  using Node = detail::CtcPrefixes::Node;
  const Index blank = options.blank < 0 ? log_p.cols() - 1 : options.blank;
  const Trie* trie = options.trie;
  detail::CtcPrefixes all;
  all.nodes.push_back({-1, -1, Trie::root()});
  all[0].blank = 0;
  std::vector<Index> living{0};
  for (Index t = 0; t < log_p.rows(); ++t) {
    const std::span<T> row = log_p.row(t);
    const auto p = [&](Index c) { return static_cast<double>(row[static_cast<std::size_t>(c)]); };
    all.touched.clear();
    for (const Index h : living) {
      const double total = all[h].total(), ended = all[h].blank, shown = all[h].shown;
      const Index last = all[h].symbol, word = all[h].word;
      all.add(h, &Node::next_blank, total + p(blank));  // (3)
      if (last >= 0)  // (4)
        all.add(h, &Node::next_shown, shown + p(last));
      const auto extend = [&](Index c, Index to) {
        if (c == blank || c >= log_p.cols()) return;
        const double before = c == last ? ended : total;  // equal neighbors need a blank between
        if (before + p(c) == detail::CtcPrefixes::never) return;
        all.add(all.extended(h, c, to), &Node::next_shown, before + p(c));
      };
      if (!trie) {
        for (Index c = 0; c < log_p.cols(); ++c) extend(c, 0);
        continue;
      }
      for (Index n = trie->first_child(word); n < trie->first_child(word + 1); ++n)
        extend(trie->symbol(n), n);
    }
    for (const Index h : living) all[h].blank = all[h].shown = detail::CtcPrefixes::never;
    for (const Index n : all.touched) {
      Node& node = all[n];
      node.blank = node.next_blank, node.shown = node.next_shown;
      node.next_blank = node.next_shown = detail::CtcPrefixes::never;
      node.touched = false;
    }
    living = all.touched;
    const auto kept = std::min(static_cast<std::size_t>(options.width), living.size());
    std::partial_sort(living.begin(), living.begin() + static_cast<std::ptrdiff_t>(kept),
                      living.end(), [&](Index a, Index b) {
                        const double x = all[a].total(), y = all[b].total();
                        return x != y ? x > y : a < b;
                      });
    for (std::size_t i = kept; i < living.size(); ++i)
      all[living[i]].blank = all[living[i]].shown = detail::CtcPrefixes::never;
    living.resize(kept);
  }
  std::vector<CtcHypothesis> found;
  for (const Index h : living) {
    if (static_cast<Index>(found.size()) == options.results) break;
    if (trie && trie->word(all[h].word) < 0) continue;
    found.push_back({{}, all[h].total(), all[h].word});
    for (Index n = h; n > 0; n = all[n].parent) found.back().symbols.push_back(all[n].symbol);
    std::reverse(found.back().symbols.begin(), found.back().symbols.end());
  }
  return found;
}

}  // namespace glimpse::inline v0
