#include <glimpse/ops/shape_ops.hpp>

#include "../op_test/op_row.hpp"
#include "../op_test/reference.hpp"

using namespace glimpse;
using namespace glimpse::rig;
using definition::Reference;

OP_ROW("reshape").shapes({{2, 1}, {4, 6}, {2, 3, 8}, {300, 400}, {0, 2}})
    .call([](auto x) { return reshape(x[0], {2, -1}); })
    .reference([](auto x) { return x[0].clone().reshape({2, x[0].size() / 2}); });

OP_ROW("flatten").shapes({{1, 1}, {4, 6}, {2, 3, 8}, {2, 3, 4, 5}})
    .call([](auto x) { return flatten(x[0], 1); })
    .reference([](auto x) { return x[0].clone().reshape({x[0].size(0), x[0].size() / x[0].size(0)}); });

OP_ROW("permute").shapes({{1, 1, 1}, {3, 4, 5}, {1, 2, 7}, {40, 50, 60}})
    .call([](auto x) { return permute(x[0], {2, 0, 1}); })
    .reference([](auto x) {
      Reference y({x[0].size(2), x[0].size(0), x[0].size(1)});
      for (Index i = 0; i < x[0].size(0); ++i)
        for (Index j = 0; j < x[0].size(1); ++j)
          for (Index k = 0; k < x[0].size(2); ++k) y(k, i, j) = x[0](i, j, k);
      return y;
    })
    .golden("permute").rejects({{2, 3}});

OP_ROW("transpose").shapes({{1, 1}, {3, 4}, {37, 5}, {300, 400}})
    .call([](auto x) { return transpose(x[0], 0, -1); })
    .reference([](auto x) {
      Reference y({x[0].size(1), x[0].size(0)});
      for (Index i = 0; i < x[0].size(0); ++i)
        for (Index j = 0; j < x[0].size(1); ++j) y(j, i) = x[0](i, j);
      return y;
    })
    .rejects({Shape{}});

OP_ROW("slice").shapes({{2, 3}, {4, 6}, {300, 400}})
    .call([](auto x) { return slice(x[0], 1, 1, -1); })
    .reference([](auto x) {
      Reference y({x[0].size(0), x[0].size(1) - 2});
      for (Index i = 0; i < y.size(0); ++i)
        for (Index j = 0; j < y.size(1); ++j) y(i, j) = x[0](i, j + 1);
      return y;
    })
    .rejects({{5}});

OP_ROW("select").shapes({{2, 3}, {4, 6}, {300, 400}})
    .call([](auto x) { return select(x[0], 1, -2); })
    .reference([](auto x) {
      Reference y({x[0].size(0)});
      for (Index i = 0; i < y.size(0); ++i) y(i) = x[0](i, x[0].size(1) - 2);
      return y;
    });

OP_ROW("concatenate").cases({{{1, 1, 1}, {1, 2, 1}}, {{2, 3, 4}, {2, 5, 4}}, {{2, 3, 4}, {2, 3, 4}},
                             {{2, 0, 4}, {2, 5, 4}}, {{30, 40, 50}, {30, 60, 50}}})
    .call([](auto x) { return concatenate(x, 1); })
    .reference([](auto x) {
      const Index n = x[0].size(1);
      Reference y({x[0].size(0), n + x[1].size(1), x[0].size(2)});
      for (Index i = 0; i < y.size(0); ++i)
        for (Index j = 0; j < y.size(1); ++j)
          for (Index k = 0; k < y.size(2); ++k) y(i, j, k) = j < n ? x[0](i, j, k) : x[1](i, j - n, k);
      return y;
    })
    .golden("concatenate").rejects({{2, 3, 4}, {2, 3, 5}});

OP_ROW("stack").cases({{{1, 1}, {1, 1}}, {{2, 3}, {2, 3}}, {{300, 200}, {300, 200}}})
    .call([](auto x) { return stack(x, 1); })
    .reference([](auto x) {
      Reference y({x[0].size(0), 2, x[0].size(1)});
      for (Index i = 0; i < y.size(0); ++i)
        for (Index j = 0; j < 2; ++j)
          for (Index k = 0; k < y.size(2); ++k) y(i, j, k) = x[static_cast<std::size_t>(j)](i, k);
      return y;
    })
    .golden("stack").rejects({{2, 3}, {3, 2}});

OP_ROW("broadcast_to").shapes({{1, 1}, {3, 1}, {5}, {3, 5}, {}})
    .call([](auto x) { return broadcast_to(x[0], {2, 3, 5}); })
    .reference([](auto x) { return x[0].broadcast_to({2, 3, 5}).clone(); })
    .golden("broadcast_to").rejects({{4}});

OP_ROW("pad2d").shapes({{1, 1}, {2, 3, 4, 5}, {3, 7}, {4, 5, 60, 70}})
    .call([](auto x) { return pad2d(x[0], 1, 2, 3, 4); })
    .reference([](auto x) {
      Shape shape = x[0].shape();
      shape[-2] += 3, shape[-1] += 7;
      Reference y = zeros<double>(shape);
      y.slice(-2, 1, 1 + x[0].size(-2)).slice(-1, 3, 3 + x[0].size(-1)).copy_from(x[0]);
      return y;
    })
    .golden("pad2d").rejects({{5}});

OP_ROW("gather_rows").shapes({{1, 1}, {4, 3}, {9, 2, 2}, {5}, {300, 5000}})
    .call([](auto x) { return gather_rows(x[0], pattern(6, x[0].size(0))); })
    .reference([](auto x) {
      Shape shape = x[0].shape();
      shape[0] = 6;
      Reference y(shape);
      const std::vector<Index> rows = pattern(6, x[0].size(0));
      for (Index i = 0; i < 6; ++i) y.select(0, i).copy_from(x[0].select(0, rows[static_cast<std::size_t>(i)]));
      return y;
    })
    .golden("gather_rows");

TEST_CASE("gather_rows: an index outside is refused", "[op]") {
  const auto x = constant(zeros<float>({3, 2}));
  CHECK_THROWS_AS(gather_rows(x, std::vector<Index>{0, 3}), ValueError);
  CHECK_THROWS_AS(gather_rows(x, std::vector<Index>{-1}), ValueError);
}
