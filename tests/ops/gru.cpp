#include <glimpse/ops/gru.hpp>

#include "sequence_reference.hpp"

using namespace glimpse;
using namespace glimpse::rig;

namespace {

/// x (T, N, I), W, U, b_x, b_h.
Op& sequences(Op& op) {
  return op.cases({{{1, 1, 1}, {3, 1}, {3, 1}, {3}, {3}},
                   {{5, 3, 4}, {6, 4}, {6, 2}, {6}, {6}},
                   {{4, 2, 3}, {27, 3}, {27, 9}, {27}, {27}},
                   {{7, 5, 6}, {99, 6}, {99, 33}, {99}, {99}},
                   {{6, 40, 30}, {96, 30}, {96, 32}, {96}, {96}}})
      .rejects({{5, 3, 4}, {6, 5}, {6, 2}, {6}, {6}})
      .rejects({{5, 3}, {6, 4}, {6, 2}, {6}, {6}})
      .rejects({{5, 3, 4}, {6, 4}, {6, 2}, {6}, {7}});
}

/// The inputs with a second set of weights.
Op& both_ways(Op& op) {
  return op.cases({{{1, 1, 1}, {3, 1}, {3, 1}, {3}, {3}, {3, 1}, {3, 1}, {3}, {3}},
                   {{5, 3, 4}, {6, 4}, {6, 2}, {6}, {6}, {6, 4}, {6, 2}, {6}, {6}},
                   {{3, 9, 3}, {15, 3}, {15, 5}, {15}, {15}, {15, 3}, {15, 5}, {15}, {15}},
                   {{3, 40, 6}, {99, 6}, {99, 33}, {99}, {99}, {99, 6}, {99, 33}, {99}, {99}}})
      .rejects({{5, 3, 4}, {6, 4}, {6, 2}, {6}, {6}, {6, 5}, {6, 2}, {6}, {6}})
      .rejects({{5, 3, 4}, {6, 4}, {6, 2}, {6}, {6}, {3, 4}, {3, 1}, {3}, {3}});
}

template <class T>
RecurrentWeights<T> weights(const Inputs<T>& x, std::size_t first) {
  return {x[first], x[first + 1], x[first + 2], x[first + 3]};
}

}  // namespace

OP_ROW("gru").with(sequences)
    .call([](auto x) { return gru(x[0], x[1], x[2], x[3], x[4]); })
    .reference([](auto x) { return definition::over_sequence(x, definition::gru_step, {}, false); })
    .golden("gru");

OP_ROW("gru reversed").with(sequences)
    .call([](auto x) { return gru(x[0], x[1], x[2], x[3], x[4], {}, true); })
    .reference([](auto x) { return definition::over_sequence(x, definition::gru_step, {}, true); })
    .golden("gru_reverse");

OP_ROW("gru of unequal lengths").with(sequences)
    .call([](auto x) { return gru(x[0], x[1], x[2], x[3], x[4], definition::some_lengths(x[0].shape())); })
    .reference([](auto x) {
      return definition::over_sequence(x, definition::gru_step, definition::some_lengths(x[0].shape()), false);
    })
    .golden("gru_lengths");

OP_ROW("gru of unequal lengths, reversed").with(sequences)
    .call([](auto x) { return gru(x[0], x[1], x[2], x[3], x[4], definition::some_lengths(x[0].shape()), true); })
    .reference([](auto x) {
      return definition::over_sequence(x, definition::gru_step, definition::some_lengths(x[0].shape()), true);
    })
    .golden("gru_lengths_reverse");

OP_ROW("gru_cell")
    .cases({{{1, 3}, {1, 1}, {3, 1}, {3}}, {{3, 12}, {3, 4}, {12, 4}, {12}}, {{40, 96}, {40, 32}, {96, 32}, {96}}})
    .call([](auto x) { return gru_cell(x[0], x[1], x[2], x[3]); })
    .reference([](auto x) {
      Tensor<double> y = x[1].clone();
      for (Index b = 0; b < y.size(0); ++b) {
        definition::Vector a, h, unused;
        for (Index i = 0; i < x[0].size(1); ++i) a.push_back(x[0](b, i));
        for (Index i = 0; i < y.size(1); ++i) h.push_back(x[1](b, i));
        definition::gru_step(a, definition::affine(x[2], h, x[3]), h, unused);
        for (Index i = 0; i < y.size(1); ++i) y(b, i) = h[static_cast<std::size_t>(i)];
      }
      return y;
    })
    .golden("gru_cell")
    .rejects({{3, 11}, {3, 4}, {12, 4}, {12}})
    .rejects({{3, 12}, {3, 4}, {12, 5}, {12}});

OP_ROW("bidirectional_gru").with(both_ways)
    .call([](auto x) { return bidirectional_gru(x[0], weights(x, 1), weights(x, 5)); })
    .reference([](auto x) { return definition::over_sequence_both_ways(x, definition::gru_step, {}); })
    .golden("bidirectional_gru");

OP_ROW("bidirectional_gru of unequal lengths").with(both_ways)
    .call([](auto x) {
      return bidirectional_gru(x[0], weights(x, 1), weights(x, 5), definition::some_lengths(x[0].shape()));
    })
    .reference([](auto x) {
      return definition::over_sequence_both_ways(x, definition::gru_step, definition::some_lengths(x[0].shape()));
    })
    .golden("bidirectional_gru_lengths");

TEST_CASE("gru: a sequence alone gives what it gives in a batch", "[op]") {
  Random rng(2);
  const auto draw = [&](const Shape& shape) {
    Tensor<float> t(shape);
    for (float& v : t.span()) v = static_cast<float>(rng.uniform(-1, 1));
    return constant(t);
  };
  const auto x = draw({6, 4, 5}), wx = draw({9, 5}), wh = draw({9, 3}), bx = draw({9}), bh = draw({9});
  const std::vector<Index> lengths{6, 3, 1, 5};
  for (const bool reverse : {false, true}) {
    const Tensor<float> all = gru(x, wx, wh, bx, bh, lengths, reverse).value();
    for (Index b = 0; b < 4; ++b) {
      const Index n = lengths[static_cast<std::size_t>(b)];
      const auto own = constant(x.value().slice(1, b, b + 1).slice(0, 0, n).clone());
      const Tensor<float> alone = gru(own, wx, wh, bx, bh, {}, reverse).value();
      for (Index t = 0; t < 6; ++t)
        for (Index j = 0; j < 3; ++j) CHECK(all(t, b, j) == Approx(t < n ? alone(t, 0, j) : 0.f).margin(1e-6));
    }
  }
}

TEST_CASE("gru: lengths out of range are refused", "[op]") {
  const auto x = constant(zeros<float>({2, 1, 1})), w = constant(zeros<float>({3, 1})), b = constant(zeros<float>({3}));
  CHECK_THROWS_AS(gru(x, w, w, b, b, std::vector<Index>{3}), ValueError);
  CHECK_THROWS_AS(gru(x, w, w, b, b, std::vector<Index>{-1}), ValueError);
  CHECK_THROWS_AS(gru(x, w, w, b, b, std::vector<Index>{1, 1}), ShapeError);
}
