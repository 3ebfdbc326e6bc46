// beam: the likeliest texts under a model that predicts one symbol after another.
//
//   (1)  log p(y_1 ... y_n, end | image) = sum_t log p(y_t | y_1 ... y_t-1, image)
//
//   (2)  score = log p / n^alpha                    n counts the end; alpha > 0: length is no
//                                                   disadvantage
//
//   (3)  a hypothesis is dropped if its log p is more than `margin` below the best of its step
//
// In each step the `width` likeliest continuations of each image survive. A continuation with the
// end symbol is finished. A sum of logarithms only falls, so the search stops when no living
// hypothesis can rank above the finished ones (exact, not a heuristic). Width 1 is greedy reading.
// With a trie, only its words can be predicted. Source of (2): Wu et al. 2016, section 7, the form
// before their equation 14, which divides by ((5 + n) / 6)^alpha.
//
// The living hypotheses of all images form one batch, so the decoder computes a step as one
// product: see `BeamRows`.
// Notation: docs/math/notation.md.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include <glimpse/core/tensor.hpp>
#include <glimpse/text/lexicon.hpp>

namespace glimpse::inline v0 {

struct BeamOptions {
  Index width = 1;
  Index end = -1;              // the symbol that ends a text; the last one if -1
  Index max_length = 64;       // characters, without the end
  Index begin = -1;            // input symbol of the first step
  Index results = 1;           // texts to return for each image, at most width
  const Trie* trie = nullptr;  // the words that may be predicted; null: any text
  double length_power = 0;     // alpha of (2), n counting the end; 0: the likeliest text wins
  double margin = std::numeric_limits<double>::infinity();  // see (3)
  std::span<const Trie* const> tries = {};  // one trie for each image, in place of `trie`
};

/// The batch of one step. Row r continues row parent[r] of the previous step by the symbol
/// symbol[r], for image item[r]. In the first step, parent[r] is a row of the initial state, which
/// has one row for each image.
struct BeamRows {
  std::span<const Index> parent, symbol, item;
  Index size() const { return static_cast<Index>(symbol.size()); }
};

/// One text and its probability.
struct Hypothesis {
  std::vector<Index> symbols;         // without the end
  std::vector<double> probabilities;  // of each symbol, and of the end if finished
  std::vector<Index> rows;     // its row in each step's batch, to find its attention
  double log_probability = 0;  // (1)
  bool finished = false;       // false: no continuation was possible, not even the end
  Index node = 0;              // in the trie

