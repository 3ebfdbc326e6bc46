// to_dot: the recorded graph as Graphviz text. Draw it with `dot -Tsvg graph.dot -o graph.svg`.
#pragma once

#include <string>
#include <unordered_set>
#include <vector>

#include <glimpse/autograd/variable.hpp>

namespace glimpse::inline v0 {

/// The graph that produced `v`: one box for each operation (name, shape, module), arrows in the
/// direction of the forward pass.
template <class T>
std::string to_dot(const Variable<T>& v) {
  std::string dot =
      "digraph glimpse {\n  rankdir=TB;\n"
      "  node [shape=box, style=rounded, fontname=\"sans-serif\"];\n";
  std::vector<const Node<T>*> open;
  std::unordered_set<const Node<T>*> seen;
  if (v.node()) open.push_back(v.node().get()), seen.insert(v.node().get());
  while (!open.empty()) {
    const Node<T>* node = open.back();
    open.pop_back();
    const std::string id = "n" + std::to_string(node->order);
    dot += "  " + id + " [label=\"" + std::string(node->op) + "\\n" + node->shape.str() +
           (node->module.empty() ? "" : "\\n" + node->module) + "\"" +
           (node->leaf() ? ", style=filled, fillcolor=lightgrey" : "") + "];\n";
    for (const auto& input : node->inputs) {
      if (!input) continue;
      dot += "  n" + std::to_string(input->order) + " -> " + id + ";\n";
      if (seen.insert(input.get()).second) open.push_back(input.get());
    }
  }
  return dot + "}\n";
}

}  // namespace glimpse::inline v0
