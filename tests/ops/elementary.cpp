#include <glimpse/ops/elementary.hpp>

#include <algorithm>
#include <cmath>
#include <functional>

#include "../op_test/op_row.hpp"
#include "../op_test/reference.hpp"

using namespace glimpse;
using namespace glimpse::rig;

namespace {

Op& singles(Op& op) { return op.shapes({{}, {1}, {3, 37}, {2, 3, 5, 7}, {400, 300}, {0, 4}}); }

const Values wide = uniform(-4, 4), positive = uniform(0.2, 3);

}  // namespace

OP_ROW("neg")
    .with(singles)
    .call([](auto x) { return neg(x[0]); })
    .reference([](auto x) { return definition::each(x[0], std::negate<>()); })
    .golden("neg");

OP_ROW("exp")
    .with(singles)
    .values(wide)
    .call([](auto x) { return exp(x[0]); })
    .reference([](auto x) { return definition::each(x[0], [](double v) { return std::exp(v); }); })
    .golden("exp");

OP_ROW("log")
    .with(singles)
    .values(positive)
    .call([](auto x) { return log(x[0]); })
    .reference([](auto x) { return definition::each(x[0], [](double v) { return std::log(v); }); })
    .golden("log");

OP_ROW("sqrt")
    .with(singles)
    .values(positive)
    .call([](auto x) { return sqrt(x[0]); })
    .reference([](auto x) { return definition::each(x[0], [](double v) { return std::sqrt(v); }); })
    .golden("sqrt");

OP_ROW("square")
    .with(singles)
    .values(wide)
    .call([](auto x) { return square(x[0]); })
    .reference([](auto x) { return definition::each(x[0], [](double v) { return v * v; }); })
    .golden("square");

OP_ROW("abs")
    .with(singles)
    .values(away_from(0, 0.05, 3))
    .call([](auto x) { return abs(x[0]); })
    .reference([](auto x) { return definition::each(x[0], [](double v) { return std::fabs(v); }); })
    .golden("abs");

OP_ROW("clamp")
    .with(singles)
    .values(wide)
    .call([](auto x) { return clamp(x[0], -1.5, 1.25); })
    .reference([](auto x) { return definition::each(x[0], [](double v) { return std::clamp(v, -1.5, 1.25); }); })
    .golden("clamp");
