// 02: gradients. A Variable records how it was computed. backward() follows this record in reverse
// order and computes the gradients.
//
//   02_gradients --out descent.png --graph graph.dot       dot -Tsvg graph.dot -o graph.svg
#include <cmath>
#include <cstdio>
#include <string>
#include <vector>

#include <glimpse/autograd/to_dot.hpp>
#include <glimpse/io/file.hpp>
#include <glimpse/io/image.hpp>
#include <glimpse/ops/activations.hpp>
#include <glimpse/ops/arithmetic.hpp>
#include <glimpse/ops/reductions.hpp>
#include <glimpse/viz/canvas.hpp>

#include "program.hpp"

using namespace glimpse;

namespace {

Variable<double> number(double v) { return parameter(tensor<double>({v})); }

void by_hand() {
  std::printf("The gradient of y = sigmoid(w x + b), by the tape and by hand.\n\n");
  auto w = number(0.5), x = number(-2), b = number(0.3);
  const auto y = sigmoid(w * x + b);
  y.backward();
  const double s = y.item() * (1 - y.item());
  std::printf("   y      %9.6f\n", y.item());
  std::printf("   dy/dw  %9.6f   by hand y (1 - y) x = %9.6f\n", w.grad().item(), s * -2);
  std::printf("   dy/dx  %9.6f   by hand y (1 - y) w = %9.6f\n", x.grad().item(), s * 0.5);
  std::printf("   dy/db  %9.6f   by hand y (1 - y)   = %9.6f\n\n", b.grad().item(), s);
}

void rules() {
  std::printf(
      "Gradients accumulate if a value is used twice, and over several calls, until "
      "zero_grad().\n\n");
  auto x = number(3);
  (x * x + 2.0 * x).backward();
  std::printf("   d(x^2 + 2x)/dx at 3      %g\n", x.grad().item());
  (x * x).backward();
  std::printf("   plus d(x^2)/dx           %g\n", x.grad().item());
  x.zero_grad();
  {
    const NoGrad no_grad;
    std::printf("   under NoGrad, x * x records nothing: requires_grad is %s\n",
                (x * x).requires_grad() ? "true" : "false");
  }
  auto middle = exp(x);
  middle.retain_grad();
  (3.0 * middle).backward();
  std::printf("   after retain_grad() an intermediate value keeps its gradient: %g\n",
              middle.grad().item());
  try {
    const AnomalyMode anomaly;
    log(x - 4.0);
  } catch (const Error& e) {
    std::printf("   anomaly mode reports the first NaN: %s\n\n", e.what());
  }
}

/// A curved valley with its minimum at (1, 1): Rosenbrock's function with a smaller factor.
template <class V>
V valley(const V& x, const V& y) {
  const V across = y - x * x, along = 1.0 - x;
  return 10.0 * across * across + along * along;
}

/// Gradient descent. Momentum keeps part of the last step.
std::vector<Spot> descend(double rate, double momentum, int steps) {
  auto x = number(-1.4), y = number(1.6);
  double vx = 0, vy = 0;
  std::vector<Spot> path;
  for (int i = 0; i < steps; ++i) {
    path.push_back({static_cast<float>(x.value().item()), static_cast<float>(y.value().item())});
    valley(x, y).backward();
    vx = momentum * vx - rate * x.grad().item();
    vy = momentum * vy - rate * y.grad().item();
    x = number(x.value().item() + vx);
    y = number(y.value().item() + vy);
  }
  return path;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{
      "Shows gradients: from the tape and by hand, the recorded graph, and gradient descent.",
      "02_gradients"};
  std::string out = "02_gradients.png", graph;
  int steps = 120;
  app.add_option("--out", out, "image to write, PNG")->capture_default_str();
  app.add_option("--graph", graph, "file for the recorded graph of the function, as Graphviz text");
  app.add_option("--steps", steps, "steps of each descent")
      ->capture_default_str()
      ->check(CLI::Range(1, 100000));
  return run_program(app, argc, argv, [&] {
    by_hand();
    rules();
    if (!graph.empty()) write_file(graph, to_dot(valley(number(-1.4), number(1.6))));

    const Index width = 640, height = 480;
    Canvas canvas(width, height);
    for (Index i = 0; i < height; ++i)
      for (Index j = 0; j < width; ++j) {
        const double x = -2 + 4 * (static_cast<double>(j) + 0.5) / static_cast<double>(width);
        const double y = 2.5 - 3 * (static_cast<double>(i) + 0.5) / static_cast<double>(height);
        const double level = std::log1p(valley(x, y)) / std::log1p(200.0), bands = level * 24;
        const Color c = mix(heat(level), ink::paper, bands - std::floor(bands) < 0.08 ? 0.35f : 0);
        canvas.blend(j, i, c, 1);
      }
    const auto at = [&](Spot p) {
      return Spot{(p.x + 2) / 4 * static_cast<float>(width),
                  (2.5f - p.y) / 3 * static_cast<float>(height)};
    };
    std::printf("Gradient descent from (-1.4, 1.6) to the minimum at (1, 1), %d steps:\n\n", steps);
    const struct {
      const char* name;
      double rate, momentum;
      Color color;
    } walks[] = {{"plain steps", 0.01, 0, rgb(0x7FD3FF)},
                 {"with momentum", 0.01, 0.85, rgb(0xFFFFFF)}};
    float line = 30;
    for (const auto& walk : walks) {
      const std::vector<Spot> path = descend(walk.rate, walk.momentum, steps);
      std::vector<Spot> spots;
      for (const Spot& p : path) spots.push_back(at(p));
      canvas.polyline(spots, walk.color, 1.5f, 0.8f);
      for (const Spot& s : spots) canvas.disk(s, 2.5f, walk.color);
      canvas.disk({24, line - 5}, 5, walk.color);
      canvas.text({38, line}, walk.name, 11, walk.color);
      line += 24;
      std::printf("   %-14s ends at (%.3f, %.3f)\n", walk.name, static_cast<double>(path.back().x),
                  static_cast<double>(path.back().y));
    }
    canvas.ring(at({1, 1}), 8, rgb(0xFFFFFF), 2);
    write_png(out, canvas.image());
    std::printf("\n%s: the function (dark is low) and the two descents\n", out.c_str());
    return 0;
  });
}
