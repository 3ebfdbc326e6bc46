// 03: write your own operation, and check that its gradient is correct.
//
//   mish:  y = x tanh(softplus(x)),   softplus(x) = ln(1 + e^x)
//   (1)    dy/dx = t + x (1 - t^2) s,   t = tanh(softplus(x)),  s = sigmoid(x)
//
// An op is a function that computes a tensor and then calls `record` with its backward pass as a
// lambda. `gradcheck` compares this backward pass with differences of the forward pass.
// Source of the op: Misra 2019.
//
//   03_check_your_own_op --out steps.png
#include <cmath>
#include <cstdio>
#include <string>

#include <glimpse/autograd/gradcheck.hpp>
#include <glimpse/io/image.hpp>
#include <glimpse/ops/reductions.hpp>
#include <glimpse/viz/plot.hpp>

#include "program.hpp"

using namespace glimpse;

namespace {

/// A smooth function that goes only slightly below zero. x: any shape.
template <class T>
Variable<T> mish(const Variable<T>& x, bool forget_a_term = false) {
  const Tensor<T> in = x.value().contiguous();
  Tensor<T> y = empty_like(in);
  for (Index i = 0; i < in.size(); ++i) {
    const T v = in.data()[i];
    y.data()[i] = v * std::tanh(std::log1p(std::exp(v)));
  }
  return record("mish", y, {x}, [in, forget_a_term](const Tensor<T>& dy, Gradients<T>& d) {
    T* dx = d[0].data();
    for (Index i = 0; i < in.size(); ++i) {
      const T v = in.data()[i], t = std::tanh(std::log1p(std::exp(v))), s = 1 / (1 + std::exp(-v));
      const T slope = forget_a_term ? t : t + v * (1 - t * t) * s;  // (1)
      dx[i] += dy.data()[i] * slope;  // += : other uses of x also add to it
    }
  });
}

Variable<double> input() {
  Random rng(3);
  Tensor<double> x({2, 5});
  for (double& v : x.span()) v = rng.uniform(-3, 3);
  return parameter(x);
}

void report(const char* name, const GradcheckReport& r) {
  std::printf("   %-22s %s   largest error %.1e   largest gradient %.2f\n", name,
              r.ok ? "correct" : "WRONG", r.max_error, r.max_gradient);
  if (!r.ok) std::printf("   %-22s worst: %s\n", "", r.worst.c_str());
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"Defines an operation and checks its gradient with gradcheck.",
               "03_check_your_own_op"};
  std::string out = "03_check_your_own_op.png";
  app.add_option("--out", out, "image to write, PNG")->capture_default_str();
  return run_program(app, argc, argv, [&] {
    std::printf(
        "mish(x) = x tanh(ln(1 + e^x)), its gradient compared with central differences:\n\n");
    const auto right = [](const auto& x) { return mish(x[0]); };
    const auto wrong = [](const auto& x) { return mish(x[0], true); };
    report("as derived", gradcheck(right, {input()}));
    report("with a term missing", gradcheck(wrong, {input()}));

    std::printf(
        "\nWhich step h should the difference have? With a large step the curvature of the "
        "function\n"
        "causes an error. With a small step rounding does:\n\n");
    Series good{.name = "correct gradient", .dots = true},
        bad{.name = "a term missing", .dots = true};
    for (double h = 1e-1; h > 1e-12; h /= 10) {
      GradcheckOptions options;
      options.step = h;
      good.x.push_back(std::log10(h)),
          good.y.push_back(gradcheck(right, {input()}, options).max_error);
      bad.x.push_back(std::log10(h)),
          bad.y.push_back(gradcheck(wrong, {input()}, options).max_error);
      std::printf("   h = %.0e   correct %.1e   wrong %.1e\n", h, good.y.back(), bad.y.back());
    }
    Plot plot{.title = "Error of a gradient check against its step",
              .x_label = "log10 of the step",
              .y_label = "largest error",
              .series = {good, bad},
              .log_y = true};
    write_png(out, draw(plot));
    std::printf(
        "\n%s: the error is least near 1e-5, the default step; a wrong gradient is visible at "
        "every step\n",
        out.c_str());
    return 0;
  });
}
