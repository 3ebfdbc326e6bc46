// read_in_turns: words that stand on end, lie on their side or stand on their head.
//
// The picture is read in several turns, and the reading with the highest p(text | picture) wins.
//
//   Turns::all    all four
//   Turns::tall   pictures taller than 1.5 times their width, as they stand; then, where that
//                 reading is less sure than 0.7, on both sides. A reading of one character never
//                 wins on its side: a tall picture of one letter shows it upright.
#pragma once

#include <span>
#include <utility>
#include <vector>

#include <glimpse/data/turned.hpp>
#include <glimpse/models/reading.hpp>
#include <glimpse/text/charset.hpp>

namespace glimpse::inline v0 {

/// Whether Turns::tall reads a picture on its sides, too.
inline bool is_tall(const Picture& picture) { return 2 * picture.height > 3 * picture.width; }

namespace detail {

inline constexpr double sure_as_it_stands = 0.7;  // p(text | picture) from which no side is tried

/// A picture and the quarters, clockwise, by which it is turned to be read.
struct Turn {
  std::size_t picture;
  Index quarters;
};

/// Reads the turns and keeps in `best` what is surer; of equal readings, the earlier.
template <class Read>
void read_turns(std::span<const Picture> pictures, const std::vector<Turn>& turns,
                const ReadOptions& options, Read&& read, std::vector<Reading>& best) {
  if (turns.empty()) return;
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
  for (std::size_t t = 0; t < turns.size(); ++t) {
    const auto [i, q] = turns[t];
    const bool lone = options.turns == Turns::tall && utf8_characters(readings[t].text).size() < 2;
    if (q != 0 && (lone || !(readings[t].confidence > best[i].confidence))) continue;
    best[i] = std::move(readings[t]);
    best[i].quarters = q;
  }
}

}  // namespace detail

/// Reads every picture in the turns that options.turns asks for and keeps the surest reading; of
/// equal ones, the smaller turn. read(pictures, options): reads as they stand, pictures given by
/// pointers.
template <class Read>
std::vector<Reading> read_in_turns(std::span<const Picture> pictures, const ReadOptions& options,
                                   Read&& read) {
  std::vector<Reading> best(pictures.size());
  std::vector<detail::Turn> turns;
  for (std::size_t i = 0; i < pictures.size(); ++i)
    for (Index q = 0; q < (options.turns == Turns::all ? 4 : 1); ++q) turns.push_back({i, q});
  detail::read_turns(pictures, turns, options, read, best);
  if (options.turns != Turns::tall) return best;
  turns.clear();
  for (std::size_t i = 0; i < pictures.size(); ++i)
    if (is_tall(pictures[i]) && !(best[i].confidence >= detail::sure_as_it_stands))
      turns.push_back({i, 1}), turns.push_back({i, 3});
  detail::read_turns(pictures, turns, options, read, best);
  return best;
}

}  // namespace glimpse::inline v0
