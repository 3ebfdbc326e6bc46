#include <glimpse/ops/activations.hpp>

#include "../op_test/op_row.hpp"
#include "../op_test/reference.hpp"

using namespace glimpse;
using namespace glimpse::rig;

namespace {
const Values smooth = uniform(-4, 4), kink_at_zero = away_from(0, 0.05, 3);
}

OP_ROW("relu")
    .shapes({{}, {1}, {3, 37}, {2, 3, 5, 7}, {400, 300}, {0, 4}})
    .values(kink_at_zero)
    .call([](auto x) { return relu(x[0]); })
    .reference([](auto x) { return definition::each(x[0], [](double v) { return v > 0 ? v : 0; }); })
    .golden("relu");

OP_ROW("leaky_relu")
    .shapes({{}, {1}, {3, 37}, {400, 300}, {0, 4}})
    .values(kink_at_zero)
    .call([](auto x) { return leaky_relu(x[0], 0.01); })
    .reference([](auto x) { return definition::each(x[0], [](double v) { return v > 0 ? v : 0.01 * v; }); })
    .golden("leaky_relu");

OP_ROW("sigmoid")
    .shapes({{}, {1}, {3, 37}, {400, 300}, {0, 4}})
    .values(smooth)
    .call([](auto x) { return sigmoid(x[0]); })
    .reference([](auto x) { return definition::each(x[0], definition::sigmoid); })
    .golden("sigmoid");

OP_ROW("tanh")
    .shapes({{}, {1}, {3, 37}, {400, 300}, {0, 4}})
    .values(smooth)
    .call([](auto x) { return tanh(x[0]); })
    .reference([](auto x) { return definition::each(x[0], [](double v) { return std::tanh(v); }); })
    .golden("tanh");

OP_ROW("softplus")
    .shapes({{}, {1}, {3, 37}, {400, 300}, {0, 4}})
    .values(smooth)
    .call([](auto x) { return softplus(x[0]); })
    .reference([](auto x) { return definition::each(x[0], [](double v) { return std::log1p(std::exp(v)); }); })
    .golden("softplus");

OP_ROW("gelu")
    .shapes({{}, {1}, {3, 37}, {400, 300}, {0, 4}})
    .values(smooth)
    .call([](auto x) { return gelu(x[0]); })
    .reference([](auto x) {
      return definition::each(x[0], [](double v) {
        return 0.5 * v * (1 + std::tanh(std::sqrt(2 / 3.14159265358979323846) * (v + 0.044715 * v * v * v)));
      });
    })
    .golden("gelu");

TEST_CASE("activations: far arguments keep their limits, NaN passes", "[op]") {
  const auto x = constant(tensor<float>({-200, 200, NAN}));
  const Tensor<float> s = sigmoid(x).value(), t = tanh(x).value(), p = softplus(x).value(), g = gelu(x).value(),
                      r = relu(x).value();
  CHECK((s(0) >= 0 && s(0) < 1e-30f && s(1) == 1 && std::isnan(s(2))));
  CHECK((t(0) == -1 && t(1) == 1 && std::isnan(t(2))));
  CHECK((p(0) >= 0 && p(0) < 1e-30f && p(1) == 200 && std::isnan(p(2))));
  CHECK((std::fabs(g(0)) < 1e-30f && g(1) == 200 && std::isnan(g(2))));
  CHECK((r(0) == 0 && r(1) == 200 && std::isnan(r(2))));
}
