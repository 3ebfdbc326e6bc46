// gradcheck: compares a backward pass with central differences.
//
//   s(x) = <c, f(x)>            c random, because an error in any output then shows
//   ds/dx_k  ~  (s(x + h e_k) - s(x - h e_k)) / 2h          error O(h^2) + O(eps / h)
//   error_k = |analytic - numeric| / max(1, |analytic|, |numeric|)
//
// In double with h = 1e-5 a correct gradient shows errors near 1e-9, a wrong gradient near 1.
#pragma once

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include <glimpse/autograd/variable.hpp>
#include <glimpse/core/random.hpp>

namespace glimpse::inline v0 {

/// Options of gradcheck.
struct GradcheckOptions {
  double step = 1e-5;       // h, times max(1, |x|)
  double tolerance = 1e-6;  // the largest error that passes
  std::uint64_t seed = 1;   // for the random c and the choice of elements
  Index samples = 0;        // elements checked of each input, chosen at random; 0: all elements
};

/// Result of gradcheck; `ok` if no error exceeds the tolerance.
struct GradcheckReport {
  bool ok = true;
  double max_error = 0;
  double max_gradient = 0;  // largest |analytic|; 0 means that nothing was tested
  std::string worst;        // the element with the largest error, as text
};

/// Checks the gradients of `f` for every element (or a random sample) of every input that requires
/// a gradient. f: takes the vector of inputs, returns a Variable<double> of any shape; f must be
/// deterministic. Leaves the gradients of f in the inputs.
template <class F>
GradcheckReport gradcheck(F&& f, std::vector<Variable<double>> inputs,
                          const GradcheckOptions& options = {}) {
  Random random(options.seed);
  for (Variable<double>& x : inputs) x.zero_grad();
  const Variable<double> y = f(inputs);
  Tensor<double> cotangent(y.shape());
  for (double& c : cotangent.span()) c = random.uniform(-1, 1);
  y.backward(cotangent);

  const auto evaluated = [&] {
    const NoGrad no_grad;
    return f(inputs).value().clone();  // a view of an input would change with it
  };
  GradcheckReport report;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (!inputs[i].requires_grad()) continue;
    const Tensor<double> analytic =
        inputs[i].grad().defined() ? inputs[i].grad() : zeros<double>(inputs[i].shape());
    double* x = inputs[i].mutable_value().data();
    const bool some = options.samples > 0 && options.samples < inputs[i].size();
    for (Index j = 0; j < (some ? options.samples : inputs[i].size()); ++j) {
      const Index k = some ? random.uniform_int(inputs[i].size()) : j;
      const double kept = x[k], h = options.step * std::max(1.0, std::fabs(kept));
      x[k] = kept + h;
      const Tensor<double> up = evaluated();
      x[k] = kept - h;
      const Tensor<double> down = evaluated();
      x[k] = kept;
      double change = 0;  // of s; summed by differences, to round less
      for (Index p = 0; p < up.size(); ++p)
        change += cotangent.data()[p] * (up.data()[p] - down.data()[p]);
      const double numeric = change / (2 * h), a = analytic.data()[k];
      const double error =
          std::fabs(a - numeric) / std::max({1.0, std::fabs(a), std::fabs(numeric)});
      report.max_gradient = std::max(report.max_gradient, std::fabs(a));
      if (!(error <= report.max_error)) {
        report.max_error = std::isnan(error) ? INFINITY : error;
        report.worst = "input " + std::to_string(i) + " " + inputs[i].shape().str() + " element " +
                       std::to_string(k) + ": analytic " + std::to_string(a) + ", numeric " +
                       std::to_string(numeric);
      }
    }
  }
  report.ok = report.max_error <= options.tolerance;
  return report;
}

}  // namespace glimpse::inline v0
