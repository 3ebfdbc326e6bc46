// attention_gru: against plain loops over words, steps and units, and against basic operations.
#include <glimpse/ops/additive_attention.hpp>
#include <glimpse/ops/arithmetic.hpp>
#include <glimpse/ops/attention_gru.hpp>
#include <glimpse/ops/linear.hpp>
#include <glimpse/ops/shape_ops.hpp>

#include "sequence_reference.hpp"

using namespace glimpse;
using namespace glimpse::rig;
using definition::Reference;
using definition::Vector;

namespace {

template <class T>
AttentionGruWeights<T> weights(const Inputs<T>& x) {
  return {x[3], x[4], x[5], x[6], x[7], x[8], x[9]};
}

/// h (N, T, C), k (N, T, A), x (S, N, 3H), W, b, w, G, b_g, U, b_h.
Reference step_by_step(const Tensors& x) {
  const Reference &h = x[0], &k = x[1], &score = x[5];
  const Index batch = h.size(0), positions = h.size(1), steps = x[2].size(0), hidden = x[8].size(1);
  Reference y = zeros<double>({steps, batch, hidden});
  for (Index n = 0; n < batch; ++n) {
    Vector s(static_cast<std::size_t>(hidden)), unused;
    for (Index t = 0; t < steps; ++t) {
      const Vector q = definition::affine(x[3], s, x[4]);
      Vector a;
      double sum = 0;
      for (Index i = 0; i < positions; ++i) {
        double e = 0;
        for (Index j = 0; j < k.size(2); ++j)
          e += score(j) * std::tanh(q[static_cast<std::size_t>(j)] + k(n, i, j));
        a.push_back(std::exp(e)), sum += a.back();
      }
      Vector g(static_cast<std::size_t>(h.size(2)));
      for (Index i = 0; i < positions; ++i)
        for (Index c = 0; c < h.size(2); ++c)
          g[static_cast<std::size_t>(c)] += a[static_cast<std::size_t>(i)] / sum * h(n, i, c);
      Vector gates = definition::affine(x[6], g, x[7]);
      for (Index i = 0; i < 3 * hidden; ++i) gates[static_cast<std::size_t>(i)] += x[2](t, n, i);
      definition::gru_step(gates, definition::affine(x[8], s, x[9]), s, unused);
      for (Index i = 0; i < hidden; ++i) y(t, n, i) = s[static_cast<std::size_t>(i)];
    }
  }
  return y;
}

/// The same function by basic operations.
template <class T>
Variable<T> composed(const Inputs<T>& x) {
  Variable<T> s = constant(zeros<T>({x[0].size(0), x[8].size(1)}));
  std::vector<Variable<T>> states;
  for (Index t = 0; t < x[2].size(0); ++t) {
    const Variable<T> g = additive_attention(linear(s, x[3], x[4]), x[1], x[5], x[0]).glimpse;
    s = gru_cell(linear(g, x[6], x[7]) + select(x[2], 0, t), s, x[8], x[9]);
    states.push_back(s);
  }
  return stack(states, 0);
}

}  // namespace

OP_ROW("attention_gru")
    .cases({{{1, 1, 1}, {1, 1, 1}, {1, 1, 3}, {1, 1}, {1}, {1}, {3, 1}, {3}, {3, 1}, {3}},
            {{3, 4, 5}, {3, 4, 2}, {3, 3, 9}, {2, 3}, {2}, {2}, {9, 5}, {9}, {9, 3}, {9}},
            {{9, 5, 65}, {9, 5, 17}, {2, 9, 57}, {17, 19}, {17}, {17}, {57, 65}, {57}, {57, 19}, {57}},
            {{40, 6, 30}, {40, 6, 33}, {3, 40, 96}, {33, 32}, {33}, {33}, {96, 30}, {96}, {96, 32}, {96}}})
    .call([](auto x) { return attention_gru(x[0], x[1], x[2], weights(x)); })
    .reference([](auto x) { return step_by_step(x); })
    .golden("attention_gru")
    .rejects({{3, 4, 5}, {3, 5, 2}, {3, 3, 9}, {2, 3}, {2}, {2}, {9, 5}, {9}, {9, 3}, {9}})
    .rejects({{3, 4, 5}, {3, 4, 2}, {3, 3, 8}, {2, 3}, {2}, {2}, {9, 5}, {9}, {9, 3}, {9}})
    .rejects({{3, 4, 5}, {3, 4, 2}, {3, 3, 9}, {2, 2}, {2}, {2}, {9, 5}, {9}, {9, 3}, {9}})
    .rejects({{3, 4, 5}, {3, 4, 2}, {3, 3, 9}, {2, 3}, {2}, {2}, {9, 4}, {9}, {9, 3}, {9}});

TEST_CASE("attention_gru: the same values and gradients as the ops it is made of", "[op]") {
  const std::vector<Shape> shapes{{7, 6, 20}, {7, 6, 18}, {4, 7, 51}, {18, 17}, {18},
                                  {18},       {51, 20},   {51},       {51, 17}, {51}};
  Random random(3);
  Inputs<double> fused, plain;
  for (const Shape& shape : shapes) {
    Tensor<double> v(shape);
    for (double& e : v.span()) e = random.uniform(-1, 1);
    fused.push_back(parameter(v)), plain.push_back(parameter(v));
  }
  Tensor<double> attention_maps, seed({4, 7, 17});
  for (double& e : seed.span()) e = random.uniform(-1, 1);
  const Variable<double> y =
      attention_gru(fused[0], fused[1], fused[2], weights(fused), &attention_maps);
  const Variable<double> wanted = composed(plain);
  y.backward(seed), wanted.backward(seed);
  const auto check = [](const Tensor<double>& a, const Tensor<double>& b) {
    REQUIRE(a.shape() == b.shape());
    for (Index i = 0; i < a.size(); ++i) REQUIRE(a.data()[i] == Approx(b.data()[i]).margin(1e-12));
  };
  check(y.value(), wanted.value());
  for (std::size_t i = 0; i < fused.size(); ++i) check(fused[i].grad(), plain[i].grad());
  CHECK(attention_maps.shape() == Shape{4, 7, 6});
}
