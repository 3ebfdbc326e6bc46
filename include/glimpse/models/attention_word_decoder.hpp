// attention word decoder: decodes a batch of frames to words with RARE's decoder, with or without
// lexicons.
//
//   posterior   a beam search along the trie finds a word; then every prefix that could lead to a
//               better word is evaluated (text/trie_posteriors.hpp), so the choice is exact
//   tree        beam search along the trie, width 7
//   edit        the word nearest to the unconstrained reading; of equally near ones the first
//
// A chosen word whose attention is not known yet is decoded once more along a trie of this single
// word. Source: Shi et al. 2016.
#pragma once

#include <algorithm>
#include <span>
#include <vector>

#include <glimpse/models/incremental_decoder.hpp>
#include <glimpse/models/rare.hpp>
#include <glimpse/models/reading.hpp>
#include <glimpse/text/trie_posteriors.hpp>

namespace glimpse::inline v0 {

template <class T>
class AttentionWordDecoder {
 public:
  static constexpr Index posterior_words = 1000;  // most words, if the mode is automatic
  static constexpr Index free_beam = 2;           // default hypotheses without a lexicon
  // ln 100. Confident characters leave one hypothesis, so the second costs little
  // (docs/accuracy.md).
  static constexpr double free_margin = 4.6;

  /// frames: (columns, N, C), the encoder's output.
  AttentionWordDecoder(Rare<T>& model, const Variable<T>& frames)
      : model_(model),
        decoder_(model.recognizer.decoder),
        columns_(frames.size(0)),
        count_(frames.size(1)),
        incremental_decoder_(decoder_, frames) {}

  /// readings: N; lexicons: N, nullptr for a word without a lexicon.
  void spell(std::span<Reading* const> readings, std::span<const Lexicon* const> lexicons,
             const ReadOptions& options) {
    const auto chosen_by = [&](std::size_t i, LexiconMode wanted) {
      const Lexicon* const words = lexicons[i];
      return words && detail::chosen_mode(*words, options.lexicon_mode, posterior_words) == wanted;
    };
    // Each image has the beam width of a single image: first without a lexicon, then along its
    // trie.
    const Trie nothing;
    std::vector<Hypothesis> best(readings.size());
    for (const bool along : {false, true}) {
      bool any = false;
      tries_.assign(readings.size(), &nothing);
      for (std::size_t i = 0; i < readings.size(); ++i) {
        if ((lexicons[i] && !chosen_by(i, LexiconMode::edit)) != along) continue;
        tries_[i] = along ? &lexicons[i]->trie() : nullptr;
        any = true;
      }
      if (!any) continue;
      std::vector<Hypothesis> found =
          options.beam > 0 ? search(options.beam) : along ? search(7) : search(free_beam, free_margin);
      for (std::size_t i = 0; i < readings.size(); ++i) {
        if (tries_[i] == &nothing) continue;
        best[i] = std::move(found[i]);
        keep(best[i], *readings[i]);
      }
    }

    std::vector<const std::vector<Index>*> wanted(readings.size(), nullptr);
    std::vector<char> exact(readings.size(), 0);
    for (std::size_t i = 0; i < readings.size(); ++i) {
      exact[i] = chosen_by(i, LexiconMode::posterior);
      if (!chosen_by(i, LexiconMode::edit)) continue;
      const BkTree& words = lexicons[i]->bk_tree();
      wanted[i] =
          &lexicons[i]->symbols(words.nearest(best[i].symbols, -1, &readings[i]->ties).word);
    }
    improve(best, exact, lexicons, wanted);
    respell(wanted, best, readings);
  }

 private:
  /// One decoder step for rows of hypotheses, log-probabilities (rows, symbols). keep_attention:
  /// stores the attention weights of the step.
  Tensor<T> step(const BeamRows& rows, bool keep_attention) {
    if (!keep_attention) return incremental_decoder_(rows);
    attention_maps_.emplace_back();
    return incremental_decoder_(rows, &attention_maps_.back());
  }

