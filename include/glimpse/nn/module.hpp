// module: functions on models. A model is any struct that names its members:
//
//   template <class F>
//   void visit(F&& f) { f("weight", weight); f("running_mean", mean); f("child", child); }
//
// A member is a Variable<T> (parameter), a Tensor<T> (buffer), a Random (the state of a dropout),
// another such struct (submodule), or a vector, array or optional of these. Elements of a vector
// have the names "0", "1" and so on. Names join with dots: "rectifier.localization.conv1.weight".
// The functions below use only `visit`; there is no base class. Copies of a module share its
// tensors, as copies of a Variable do; `clone` makes a deep copy.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <glimpse/autograd/variable.hpp>
#include <glimpse/core/random.hpp>
#include <glimpse/nn/visit.hpp>

namespace glimpse::inline v0 {

/// A parameter and its name.
template <class T>
struct NamedParameter {
  std::string name;
  Variable<T> variable;  // shares the model's leaf: writing to it changes the model
};

/// A tensor of a model and its name.
template <class T>
struct NamedTensor {
  std::string name;
  Tensor<T> tensor;  // shares storage with the model
};

/// A random generator of a model and its name.
struct NamedRandom {
  std::string name;
  Random* random;
};

/// All parameters in the order of `visit`. A parameter that two modules share appears once, under
/// its first name.
template <class M>
std::vector<NamedParameter<element_t<M>>> parameters(M& model) {
  using T = element_t<M>;
  std::vector<NamedParameter<T>> found;
  walk(model, [&](const std::string& name, auto& x) {
    if constexpr (is_variable<decltype(x)>) {
      static_assert(std::is_same_v<std::remove_reference_t<decltype(x)>, Variable<T>>,
                    "a model holds one type of number: name it with `using value_type`");
      if (!x.defined()) return;
      for (const NamedParameter<T>& p : found)
        if (x.node() && p.variable.node() == x.node()) return;
      found.push_back({name, x});
    }
  });
  return found;
}

/// All tensors that are not parameters, such as the running statistics of batch norm.
template <class M>
std::vector<NamedTensor<element_t<M>>> buffers(M& model) {
  std::vector<NamedTensor<element_t<M>>> found;
  walk(model, [&](const std::string& name, auto& x) {
    if constexpr (is_tensor<decltype(x)>)
      if (x.defined()) found.push_back({name, x});
  });
  return found;
}

/// All random generators of the modules; a checkpoint stores them in addition to `state_dict`.
template <class M>
std::vector<NamedRandom> random_generators(M& model) {
  std::vector<NamedRandom> found;
  walk(model, [&](const std::string& name, auto& x) {
    if constexpr (std::is_same_v<std::remove_reference_t<decltype(x)>, Random>)
      found.push_back({name, &x});
  });
  return found;
}

/// Parameters and buffers by name, in the order of `visit`. The tensors share storage with the
/// model.
template <class M>
std::vector<NamedTensor<element_t<M>>> state_dict(M& model) {
  std::vector<NamedTensor<element_t<M>>> found;
  walk(model, [&](const std::string& name, auto& x) {
    if constexpr (is_variable<decltype(x)>) {
      if (x.defined()) found.push_back({name, x.value()});
    } else if constexpr (is_tensor<decltype(x)>) {
      if (x.defined()) found.push_back({name, x});
    }
  });
  return found;
}

/// Copies tensors by name into the model and converts their element type if it differs.
/// state: any range of (name, tensor). Writes nothing unless everything fits.
/// Throws ValueError if a name is missing or unknown, ShapeError if a shape differs.
template <class M, class State>
void load_state_dict(M& model, const State& state) {
  using T = element_t<M>;
  const std::vector<NamedTensor<T>> own = state_dict(model);
  std::vector<std::pair<Tensor<T>, Tensor<T>>> copies;  // to, from
  std::vector<bool> used(own.size(), false);
  for (const auto& [name, tensor] : state) {
    std::size_t i = 0;
    while (i < own.size() && own[i].name != name) ++i;
    if (i == own.size()) fail("load_state_dict", "the model has no '", name, "'");
    if (!(own[i].tensor.shape() == tensor.shape()))
      fail<ShapeError>("load_state_dict", "'", name, "' is ", own[i].tensor, " in the model, ",
                       tensor, " in the state");
    used[i] = true;
    if constexpr (std::is_same_v<std::decay_t<decltype(tensor)>, Tensor<T>>) {
      copies.emplace_back(own[i].tensor, tensor);
    } else {
      copies.emplace_back(own[i].tensor, cast<T>(tensor));
    }
  }
  for (std::size_t i = 0; i < own.size(); ++i)
    if (!used[i]) fail("load_state_dict", "the state has no '", own[i].name, "'");
  for (auto& [to, from] : copies) to.copy_from(from);
}

/// Copies tensors, dropout states and modes to a model of the same structure, possibly with another
/// element type. Example: `convert<double>(model, twin)`, to check gradients in double.
template <class To = void, class From, class Like>
void convert(From& from, Like& to) {
  static_assert(std::is_void_v<To> || std::is_same_v<To, element_t<Like>>,
                "convert: the target holds other numbers");
  load_state_dict(to, state_dict(from));
  const std::vector<NamedRandom> source = random_generators(from), target = random_generators(to);
  for (std::size_t i = 0; i < source.size() && i < target.size(); ++i)
    *target[i].random = *source[i].random;
  const std::vector<bool> modes = training_modes(from);
  set_training_modes(to, modes);
}

/// Number of scalars in all parameters, including frozen ones.
template <class M>
Index count_parameters(M& model) {
  Index n = 0;
  for (const auto& p : parameters(model)) n += p.variable.size();
  return n;
}

/// Sets training mode (dropout is active, batch norm uses the batch's statistics) or, with false,
/// evaluation mode.
template <class M>
void set_training(M& model, bool training) {
  walk(model, [&](const std::string&, auto& x) {
    if constexpr (requires { x.training = training; }) x.training = training;
  });
}

/// Evaluation mode until the end of its scope; then restores the mode of every module.
template <class M>
class EvalScope {
 public:
  explicit EvalScope(M& model) : model_(model), modes_(training_modes(model)) {
    set_training(model, false);
  }
  EvalScope(const EvalScope&) = delete;
  EvalScope& operator=(const EvalScope&) = delete;
  ~EvalScope() { set_training_modes(model_, modes_); }

