// summary: a model as a table, made during one forward pass.
//
//   layer                    kind       output            parameters   multiply-adds
//   localization.conv1       Conv2d     (1, 64, 32, 100)         640       1,843,200
//   ...
//   total                                                 10,830,000     909,000,000
//
// Multiply-adds count the products of convolutions, linear layers and recurrences, and one for each
// element of a norm. Does not count operations outside of leaf modules (softmax, sampling).
#pragma once

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include <glimpse/nn/forward_hook.hpp>
#include <glimpse/nn/module.hpp>

namespace glimpse::inline v0 {

namespace detail {

/// 10830000 as "10,830,000".
inline std::string grouped(Index n) {
  std::string s = std::to_string(n);
  for (Index i = static_cast<Index>(s.size()) - 3; i > (n < 0 ? 1 : 0); i -= 3)
    s.insert(static_cast<std::size_t>(i), ",");
  return s;
}

/// A table with columns padded to their widest entry. The first `left` columns are left-aligned,
/// the others right-aligned.
inline std::string table(const std::vector<std::vector<std::string>>& rows, std::size_t left) {
  std::vector<std::size_t> width(rows.front().size(), 0);
  for (const auto& row : rows)
    for (std::size_t c = 0; c < row.size(); ++c) width[c] = std::max(width[c], row[c].size());
  std::string text;
  for (const auto& row : rows) {
    std::string line;
    for (std::size_t c = 0; c < row.size(); ++c) {
      const std::string space(width[c] - row[c].size(), ' ');
      line += (c ? "  " : "") + (c < left ? row[c] + space : space + row[c]);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  }
  return text;
}

}  // namespace detail

/// One report of a leaf module during layer_rows, with its name.
struct LayerRow {
  std::string name, kind;
  Shape output;
  Index parameters, multiply_adds;
};

/// Runs f() in evaluation mode, without a tape. Returns one row for every call of a leaf module of
/// `model`, in order.
template <class M, class F>
std::vector<LayerRow> layer_rows(M& model, F&& f) {
  std::vector<LayerReport> reports;
  struct Restore {
    std::vector<LayerReport>* before;
    ~Restore() { detail::layer_reports() = before; }
  };
  {
    const Restore restore{std::exchange(detail::layer_reports(), &reports)};
    const EvalScope mode(model);
    const NoGrad no_grad;
    f();
  }
  // A struct and its first member may have one address: the leaf is the last module found there.
  std::vector<std::pair<const void*, std::string>> names;
  walk(model, [&](const std::string& name, auto& x) {
    if constexpr (Module<std::remove_reference_t<decltype(x)>>) names.emplace_back(&x, name);
  });
  std::vector<LayerRow> rows;
  std::vector<const void*> seen;
  for (const LayerReport& r : reports) {
    const auto at = std::find_if(names.rbegin(), names.rend(),
                                 [&](const auto& n) { return n.first == r.module; });
    const bool again = std::find(seen.begin(), seen.end(), r.module) != seen.end();
    seen.push_back(r.module);
    rows.push_back({at == names.rend() ? "" : at->second, std::string(r.kind), r.output,
                    again ? 0 : r.parameters, r.multiply_adds});
  }
  return rows;
}

/// A table of all layers that `model(inputs...)` runs: name, kind, output shape, parameters (only
/// once for a layer that runs again), multiply-adds. Batch norm and dropout run in evaluation mode;
/// the model does not change.
template <class M, class... Inputs>
std::string summary(M& model, const Inputs&... inputs) {
  std::vector<std::vector<std::string>> cells{
      {"layer", "kind", "output", "parameters", "multiply-adds"}};
  Index multiply_adds = 0;
  for (const LayerRow& r : layer_rows(model, [&] { static_cast<void>(model(inputs...)); })) {
    multiply_adds += r.multiply_adds;
    cells.push_back({r.name, r.kind, r.output.str(),
                     r.parameters ? detail::grouped(r.parameters) : "",
                     r.multiply_adds ? detail::grouped(r.multiply_adds) : ""});
  }
  cells.push_back(
      {"total", "", "", detail::grouped(count_parameters(model)), detail::grouped(multiply_adds)});
  return detail::table(cells, 3);
}

}  // namespace glimpse::inline v0
