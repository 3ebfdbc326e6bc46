// read_in_turns: words that stand on end, lie on their side or stand on their head.
//
// The picture is read in several turns, and the reading with the highest p(text | picture) wins.
// By default only pictures taller than 1.5 times their width are: few words that lie are, and most
// that stand on end.
#pragma once

#include <span>
#include <utility>
#include <vector>

#include <glimpse/data/turned.hpp>
#include <glimpse/models/reading.hpp>

namespace glimpse::inline v0 {

/// Quarters, clockwise, by which a picture is turned to be read; as it stands comes first.
inline std::span<const Index> quarters_to_read(const Picture& picture, Turns turns) {
  static constexpr Index all[] = {0, 1, 2, 3}, sides[] = {0, 1, 3};
  if (turns == Turns::all) return all;
  const bool tall = 2 * picture.height > 3 * picture.width;
  if (turns == Turns::tall && tall) return sides;
  return std::span(all).first(1);
}

/// Reads every picture in the turns that options.turns asks for and keeps the surest reading; of
/// equal ones, the smaller turn. read(pictures, options): reads as they stand, pictures given by
/// pointers.
template <class Read>
std::vector<Reading> read_in_turns(std::span<const Picture> pictures, const ReadOptions& options,
                                   Read&& read) {
  struct Turn {
    std::size_t picture;
    Index quarters;
  };
  std::vector<Turn> turns;
  for (std::size_t i = 0; i < pictures.size(); ++i)
    for (const Index q : quarters_to_read(pictures[i], options.turns)) turns.push_back({i, q});
  std::vector<Picture> copies;
  copies.reserve(turns.size());
  std::vector<const Picture*> seen;
  std::vector<const Lexicon*> lexicons;
  for (const auto& [i, q] : turns) {
    if (q != 0) copies.push_back(turned(pictures[i], q));
    seen.push_back(q == 0 ? &pictures[i] : &copies.back());
    if (!options.lexicons.empty()) lexicons.push_back(options.lexicons[i]);
  }
  ReadOptions standing = options;
  standing.lexicons = lexicons;
  std::vector<Reading> readings = read(std::span<const Picture* const>(seen), standing);
  std::vector<Reading> best(pictures.size());
  for (std::size_t t = 0; t < turns.size(); ++t) {
    Reading& kept = best[turns[t].picture];
    if (turns[t].quarters != 0 && !(readings[t].confidence > kept.confidence)) continue;
    kept = std::move(readings[t]);
    kept.quarters = turns[t].quarters;
  }
  return best;
}

}  // namespace glimpse::inline v0
