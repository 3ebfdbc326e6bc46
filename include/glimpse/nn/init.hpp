// init: initial weights that neither shrink nor amplify signals from layer to layer.
//
//   (1)  weight (out, in, kernel...):  fan_in = in * kernel, the inputs that a unit sums
//                                      fan_out = out * kernel, the units that an input reaches, of
//                                      all groups together, at stride 1
//   (2)  Kaiming:     Var w = gain^2 / fan         gain^2 = 2, because ReLU drops half of it
//   (3)  Xavier:      Var w = 2 gain^2 / (fan_in + fan_out)
//   (4)  orthogonal:  W W^T = gain^2 I, or W^T W   keeps the length of a vector, step after step
//
// A uniform distribution on [-b, b) has variance b^2 / 3. Every function fills the weight in row
// order with numbers from the given generator.
// Sources: Glorot, Bengio 2010; He et al. 2015; Saxe, McClelland, Ganguli 2014.
// Notation: docs/math/notation.md.
#pragma once

#include <cmath>
#include <vector>

#include <glimpse/autograd/variable.hpp>
#include <glimpse/core/random.hpp>

namespace glimpse::inline v0 {

/// Whether (2) divides by fan_in, for the forward pass, or by fan_out, for the backward pass.
enum class Fan { in, out };

namespace detail {
template <class T>
Index fan_of(const Variable<T>& w, Fan fan) {  // (1)
  require(w.rank() >= 2, "init", "wants a weight (out, in, ...)", w);
  const Index patch = w.size() / (w.size(0) * w.size(1));
  return patch * w.size(fan == Fan::in ? 1 : 0);
}
}  // namespace detail

/// Uniform on [low, high).
template <class T>
void uniform_init(Variable<T>& w, Random& rng, double low, double high) {
  for (T& v : w.mutable_value().span()) v = static_cast<T>(rng.uniform(low, high));
}
/// Normal with the given mean and standard deviation.
template <class T>
void normal_init(Variable<T>& w, Random& rng, double mean = 0, double stddev = 1) {
  for (T& v : w.mutable_value().span()) v = static_cast<T>(rng.normal(mean, stddev));
}
/// Sets every element to `value`.
template <class T>
void constant_init(Variable<T>& w, std::type_identity_t<T> value) {
  w.mutable_value().fill(value);
}

/// Kaiming initialization, (2). w: (out, in, kernel...). gain: sqrt(2) before a ReLU, 1 otherwise.
/// Throws ShapeError if w has fewer than two axes.
template <class T>
void kaiming_normal(Variable<T>& w, Random& rng, Fan fan = Fan::in, double gain = std::sqrt(2.0)) {
  normal_init(w, rng, 0, gain / std::sqrt(static_cast<double>(detail::fan_of(w, fan))));
}
template <class T>
void kaiming_uniform(Variable<T>& w, Random& rng, Fan fan = Fan::in, double gain = std::sqrt(2.0)) {
  const double bound = gain * std::sqrt(3.0 / static_cast<double>(detail::fan_of(w, fan)));
  uniform_init(w, rng, -bound, bound);
}

/// Xavier initialization, (3). w: (out, in, kernel...). gain: 1 for linear units, 5/3 for tanh.
/// Throws ShapeError if w has fewer than two axes.
template <class T>
void xavier_normal(Variable<T>& w, Random& rng, double gain = 1) {
  const Index fans = detail::fan_of(w, Fan::in) + detail::fan_of(w, Fan::out);
  normal_init(w, rng, 0, gain * std::sqrt(2.0 / static_cast<double>(fans)));
}
template <class T>
void xavier_uniform(Variable<T>& w, Random& rng, double gain = 1) {
  const Index fans = detail::fan_of(w, Fan::in) + detail::fan_of(w, Fan::out);
  const double bound = gain * std::sqrt(6.0 / static_cast<double>(fans));
  uniform_init(w, rng, -bound, bound);
}

/// (4): orthogonal rows of length `gain`; orthogonal columns if there are more rows than columns.
/// w: (out, ...), treated as a matrix of `out` rows. blocks: divides the rows into equal matrices,
/// each orthogonal by itself: 4 for the gates of an LSTM, 3 for a GRU. Gram-Schmidt in double, two
/// passes, because one pass leaves rounding errors. Throws ShapeError if the rows do not divide.
template <class T>
void orthogonal(Variable<T>& w, Random& rng, double gain = 1, Index blocks = 1) {
  require(w.rank() >= 2 && blocks > 0 && w.size(0) % blocks == 0, "orthogonal",
          "wants a weight whose rows split evenly", w);
  const Index rows = w.size(0) / blocks, cols = w.size() / w.size(0);
  const Index count = std::min(rows, cols), length = std::max(rows, cols);
  std::vector<double> q(static_cast<std::size_t>(count * length));
  for (Index b = 0; b < blocks; ++b) {
    for (double& v : q) v = rng.normal();
    for (Index i = 0; i < count; ++i) {
      double* v = q.data() + i * length;
      for (int pass = 0; pass < 2; ++pass)
        for (Index j = 0; j < i; ++j) {
          const double* e = q.data() + j * length;
          double along = 0;
          for (Index k = 0; k < length; ++k) along += v[k] * e[k];
          for (Index k = 0; k < length; ++k) v[k] -= along * e[k];
        }
      double norm = 0;
      for (Index k = 0; k < length; ++k) norm += v[k] * v[k];
      for (Index k = 0; k < length; ++k) v[k] /= std::sqrt(norm);
    }
    T* out = w.mutable_value().data() + b * rows * cols;
    for (Index r = 0; r < rows; ++r)
      for (Index c = 0; c < cols; ++c)
        out[r * cols + c] = static_cast<T>(
            gain * q[static_cast<std::size_t>(rows <= cols ? r * length + c : c * length + r)]);
  }
}

namespace detail {
/// A parameter of the given shape, uniform on [-bound, bound).
template <class T>
Variable<T> uniform_parameter(const Shape& shape, Random& rng, double bound) {
  Variable<T> w = parameter(empty<T>(shape));
  uniform_init(w, rng, -bound, bound);
  return w;
}
}  // namespace detail

}  // namespace glimpse::inline v0
