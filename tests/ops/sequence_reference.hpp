// sequence_reference: LSTM and GRU one step, one sequence, one unit at a time.
#pragma once

#include <cmath>
#include <vector>

#include "../op_test/op_row.hpp"
#include "../op_test/reference.hpp"

namespace glimpse::rig::definition {

using Vector = std::vector<double>;

/// w x + b, one number for each row.
inline Vector affine(const Reference& w, const Vector& x, const Reference& b) {
  Vector y;
  for (Index i = 0; i < w.size(0); ++i) {
    double sum = b(i);
    for (Index j = 0; j < w.size(1); ++j) sum += w(i, j) * x[static_cast<std::size_t>(j)];
    y.push_back(sum);
  }
  return y;
}

/// h and c of the next step, from sums a = W x + b_x and u = U h + b_h; gates i, f, g, o.
inline void lstm_step(const Vector& a, const Vector& u, Vector& h, Vector& c) {
  const std::size_t n = h.size();
  for (std::size_t j = 0; j < n; ++j) {
    const double i = sigmoid(a[j] + u[j]), f = sigmoid(a[n + j] + u[n + j]), g = std::tanh(a[2 * n + j] + u[2 * n + j]),
                 o = sigmoid(a[3 * n + j] + u[3 * n + j]);
    c[j] = f * c[j] + i * g;
    h[j] = o * std::tanh(c[j]);
  }
}

/// Gates r, z, n; the reset gate acts after the recurrent product.
inline void gru_step(const Vector& a, const Vector& u, Vector& h, Vector&) {
  const std::size_t n = h.size();
  for (std::size_t j = 0; j < n; ++j) {
    const double r = sigmoid(a[j] + u[j]), z = sigmoid(a[n + j] + u[n + j]), fresh = std::tanh(a[2 * n + j] + r * u[2 * n + j]);
    h[j] = (1 - z) * fresh + z * h[j];
  }
}

/// x (T, N, I) with x[1..4] the weights and biases, over the first lengths[b] steps of each
/// sequence, then zeros.
template <class Step>
Reference over_sequence(const Tensors& x, Step step, const std::vector<Index>& lengths, bool reverse) {
  const Index steps = x[0].size(0), batch = x[0].size(1), inputs = x[0].size(2), hidden = x[2].size(1);
  Reference y = zeros<double>({steps, batch, hidden});
  for (Index b = 0; b < batch; ++b) {
    Vector h(static_cast<std::size_t>(hidden)), c(h);
    const Index n = lengths.empty() ? steps : lengths[static_cast<std::size_t>(b)];
    for (Index k = 0; k < n; ++k) {
      const Index t = reverse ? n - 1 - k : k;
      Vector in;
      for (Index i = 0; i < inputs; ++i) in.push_back(x[0](t, b, i));
      step(affine(x[1], in, x[3]), affine(x[2], h, x[4]), h, c);
      for (Index j = 0; j < hidden; ++j) y(t, b, j) = h[static_cast<std::size_t>(j)];
    }
  }
  return y;
}

/// Both directions, x[1..4] forwards and x[5..8] backwards from the last step, concatenated.
template <class Step>
Reference over_sequence_both_ways(const Tensors& x, Step step, const std::vector<Index>& lengths) {
  const Reference there = over_sequence(x, step, lengths, false);
  const Reference back =
      over_sequence(Tensors{x[0], x[5], x[6], x[7], x[8]}, step, lengths, true);
  const Index h = there.size(2);
  Reference y(Shape{there.size(0), there.size(1), 2 * h});
  y.slice(2, 0, h).copy_from(there);
  y.slice(2, h, 2 * h).copy_from(back);
  return y;
}

/// Lengths of a batch x (T, N, I), equal to those of make_golden.py.
inline std::vector<Index> some_lengths(const Shape& x) {
  std::vector<Index> n = pattern(x[1], x[0]);
  for (Index& v : n) ++v;
  return n;
}

}  // namespace glimpse::rig::definition
