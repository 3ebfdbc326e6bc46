// The forms of attention other than the additive one: dot products, windows, sigmoid weights,
// location features, the doubly stochastic penalty.
#include <glimpse/ops/attention_weights.hpp>
#include <glimpse/ops/dot_product_attention.hpp>
#include <glimpse/ops/doubly_stochastic.hpp>
#include <glimpse/ops/location_features.hpp>

#include "../op_test/op_row.hpp"
#include "../op_test/reference.hpp"

using namespace glimpse;
using namespace glimpse::rig;
using definition::Reference;

namespace {

Reference dots(const Reference& q, const Reference& k, double scale) {
  Reference e = zeros<double>({q.size(0), q.size(1), k.size(1)});
  for (Index n = 0; n < q.size(0); ++n)
    for (Index i = 0; i < q.size(1); ++i)
      for (Index t = 0; t < k.size(1); ++t)
        for (Index a = 0; a < q.size(2); ++a) e(n, i, t) += scale * q(n, i, a) * k(n, t, a);
  return e;
}

std::vector<Index> lengths_of(const Shape& k) {
  std::vector<Index> lengths = pattern(k[0], k[1]);
  for (Index& n : lengths) ++n;
  return lengths;
}

Reference dot_attention(const Reference& q, const Reference& k, const Reference& v,
                        std::vector<Index> lengths = {}) {
  const Index queries = q.size(1);
  const Reference a = definition::each_row(
      dots(q, k, 1 / std::sqrt(static_cast<double>(q.size(2)))), [&](auto row, Index r) {
        return definition::softmax_row(
            row, lengths.empty() ? k.size(1) : lengths[static_cast<std::size_t>(r / queries)]);
      });
  Reference g = zeros<double>({q.size(0), queries, v.size(2)});
  for (Index n = 0; n < q.size(0); ++n)
    for (Index i = 0; i < queries; ++i)
      for (Index t = 0; t < v.size(1); ++t)
        for (Index c = 0; c < v.size(2); ++c) g(n, i, c) += a(n, i, t) * v(n, t, c);
  return g;
}

/// Windows of one to three positions, anywhere in the rows of e (N, T).
std::vector<PositionRange> windows_of(const Shape& e) {
  std::vector<PositionRange> positions;
  const std::vector<Index> begins = pattern(e[0], e[1]);
  for (Index r = 0; r < e[0]; ++r) {
    const Index begin = begins[static_cast<std::size_t>(r)];
    positions.push_back({begin, std::min(begin + 1 + r % 3, e[1])});
  }
  return positions;
}

/// f(e_i) over its sum in the window.
template <class F>
Reference shares(const Reference& e, const std::vector<PositionRange>& positions, F f) {
  return definition::each_row(e, [&](std::vector<double> row, Index r) {
    const Index n = static_cast<Index>(row.size());
    const PositionRange p =
        positions.empty() ? PositionRange{0, n} : positions[static_cast<std::size_t>(r)];
    double sum = 0;
    for (Index i = 0; i < n; ++i) {
      double& v = row[static_cast<std::size_t>(i)];
      v = i >= p.begin && i < p.end ? f(v) : 0;
      sum += v;
    }
    for (double& v : row) v /= sum;
    return row;
  });
}

/// 0 to S attention steps for each of N.
std::vector<Index> attention_maps_of(const Shape& a) { return pattern(a[1], a[0] + 1); }

Reference lack(const Reference& a, const std::vector<Index>& attention_maps) {
  double total = 0;
  for (Index n = 0; n < a.size(1); ++n)
    for (Index i = 0; i < a.size(2); ++i) {
      double c = 0;
      for (Index t = 0; t < attention_maps[static_cast<std::size_t>(n)]; ++t) c += a(t, n, i);
      total += (1 - c) * (1 - c);
    }
  return full<double>({}, total / static_cast<double>(a.size(1)));
}

Op& asked(Op& op) {
  return op.cases({{{1, 1, 1}, {1, 1, 1}, {1, 1, 1}},
                   {{2, 3, 4}, {2, 5, 4}, {2, 5, 4}},
                   {{3, 1, 33}, {3, 7, 33}, {3, 7, 9}},
                   {{32, 2, 64}, {32, 25, 64}, {32, 25, 48}}});
}
Op& weighed(Op& op) {
  return op.shapes({{1, 1}, {3, 5}, {5, 37}, {64, 300}}).values(uniform(-4, 4));
}
Op& looked(Op& op) { return op.shapes({{1, 1, 1}, {4, 3, 5}, {2, 5, 33}, {7, 20, 196}}); }

}  // namespace

OP_ROW("dot_scores")
    .cases({{{1, 1, 1}, {1, 1, 1}},
            {{2, 3, 4}, {2, 5, 4}},
            {{3, 1, 33}, {3, 7, 33}},
            {{32, 2, 64}, {32, 25, 64}}})
    .call([](auto x) { return dot_scores(x[0], x[1], 0.5); })
    .reference([](auto x) { return dots(x[0], x[1], 0.5); })
    .golden("dot_scores")
    .rejects({{2, 3, 4}, {3, 5, 4}})
    .rejects({{2, 3, 4}, {2, 5, 3}});

OP_ROW("dot_product_attention")
    .with(asked)
    .call([](auto x) { return dot_product_attention(x[0], x[1], x[2]); })
    .reference([](auto x) { return dot_attention(x[0], x[1], x[2]); })
    .golden("dot_product_attention");

