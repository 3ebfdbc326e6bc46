#include <glimpse/ops/additive_attention.hpp>

#include "../op_test/op_row.hpp"
#include "../op_test/reference.hpp"

using namespace glimpse;
using namespace glimpse::rig;
using definition::Reference;

namespace {

Reference scores(const Reference& q, const Reference& k, const Reference& w) {
  Reference e = zeros<double>({k.size(0), k.size(1)});
  for (Index n = 0; n < k.size(0); ++n)
    for (Index t = 0; t < k.size(1); ++t)
      for (Index a = 0; a < k.size(2); ++a) e(n, t) += w(a) * std::tanh(q(n, a) + k(n, t, a));
  return e;
}

Reference weighted(const Reference& a, const Reference& h) {
  Reference g = zeros<double>({h.size(0), h.size(2)});
  for (Index n = 0; n < h.size(0); ++n)
    for (Index t = 0; t < h.size(1); ++t)
      for (Index c = 0; c < h.size(2); ++c) g(n, c) += a(n, t) * h(n, t, c);
  return g;
}

/// 1 to T positions for each of N sequences.
std::vector<Index> lengths_of(const Shape& k) {
  std::vector<Index> lengths = pattern(k[0], k[1]);
  for (Index& n : lengths) ++n;
  return lengths;
}

/// q (N, A), k (N, T, A), w (A), h (N, T, C).
Op& attention_maps(Op& op) {
  return op.cases({{{2, 5}, {2, 7, 5}, {5}, {2, 7, 3}}, {{4, 3}, {4, 6, 3}, {3}, {4, 6, 4}},
                   {{3, 33}, {3, 5, 33}, {33}, {3, 5, 65}}, {{32, 64}, {32, 25, 64}, {64}, {32, 25, 48}}});
}

}  // namespace

OP_ROW("additive_scores")
    .cases({{{1, 1}, {1, 1, 1}, {1}}, {{2, 5}, {2, 7, 5}, {5}}, {{3, 33}, {3, 5, 33}, {33}}, {{32, 64}, {32, 25, 64}, {64}}})
    .call([](auto x) { return additive_scores(x[0], x[1], x[2]); })
    .reference([](auto x) { return scores(x[0], x[1], x[2]); })
    .golden("additive_scores")
    .rejects({{2, 5}, {3, 7, 5}, {5}})
    .rejects({{2, 5}, {2, 7, 5}, {4}});

OP_ROW("attend")
    .cases({{{1, 1}, {1, 1, 1}}, {{2, 7}, {2, 7, 5}}, {{3, 5}, {3, 5, 65}}, {{32, 25}, {32, 25, 64}}})
    .call([](auto x) { return attend(x[0], x[1]); })
    .reference([](auto x) { return weighted(x[0], x[1]); })
    .golden("attend")
    .rejects({{2, 7}, {2, 6, 5}});

OP_ROW("additive_attention").with(attention_maps)
    .call([](auto x) { return additive_attention(x[0], x[1], x[2], x[3]).glimpse; })
    .reference([](auto x) { return weighted(definition::softmax(scores(x[0], x[1], x[2])), x[3]); })
    .golden("additive_attention");

OP_ROW("additive_attention of unequal lengths").with(attention_maps)
    .call([](auto x) { return additive_attention(x[0], x[1], x[2], x[3], lengths_of(x[1].shape())).glimpse; })
    .reference([](auto x) {
      const std::vector<Index> lengths = lengths_of(x[1].shape());
      const Reference a = definition::each_row(scores(x[0], x[1], x[2]), [&](auto row, Index n) {
        return definition::softmax_row(row, lengths[static_cast<std::size_t>(n)]);
      });
      return weighted(a, x[3]);
    })
    .golden("additive_attention_lengths");

OP_ROW("additive_attention weights").with(attention_maps)
    .call([](auto x) { return additive_attention(x[0], x[1], x[2], x[3]).weights; })
    .reference([](auto x) { return definition::softmax(scores(x[0], x[1], x[2])); })
    .zero_gradient(3);
