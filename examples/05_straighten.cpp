// 05: a spatial transformer without a recognizer. It learns to straighten curved words without labels
// for their edges. Its only training signal is the difference between the straightened image and the
// straight one.
//
//   curved image --> convolutions --> tanh --> fiducial points --> thin-plate spline --> grid
//   curved image, grid --> samples --> straightened image --> loss, its difference
//
// Every step is differentiable, so the loss moves the points. Source: Jaderberg et al. 2015.
//
//   05_straighten --steps 800 --out straighten.png
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <string>
#include <vector>

#include <glimpse/io/image.hpp>
#include <glimpse/nn/conv_block.hpp>
#include <glimpse/nn/linear.hpp>
#include <glimpse/nn/module.hpp>
#include <glimpse/ops/arithmetic.hpp>
#include <glimpse/ops/grid_sample.hpp>
#include <glimpse/ops/pool2d.hpp>
#include <glimpse/ops/reductions.hpp>
#include <glimpse/ops/resize_bilinear.hpp>
#include <glimpse/ops/shape_ops.hpp>
#include <glimpse/ops/tps_grid.hpp>
#include <glimpse/optim/adam.hpp>
#include <glimpse/optim/clip.hpp>
#include <glimpse/optim/schedule.hpp>
#include <glimpse/viz/canvas.hpp>

#include "program.hpp"

using namespace glimpse;

namespace {

constexpr Index points = 10, width = 96, straight_height = 32, bent_height = 64;

struct Straightener {
  ConvBlock<float> conv1, conv2, conv3;
  Linear<float> hidden, last;
  Tensor<float> matrix = tps_matrix<float>(points, straight_height, width);

  explicit Straightener(Random& rng)
      : conv1({.in = 1, .out = 16, .padding = {1, 1}}, true, rng),
        conv2({.in = 16, .out = 32, .padding = {1, 1}}, true, rng),
        conv3({.in = 32, .out = 32, .padding = {1, 1}}, true, rng),
        hidden(32 * 4 * 6, 64, rng),
        last(64, 2 * points, rng) {
    // At the start the points are on the border of every image, so the output equals the input.
    const Tensor<float> edge = tps_base_points<float>(points);
    last.weight.mutable_value().fill(0);
    for (Index i = 0; i < edge.size(); ++i)
      last.bias.mutable_value()(i) = std::atanh(0.9f * edge.data()[i]);
  }

  /// bent: (N, 1, H, W).  Returns points (N, K, 2) in [-1, 1], upper edge first, then lower.
  Variable<float> fiducials(const Variable<float>& bent) {
    const Variable<float> small = resize_bilinear(bent, 32, 48, true);
    const Variable<float> x = max_pool2d(conv3(max_pool2d(conv2(max_pool2d(conv1(small))))));
    return reshape(glimpse::tanh(last(relu(hidden(flatten(x))))), {bent.size(0), points, 2});
  }

  Variable<float> straighten(const Variable<float>& bent, const Variable<float>& c) const {
    return grid_sample(bent, tps_grid(c, matrix, straight_height, width), GridPadding::border);
  }

