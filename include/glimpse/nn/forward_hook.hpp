// forward hook: what leaf modules report to `summary` as an image passes through them.
#pragma once

#include <string_view>
#include <utility>
#include <vector>

#include <glimpse/autograd/variable.hpp>

namespace glimpse::inline v0 {

/// One call of one leaf module.
struct LayerReport {
  const void* module;
  std::string_view kind;  // a string literal
  Shape output;
  Index parameters;
  Index multiply_adds;
};

namespace detail {
/// Where the leaf modules of this thread report to; null while nobody asks.
inline std::vector<LayerReport>*& layer_reports() {
  thread_local std::vector<LayerReport>* reports = nullptr;
  return reports;
}
template <class... T>
Index total_size(const Variable<T>&... parameters) {
  return (Index{0} + ... + parameters.size());
}
}  // namespace detail

/// Ends the forward pass of a leaf module: hands y on, and reports it where somebody listens.
/// kind: a string literal.  parameters, multiply_adds: of this call, the latter for the whole
/// batch.
template <class T>
Variable<T> observe(const void* module, std::string_view kind, Variable<T> y, Index parameters = 0,
                    Index multiply_adds = 0) {
  if (auto* reports = detail::layer_reports())
    reports->push_back({module, kind, y.shape(), parameters, multiply_adds});
  return y;
}

}  // namespace glimpse::inline v0
