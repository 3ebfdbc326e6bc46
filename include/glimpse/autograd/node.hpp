// node: one recorded operation on the tape.
//
//   y = f(x_1, ..., x_n)   keeps for backward:   dx_i += (df/dx_i)^T dy
//
// Nodes hold gradients and closures, never values: what an op needs later it captures by name,
// everything else is freed as soon as its last handle goes. Destruction uses a loop: a chain of a
// million nodes dies without recursion.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <glimpse/core/arithmetic.hpp>
#include <glimpse/core/tensor.hpp>

namespace glimpse::inline v0 {

template <class T>
class Gradients;

template <class T>
struct Node {
  using Backward = std::function<void(const Tensor<T>&, Gradients<T>&)>;

  std::string_view op = "leaf";  // a string literal
  std::string module;            // path of the module at work when it was recorded
  Shape shape;
  std::vector<std::shared_ptr<Node>> inputs;  // null where an input wants no gradient
  Backward backward;                          // empty for leaves
  Tensor<T> grad;                             // what has been accumulated so far
  std::size_t order = next_order();           // inputs always have smaller numbers
  std::size_t mark = 0;                       // last backward pass that reached this node
  bool requires_grad = true;
  bool retain_grad = false;
  bool consumed = false;

  Node() = default;
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;
  ~Node() { release(); }

  bool leaf() const { return !backward && !consumed; }

  /// Drops closure and inputs; whole unshared branches die in a loop.
  void release() {
    backward = nullptr;
    std::vector<std::shared_ptr<Node>> dying = std::move(inputs);
    inputs.clear();
    while (!dying.empty()) {
      const std::shared_ptr<Node> node = std::move(dying.back());
      dying.pop_back();
      if (!node || node.use_count() > 1) continue;
      for (std::shared_ptr<Node>& input : node->inputs) dying.push_back(std::move(input));
      node->inputs.clear();
    }
  }

  /// The gradient, zero-filled the first time, safe to add to.
  Tensor<T>& accumulator() {
    if (!grad.defined())
      grad = zeros<T>(shape);
    else if (!grad.unique() || !grad.is_contiguous())
      grad = grad.clone();
    return grad;
  }

 private:
  static std::size_t next_order() {
    static std::atomic<std::size_t> counter{0};
    return ++counter;
  }
};

/// What a backward closure sees of its inputs.
template <class T>
class Gradients {
 public:
  explicit Gradients(Node<T>& node) : node_(node) {}

  /// True if input i wants a gradient at all.
  bool wants(std::size_t i) const { return node_.inputs[i] != nullptr; }

  /// The gradient of input i: contiguous, its shape, to be added to.
  Tensor<T>& operator[](std::size_t i) { return node_.inputs[i]->accumulator(); }

  /// True if input i has no gradient yet, so that a kernel may write through `fresh` instead of
  /// adding.
  bool first(std::size_t i) const { return !node_.inputs[i]->grad.defined(); }

  /// Uninitialized gradient for input i, to be written whole. Only where `first(i)`.
  Tensor<T>& fresh(std::size_t i) {
    return node_.inputs[i]->grad = empty<T>(node_.inputs[i]->shape);
  }

  /// Adds a whole tensor of the input's shape. The first one is adopted without a copy.
  void add(std::size_t i, const Tensor<T>& gradient) {
    if (!wants(i)) return;
    Node<T>& input = *node_.inputs[i];
    if (!(gradient.shape() == input.shape))
      fail<ShapeError>(node_.op, "made a gradient ", gradient.shape(), " for input ", i,
                       " of shape ", input.shape);
    if (!input.grad.defined()) {
      input.grad = gradient.contiguous();
      return;
    }
    add_into(input.accumulator(), gradient);
  }

 private:
  Node<T>& node_;
};

}  // namespace glimpse::inline v0