 private:
  M& model_;
  std::vector<bool> modes_;
};

/// Stops training of a model or a submodule: its parameters get no gradients. Does not change the
/// mode of batch norm.
template <class M>
void freeze(M& model) {
  for (auto& p : parameters(model)) p.variable.set_requires_grad(false);
}
/// Makes all parameters of a model or submodule require gradients again.
template <class M>
void unfreeze(M& model) {
  walk(model, [](const std::string&, auto& x) {
    if constexpr (is_variable<decltype(x)>)
      if (x.defined()) x.set_requires_grad(true);
  });
}

/// Clears the gradients of all parameters.
template <class M>
void zero_grad(M& model) {
  for (auto& p : parameters(model)) p.variable.zero_grad();
}

/// Sets `path` of every module that has one; errors and anomaly mode then name the module.
template <class M>
void name_modules(M& model, const std::string& prefix = "") {
  walk(
      model,
      [](const std::string& name, auto& x) {
        if constexpr (requires { x.path = name; }) x.path = name;
      },
      prefix);
}

/// A copy that shares no storage with the original. Parameters that modules share stay shared.
template <class M>
M clone(const M& model) {
  using T = element_t<M>;
  M copy = model;
  std::vector<std::pair<Variable<T>, Variable<T>>> done;  // original, copy
  walk(copy, [&](const std::string&, auto& x) {
    if constexpr (is_variable<decltype(x)>) {
      if (!x.defined()) return;
      for (const auto& [original, twin] : done)
        if (x.node() && original.node() == x.node()) {
          x = twin;
          return;
        }
      const Variable<T> original = x;
      x = constant(original.value().clone());
      if (original.node()) x.set_requires_grad(true).set_requires_grad(original.requires_grad());
      done.emplace_back(original, x);
    } else if constexpr (is_tensor<decltype(x)>) {
      if (x.defined()) x = x.clone();
    }
  });
  return copy;
}

}  // namespace glimpse::inline v0
