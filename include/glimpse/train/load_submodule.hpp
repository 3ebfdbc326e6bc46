// load submodule: initializes a reader with a trained part of another reader of any kind.
//
//   "encoder"     a decoder learns attention faster over trained frames
//   "rectifier"   can be trained by itself, on synthetic words with known fiducial points
#pragma once

#include <string>
#include <string_view>

#include <glimpse/models/reader.hpp>

namespace glimpse::inline v0 {

/// The number of loaded tensors of a submodule.
struct LoadedParameters {
  Index tensors = 0, of = 0;
};

/// Copies the named submodule of `from` ("encoder", "rectifier") to `to`. Tensors of another shape
/// are left out. Throws ValueError if no tensor fits.
inline LoadedParameters load_submodule(Reader<float>& from, Reader<float>& to,
                                       std::string_view part) {
  const std::string prefix = std::string(part) + ".";
  const auto below = [&](std::string_view name) {  // RARE's encoder is in its recognizer
    const std::size_t at = name.find(prefix);
    return at == name.npos ? std::string_view() : name.substr(at);
  };
  LoadedParameters taken;
  const auto given = state_dict(from);
  for (const auto& mine : state_dict(to)) {
    if (below(mine.name).empty()) continue;
    ++taken.of;
    for (const auto& other : given) {
      if (below(other.name) != below(mine.name) || !(other.tensor.shape() == mine.tensor.shape()))
        continue;
      Tensor<float>(mine.tensor).copy_from(other.tensor);
      ++taken.tensors;
    }
  }
  if (taken.tensors == 0) fail("load_submodule", "no tensor of the ", part, " has the same shape");
  return taken;
}

}  // namespace glimpse::inline v0