  /// Beam search along `tries_`. An image without any possible symbol has an empty hypothesis.
  std::vector<Hypothesis> search(Index width,
                                 double margin = std::numeric_limits<double>::infinity()) {
    Index longest = model_.config.max_length;
    for (const Trie* trie : tries_)
      if (trie) longest = std::max(longest, trie->depth());
    attention_maps_.clear();
    incremental_decoder_.start();
    auto found = beam_search([&](const BeamRows& rows) { return step(rows, true); }, count_,
                             {.width = width,
                              .end = decoder_.end_symbol(),
                              .max_length = longest,
                              .begin = decoder_.end_symbol(),
                              .margin = margin,
                              .tries = tries_});
    std::vector<Hypothesis> best;
    for (auto& hypotheses : found)
      best.push_back(hypotheses.empty() ? Hypothesis() : std::move(hypotheses.front()));
    return best;
  }

  /// Adds to `wanted` the words that are likelier than the beam's result, for images with exact
  /// mode.
  void improve(const std::vector<Hypothesis>& best, std::span<const char> exact,
               std::span<const Lexicon* const> lexicons,
               std::vector<const std::vector<Index>*>& wanted) {
    constexpr double slack = 1e-4;  // sums in another batch differ in their last bits
    if (std::find(exact.begin(), exact.end(), 1) == exact.end()) return;
    const Trie nothing;
    std::vector<const Trie*> tries(best.size(), &nothing);
    std::vector<double> floor(best.size(), -std::numeric_limits<double>::infinity());
    for (std::size_t i = 0; i < best.size(); ++i) {
      if (exact[i]) tries[i] = &lexicons[i]->trie();
      if (best[i].finished) floor[i] = best[i].log_probability - slack;
    }
    incremental_decoder_.start();
    const auto posteriors = trie_posteriors(
        [&](const BeamRows& rows) { return step(rows, false); }, tries,
        {.end = decoder_.end_symbol(), .begin = decoder_.end_symbol(), .floor = floor});
    for (std::size_t i = 0; i < best.size(); ++i) {
      if (!exact[i]) continue;
      const auto top = std::max_element(posteriors[i].begin(), posteriors[i].end());
      if (best[i].finished && !(*top > best[i].log_probability + slack)) continue;
      const Index word = tries[i]->word(top - posteriors[i].begin());
      if (word >= 0) wanted[i] = &lexicons[i]->symbols(word);
    }
  }

  /// Decodes the wanted words, for their probabilities and attention.
  void respell(const std::vector<const std::vector<Index>*>& wanted,
               const std::vector<Hypothesis>& best, std::span<Reading* const> readings) {
    const Trie nothing;
    std::vector<Trie> single(wanted.size());
    bool any = false;
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      const bool other = wanted[i] && !(best[i].finished && *wanted[i] == best[i].symbols);
      any = any || other;
      if (other) single[i] = Trie({*wanted[i]});
      tries_[i] = other ? &single[i] : &nothing;
    }
    if (!any) return;
    const std::vector<Hypothesis> again = search(1);
    for (std::size_t i = 0; i < wanted.size(); ++i)
      if (tries_[i] != &nothing) keep(again[i], *readings[i]);
  }

  /// Copies the result of the last search into a reading.
  void keep(const Hypothesis& best, Reading& reading) {
    reading.text = model_.charset.decode(best.symbols);
    reading.confidence = best.confidence();
    reading.character_confidence = best.probabilities;
    reading.attention = empty<float>({std::ssize(best.rows), columns_});
    for (std::size_t t = 0; t < best.rows.size(); ++t)
      reading.attention.select(0, static_cast<Index>(t))
          .copy_from(cast<float>(attention_maps_[t].select(0, best.rows[t])));
  }

  Rare<T>& model_;
  AttentionDecoder<T>& decoder_;
  Index columns_, count_;
  IncrementalDecoder<T> incremental_decoder_;
  std::vector<const Trie*> tries_;
  std::vector<Tensor<T>> attention_maps_;  // attention weights, step by step
};

}  // namespace glimpse::inline v0
