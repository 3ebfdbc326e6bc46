// checkpoint: everything that a run needs to continue, in one safetensors file.
//
//   tensors    weights, buffers, optimizer state: float, stored in the type that the caller chooses
//   exact      numbers that must come back bit for bit, for any such type; stored as float64
//   metadata   texts: configuration, character set, schedule, random states, position in the data
//
// The file is written under another name and then renamed (io/file.hpp). If the process is killed,
// the old file or the new file is complete.
#pragma once

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <glimpse/core/random.hpp>
#include <glimpse/io/safetensors.hpp>

namespace glimpse::inline v0 {

struct Checkpoint {
  std::vector<std::pair<std::string, Tensor<float>>> tensors;
  std::vector<std::pair<std::string, Tensor<double>>> exact;
  std::map<std::string, std::string> metadata;

  /// The tensor with this name, or null.
  const Tensor<float>* find(std::string_view name) const {
    for (const auto& [key, value] : tensors)
      if (key == name) return &value;
    return nullptr;
  }
  const Tensor<double>* find_exact(std::string_view name) const {
    for (const auto& [key, value] : exact)
      if (key == name) return &value;
    return nullptr;
  }
  /// The text of a key. Throws IoError if the key is missing.
  const std::string& text(const std::string& key) const {
    const auto at = metadata.find(key);
    if (at == metadata.end()) fail<IoError>("checkpoint", "has no '", key, "' in its metadata");
    return at->second;
  }
};

/// Writes a checkpoint as one file. storage: float32, float16 or bfloat16, for `tensors` only.
/// A tensor with numbers beyond the range of float16 (a large running variance) stays float32.
/// Throws IoError with the path; ValueError for two equal names or another storage type.
inline void save_checkpoint(const std::string& path, const Checkpoint& c,
                            DType storage = DType::float32) {
  if (storage != DType::float32 && storage != DType::float16 && storage != DType::bfloat16)
    fail("checkpoint", "stores its tensors as float32, float16 or bfloat16, not ",
         detail::facts(storage).safetensors);
  SafetensorsWriter writer;
  writer.metadata = c.metadata;
  for (const auto& [name, x] : c.tensors) {
    const Tensor<float> dense = x.contiguous();
    const bool fits = storage != DType::float16 ||
                      std::none_of(dense.data(), dense.data() + x.size(), [](float v) {
                        return std::isfinite(v) && !std::isfinite(from_float16(to_float16(v)));
                      });
    writer.add(name, dense, fits ? storage : DType::float32);
  }
  for (const auto& [name, x] : c.exact) writer.add(name, x);
  writer.save(path);
}

/// Reads a checkpoint. float64 and int64 tensors go to `exact`, all others to `tensors` as float.
/// Throws IoError with the path and the fault.
inline Checkpoint load_checkpoint(const std::string& path) {
  const Safetensors file(path);
  Checkpoint c;
  c.metadata = file.metadata();
  for (const Safetensors::Entry& entry : file.entries()) {
    if (entry.type == DType::float64 || entry.type == DType::int64)
      c.exact.emplace_back(entry.name, file.get<double>(entry));
    else
      c.tensors.emplace_back(entry.name, file.get<float>(entry));
  }
  return c;
}

/// A random generator as text: "seed stream position".
inline std::string random_text(const Random& rng) {
  const Random::State& s = rng.state();
  return std::to_string(s.seed) + " " + std::to_string(s.stream) + " " + std::to_string(s.position);
}

/// The generator that `random_text` described. Throws IoError for any other text.
inline Random random_from_text(std::string_view text) {
  Random::State s;
  const char *at = text.data(), *end = at + text.size();
  for (std::uint64_t* part : {&s.seed, &s.stream, &s.position}) {
    if (part != &s.seed && at != end && *at == ' ') ++at;
    const auto [next, error] = std::from_chars(at, end, *part);
    if (error != std::errc())
      fail<IoError>("checkpoint", "'", text, "' is no state of a random generator");
    at = next;
  }
  if (at != end) fail<IoError>("checkpoint", "'", text, "' is no state of a random generator");
  return Random(s);
}

}  // namespace glimpse::inline v0