OP_ROW("dot_product_attention of unequal lengths")
    .with(asked)
    .call([](auto x) { return dot_product_attention(x[0], x[1], x[2], lengths_of(x[1].shape())); })
    .reference([](auto x) { return dot_attention(x[0], x[1], x[2], lengths_of(x[1].shape())); })
    .golden("dot_product_attention_lengths");

OP_ROW("dot_product_attention in two heads")
    .cases({{{2, 3, 4}, {2, 5, 4}, {2, 5, 4}}, {{3, 1, 6}, {3, 7, 6}, {3, 7, 6}}})
    .call([](auto x) { return dot_product_attention(x[0], x[1], x[2], {}, 2); })
    .reference([](auto x) {
      const Index half = x[0].size(2) / 2;
      std::vector<Reference> parts;
      for (Index h = 0; h < 2; ++h) {
        const auto part = [&](const Reference& r) {
          return r.slice(2, h * half, (h + 1) * half).clone();
        };
        parts.push_back(dot_attention(part(x[0]), part(x[1]), part(x[2])));
      }
      return concatenate(parts, 2);
    })
    .golden("multi_head");

OP_ROW("attention_weights")
    .with(weighed)
    .call([](auto x) { return attention_weights(x[0]); })
    .reference([](auto x) { return shares(x[0], {}, [](double e) { return std::exp(e); }); });

OP_ROW("attention_weights in windows")
    .with(weighed)
    .call([](auto x) { return attention_weights(x[0], windows_of(x[0].shape())); })
    .reference([](auto x) {
      return shares(x[0], windows_of(x[0].shape()), [](double e) { return std::exp(e); });
    })
    .golden("attention_weights");

OP_ROW("attention_weights, sigmoid")
    .with(weighed)
    .call([](auto x) { return attention_weights(x[0], {}, AttentionNormalization::sigmoid); })
    .reference([](auto x) { return shares(x[0], {}, definition::sigmoid); })
    .golden("attention_weights_logistic");

OP_ROW("attention_weights, sigmoid in windows")
    .with(weighed)
    .call([](auto x) {
      return attention_weights(x[0], windows_of(x[0].shape()), AttentionNormalization::sigmoid);
    })
    .reference([](auto x) { return shares(x[0], windows_of(x[0].shape()), definition::sigmoid); })
    .golden("attention_weights_logistic_windows");

OP_ROW("location_features")
    .cases({{{1, 1}, {1, 1}},
            {{2, 7}, {3, 5}},
            {{3, 4}, {2, 9}},
            {{2, 6}, {2, 4}},
            {{16, 120}, {10, 33}}})
    .call([](auto x) { return location_features(x[0], x[1]); })
    .reference([](auto x) {
      const Reference &a = x[0], &w = x[1];
      Reference f = zeros<double>({a.size(0), a.size(1), w.size(0)});
      for (Index n = 0; n < a.size(0); ++n)
        for (Index i = 0; i < a.size(1); ++i)
          for (Index k = 0; k < w.size(0); ++k)
            for (Index r = 0; r < w.size(1); ++r) {
              const Index j = i + r - w.size(1) / 2;
              if (j >= 0 && j < a.size(1)) f(n, i, k) += w(k, r) * a(n, j);
            }
      return f;
    })
    .golden("location_features")
    .rejects({{2, 7, 1}, {3, 5}})
    .rejects({{2, 7}, {3, 0}});

OP_ROW("doubly_stochastic_penalty")
    .with(looked)
    .call([](auto x) { return doubly_stochastic_penalty(x[0]); })
    .reference([](auto x) {
      return lack(x[0], std::vector<Index>(static_cast<std::size_t>(x[0].size(1)), x[0].size(0)));
    })
    .golden("doubly_stochastic_penalty")
    .rejects({{4, 3}});

OP_ROW("doubly_stochastic_penalty of unequal numbers of attention steps")
    .with(looked)
    .call([](auto x) { return doubly_stochastic_penalty(x[0], attention_maps_of(x[0].shape())); })
    .reference([](auto x) { return lack(x[0], attention_maps_of(x[0].shape())); })
    .golden("doubly_stochastic_penalty_looks");

TEST_CASE("sigmoid weights stay finite where every score is far below zero", "[attention]") {
  const Variable<float> e = constant(tensor<float>({-200, -201, -200}).reshape({1, 3}));
  const Tensor<float> a = attention_weights(e, {}, AttentionNormalization::sigmoid).value();
  CHECK(std::abs(a(0, 0) - 0.4223f) < 1e-3f);
  CHECK(std::abs(a(0, 0) + a(0, 1) + a(0, 2) - 1) < 1e-6f);
}

TEST_CASE("attention_weights reports windows that make no sense", "[attention]") {
  const Variable<float> e = constant(zeros<float>({2, 3}));
  const std::vector<PositionRange> empty{{0, 3}, {1, 1}}, beyond{{0, 3}, {1, 4}}, few{{0, 3}};
  CHECK_THROWS_AS(attention_weights(e, empty), ValueError);
  CHECK_THROWS_AS(attention_weights(e, beyond), ValueError);
  CHECK_THROWS_AS(attention_weights(e, few), ShapeError);
}

TEST_CASE("the middle of a row of weights", "[attention]") {
  const Tensor<float> a = tensor<float>({1, 0, 0, 0, 0, 1, .1f, .8f, .1f}).reshape({3, 3});
  CHECK(median_positions(a) == std::vector<Index>{0, 2, 1});
}
