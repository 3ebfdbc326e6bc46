// variable: a tensor that records the operations that produced it.
//
//   record("softmax", y, {x}, [y](const Tensor<T>& dy, Gradients<T>& d) { ... += into d[0] ... })
//
// Every differentiable operation ends with a call of `record`. backward() visits the recorded nodes
// from last to first, each once, after all contributions to its gradient are summed. It frees
// closures, and the activations that they hold, on the way.
#pragma once

#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <memory>
#include <vector>

#include <glimpse/autograd/mode.hpp>
#include <glimpse/autograd/node.hpp>

namespace glimpse::inline v0 {

/// A tensor that takes part in the gradient computation. Copies share value and node.
template <class T>
class Variable {
 public:
  using value_type = T;

  /// A variable without value, `defined()` is false: an absent bias.
  Variable() = default;
  /// A constant: requires no gradient.
  explicit Variable(Tensor<T> value) : value_(std::move(value)) {}
  /// Used by `record` and `parameter`.
  Variable(Tensor<T> value, std::shared_ptr<Node<T>> node)
      : value_(std::move(value)), node_(std::move(node)) {}

  bool defined() const { return value_.defined(); }
  const Tensor<T>& value() const { return value_; }
  /// The value, to change in place: for initializers and optimizers, outside of a recorded graph.
  Tensor<T>& mutable_value() { return value_; }

  const Shape& shape() const { return value_.shape(); }
  Index rank() const { return value_.rank(); }
  Index size() const { return value_.size(); }
  Index size(Index axis) const { return value_.size(axis); }
  T item() const { return value_.item(); }

  bool requires_grad() const { return node_ && node_->requires_grad; }
  /// Makes this a leaf that requires a gradient, or stops (false) the gradient of a leaf.
  Variable& set_requires_grad(bool wanted) {
    if (!node_ && wanted) make_leaf();
    if (node_) node_->requires_grad = wanted;
    return *this;
  }

  /// The gradient that backward() accumulated; undefined if no gradient has reached this variable.
  Tensor<T> grad() const { return node_ ? node_->grad : Tensor<T>(); }
  /// The gradient, to change in place (clipping); zeros if no gradient has reached this variable.
  /// Throws Error for a constant.
  Tensor<T>& mutable_grad() {
    if (!node_) fail<Error>("mutable_grad", "constant ", shape(), " has no gradient");
    return node_->accumulator();
  }
  void zero_grad() {
    if (node_) node_->grad = Tensor<T>();
  }
  /// Keeps the gradient of an intermediate value; backward() frees it otherwise.
  Variable& retain_grad() {
    if (node_) node_->retain_grad = true;
    return *this;
  }

  /// A constant with the same value; shares the storage.
  Variable detach() const { return Variable(value_); }

  /// Accumulates the gradients of this one-element value in every leaf that it depends on.
  /// Throws ShapeError if the value has another size; Error if no input requires a gradient, or if
  /// an earlier backward() has freed the graph.
  void backward() const {
    if (size() != 1)
      fail<ShapeError>("backward", "starts from one element, got ", shape(),
                       "; give a seed otherwise");
    backward(full<T>(shape(), T(1)));
  }
  /// backward() from a value of any shape. seed: the gradient of the loss with respect to this
  /// value, of its shape. Throws ShapeError if the shapes differ.
  void backward(const Tensor<T>& seed) const;

  const std::shared_ptr<Node<T>>& node() const { return node_; }

 private:
  void make_leaf() {
    node_ = std::make_shared<Node<T>>();
    node_->shape = value_.shape();
  }

