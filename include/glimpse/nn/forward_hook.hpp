// forward_hook: the reports of leaf modules to `summary` during a forward pass.
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
/// The list that the leaf modules of this thread report to; null if no summary runs.
inline std::vector<LayerReport>*& layer_reports() {
  thread_local std::vector<LayerReport>* reports = nullptr;
  return reports;
}
template <class... T>
Index total_size(const Variable<T>&... parameters) {
  return (Index{0} + ... + parameters.size());
}
}  // namespace detail

/// Ends the forward pass of a leaf module: returns y, and reports it if a summary runs.
/// kind: a string literal. parameters: number of scalars; multiply_adds: of this call, for the
/// whole batch.
template <class T>
Variable<T> observe(const void* module, std::string_view kind, Variable<T> y, Index parameters = 0,
                    Index multiply_adds = 0) {
  if (auto* reports = detail::layer_reports())
    reports->push_back({module, kind, y.shape(), parameters, multiply_adds});
  return y;
}

}  // namespace glimpse::inline v0
