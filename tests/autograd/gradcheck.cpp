// autograd/gradcheck.hpp and to_dot.hpp.
#include <cmath>

#include <glimpse/autograd/gradcheck.hpp>
#include <glimpse/autograd/to_dot.hpp>

#include "../catch.hpp"

using namespace glimpse;

namespace {

/// y = sin x; `factor` falsifies the gradient, `at` only that of one element.
Variable<double> sine(const Variable<double>& x, double factor = 1, Index at = -1) {
  Tensor<double> y = x.value().clone();
  for (double& v : y.span()) v = std::sin(v);
  return record("sine", y, {x}, [x = x.value().clone(), factor, at](const Tensor<double>& dy, Gradients<double>& d) {
    for (Index i = 0; i < dy.size(); ++i)
      d[0].data()[i] += (at < 0 || at == i ? factor : 1) * std::cos(x.data()[i]) * dy.data()[i];
  });
}

Variable<double> some(Index n) {
  Tensor<double> x({n});
  Random random(9);
  for (double& v : x.span()) v = random.uniform(-1, 1);
  return parameter(x);
}

}  // namespace

TEST_CASE("gradcheck passes a right gradient and says how right", "[autograd]") {
  const GradcheckReport report = gradcheck([](const auto& x) { return sine(x[0]); }, {some(20)});
  CHECK(report.ok);
  CHECK(report.max_error < 1e-9);
  CHECK(report.max_gradient > 0.1);
}

TEST_CASE("gradcheck finds a wrong gradient, and where", "[autograd]") {
  CHECK_FALSE(gradcheck([](const auto& x) { return sine(x[0], -1); }, {some(20)}).ok);
  CHECK_FALSE(gradcheck([](const auto& x) { return sine(x[0], 1.0001); }, {some(20)}).ok);
  const GradcheckReport report = gradcheck([](const auto& x) { return sine(x[0], 2, 13); }, {some(20)});
  CHECK_FALSE(report.ok);
  CHECK(report.worst.find("input 0 (20,) element 13") != std::string::npos);
}

TEST_CASE("gradcheck finds a NaN and a gradient that does not flow at all", "[autograd]") {
  CHECK_FALSE(gradcheck([](const auto& x) { return sine(x[0], NAN); }, {some(3)}).ok);
  const GradcheckReport none = gradcheck(
      [](const auto& x) {
        const auto y = sine(x[0].detach());
        return record("cut", y.value().clone(), {x[0]}, [](const Tensor<double>&, Gradients<double>&) {});
      },
      {some(3)});
  CHECK_FALSE(none.ok);
  CHECK(none.max_gradient == 0);
}

TEST_CASE("gradcheck leaves the inputs as they were, skips constants, samples where asked", "[autograd]") {
  const auto x = some(1000), c = constant(x.value().clone());
  const Tensor<double> before = x.value().clone();
  int calls = 0;
  const GradcheckReport report = gradcheck(
      [&](const auto& v) {
        ++calls;
        return sine(v[0]);
      },
      {x, c}, {.samples = 7});
  CHECK(report.ok);
  CHECK(calls == 1 + 2 * 7);
  CHECK(std::equal(before.span().begin(), before.span().end(), x.value().span().begin()));
}

TEST_CASE("to_dot draws every node once, with op, shape and module", "[autograd]") {
  const auto x = some(3);
  const ModuleScope scope("net.first");
  const auto y = sine(x), z = record("both", y.value().clone(), {y, y, x},
                                     [](const Tensor<double>&, Gradients<double>&) {});
  const std::string dot = to_dot(z);
  CHECK(dot.rfind("digraph", 0) == 0);
  CHECK(dot.find("sine\\n(3,)\\nnet.first") != std::string::npos);
  CHECK(dot.find("both\\n(3,)") != std::string::npos);
  std::size_t boxes = 0, arrows = 0;
  for (std::size_t at = 0; (at = dot.find("[label", at)) != std::string::npos; ++at) ++boxes;
  for (std::size_t at = 0; (at = dot.find("->", at)) != std::string::npos; ++at) ++arrows;
  CHECK(boxes == 3);
  CHECK(arrows == 4);
  CHECK(to_dot(Variable<double>(ones<double>({1}))).find("label") == std::string::npos);
}
