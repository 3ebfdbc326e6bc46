#include <glimpse/ops/matmul.hpp>

#include "../op_test/op_row.hpp"
#include "../op_test/reference.hpp"

using namespace glimpse;
using namespace glimpse::rig;

namespace {

/// Plain loops over the matrices of the broadcast batch.
Tensor<double> plain(const Tensor<double>& a, const Tensor<double>& b) {
  Shape lead_a, lead_b, batch;
  for (Index i = 0; i + 2 < a.rank(); ++i) lead_a.push_back(a.size(i));
  for (Index i = 0; i + 2 < b.rank(); ++i) lead_b.push_back(b.size(i));
  CHECK(broadcast_into(lead_a, lead_b, batch));
  Shape as = batch, bs = batch, ys = batch;
  as.push_back(a.size(-2)), as.push_back(a.size(-1));
  bs.push_back(b.size(-2)), bs.push_back(b.size(-1));
  ys.push_back(a.size(-2)), ys.push_back(b.size(-1));
  const Tensor<double> left = a.broadcast_to(as).reshape({batch.count(), as[-2], as[-1]});
  const Tensor<double> right = b.broadcast_to(bs).reshape({batch.count(), bs[-2], bs[-1]});
  Tensor<double> y({batch.count(), ys[-2], ys[-1]});
  for (Index i = 0; i < batch.count(); ++i)
    y.select(0, i).copy_from(definition::product(left.select(0, i), right.select(0, i)));
  return y.reshape(ys);
}

}  // namespace

OP_ROW("matmul")
    .cases({{{1, 1}, {1, 1}},
            {{3, 4}, {4, 5}},
            {{2, 3, 4}, {2, 4, 5}},
            {{2, 1, 3, 4}, {3, 4, 2}},
            {{2, 3, 4}, {4, 5}},
            {{3, 4}, {6, 4, 5}},
            {{1, 3, 4}, {6, 4, 5}},
            {{2, 1, 2, 3}, {1, 5, 3, 2}},
            {{0, 4}, {4, 5}},
            {{3, 0}, {0, 5}},
            {{24, 40, 30}, {24, 30, 50}}})
    .call([](auto x) { return matmul(x[0], x[1]); })
    .reference([](auto x) { return plain(x[0], x[1]); })
    .golden("matmul")
    .rejects({{3, 4}, {5, 4}})
    .rejects({{2, 3, 4}, {3, 4, 5}});

OP_ROW("matmul of a row")
    .cases({{{4}, {4, 3}}, {{4}, {2, 4, 3}}})
    .call([](auto x) { return matmul(x[0], x[1]); })
    .reference([](auto x) {
      const Tensor<double> y = plain(x[0].reshape({1, x[0].size(0)}), x[1]);
      return y.select(-2, 0).clone();
    });

OP_ROW("matmul of a column")
    .cases({{{4}, {4}}, {{2, 3, 4}, {4}}})
    .call([](auto x) { return matmul(x[0], x[1]); })
    .reference([](auto x) {
      const bool inner = x[0].rank() == 1;
      const Tensor<double> left = inner ? x[0].reshape({1, x[0].size(0)}) : x[0];
      const Tensor<double> y = plain(left, x[1].reshape({x[1].size(0), 1})).select(-1, 0);
      return inner ? y.select(-1, 0).clone() : y.clone();
    });
