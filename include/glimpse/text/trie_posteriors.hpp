// trie posteriors: the probability of each word of a lexicon under a model that predicts one symbol
// after another.
//
//   (1)  ln p(y_1 ... y_n, end) = sum_t ln p(y_t | y_1 ... y_t-1)            text/beam.hpp
//
// A shared prefix is evaluated once: the nodes of one level of the trie, of all images, are one
// batch. A sum of logarithms only falls. A prefix below `floor`, the log-probability of some word,
// cannot lead to a better word and is dropped; the best word stays exact.
// Notation: docs/math/notation.md.
#pragma once

#include <limits>
#include <span>
#include <vector>

#include <glimpse/text/beam.hpp>

namespace glimpse::inline v0 {

struct TriePosteriorOptions {
  Index end = -1;                      // the symbol that ends a text; the last one if -1
  Index begin = -1;                    // input symbol of the first step
  std::span<const double> floor = {};  // one for each image; empty: every word is evaluated
};

/// ln p of every node's word for each image, by (1); -infinity if no word ends at the node or its
/// prefix is below the floor. step(const BeamRows&) -> Tensor (rows, symbols) of log-probabilities,
/// as in beam_search. Throws ShapeError if the number of floors differs from that of the images.
template <class Step>
std::vector<std::vector<double>> trie_posteriors(Step&& step, std::span<const Trie* const> tries,
                                                 const TriePosteriorOptions& options = {}) {
  constexpr double never = -std::numeric_limits<double>::infinity();
  if (!options.floor.empty() && options.floor.size() != tries.size())
    fail<ShapeError>("trie_posteriors", options.floor.size(), " floors for ", tries.size(),
                     " images");
  std::vector<std::vector<double>> found;
  struct Row {
    Index node;
    double log_p;
  };
  std::vector<Row> rows;
  std::vector<Index> parent, symbol, item;
  for (std::size_t i = 0; i < tries.size(); ++i) {
    found.emplace_back(static_cast<std::size_t>(tries[i]->nodes()), never);
    rows.push_back({Trie::root(), 0});
    parent.push_back(static_cast<Index>(i)), symbol.push_back(options.begin);
    item.push_back(static_cast<Index>(i));
  }
  while (!rows.empty()) {
    const auto scores = step(BeamRows{parent, symbol, item}).contiguous();
    require(scores.rank() == 2 && scores.size(0) == std::ssize(rows) &&
                scores.size(1) > std::max<Index>(options.end, 0),
            "trie_posteriors", "wants log-probabilities (rows, symbols) from the step", scores);
    const Index symbols = scores.size(1), end = options.end < 0 ? symbols - 1 : options.end;
    std::vector<Row> next;
    std::vector<Index> next_item;
    parent.clear(), symbol.clear();
    for (std::size_t r = 0; r < rows.size(); ++r) {
      const auto i = static_cast<std::size_t>(item[r]);
      const Trie& trie = *tries[i];
      const auto* p = scores.data() + static_cast<Index>(r) * symbols;
      const Index node = rows[r].node;
      if (trie.word(node) >= 0)
        found[i][static_cast<std::size_t>(node)] = rows[r].log_p + static_cast<double>(p[end]);
      for (Index c = trie.first_child(node); c < trie.first_child(node + 1); ++c) {
        const Index s = trie.symbol(c);
        if (s == end || s >= symbols) continue;
        const double log_p = rows[r].log_p + static_cast<double>(p[s]);
        if (!(log_p > never) || (!options.floor.empty() && log_p < options.floor[i])) continue;
        next.push_back({c, log_p});
        parent.push_back(static_cast<Index>(r)), symbol.push_back(s), next_item.push_back(item[r]);
      }
    }
    rows = std::move(next);
    item = std::move(next_item);
  }
  return found;
}

}  // namespace glimpse::inline v0
