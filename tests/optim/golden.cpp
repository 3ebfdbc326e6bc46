// Optimizers, clipping and schedules against PyTorch: tests/golden/optim.txt, written by
// make_optim.py in the same folder.
#include <cmath>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include <glimpse/optim/adadelta.hpp>
#include <glimpse/optim/adam.hpp>
#include <glimpse/optim/clip.hpp>
#include <glimpse/optim/rmsprop.hpp>
#include <glimpse/optim/schedule.hpp>
#include <glimpse/optim/sgd.hpp>

#include "../catch.hpp"

using namespace glimpse;

namespace {

/// All lines with this name.
std::vector<std::vector<double>> golden(const std::string& name) {
  std::ifstream file(std::string(GLIMPSE_ROOT) + "/tests/golden/optim.txt");
  std::vector<std::vector<double>> lines;
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    std::string first;
    words >> first;
    if (first != name) continue;
    lines.emplace_back();
    for (double v; words >> v;) lines.back().push_back(v);
  }
  INFO(name);
  REQUIRE_FALSE(lines.empty());
  return lines;
}

const std::vector<Shape> shapes{{3, 5}, {5}};
constexpr Index steps = 6;

/// Named "conv.weight" and "conv.bias", with the starting weights of make_optim.py.
template <class T>
std::vector<NamedParameter<T>> starting_parameters() {
  std::vector<NamedParameter<T>> p;
  for (std::size_t i = 0; i < 2; ++i) {
    Tensor<T> w(shapes[i]);
    for (Index k = 0; k < w.size(); ++k)
      w.data()[k] = static_cast<T>(std::cos(static_cast<double>(1 + k) + static_cast<double>(i)));
    p.push_back({i == 0 ? "conv.weight" : "conv.bias", parameter(w)});
  }
  return p;
}

template <class T>
void set_gradients(std::vector<NamedParameter<T>>& p, Index step) {
  for (std::size_t i = 0; i < 2; ++i) {
    p[i].variable.zero_grad();
    Tensor<T>& g = p[i].variable.mutable_grad();
    for (Index k = 0; k < g.size(); ++k)
      g.data()[k] =
          static_cast<T>(std::pow(10.0, -static_cast<double>(step % 3)) *
                         std::sin(0.7 * static_cast<double>(k) + 1.3 * static_cast<double>(step) +
                                  0.2 * static_cast<double>(i)));
  }
}

/// Largest difference between the numbers of `p` and one line.
template <class T, class Pick>
double difference(const std::vector<NamedParameter<T>>& p, const std::vector<double>& line,
                  Pick&& pick) {
  double worst = 0;
  std::size_t at = 0;
  for (const NamedParameter<T>& parameter : p) {
    const Tensor<T> numbers = pick(parameter.variable);
    for (const T v : numbers.span())
      worst = std::max(worst, std::fabs(static_cast<double>(v) - line.at(at++)));
  }
  return at == line.size() ? worst : INFINITY;
}

template <class Optimizer, class T, class Options>
double run(const std::string& name, const Options& options) {
  std::vector<NamedParameter<T>> p = starting_parameters<T>();
  Optimizer optimizer(p, options);
  double worst = 0;
  const auto lines = golden(name);
  REQUIRE(static_cast<Index>(lines.size()) == steps);
  for (Index step = 0; step < steps; ++step) {
    optimizer.zero_grad();
    set_gradients(p, step);
    optimizer.step();
    worst = std::max(worst, difference(p, lines[static_cast<std::size_t>(step)],
                                       [](const auto& v) { return v.value(); }));
  }
  CHECK(optimizer.steps() == steps);
  return worst;
}

template <template <class> class Optimizer, class Options>
void compare(const std::string& name, const Options& options) {
  INFO(name);
  CHECK(run<Optimizer<double>, double>(name, options) < 1e-13);
  CHECK(run<Optimizer<float>, float>(name, options) < 1e-6);
}

template <class Schedule>
void compare_rates(const std::string& name, const Schedule& schedule) {
  const std::vector<double> rates = golden(name).at(0);
  for (std::size_t s = 0; s < rates.size(); ++s) {
    INFO(name << " " << s);
    CHECK(schedule(static_cast<Index>(s)) == Approx(rates[s]).epsilon(1e-12).margin(1e-15));
  }
}

}  // namespace

TEST_CASE("optimizers step as PyTorch's", "[optim]") {
  compare<Sgd>("sgd", SgdOptions{.learning_rate = 0.1});
  compare<Sgd>("sgd_momentum",
               SgdOptions{.learning_rate = 0.1, .momentum = 0.9, .weight_decay = 0.01});
  compare<Sgd>("sgd_nesterov", SgdOptions{.learning_rate = 0.1, .momentum = 0.9, .nesterov = true});
  compare<Adam>("adam", AdamOptions{.learning_rate = 0.01});
  compare<Adam>("adam_decay", AdamOptions{.learning_rate = 0.01,
                                          .beta1 = 0.8,
                                          .beta2 = 0.95,
                                          .epsilon = 1e-6,
                                          .weight_decay = 0.1});
  compare<AdamW>("adamw", AdamWOptions{.learning_rate = 0.01});
  compare<AdamW>("adamw_groups", AdamWOptions{.learning_rate = 0.01,
                                              .weight_decay = 0.1,
                                              .decay_vectors = false,
                                              .lr_multipliers = {{"conv.weight", 0.1}}});
  compare<Adadelta>("adadelta", AdadeltaOptions{});
  compare<Adadelta>(
      "adadelta_decay",
      AdadeltaOptions{.learning_rate = 0.5, .rho = 0.95, .epsilon = 1e-5, .weight_decay = 0.1});
  compare<Rmsprop>("rmsprop", RmspropOptions{});
  compare<Rmsprop>("rmsprop_momentum",
                   RmspropOptions{.alpha = 0.9, .momentum = 0.8, .weight_decay = 0.1});
}

TEST_CASE("clipping scales as PyTorch's", "[optim]") {
  std::vector<NamedParameter<double>> p = starting_parameters<double>();
  set_gradients(p, 0);
  CHECK(clip_grad_norm(p, 0.5) == Approx(golden("clip_norm")[0][0]).epsilon(1e-14));
  CHECK(difference(p, golden("clip")[0], [](const auto& v) { return v.grad(); }) < 1e-15);
  CHECK(grad_norm(p) == Approx(0.5).epsilon(1e-5));
}

TEST_CASE("schedules give PyTorch's rates", "[optim]") {
  compare_rates("one_cycle", OneCycleSchedule{.peak = 0.3, .total = 20});
  compare_rates(
      "one_cycle_early",
      OneCycleSchedule{
          .peak = 2, .total = 33, .warmup_fraction = 0.1, .start_divisor = 10, .end_divisor = 100});
  compare_rates("cosine", CosineSchedule{.base = 0.3, .total = 15, .floor = 0.01});
  compare_rates("steps", StepSchedule{.base = 0.3, .every = 4, .factor = 0.5});
}
