#include <glimpse/ops/lstm.hpp>

#include "sequence_reference.hpp"

using namespace glimpse;
using namespace glimpse::rig;

namespace {

/// x (T, N, I), W, U, b_x, b_h.
Op& sequences(Op& op) {
  return op.cases({{{1, 1, 1}, {4, 1}, {4, 1}, {4}, {4}},
                   {{5, 3, 4}, {8, 4}, {8, 2}, {8}, {8}},
                   {{4, 2, 3}, {36, 3}, {36, 9}, {36}, {36}},
                   {{7, 5, 6}, {132, 6}, {132, 33}, {132}, {132}},
                   {{6, 40, 30}, {128, 30}, {128, 32}, {128}, {128}}})
      .rejects({{5, 3, 4}, {8, 5}, {8, 2}, {8}, {8}})
      .rejects({{5, 3}, {8, 4}, {8, 2}, {8}, {8}})
      .rejects({{5, 3, 4}, {8, 4}, {8, 2}, {8}, {9}});
}

/// The inputs with a second set of weights.
Op& both_ways(Op& op) {
  return op.cases({{{1, 1, 1}, {4, 1}, {4, 1}, {4}, {4}, {4, 1}, {4, 1}, {4}, {4}},
                   {{5, 3, 4}, {8, 4}, {8, 2}, {8}, {8}, {8, 4}, {8, 2}, {8}, {8}},
                   {{3, 9, 3}, {20, 3}, {20, 5}, {20}, {20}, {20, 3}, {20, 5}, {20}, {20}},
                   {{3, 40, 6}, {132, 6}, {132, 33}, {132}, {132}, {132, 6}, {132, 33}, {132}, {132}}})
      .rejects({{5, 3, 4}, {8, 4}, {8, 2}, {8}, {8}, {8, 5}, {8, 2}, {8}, {8}})
      .rejects({{5, 3, 4}, {8, 4}, {8, 2}, {8}, {8}, {4, 4}, {4, 1}, {4}, {4}});
}

template <class T>
RecurrentWeights<T> weights(const Inputs<T>& x, std::size_t first) {
  return {x[first], x[first + 1], x[first + 2], x[first + 3]};
}

}  // namespace

OP_ROW("lstm").with(sequences)
    .call([](auto x) { return lstm(x[0], x[1], x[2], x[3], x[4]); })
    .reference([](auto x) { return definition::over_sequence(x, definition::lstm_step, {}, false); })
    .golden("lstm");

OP_ROW("lstm reversed").with(sequences)
    .call([](auto x) { return lstm(x[0], x[1], x[2], x[3], x[4], {}, true); })
    .reference([](auto x) { return definition::over_sequence(x, definition::lstm_step, {}, true); })
    .golden("lstm_reverse");

OP_ROW("lstm of unequal lengths").with(sequences)
    .call([](auto x) { return lstm(x[0], x[1], x[2], x[3], x[4], definition::some_lengths(x[0].shape())); })
    .reference([](auto x) {
      return definition::over_sequence(x, definition::lstm_step, definition::some_lengths(x[0].shape()), false);
    })
    .golden("lstm_lengths");

OP_ROW("lstm of unequal lengths, reversed").with(sequences)
    .call([](auto x) { return lstm(x[0], x[1], x[2], x[3], x[4], definition::some_lengths(x[0].shape()), true); })
    .reference([](auto x) {
      return definition::over_sequence(x, definition::lstm_step, definition::some_lengths(x[0].shape()), true);
    })
    .golden("lstm_lengths_reverse");

OP_ROW("bidirectional_lstm").with(both_ways)
    .call([](auto x) { return bidirectional_lstm(x[0], weights(x, 1), weights(x, 5)); })
    .reference([](auto x) { return definition::over_sequence_both_ways(x, definition::lstm_step, {}); })
    .golden("bidirectional_lstm");

OP_ROW("bidirectional_lstm of unequal lengths").with(both_ways)
    .call([](auto x) {
      return bidirectional_lstm(x[0], weights(x, 1), weights(x, 5), definition::some_lengths(x[0].shape()));
    })
    .reference([](auto x) {
      return definition::over_sequence_both_ways(x, definition::lstm_step, definition::some_lengths(x[0].shape()));
    })
    .golden("bidirectional_lstm_lengths");

TEST_CASE("lstm: a sequence alone gives what it gives in a batch", "[op]") {
  Random rng(2);
  const auto draw = [&](const Shape& shape) {
    Tensor<float> t(shape);
    for (float& v : t.span()) v = static_cast<float>(rng.uniform(-1, 1));
    return constant(t);
  };
  const auto x = draw({6, 4, 5}), wx = draw({12, 5}), wh = draw({12, 3}), bx = draw({12}), bh = draw({12});
  const std::vector<Index> lengths{6, 3, 1, 5};
  for (const bool reverse : {false, true}) {
    const Tensor<float> all = lstm(x, wx, wh, bx, bh, lengths, reverse).value();
    for (Index b = 0; b < 4; ++b) {
      const Index n = lengths[static_cast<std::size_t>(b)];
      const auto own = constant(x.value().slice(1, b, b + 1).slice(0, 0, n).clone());
      const Tensor<float> alone = lstm(own, wx, wh, bx, bh, {}, reverse).value();
      for (Index t = 0; t < 6; ++t)
        for (Index j = 0; j < 3; ++j) CHECK(all(t, b, j) == Approx(t < n ? alone(t, 0, j) : 0.f).margin(1e-6));
    }
  }
}

TEST_CASE("lstm: lengths out of range are refused", "[op]") {
  const auto x = constant(zeros<float>({2, 1, 1})), w = constant(zeros<float>({4, 1})), b = constant(zeros<float>({4}));
  CHECK_THROWS_AS(lstm(x, w, w, b, b, std::vector<Index>{3}), ValueError);
  CHECK_THROWS_AS(lstm(x, w, w, b, b, std::vector<Index>{-1}), ValueError);
  CHECK_THROWS_AS(lstm(x, w, w, b, b, std::vector<Index>{1, 1}), ShapeError);
}
