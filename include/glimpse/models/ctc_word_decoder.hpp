// ctc word decoder: decodes a batch of scored frames to words with CTC, with or without lexicons.
//
//   posterior   ln p of every word, along the trie (text/ctc_trie.hpp)
//   tree        prefix beam along the trie, width 64; if no word survives to the end, a wider one.
//               (The beam is cut at every frame, not at every symbol as with attention, so one or
//               two bad frames must not remove the true prefix.)
//   edit        the words within an edit distance of 3 of the unconstrained reading, ranked by
//               their posteriors; if there are none, the nearest
//
// Source for `edit`: Shi, Bai, Yao 2015.
#pragma once

#include <algorithm>
#include <cmath>
#include <span>
#include <vector>

#include <glimpse/core/parallel.hpp>
#include <glimpse/models/crnn.hpp>
#include <glimpse/models/reading.hpp>
#include <glimpse/ops/softmax.hpp>
#include <glimpse/text/ctc_trie.hpp>

namespace glimpse::inline v0 {

template <class T>
class CtcWordDecoder {
 public:
  static constexpr Index posterior_words = 10000;  // most words, if the mode is automatic

  /// scores: (columns, N, symbols), the output of Crnn::scores.
  CtcWordDecoder(Crnn<T>& model, const Variable<T>& scores)
      : model_(model),
        log_p_(permute(log_softmax(scores), {1, 0, 2}).value().contiguous()),
        columns_(scores.size(0)) {}

  /// readings: N; lexicons: N, nullptr for a word without a lexicon. If scores hold NaN, the text
  /// is empty and the confidence 0, also with a lexicon.
  void spell(std::span<Reading* const> readings, std::span<const Lexicon* const> lexicons,
             const ReadOptions& options) {
    for (std::size_t i = 0; i < readings.size(); ++i) {
      const std::span<const T> own(log_p_.data() + static_cast<Index>(i) * columns_ * symbols(),
                                   static_cast<std::size_t>(columns_ * symbols()));
      if (std::any_of(own.begin(), own.end(), [](T v) { return std::isnan(v); })) {
        readings[i]->attention = zeros<float>({0, columns_});  // an image with NaN has no reading
        continue;
      }
      const Matrix<const T> log_p(own.data(), columns_, symbols());
      keep(log_p,
           lexicons[i] ? chosen(log_p, *lexicons[i], options, *readings[i]) : free(log_p, options),
           *readings[i]);
    }
  }

 private:
  Index symbols() const { return log_p_.size(2); }

  std::vector<Index> free(Matrix<const T> log_p, const ReadOptions& options) const {
    if (options.beam <= 1) return ctc_greedy(log_p, model_.blank()).symbols;
    return ctc_beam(log_p, {.width = options.beam, .blank = model_.blank()}).front().symbols;
  }

  std::vector<Index> chosen(Matrix<const T> log_p, const Lexicon& lexicon,
                            const ReadOptions& options, Reading& reading) const {
    switch (detail::chosen_mode(lexicon, options.lexicon_mode, posterior_words)) {
      case LexiconMode::edit:
        return by_edits(log_p, lexicon, options, reading);
      case LexiconMode::tree:
        return along_tree(log_p, lexicon, options);
      default:
        return by_posterior(log_p, lexicon);
    }
  }

  std::vector<Index> along_tree(Matrix<const T> log_p, const Lexicon& lexicon,
                                const ReadOptions& options) const {
    const Trie& trie = lexicon.trie();
    for (Index width = options.beam > 0 ? options.beam : 64;; width *= 8) {
      const auto found = ctc_beam(log_p, {.width = width, .blank = model_.blank(), .trie = &trie});
      if (!found.empty()) return found.front().symbols;
      if (width >= trie.nodes()) return {};  // every word is too long for the frames
    }
  }

  /// The likeliest word; of equally likely ones the first. Empty if all words are too long.
  std::vector<Index> by_posterior(Matrix<const T> log_p, const Lexicon& lexicon) const {
    const Trie& trie = lexicon.trie();
    const std::vector<T> log_posteriors = ctc_trie(log_p, trie, model_.blank());
    T best = kernel::log_zero<T>;
    for (Index v = 0; v < trie.nodes(); ++v)
      if (trie.word(v) >= 0) best = std::max(best, log_posteriors[static_cast<std::size_t>(v)]);
    // Sums of many logarithms differ in their last bits, so words this close are compared in
    // double.
    const T near = T(1e-4) * (1 + std::abs(best));
    double most = -std::numeric_limits<double>::infinity();
    Index word = -1;
    for (Index v = 0; v < trie.nodes(); ++v) {
      const Index w = trie.word(v);
      if (w < 0 || !(log_posteriors[static_cast<std::size_t>(v)] >= best - near)) continue;
      const double p = ctc_alignment(log_p, lexicon.symbols(w), model_.blank()).log_probability;
      if (p > most || (p == most && w < word)) most = p, word = w;
    }
    return word < 0 ? std::vector<Index>() : lexicon.symbols(word);
  }

  std::vector<Index> by_edits(Matrix<const T> log_p, const Lexicon& lexicon,
                              const ReadOptions& options, Reading& reading) const {
    const std::vector<Index> text = free(log_p, options);
    std::vector<std::vector<Index>> near;
    for (const BkTree::Match& m : lexicon.bk_tree().within(text, 3))
      near.push_back(lexicon.symbols(m.word));
    double most = -std::numeric_limits<double>::infinity();
    const Trie trie(near);
    const std::vector<T> log_posteriors = ctc_trie(log_p, trie, model_.blank());
    Index word = -1;
    for (Index v = 0; v < trie.nodes(); ++v) {
      const Index w = trie.word(v);
      const double p = static_cast<double>(log_posteriors[static_cast<std::size_t>(v)]);
      if (w >= 0 && p > static_cast<double>(kernel::log_zero<T>) / 2 &&
          (p > most || (p == most && w < word)))
        most = p, word = w;
    }
    if (word >= 0) return near[static_cast<std::size_t>(word)];
    return lexicon.symbols(lexicon.bk_tree().nearest(text, -1, &reading.ties).word);
  }

  void keep(Matrix<const T> log_p, const std::vector<Index>& text, Reading& reading) const {
    const CtcAlignment alignment = ctc_alignment(log_p, text, model_.blank());
    reading.text = model_.charset.decode(text);
    reading.confidence = std::exp(alignment.log_probability);
    reading.attention = zeros<float>({std::ssize(text), columns_});
    for (Index i = 0; i < std::ssize(text); ++i) {
      double sum = 0, best = 0;
      for (Index t = 0; t < columns_; ++t) {
        const double here = alignment.frames(i, t);
        sum += here;
        best = std::max(
            best,
            here * std::exp(static_cast<double>(log_p(t, text[static_cast<std::size_t>(i)]))));
      }
      // The confidence of a character is the maximum over its frames.
      reading.character_confidence.push_back(best);
      for (Index t = 0; t < columns_ && sum > 0; ++t)
        reading.attention(i, t) = static_cast<float>(alignment.frames(i, t) / sum);
    }
  }

  Crnn<T>& model_;
  Tensor<T> log_p_;  // (N, columns, symbols)
  Index columns_;
};

}  // namespace glimpse::inline v0
