// split: separates training data from held-out data. The hash of a name (family of faces, word of
// the lexicon) holds out one name in twenty. Held-out words are therefore new to every training
// run, on any machine.
#pragma once

#include <cstdint>
#include <string_view>

namespace glimpse::inline v0::synth {

enum class Split { all, training, held_out };

/// Whether `name` belongs to the split. Names whose FNV-1a hash is a multiple of twenty are held
/// out.
inline bool in_split(Split split, std::string_view name) {
  std::uint64_t hash = 0xcbf29ce484222325u;
  for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
  return split == Split::all || ((hash >> 16) % 20 == 0) == (split == Split::held_out);
}

}  // namespace glimpse::inline v0::synth
