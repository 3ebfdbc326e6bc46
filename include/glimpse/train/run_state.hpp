// run state: what a run keeps in its checkpoint beside the weights, tensors and numbers by name.
//
//   optimizer.visit_state(SaveState{checkpoint, "optimizer."});           what is visited is kept
//   optimizer.visit_state(LoadState{checkpoint, path, "optimizer."});     and found again
#pragma once

#include <string>
#include <type_traits>

#include <glimpse/io/checkpoint.hpp>
#include <glimpse/nn/visit.hpp>

namespace glimpse::inline v0 {

/// Adds what it is called with to a checkpoint; numbers stay exact.
struct SaveState {
  Checkpoint& to;
  std::string prefix;

  template <class X>
  void operator()(const std::string& name, const X& x) const {
    if constexpr (is_tensor<decltype(x)>)
      to.tensors.emplace_back(prefix + name, x.clone());
    else
      to.exact.emplace_back(prefix + name, full<double>({1}, static_cast<double>(x)));
  }
};

/// Fills what it is called with from a checkpoint. Throws IoError that names `path` and what it
/// lacks. "missed." numbers (optim/optimizer.hpp) are 0 where an earlier version wrote the file.
struct LoadState {
  const Checkpoint& from;
  std::string path, prefix;

  template <class X>
  void operator()(const std::string& name, X& x) const {
    if constexpr (is_tensor<decltype(x)>) {
      const Tensor<float>* saved = from.find(prefix + name);
      if (!saved || !(saved->shape() == x.shape()))
        fail<IoError>("resume", path, " lacks ", prefix, name);
      x.copy_from(*saved);
    } else {
      const Tensor<double>* saved = from.find_exact(prefix + name);
      if (!saved && name.starts_with("missed.")) {
        x = 0;
        return;
      }
      if (!saved || saved->size() != 1) fail<IoError>("resume", path, " lacks ", prefix, name);
      x = static_cast<X>(saved->data()[0]);
    }
  }
};

}  // namespace glimpse::inline v0
