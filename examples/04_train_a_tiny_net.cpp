// 04: training. A small network learns from examples which arm of a spiral a point belongs to.
//
//   loss = cross_entropy(net(points), arms);  loss.backward();  optimizer.step();
//
//   04_train_a_tiny_net --steps 400 --out spiral.png
#include <cmath>
#include <cstdio>
#include <string>
#include <vector>

#include <glimpse/core/reduce.hpp>
#include <glimpse/io/image.hpp>
#include <glimpse/nn/linear.hpp>
#include <glimpse/nn/sequential.hpp>
#include <glimpse/nn/summary.hpp>
#include <glimpse/ops/cross_entropy.hpp>
#include <glimpse/ops/softmax.hpp>
#include <glimpse/optim/adam.hpp>
#include <glimpse/viz/plot.hpp>

#include "program.hpp"

using namespace glimpse;

namespace {

struct Points {
  Tensor<float> positions;  // (n, 2) in [-1, 1]
  std::vector<Index> arms;  // n numbers below 3
};

Points spirals(Index per_arm, Random& rng) {
  Points p{empty<float>({3 * per_arm, 2}), {}};
  for (Index i = 0; i < 3 * per_arm; ++i) {
    const Index arm = i % 3;
    const double r = 0.08 + 0.85 * rng.uniform();
    const double angle = 2.0944 * static_cast<double>(arm) + 4.5 * r + rng.normal(0, 0.12);
    p.positions(i, 0) = static_cast<float>(r * std::cos(angle));
    p.positions(i, 1) = static_cast<float>(r * std::sin(angle));
    p.arms.push_back(arm);
  }
  return p;
}

template <class Net>
double accuracy(Net& net, const Points& p) {
  const NoGrad no_grad;
  const Tensor<Index> best = argmax(net(constant(p.positions)).value());
  Index right = 0;
  for (Index i = 0; i < best.size(); ++i) right += best(i) == p.arms[static_cast<std::size_t>(i)];
  return 100 * static_cast<double>(right) / static_cast<double>(best.size());
}

/// Colors the whole square by the predicted class. The color is paler if the probability is lower.
template <class Net>
void draw_map(Canvas& canvas, Net& net, const Points& p, Index side) {
  const NoGrad no_grad;
  Tensor<float> grid({side * side, 2});
  for (Index i = 0; i < side * side; ++i) {
    grid(i, 0) = static_cast<float>(2 * (i % side) + 1) / static_cast<float>(side) - 1;
    grid(i, 1) = static_cast<float>(2 * (i / side) + 1) / static_cast<float>(side) - 1;
  }
  const Tensor<float> sure = softmax(net(constant(grid))).value();
  for (Index i = 0; i < side * side; ++i)
    for (Index arm = 0; arm < 3; ++arm)
      canvas.blend(i % side, i / side, category(arm), 0.6f * sure(i, arm) * sure(i, arm));
  for (Index i = 0; i < p.positions.size(0); ++i) {
    const auto to_pixel = [&](float v) { return (v + 1) / 2 * static_cast<float>(side); };
    const Spot at{to_pixel(p.positions(i, 0)), to_pixel(p.positions(i, 1))};
    canvas.disk(at, 4.2f, ink::paper);
    canvas.disk(at, 3, category(p.arms[static_cast<std::size_t>(i)]));
  }
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"Trains a small network to classify the arms of a spiral.", "04_train_a_tiny_net"};
  std::string out = "04_train_a_tiny_net.png";
  int steps = 400;
  std::uint64_t seed = 1;
  app.add_option("--steps", steps, "training steps")
      ->capture_default_str()
      ->check(CLI::Range(1, 100000));
  app.add_option("--seed", seed, "seed of the points and the weights")->capture_default_str();
  app.add_option("--out", out, "image to write, PNG")->capture_default_str();
  return run_program(app, argc, argv, [&] {
    Random rng(seed);
    const Points train = spirals(100, rng), fresh = spirals(100, rng);
    Sequential net{Linear<float>(2, 32, rng), Tanh{}, Linear<float>(32, 32, rng), Tanh{},
                   Linear<float>(32, 3, rng)};
    std::printf("%s\n", summary(net, constant(train.positions)).c_str());

    Adam<float> optimizer(parameters(net), {.learning_rate = 0.01});
    const Variable<float> positions = constant(train.positions);
    Series losses{.name = "loss"};
    for (int step = 1; step <= steps; ++step) {
      optimizer.zero_grad();
      const Variable<float> loss = cross_entropy(net(positions), train.arms);
      loss.backward();
      optimizer.step();
      losses.y.push_back(static_cast<double>(loss.item()));
      if (step == 1 || step % 50 == 0)
        std::printf("step %4d   loss %.4f   correct %5.1f %%\n", step, losses.y.back(),
                    accuracy(net, train));
    }
    std::printf("\nOn 300 new points: %.1f %% correct\n", accuracy(net, fresh));

    const Index side = 420;
    Canvas canvas(side + 520, side);
    draw_map(canvas, net, train, side);
    const Plot plot{.title = "Loss against step",
                    .x_label = "step",
                    .y_label = "cross entropy, nats",
                    .series = {losses},
                    .log_y = true};
    canvas.image(static_cast<float>(side + 10), 0, 510, static_cast<float>(side),
                 draw(plot, 510, side));
    write_png(out, canvas.image());
    std::printf("%s: the prediction at every point, and the loss\n", out.c_str());
    return 0;
  });
}