  /// Product of the symbols' probabilities, the end included; 0 for an unfinished text.
  double confidence() const { return finished ? std::exp(log_probability) : 0; }
  /// (2) for a text of `length` symbols; pass its own length if it is finished.
  double score(double power, std::size_t length) const {
    return power == 0 ? log_probability
                      : log_probability /
                            std::pow(static_cast<double>(std::max<std::size_t>(length, 1)), power);
  }
};

namespace detail {

struct BeamCandidate {
  double score;
  Index hypothesis, symbol, node;
};

/// Sorts the best `count` to the front: by score, then the earlier hypothesis, then the lower
/// symbol, so that ties have one fixed order.
inline void keep_best(std::vector<BeamCandidate>& all, Index count) {
  const auto better = [](const BeamCandidate& a, const BeamCandidate& b) {
    if (a.score != b.score) return a.score > b.score;
    return a.hypothesis != b.hypothesis ? a.hypothesis < b.hypothesis : a.symbol < b.symbol;
  };
  const auto kept = std::min(static_cast<std::size_t>(count), all.size());
  std::partial_sort(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(kept), all.end(),
                    better);
  all.resize(kept);
}

inline double final_score(const Hypothesis& h, double power) {
  return h.score(power, h.symbols.size() + 1);
}

inline void insert_finished(std::vector<Hypothesis>& finished, Hypothesis h, Index results,
                            double power) {
  const auto at = std::find_if(finished.begin(), finished.end(), [&](const Hypothesis& other) {
    return final_score(h, power) > final_score(other, power);
  });
  finished.insert(at, std::move(h));
  if (static_cast<Index>(finished.size()) > results) finished.pop_back();
}

}  // namespace detail

/// Searches the likeliest texts of `items` images at once.
/// step(const BeamRows&) -> Tensor (rows, symbols) of log-probabilities.
/// Returns up to `results` hypotheses for each image, best first. At max_length a text must end. If
/// no continuation is possible (every word of the trie is longer), the best unfinished ones are
/// returned. Throws ValueError for options out of range, ShapeError if the step's scores do not
/// fit. Source: Graves 2012 for the search; Shi et al. 2016 for the trie.
template <class Step>
std::vector<std::vector<Hypothesis>> beam_search(Step&& step, Index items,
                                                 const BeamOptions& options) {
  if (options.width < 1 || options.results < 1 || options.max_length < 0)
    fail("beam_search", "wants width and results from 1 and a length from 0, got ", options.width,
         ", ", options.results, " and ", options.max_length);
  if (!(options.margin >= 0))
    fail("beam_search", "expected a margin from 0, got ", options.margin);
  if (!(options.length_power >= 0))
    fail("beam_search", "wants a length power from 0, got ", options.length_power);
  const Index results = std::min(options.results, options.width);
  if (!options.tries.empty() && std::ssize(options.tries) != items)
    fail<ShapeError>("beam_search", options.tries.size(), " tries for ", items, " images");
  std::vector<std::vector<Hypothesis>> living(static_cast<std::size_t>(items),
                                              std::vector<Hypothesis>(1));
  std::vector<std::vector<Hypothesis>> finished(static_cast<std::size_t>(items));
  std::vector<Index> parent, symbol, item;
  for (Index i = 0; i < items; ++i)
    parent.push_back(i), symbol.push_back(options.begin), item.push_back(i);

  std::vector<detail::BeamCandidate> candidates;
  for (Index length = 0; !symbol.empty(); ++length) {
    const auto scores = step(BeamRows{parent, symbol, item}).contiguous();
    const Index rows = static_cast<Index>(symbol.size());
    require(scores.rank() == 2 && scores.size(0) == rows &&
                scores.size(1) > std::max<Index>(options.end, 0),
            "beam_search",
            "wants log-probabilities (" + std::to_string(rows) + ", symbols) from the step",
            scores);
    const Index symbols = scores.size(1), end = options.end < 0 ? symbols - 1 : options.end;

    parent.clear(), symbol.clear(), item.clear();
    Index row = 0;  // row in the batch whose scores were just computed
    for (Index i = 0; i < items; ++i) {
      auto& beam = living[static_cast<std::size_t>(i)];
      auto& done = finished[static_cast<std::size_t>(i)];
      const Trie* trie =
          options.tries.empty() ? options.trie : options.tries[static_cast<std::size_t>(i)];
      candidates.clear();
      for (std::size_t h = 0; h < beam.size(); ++h) {
        const auto* p = scores.data() + (row + static_cast<Index>(h)) * symbols;
        const auto offer = [&](Index s, Index node) {
          const double score = beam[h].log_probability + static_cast<double>(p[s]);
          if (score > -std::numeric_limits<double>::infinity())  // neither impossible nor NaN
            candidates.push_back({score, static_cast<Index>(h), s, node});
        };
        if (!trie) {
          for (Index s = 0; s < symbols; ++s)
            if (s == end || length < options.max_length) offer(s, 0);
          continue;
        }
        const Index node = beam[h].node;
        if (trie->word(node) >= 0) offer(end, node);
        if (length < options.max_length)
          for (Index c = trie->first_child(node); c < trie->first_child(node + 1); ++c)
            if (trie->symbol(c) != end && trie->symbol(c) < symbols) offer(trie->symbol(c), c);
      }
      detail::keep_best(candidates, options.width);
      while (!candidates.empty() &&
             candidates.back().score < candidates.front().score - options.margin)
        candidates.pop_back();  // (3)

      std::vector<Hypothesis> next;
      for (const detail::BeamCandidate& c : candidates) {
        Hypothesis h = beam[static_cast<std::size_t>(c.hypothesis)];
        h.probabilities.push_back(std::exp(c.score - h.log_probability));
        h.rows.push_back(row + c.hypothesis);
        h.log_probability = c.score;
        if (c.symbol == end) {
          h.finished = true;
          detail::insert_finished(done, std::move(h), results, options.length_power);
          continue;
        }
        h.symbols.push_back(c.symbol);
        h.node = c.node;
        next.push_back(std::move(h));
      }
      row += static_cast<Index>(beam.size());
      // `next` is sorted: if its first entry cannot enter the results, no entry can. The bound
      // assumes that a hypothesis keeps its probability up to the maximum length.
      const auto longest = static_cast<std::size_t>(options.max_length + 1);
      while (!next.empty() && static_cast<Index>(done.size()) == results &&
             next.back().score(options.length_power, longest) <=
                 detail::final_score(done.back(), options.length_power))
        next.pop_back();
      if (candidates.empty() && done.empty() && !beam.empty()) {
        beam.resize(std::min(beam.size(), static_cast<std::size_t>(results)));
        done = std::move(beam);
      }
      for (const Hypothesis& h : next) {
        parent.push_back(h.rows.back());
        symbol.push_back(h.symbols.back());
        item.push_back(i);
      }
      beam = std::move(next);
    }
  }
  return finished;
}

/// Searches one image with a step on one state: step(state, symbol) -> {log-probabilities, next
/// state}, where the log-probabilities are any sequence of numbers. `initial` is the state of the
/// first step.
template <class State, class Step>
std::vector<Hypothesis> beam_search_states(const State& initial, Step&& step,
                                           const BeamOptions& options) {
  std::vector<State> states{initial};
  const auto batched = [&](const BeamRows& rows) {
    std::vector<State> next;
    Tensor<double> scores;
    for (std::size_t r = 0; r < rows.symbol.size(); ++r) {
      auto [p, state] = step(states[static_cast<std::size_t>(rows.parent[r])], rows.symbol[r]);
      const Index symbols = static_cast<Index>(p.size());
      if (r == 0) scores = Tensor<double>(Shape{rows.size(), symbols});
      require(scores.size(1) == symbols, "beam_search", "wants as many scores from every state",
              scores);
      std::copy(p.begin(), p.end(), scores.data() + static_cast<Index>(r) * symbols);
      next.push_back(std::move(state));
    }
    states = std::move(next);
    return scores;
  };
  return beam_search(batched, 1, options).front();
}

}  // namespace glimpse::inline v0
