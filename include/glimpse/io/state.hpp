// state: copies a model's numbers into a checkpoint and back, by name.
//
//   "model.encoder.conv1.weight"  =  prefix "model" + the path that `visit` gives
//
// Parameters and buffers become tensors (float64 for a model in double). The random generators of
// modules become texts with the same names.
#pragma once

#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include <glimpse/io/checkpoint.hpp>
#include <glimpse/nn/module.hpp>

namespace glimpse::inline v0 {

/// Adds copies of a model's parameters, buffers and random states to a checkpoint.
template <class M>
void store_state(M& model, Checkpoint& checkpoint, const std::string& prefix = "") {
  const std::string head = prefix.empty() ? "" : prefix + ".";
  for (const auto& [name, x] : state_dict(model)) {
    if constexpr (std::is_same_v<element_t<M>, double>)
      checkpoint.exact.emplace_back(head + name, x.clone());
    else
      checkpoint.tensors.emplace_back(head + name, x.clone());
  }
  for (const NamedRandom& r : random_generators(model))
    checkpoint.metadata[head + r.name] = random_text(*r.random);
}

/// Fills a model from the names under `prefix`. If anything does not fit, nothing is written.
/// Random states that the checkpoint does not hold keep their value, because published weights have
/// none. Throws IoError with the missing names, the surplus names, or the name whose shape differs.
template <class M>
void load_state(M& model, const Checkpoint& checkpoint, const std::string& prefix = "") {
  using T = element_t<M>;
  const std::string head = prefix.empty() ? "" : prefix + ".";
  std::vector<NamedTensor<T>> given;
  const auto collect = [&](const auto& list) {
    for (const auto& [name, x] : list)
      if (name.starts_with(head)) given.push_back({name.substr(head.size()), cast<T>(x)});
  };
  collect(checkpoint.tensors);
  collect(checkpoint.exact);

  const auto own = state_dict(model);
  const auto tell = [&](const char* what, const auto& list, const auto& other) {
    std::string names;
    Index count = 0;
    for (const auto& item : list) {
      bool found = false;
      for (const auto& candidate : other) found = found || candidate.name == item.name;
      if (!found && ++count <= 3) names += (names.empty() ? "'" : ", '") + head + item.name + "'";
    }
    if (count > 3) names += " and " + std::to_string(count - 3) + " more";
    if (count > 0) fail<IoError>("load_state", what, names);
  };
  tell("the checkpoint lacks ", own, given);
  tell("the model does not know ", given, own);
  for (const auto& mine : own)
    for (const auto& item : given)
      if (mine.name == item.name && !(mine.tensor.shape() == item.tensor.shape()))
        fail<IoError>("load_state", "'", head, item.name, "' is ", item.tensor,
                      " in the checkpoint, ", mine.tensor, " in the model");
  std::vector<Random> states;
  const std::vector<NamedRandom> generators = random_generators(model);
  for (const NamedRandom& r : generators) {
    const auto at = checkpoint.metadata.find(head + r.name);
    states.push_back(at == checkpoint.metadata.end() ? *r.random : random_from_text(at->second));
  }
  for (const auto& mine : own)
    for (const auto& item : given)
      if (mine.name == item.name) Tensor<T>(mine.tensor).copy_from(item.tensor);
  for (std::size_t i = 0; i < generators.size(); ++i) *generators[i].random = states[i];
}

}  // namespace glimpse::inline v0