  template <class F>
  void visit(F&& f) {
    f("conv1", conv1), f("conv2", conv2), f("conv3", conv3), f("hidden", hidden), f("last", last);
  }
};

/// A random word, white on black. It fills most of (1, 1, straight_height, width).
Tensor<float> word(Random& rng) {
  std::string letters;
  for (Index n = 4 + rng.uniform_int(3); n > 0; --n)
    letters += static_cast<char>('A' + rng.uniform_int(26));
  const Color black{0, 0, 0}, white{1, 1, 1};
  Canvas large(static_cast<Index>(text_width(letters) * 48) + 8, 60, black),
      canvas(width, straight_height, black);
  large.text({6, 54}, letters, 46, white, Align::left, 1.8f);
  canvas.image(3, 2, static_cast<float>(width - 6), static_cast<float>(straight_height - 4),
               large.image());
  return canvas.image().slice(0, 0, 1).clone().reshape({1, 1, straight_height, width});
}

struct Batch {
  Variable<float> straight, bent;  // (N, 1, straight_height, width), (N, 1, bent_height, width)
};

/// Selects words and distorts each randomly: an arc, a wave, a rotation, a shift, another size.
Batch bend(const std::vector<Tensor<float>>& words, Index count, Random& rng) {
  static const Tensor<float> base = tps_base_points<float>(points);
  static const Tensor<float> matrix = tps_matrix<float>(points, bent_height, width);
  Tensor<float> straight({count, 1, straight_height, width}), c({count, points, 2});
  for (Index n = 0; n < count; ++n) {
    straight.slice(0, n, n + 1)
        .copy_from(words[static_cast<std::size_t>(rng.uniform_int(std::ssize(words)))]);
    const double arc = rng.uniform(-0.45, 0.45), wave = rng.uniform(-0.15, 0.15),
                 turn = rng.uniform(-0.25, 0.25);
    const double dy = rng.uniform(-0.08, 0.08), size = rng.uniform(1.08, 1.3);
    for (Index k = 0; k < points; ++k) {
      const double x = static_cast<double>(base(k, 0)), y = static_cast<double>(base(k, 1));
      const double lift = arc * (0.5 - x * x) + wave * std::sin(3 * x) + turn * x + dy;
      c(n, k, 0) = static_cast<float>(size * x + 0.3 * turn * y);
      c(n, k, 1) = static_cast<float>(1.7 * size * (y + lift));
    }
  }
  const Variable<float> x = constant(straight);
  return {x, grid_sample(x, tps_grid(constant(c), matrix, bent_height, width), GridPadding::zeros)};
}

/// The difference of two images at full resolution and, blurred, at low resolution. The second term
/// has a gradient even if the strokes do not overlap.
Variable<float> difference(const Variable<float>& a, const Variable<float>& b) {
  const Variable<float> d = a - b;
  const Variable<float> coarse = average_pool2d(d, {.kernel = {8, 8}, .stride = {4, 4}});
  return mean(square(d)) + 4.0 * mean(square(coarse));
}

/// One row of the output image: the curved images with the predicted points, and below each the
/// straightened image.
void draw_row(Canvas& canvas, float top, const std::string& label, Straightener& model,
              const Batch& batch) {
  const NoGrad no_grad;
  set_training(model, false);
  const Variable<float> c = model.fiducials(batch.bent);
  const Tensor<float> found = c.value(), straight = model.straighten(batch.bent, c).value();
  set_training(model, true);
  canvas.text({14, top + 76}, label, 12);
  const float w = 2 * static_cast<float>(width), h = 2 * static_cast<float>(bent_height);
  for (Index n = 0; n < batch.bent.size(0); ++n) {
    const float left = 110 + static_cast<float>(n) * (w + 16);
    canvas.image(left, top, w, h, batch.bent.value().select(0, n));
    canvas.image(left, top + h + 4, w, h / 2, straight.select(0, n));
    std::vector<Spot> spots;
    for (Index k = 0; k < points; ++k)
      spots.push_back({left + (found(n, k, 0) + 1) / 2 * w, top + (found(n, k, 1) + 1) / 2 * h});
    const std::vector<Spot> upper(spots.begin(), spots.begin() + points / 2),
        lower(spots.begin() + points / 2, spots.end());
    const Color blue = rgb(0x5CB3FF), orange = rgb(0xFF9A3D);
    canvas.polyline(upper, blue, 1.5f);
    canvas.polyline(lower, orange, 1.5f);
    for (const Spot& s : upper) canvas.disk(s, 3.5f, blue);
    for (const Spot& s : lower) canvas.disk(s, 3.5f, orange);
  }
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"Trains a spatial transformer to straighten curved words, and draws its progress.",
               "05_straighten"};
  std::string out = "05_straighten.png";
  int steps = 800;
  std::uint64_t seed = 1;
  app.add_option("--steps", steps, "training steps")
      ->capture_default_str()
      ->check(CLI::Range(1, 100000));
  app.add_option("--seed", seed, "seed of words, distortions and weights")->capture_default_str();
  app.add_option("--out", out, "image to write, PNG")->capture_default_str();
  return run_program(app, argc, argv, [&] {
    Random rng(seed);
    std::vector<Tensor<float>> words, fresh_words;
    for (int i = 0; i < 500; ++i) words.push_back(word(rng));
    for (int i = 0; i < 64; ++i) fresh_words.push_back(word(rng));
    const Batch fresh = bend(fresh_words, 64, rng), shown = bend(fresh_words, 4, rng);

    Straightener model(rng);
    std::printf("%td parameters; %td fiducial points; every step has new words and distortions\n\n",
                count_parameters(model), points);
    Adam<float> optimizer(parameters(model));
    const CosineSchedule schedule{.base = 2e-3, .total = steps};
    std::vector<int> stops{0};
    for (const int share : {32, 16, 8, 1})
      if (steps / share > stops.back()) stops.push_back(steps / share);
    Canvas canvas(110 + 4 * 208, static_cast<Index>(stops.size()) * 216 + 14);
    float top = 14;
    for (int step = 0; step <= steps; ++step) {
      if (std::find(stops.begin(), stops.end(), step) != stops.end()) {
        set_training(model, false);
        const NoGrad no_grad;
        const float left =
            difference(model.straighten(fresh.bent, model.fiducials(fresh.bent)), fresh.straight)
                .item();
        std::printf("step %4d   difference on new words %.4f\n", step, static_cast<double>(left));
        draw_row(canvas, top, "step " + std::to_string(step), model, shown);
        top += 216;
      }
      if (step == steps) break;
      set_training(model, true);
      const Batch batch = bend(words, 16, rng);
      optimizer.learning_rate = schedule(step);
      optimizer.zero_grad();
      difference(model.straighten(batch.bent, model.fiducials(batch.bent)), batch.straight)
          .backward();
      clip_grad_norm(optimizer.parameters(), 1);
      optimizer.step();
    }
    write_png(out, canvas.image());
    std::printf(
        "\n%s: four words that were not in the training, and their points after some steps\n",
        out.c_str());
    return 0;
  });
}
