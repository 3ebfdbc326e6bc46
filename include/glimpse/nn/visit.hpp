// visit: the traversal of a model, the basis of module.hpp.
//
//   walk(model, f)   calls f(path, x) for the model, then all its members, depth first, in order
//
// x is a Variable, a Tensor, a Random or a module; f distinguishes them with `if constexpr`.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include <glimpse/autograd/variable.hpp>
#include <glimpse/core/random.hpp>

namespace glimpse::inline v0 {

namespace detail {

struct AnyVisitor {
  template <class X>
  void operator()(std::string_view, X&) const {}
};
template <class X>
inline constexpr bool is_variable_type = false;
template <class T>
inline constexpr bool is_variable_type<Variable<T>> = true;
template <class X>
inline constexpr bool is_tensor_type = false;
template <class T>
inline constexpr bool is_tensor_type<Tensor<T>> = true;
template <class X>
inline constexpr bool is_optional_type = false;
template <class X>
inline constexpr bool is_optional_type<std::optional<X>> = true;

// The element type of a model: float or double; void if its type does not determine it.
template <class M>
struct ElementOf;

template <class... Ms>
struct FirstElement {
  using type = void;
};
template <class M, class... Ms>
struct FirstElement<M, Ms...> {
  using head = typename ElementOf<M>::type;
  using type = typename std::conditional_t<std::is_void_v<head>, FirstElement<Ms...>,
                                           std::type_identity<head>>::type;
};
template <class M>
struct TemplateElement {
  using type = void;
};
template <template <class...> class M, class... A>
struct TemplateElement<M<A...>> : FirstElement<A...> {};

template <class M>
struct ElementOf : TemplateElement<M> {};
template <class M>
requires requires { typename M::value_type; }
struct ElementOf<M> : ElementOf<typename M::value_type> {};
template <>
struct ElementOf<float> {
  using type = float;
};
template <>
struct ElementOf<double> {
  using type = double;
};

}  // namespace detail

/// True for a struct that names its members by `visit`.
template <class M>
concept Module = requires(M& m, detail::AnyVisitor f) {
  m.visit(f);
};

/// float or double: M::value_type, else M's own template argument, else float.
template <class M>
using element_t = std::conditional_t<std::is_void_v<typename detail::ElementOf<M>::type>, float,
                                     typename detail::ElementOf<M>::type>;

/// For `if constexpr (is_variable<decltype(x)>)` inside a visitor.
template <class X>
inline constexpr bool is_variable = detail::is_variable_type<std::remove_cvref_t<X>>;
template <class X>
inline constexpr bool is_tensor = detail::is_tensor_type<std::remove_cvref_t<X>>;

/// Calls f(path, x) for `x` and all its members, as described above.
template <class X, class F>
void walk(X& x, F&& f, const std::string& path = "") {
  const auto below = [&](std::string_view name) {
    return path.empty() ? std::string(name) : path + "." + std::string(name);
  };
  if constexpr (Module<X>) {
    f(path, x);
    x.visit([&](std::string_view name, auto& member) { walk(member, f, below(name)); });
  } else if constexpr (detail::is_optional_type<X>) {
    if (x) walk(*x, f, path);
  } else if constexpr (!is_variable<X> && !is_tensor<X> && requires { x.begin(), x.end(); }) {
    std::size_t i = 0;
    for (auto& member : x) walk(member, f, below(std::to_string(i++)));
  } else {
    f(path, x);
  }
}

/// The `training` flags of all modules, in order, for `set_training_modes`.
template <class M>
std::vector<bool> training_modes(M& model) {
  std::vector<bool> modes;
  walk(model, [&](const std::string&, auto& x) {
    if constexpr (requires { x.training = true; }) modes.push_back(x.training);
  });
  return modes;
}
/// Restores the flags that `training_modes` returned.
template <class M>
void set_training_modes(M& model, const std::vector<bool>& modes) {
  std::size_t i = 0;
  walk(model, [&](const std::string&, auto& x) {
    if constexpr (requires { x.training = true; })
      if (i < modes.size()) x.training = modes[i++];
  });
}

}  // namespace glimpse::inline v0
