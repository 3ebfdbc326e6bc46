// 01: tensors, arrays of numbers with a shape: views, broadcasting, reductions, random numbers, and
// an image at the end.
//
//   01_tensors --out waves.png
#include <cmath>
#include <cstdio>
#include <string>

#include <glimpse/core/arithmetic.hpp>
#include <glimpse/core/print.hpp>
#include <glimpse/core/random.hpp>
#include <glimpse/core/reduce.hpp>
#include <glimpse/io/image.hpp>
#include <glimpse/ops/arithmetic.hpp>
#include <glimpse/viz/canvas.hpp>

#include "program.hpp"

using namespace glimpse;

namespace {

template <class T>
void print(const char* name, const Tensor<T>& x) {
  std::printf("%s: %s\n", name, to_string(x).c_str());
}

void views() {
  std::printf("A view shows the same numbers in another order. It copies nothing.\n\n");
  Tensor<float> x = arange<float>(12).reshape({3, 4});
  print("x", x);
  print("x.transpose(0, 1)", x.transpose(0, 1));
  print("x.slice(1, 1, 3), columns 1 and 2", x.slice(1, 1, 3));
  print("x.select(0, -1), the last row", x.select(0, -1));
  x.slice(1, 1, 3).fill(0);
  print("x after x.slice(1, 1, 3).fill(0): the view wrote into it", x);
  const Tensor<float> copy = x.clone();
  std::printf("x.transpose(0, 1) shares its numbers with x: %s; x.clone(): %s\n\n",
              x.transpose(0, 1).shares(x) ? "yes" : "no", copy.shares(x) ? "yes" : "no");
}

void broadcasting() {
  std::printf(
      "Axes of size 1 are repeated until two shapes match: a column plus a row is a table.\n\n");
  const auto column = constant(tensor<float>({10, 20, 30}, {3, 1}));
  const auto row = constant(tensor<float>({1, 2, 3, 4}));
  print("column + row", (column + row).value());
  try {
    column + constant(ones<float>({2, 4}));
  } catch (const ShapeError& e) {
    std::printf("if they do not match: %s\n\n", e.what());
  }
}

void reductions() {
  std::printf("Reductions run over any axes.\n\n");
  const Tensor<float> x = arange<float>(6).reshape({2, 3});
  print("x", x);
  print("sum(x, {0}), down the columns", sum(x, {0}));
  print("mean(x, {1}), along the rows", mean(x, {1}));
  print("argmax(x), the index of the largest number in each row", argmax(x));
  std::printf("\n");
}

void random_numbers() {
  std::printf(
      "The state of a generator is a seed, a stream and a position. Every compiler gives the same "
      "numbers.\n\n");
  Random rng(2016);
  const Random::State here = rng.state();
  for (const char* when : {"Random rng(2016)    ", "restored state      "}) {
    rng = Random(here);
    std::printf("%s", when);
    for (int i = 0; i < 4; ++i) std::printf(" %.6f", rng.uniform());
    std::printf("\n");
  }
  double mean = 0, square = 0;
  for (int i = 0; i < 10000; ++i) {
    const double v = rng.normal();
    mean += v / 10000, square += v * v / 10000;
  }
  std::printf("10,000 normal numbers   mean %.3f, variance %.3f\n\n", mean, square - mean * mean);
}

/// Rings around two points: two columns, two rows, and broadcasting.
Tensor<float> waves(Index height, Index width) {
  Variable<float> total;
  for (const float side : {-0.45f, 0.45f}) {
    const auto x = constant(arange<float>(width)) * (2.0f / static_cast<float>(width)) - (1 + side);
    const auto y =
        constant(arange<float>(height).reshape({height, 1})) * (1.2f / static_cast<float>(height)) -
        0.6f;
    Tensor<float> ring = sqrt(square(x) + square(y)).value();  // (height, width)
    for (float& d : ring.span()) d = std::cos(40 * d) / (1 + 3 * d);
    total = total.defined() ? total + constant(ring) : constant(ring);
  }
  return total.value();
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{
      "Shows tensors: views, broadcasting, reductions, random numbers, and an image made from "
      "them.",
      "01_tensors"};
  std::string out = "01_tensors.png";
  app.add_option("--out", out, "image to write, PNG")->capture_default_str();
  return run_program(app, argc, argv, [&] {
    views();
    broadcasting();
    reductions();
    random_numbers();

    const Tensor<float> z = waves(360, 600);
    const float low = min(z).item(), high = max(z).item();
    Tensor<float> image({3, 360, 600});
    for (Index i = 0; i < 360; ++i)
      for (Index j = 0; j < 600; ++j) {
        const Color c = heat(static_cast<double>((z(i, j) - low) / (high - low)));
        image(0, i, j) = c.r, image(1, i, j) = c.g, image(2, i, j) = c.b;
      }
    write_png(out, image);
    std::printf("%s: two columns and two rows, broadcast into rings\n", out.c_str());
    return 0;
  });
}
