// split: what training may see. One name in twenty (families of faces, words of the lexicon) is
// held out by its hash, so that words can be drawn that no training run met, on any machine.
#pragma once

#include <cstdint>
#include <string_view>

namespace glimpse::inline v0::synth {

enum class Split { all, training, held_out };

/// Whether `name` belongs to the part.  FNV-1a hash, multiples of twenty are held out.
inline bool in_split(Split split, std::string_view name) {
  std::uint64_t hash = 0xcbf29ce484222325u;
  for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
  return split == Split::all || ((hash >> 16) % 20 == 0) == (split == Split::held_out);
}

}  // namespace glimpse::inline v0::synth
