// run state: saves the state of a run other than the weights in its checkpoint, tensors and numbers
// by name.
//
//   optimizer.visit_state(SaveState{checkpoint, "optimizer."});           saves what is visited
//   optimizer.visit_state(LoadState{checkpoint, path, "optimizer."});     loads it again
#pragma once

#include <string>
#include <type_traits>

#include <glimpse/io/checkpoint.hpp>
#include <glimpse/nn/visit.hpp>

namespace glimpse::inline v0 {

/// Adds its arguments to a checkpoint; numbers stay exact.
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

/// Fills its arguments from a checkpoint. Throws IoError with `path` and the missing name.
/// "missed." numbers (optim/optimizer.hpp) are 0 for files of earlier versions.
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
