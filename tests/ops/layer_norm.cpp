#include <glimpse/ops/layer_norm.hpp>

#include "../op_test/op_row.hpp"
#include "../op_test/reference.hpp"

using namespace glimpse;
using namespace glimpse::rig;

OP_ROW("layer_norm")
    .cases({{{3, 7}, {7}, {7}}, {{2, 3, 33}, {33}, {33}}, {{5, 2}, {2}, {2}}, {{17}, {17}, {17}}, {{0, 4}, {4}, {4}},
            {{300, 400}, {400}, {400}}})
    .call([](auto x) { return layer_norm(x[0], x[1], x[2]); })
    .reference([](auto x) {
      return definition::each_row(x[0], [&](std::vector<double> row, Index) {
        double mean = 0, var = 0;
        const double n = static_cast<double>(row.size());
        for (const double v : row) mean += v / n;
        for (const double v : row) var += (v - mean) * (v - mean) / n;
        for (std::size_t j = 0; j < row.size(); ++j) {
          const Index k = static_cast<Index>(j);
          row[j] = (row[j] - mean) / std::sqrt(var + 1e-5) * x[1](k) + x[2](k);
        }
        return row;
      });
    })
    .golden("layer_norm")
    .rejects({{3, 0}, {0}, {0}})
    .rejects({{3, 4}, {3}, {4}});
