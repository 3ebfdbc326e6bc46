// node: one recorded operation on the tape.
//
//   y = f(x_1, ..., x_n)   records for backward:   dx_i += (df/dx_i)^T dy
//
// A node holds gradients and a closure, not values. The closure captures the values that backward
// needs; all other values are freed with their last handle. The destructor uses a loop, because
// recursion over a chain of a million nodes would overflow the stack.
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

/// A leaf, or one recorded operation with its closure and the nodes of its inputs.
template <class T>
struct Node {
  using Backward = std::function<void(const Tensor<T>&, Gradients<T>&)>;

  std::string_view op = "leaf";  // a string literal
  std::string module;            // path of the running module when recorded
  Shape shape;
  std::vector<std::shared_ptr<Node>> inputs;  // null: no gradient required for this input
  Backward backward;                          // empty for leaves
  Tensor<T> grad;                             // the gradient accumulated so far
  std::size_t order = next_order();           // greater than the order of every input
  std::size_t mark = 0;                       // last backward pass that reached this node
  bool requires_grad = true;
  bool retain_grad = false;
  bool consumed = false;

  Node() = default;
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;
  ~Node() { release(); }

  bool leaf() const { return !backward && !consumed; }

  /// Frees closure and inputs. Branches that nothing else shares are freed in a loop.
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

  /// The gradient of this node: zeros at first, contiguous, not shared; the caller may add to it.
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

/// Gives a backward closure access to the gradients of its inputs.
template <class T>
class Gradients {
 public:
  explicit Gradients(Node<T>& node) : node_(node) {}

  /// True if input i requires a gradient.
  bool wants(std::size_t i) const { return node_.inputs[i] != nullptr; }

  /// The gradient of input i, to add to: contiguous, with the shape of the input.
  Tensor<T>& operator[](std::size_t i) { return node_.inputs[i]->accumulator(); }

  /// True if input i has no gradient yet; a kernel may then write through `fresh` instead of
  /// adding.
  bool first(std::size_t i) const { return !node_.inputs[i]->grad.defined(); }

  /// Uninitialized gradient of input i; the caller must write every element.
  /// Precondition: first(i).
  Tensor<T>& fresh(std::size_t i) {
    return node_.inputs[i]->grad = empty<T>(node_.inputs[i]->shape);
  }

  /// Adds a tensor with the shape of input i to its gradient. The first tensor is used without a
  /// copy.
  /// Throws ShapeError if the shape differs.
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
