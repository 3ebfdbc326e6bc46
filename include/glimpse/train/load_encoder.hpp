// load_encoder: starts a reader with the encoder of another that is trained, of any kind: a decoder
// learns where to look sooner over frames that are worth looking at.
#pragma once

#include <string_view>

#include <glimpse/models/reader.hpp>

namespace glimpse::inline v0 {

/// How much of an encoder was taken over.
struct EncoderTaken {
  Index tensors = 0, of = 0;
};

/// Copies the encoder of `from` into that of `to`. Tensors of another shape are left as they are.
/// Throws ValueError where no tensor fits.
inline EncoderTaken load_encoder(Reader<float>& from, Reader<float>& to) {
  const auto below = [](std::string_view name) {  // RARE's stands under its recognizer
    const std::size_t at = name.find("encoder.");
    return at == name.npos ? std::string_view() : name.substr(at);
  };
  EncoderTaken taken;
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
  if (taken.tensors == 0) fail("load_encoder", "no tensor of the encoder has the same shape");
  return taken;
}

}  // namespace glimpse::inline v0
