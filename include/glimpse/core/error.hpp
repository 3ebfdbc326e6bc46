// error: the exceptions of the library and the one format of their messages.
//
//   conv2d: weight (64, 3, 3, 3) wants 3 input channels, input (8, 1, 32, 100) has 1 [loc.conv1]
//   op      operands with their shapes, and the rule that was broken            module path, if any
#pragma once

#include <concepts>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include <glimpse/core/shape.hpp>

namespace glimpse::inline v0 {

/// Base class of every exception that the library throws.
struct Error : std::runtime_error {
  using std::runtime_error::runtime_error;
};
/// The shapes of the operands do not fit the operation.
struct ShapeError : Error {
  using Error::Error;
};
/// A value is outside its domain: an option, an index, a label.
struct ValueError : Error {
  using Error::Error;
};
/// A file is missing, malformed, truncated or too large.
struct IoError : Error {
  using Error::Error;
};

/// Names the module that this thread is running. Modules open a scope around their forward pass.
class ModuleScope {
 public:
  explicit ModuleScope(std::string_view path) : outer_(current()) {
    if (!path.empty()) current() = path;
  }
  ~ModuleScope() { current() = outer_; }
  ModuleScope(const ModuleScope&) = delete;
  ModuleScope& operator=(const ModuleScope&) = delete;

  /// Path of the innermost module that is running; empty outside of any module.
  static std::string_view path() { return current(); }

 private:
  static std::string_view& current() {
    thread_local std::string_view path;
    return path;
  }
  std::string_view outer_;
};

namespace detail {

template <class P>
std::string error_text(const P& part) {
  if constexpr (std::is_convertible_v<const P&, std::string_view>) {
    return std::string(std::string_view(part));
  } else if constexpr (std::is_same_v<P, char>) {
    return std::string(1, part);
  } else if constexpr (std::is_same_v<P, bool>) {
    return part ? "true" : "false";
  } else if constexpr (std::is_arithmetic_v<P>) {
    return std::to_string(part);
  } else if constexpr (requires { part.str(); }) {
    return part.str();
  } else {
    return part.shape().str();  // tensors and variables are shown by their shape
  }
}

}  // namespace detail

/// Throws `E` with the message "op: parts... [module path]".
/// A part is a text, a number, a shape or a tensor; a tensor is shown by its shape.
template <class E = ValueError, class... Parts>
[[noreturn]] void fail(std::string_view op, const Parts&... parts) {
  std::string message = std::string(op) + ": ";
  ((message += detail::error_text(parts)), ...);
  if (!ModuleScope::path().empty()) message += " [" + std::string(ModuleScope::path()) + "]";
  throw E(message);
}

/// Throws ShapeError "op: rule, got (shape) and (shape)" if `ok` is false.
template <class... Operands>
void require(bool ok, std::string_view op, std::string_view rule, const Operands&... operands) {
  if (ok) [[likely]] return;
  std::string got;
  ((got += (got.empty() ? ", got " : " and ") + detail::error_text(operands)), ...);
  fail<ShapeError>(op, rule, got);
}

}  // namespace glimpse::inline v0
