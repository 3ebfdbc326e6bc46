// read rotated: reads images of vertical, sideways and upside-down words.
//
// The image is read in several rotations. The reading with the highest p(text | image) wins.
//
//   RotationPolicy::all    all four
//   RotationPolicy::tall   images taller than 1.5 times their width: first unrotated; if this
//                          confidence is below 0.7, rotated to both sides. A reading of one
//                          character never wins rotated, because a tall image of one letter shows
//                          it upright.
#pragma once

#include <span>
#include <utility>
#include <vector>

#include <glimpse/data/rotate90.hpp>
#include <glimpse/models/reading.hpp>
#include <glimpse/text/charset.hpp>

namespace glimpse::inline v0 {

/// Whether RotationPolicy::tall may rotate an image.
inline bool is_tall(const GrayImage& image) { return 2 * image.height > 3 * image.width; }

namespace detail {

inline constexpr double sure_as_it_stands = 0.7;  // p(text | image) from which no rotation is tried

/// An image and its clockwise rotation before reading, in quarters.
struct Rotation {
  std::size_t image;
  Index quarters;
};

/// Reads the rotations and keeps the more confident reading in `best`; of equal ones, the earlier.
template <class Read>
void read_turns(std::span<const GrayImage> images, const std::vector<Rotation>& rotations,
                const ReadOptions& options, Read&& read, std::vector<Reading>& best) {
  if (rotations.empty()) return;
  std::vector<GrayImage> copies;
  copies.reserve(rotations.size());
  std::vector<const GrayImage*> seen;
  std::vector<const Lexicon*> lexicons;
  for (const auto& [i, q] : rotations) {
    if (q != 0) copies.push_back(rotate90(images[i], q));
    seen.push_back(q == 0 ? &images[i] : &copies.back());
    if (!options.lexicons.empty()) lexicons.push_back(options.lexicons[i]);
  }
  ReadOptions upright = options;
  upright.lexicons = lexicons;
  std::vector<Reading> readings = read(std::span<const GrayImage* const>(seen), upright);
  for (std::size_t t = 0; t < rotations.size(); ++t) {
    const auto [i, q] = rotations[t];
    const bool lone =
        options.rotations == RotationPolicy::tall && utf8_characters(readings[t].text).size() < 2;
    if (q != 0 && (lone || !(readings[t].confidence > best[i].confidence))) continue;
    best[i] = std::move(readings[t]);
    best[i].quarters = q;
  }
}

}  // namespace detail

/// Reads every image in the rotations of options.rotations and keeps the most confident reading; of
/// equal ones, the smaller rotation. read(images, options): reads unrotated images, given by
/// pointers.
template <class Read>
std::vector<Reading> read_rotated(std::span<const GrayImage> images, const ReadOptions& options,
                                  Read&& read) {
  std::vector<Reading> best(images.size());
  std::vector<detail::Rotation> rotations;
  for (std::size_t i = 0; i < images.size(); ++i)
    for (Index q = 0; q < (options.rotations == RotationPolicy::all ? 4 : 1); ++q)
      rotations.push_back({i, q});
  detail::read_turns(images, rotations, options, read, best);
  if (options.rotations != RotationPolicy::tall) return best;
  rotations.clear();
  for (std::size_t i = 0; i < images.size(); ++i)
    if (is_tall(images[i]) && !(best[i].confidence >= detail::sure_as_it_stands))
      rotations.push_back({i, 1}), rotations.push_back({i, 3});
  detail::read_turns(images, rotations, options, read, best);
  return best;
}

}  // namespace glimpse::inline v0