  Tensor<T> value_;
  std::shared_ptr<Node<T>> node_;
};

/// A leaf that requires a gradient.
template <class T>
Variable<T> parameter(Tensor<T> value) {
  Variable<T> v(std::move(value));
  v.set_requires_grad(true);
  return v;
}

/// A leaf that requires no gradient.
template <class T>
Variable<T> constant(Tensor<T> value) {
  return Variable<T>(std::move(value));
}

namespace detail {

template <class T>
void check_finite(const Tensor<T>& values, std::string_view what, std::string_view op,
                  std::string_view module) {
  const Tensor<T> dense = values.contiguous();
  for (const T v : dense.span())
    if (!std::isfinite(v))
      throw Error(std::string(op) + ": " + std::string(what) + " " + values.shape().str() +
                  " holds " + (std::isnan(v) ? "NaN" : "infinity") +
                  (module.empty() ? "" : " [" + std::string(module) + "]"));
}

template <class T, class Inputs>
Variable<T> record(std::string_view op, Tensor<T> y, const Inputs& inputs,
                   typename Node<T>::Backward&& backward) {
  if (TapeListener* listener = tape_listener()) listener->recorded(op);
  if (anomaly_mode()) check_finite(y, "output", op, ModuleScope::path());
  const bool wanted =
      grad_enabled() && std::any_of(inputs.begin(), inputs.end(),
                                    [](const Variable<T>& x) { return x.requires_grad(); });
  if (!wanted) return Variable<T>(std::move(y));
  auto node = std::make_shared<Node<T>>();
  node->op = op;
  node->module = std::string(ModuleScope::path());
  node->shape = y.shape();
  node->backward = std::move(backward);
  node->inputs.reserve(inputs.size());
  for (const Variable<T>& x : inputs)
    node->inputs.push_back(x.requires_grad() ? x.node() : nullptr);
  return Variable<T>(std::move(y), std::move(node));
}

}  // namespace detail

/// Ends every operation: wraps its result and, if an input requires a gradient, adds a node.
/// op: a string literal, because the node keeps a view of it. backward(dy, d): dy is contiguous
/// with the shape of y; the closure adds to d[i] if d.wants(i).
template <class T>
Variable<T> record(std::string_view op, Tensor<T> y, std::initializer_list<Variable<T>> inputs,
                   std::type_identity_t<typename Node<T>::Backward> backward) {
  return detail::record(op, std::move(y), inputs, std::move(backward));
}
template <class T>
Variable<T> record(std::string_view op, Tensor<T> y, const std::vector<Variable<T>>& inputs,
                   std::type_identity_t<typename Node<T>::Backward> backward) {
  return detail::record(op, std::move(y), inputs, std::move(backward));
}

template <class T>
void Variable<T>::backward(const Tensor<T>& seed) const {
  if (!requires_grad())
    fail<Error>("backward", "value ", shape(), " depends on nothing that wants a gradient");
  if (!(seed.shape() == shape()))
    fail<ShapeError>("backward", "seed ", seed.shape(), " for a value ", shape());

  static std::atomic<std::size_t> passes{0};
  const std::size_t pass = ++passes;
  std::vector<std::shared_ptr<Node<T>>> tape{node_};
  node_->mark = pass;
  for (std::size_t i = 0; i < tape.size(); ++i) {
    if (tape[i]->consumed)
      fail<Error>("backward", "the graph behind '", tape[i]->op, "' has been used up already");
    const std::vector<std::shared_ptr<Node<T>>> inputs = tape[i]->inputs;
    for (const std::shared_ptr<Node<T>>& input : inputs)
      if (input && input->mark != pass) input->mark = pass, tape.push_back(input);
  }
  std::sort(tape.begin(), tape.end(),
            [](const auto& a, const auto& b) { return a->order < b->order; });

  if (node_->grad.defined()) {
    Tensor<T>& sum = node_->accumulator();
    const Tensor<T> dense = seed.contiguous();
    for (Index i = 0; i < seed.size(); ++i) sum.data()[i] += dense.data()[i];
  } else {
    node_->grad = seed.clone();
  }
  while (!tape.empty()) {
    const std::shared_ptr<Node<T>> node = std::move(tape.back());
    tape.pop_back();
    if (node->leaf()) continue;
    if (node->grad.defined()) {
      const Tensor<T> dy =
          node->retain_grad ? node->grad.contiguous() : std::move(node->grad).contiguous();
      if (!node->retain_grad) node->grad = Tensor<T>();
      Gradients<T> gradients(*node);
      detail::TapeListener* const listener = detail::tape_listener();
      if (listener) listener->reached(node->op);
      node->backward(dy, gradients);
      if (listener) listener->left(node->op);
      if (anomaly_mode())
        for (const auto& input : node->inputs)
          if (input && input->grad.defined())
            detail::check_finite(input->grad, "gradient", node->op, node->module);
    }
    node->consumed = true;
    node->release();
  }
}

}  // namespace glimpse::inline v0
