// Properties of the optimizers other than their numbers: state that resumes bit for bit, prefixes,
// frozen parameters, threads, instruction sets, and error messages.
#include <cmath>
#include <cstring>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include <glimpse/core/random.hpp>
#include <glimpse/optim/adadelta.hpp>
#include <glimpse/optim/adam.hpp>
#include <glimpse/optim/clip.hpp>
#include <glimpse/optim/rmsprop.hpp>
#include <glimpse/optim/schedule.hpp>
#include <glimpse/optim/sgd.hpp>

#include "../catch.hpp"

using namespace glimpse;

namespace {

Tensor<float> drawn(const Shape& shape, std::uint64_t seed) {
  Random random(seed);
  Tensor<float> t(shape);
  for (float& v : t.span()) v = static_cast<float>(random.normal());
  return t;
}

using Parameters = std::vector<NamedParameter<float>>;

Parameters model() {
  return {{"encoder.weight", parameter(drawn({150, 151}, 1))},
          {"encoder.bias", parameter(drawn({151}, 2))},
          {"encoder2.weight", parameter(drawn({3, 3}, 3))}};
}

void draw_gradients(Parameters& p, std::uint64_t seed) {
  for (NamedParameter<float>& n : p)
    n.variable.mutable_grad().copy_from(drawn(n.variable.shape(), seed++));
}

bool same(const Parameters& a, const Parameters& b) {
  for (std::size_t i = 0; i < a.size(); ++i)
    if (std::memcmp(a[i].variable.value().data(), b[i].variable.value().data(),
                    static_cast<std::size_t>(a[i].variable.size()) * sizeof(float)) != 0)
      return false;
  return true;
}

/// Every named tensor and counter, copied out and in.
struct Saved {
  std::map<std::string, Tensor<float>> tensors;
  std::map<std::string, std::int64_t> counters;

  template <class Optimizer>
  explicit Saved(Optimizer& from) {
    from.visit_state([&](const std::string& name, auto& x) {
      if constexpr (std::is_same_v<decltype(x), std::int64_t&>)
        counters[name] = x;
      else
        tensors[name] = x.clone();
    });
  }
  template <class Optimizer>
  void restore(Optimizer& to) const {
    to.visit_state([&](const std::string& name, auto& x) {
      if constexpr (std::is_same_v<decltype(x), std::int64_t&>)
        x = counters.at(name);
      else
        x.copy_from(tensors.at(name));
    });
  }
};

template <class Optimizer, class Options>
void resumes(const Options& options) {
  Parameters straight = model(), resumed = model();
  Optimizer first(straight, options);
  for (std::uint64_t s = 0; s < 6; ++s) draw_gradients(straight, 100 * s), first.step();

  Optimizer before(resumed, options);
  for (std::uint64_t s = 0; s < 3; ++s) draw_gradients(resumed, 100 * s), before.step();
  const Saved saved(before);
  Optimizer after(resumed, options);
  saved.restore(after);
  for (std::uint64_t s = 3; s < 6; ++s) draw_gradients(resumed, 100 * s), after.step();
  CHECK(same(straight, resumed));
  CHECK(after.steps() == 6);
}

template <class Optimizer, class Options>
Parameters after_steps(const Options& options, int threads) {
  const ThreadScope scope(threads);
  Parameters p = model();
  Optimizer optimizer(p, options);
  for (std::uint64_t s = 0; s < 3; ++s) draw_gradients(p, 100 * s), optimizer.step();
  return p;
}

}  // namespace

TEST_CASE("state put back goes on bit for bit", "[optim]") {
  resumes<Sgd<float>>(SgdOptions{.momentum = 0.9});
  resumes<Adam<float>>(AdamOptions{});
  resumes<AdamW<float>>(AdamWOptions{});
  resumes<Adadelta<float>>(AdadeltaOptions{});
  resumes<Rmsprop<float>>(RmspropOptions{.momentum = 0.5});
}

TEST_CASE("state has names", "[optim]") {
  Parameters p = model();
  AdamW<float> optimizer(p);
  std::vector<std::string> names;
  optimizer.visit_state([&](const std::string& name, auto&) { names.push_back(name); });
  CHECK(names == std::vector<std::string>{
                     "step", "missed.encoder.weight", "missed.encoder.bias",
                     "missed.encoder2.weight", "m.encoder.weight", "m.encoder.bias",
                     "m.encoder2.weight", "v.encoder.weight", "v.encoder.bias",
                     "v.encoder2.weight"});
}

template <class Optimizer, class Options>
void first_update_is_one_rate(const Options& options) {
  Parameters p{{"used", parameter(ones<float>({1}))}, {"frozen", parameter(ones<float>({1}))}};
  Optimizer before(p, options);
  for (int s = 0; s < 1000; ++s) {
    p[0].variable.mutable_grad().fill(3);
    before.step();
  }
  Optimizer after(p, options);  // the step count is saved and loaded
  Saved(before).restore(after);
  p[1].variable.mutable_grad().fill(3);
  after.step();
  CHECK(p[1].variable.value()(0) == Approx(0.9).epsilon(1e-6));
  after.step();
  CHECK(p[1].variable.value()(0) == Approx(0.8).epsilon(1e-6));
}

TEST_CASE("Adam counts the updates of each parameter: the first moves it by one rate", "[optim]") {
  first_update_is_one_rate<Adam<float>>(AdamOptions{.learning_rate = 0.1});
  first_update_is_one_rate<AdamW<float>>(AdamWOptions{.learning_rate = 0.1, .weight_decay = 0});
}

TEST_CASE("the same weights on one thread and on three, near enough on every instruction set",
          "[optim]") {
  const AdamWOptions options{};
  const Parameters one = after_steps<AdamW<float>>(options, 1);
  CHECK(same(one, after_steps<AdamW<float>>(options, 3)));
  for (const simd::Isa level : {simd::Isa::baseline, simd::Isa::avx2}) {
    const simd::IsaScope scope(level);
    const Parameters other = after_steps<AdamW<float>>(options, 1);
    for (Index k = 0; k < one[0].variable.size(); ++k)
      CHECK(std::fabs(one[0].variable.value().data()[k] - other[0].variable.value().data()[k]) <
            1e-6f);
  }
}

TEST_CASE("a prefix ends at a dot, the longest one counts", "[optim]") {
  Parameters p = model();
  const Parameters start = model();
  Sgd<float> sgd(p,
                 {.learning_rate = 1, .lr_multipliers = {{"encoder", 0.5}, {"encoder.bias", 0}}});
  for (NamedParameter<float>& n : p) n.variable.mutable_grad().fill(1);
  sgd.step();
  const auto moved = [&](std::size_t i) {
    return start[i].variable.value().data()[0] - p[i].variable.value().data()[0];
  };
  CHECK(moved(0) == Approx(0.5));
  CHECK(moved(1) == 0);
  CHECK(moved(2) == Approx(1));
  CHECK_THROWS_AS(Sgd<float>(p, {.lr_multipliers = {{"decoder", 0.1}}}), ValueError);
}

TEST_CASE("what has no gradient stays", "[optim]") {
  Parameters p = model();
  const Parameters start = model();
  AdamW<float> optimizer(p, {.learning_rate = 0.1});
  draw_gradients(p, 5);
  p[0].variable.set_requires_grad(false);
  p[1].variable.zero_grad();
  optimizer.step();
  for (std::size_t i = 0; i < 2; ++i)
    CHECK(p[i].variable.value().data()[0] == start[i].variable.value().data()[0]);
  CHECK(p[2].variable.value().data()[0] != start[2].variable.value().data()[0]);
}

TEST_CASE("rates without sense are refused", "[optim]") {
  Parameters p = model();
  try {
    AdamW<float>(p, {.learning_rate = 1});
    FAIL("a rate of 1 was taken");
  } catch (const ValueError& e) {
    CHECK(std::string(e.what()).find("AdamW: wants a learning rate") == 0);
  }
  CHECK_THROWS_AS(Adam<float>(p, {.beta2 = 1}), ValueError);
  CHECK_THROWS_AS(Sgd<float>(p, {.momentum = -0.1}), ValueError);
  CHECK_THROWS_AS(Sgd<float>(p, {.weight_decay = -1}), ValueError);
  CHECK_THROWS_AS(Adadelta<float>(p, {.rho = 2}), ValueError);
  CHECK_THROWS_AS(Rmsprop<float>(p, {.epsilon = 0}), ValueError);
  AdamW<float> optimizer(p);
  draw_gradients(p, 1);
  optimizer.learning_rate = 1;
  CHECK_THROWS_AS(optimizer.step(), ValueError);
}

TEST_CASE("optimizers reach the bottom of a bowl", "[optim]") {
  const auto descend = [](auto make, int count) {
    std::vector<NamedParameter<float>> p{{"x", parameter(drawn({2, 20}, 4))}};
    auto optimizer = make(p);
    for (int s = 0; s < count; ++s) {
      Tensor<float>& g = p[0].variable.mutable_grad();
      for (Index k = 0; k < 40; ++k)
        g.data()[k] = static_cast<float>(1 + k) * (p[0].variable.value().data()[k] - 1);
      optimizer.step();
    }
    double worst = 0;
    for (const float v : p[0].variable.value().span())
      worst = std::max(worst, std::fabs(static_cast<double>(v) - 1));
    return worst;
  };
  CHECK(descend([](auto& p) { return Sgd<float>(p, {.learning_rate = 0.02, .momentum = 0.8}); },
                600) < 1e-3);
  CHECK(descend([](auto& p) { return Adam<float>(p, {.learning_rate = 0.02}); }, 2000) < 1e-2);
  CHECK(descend([](auto& p) { return Rmsprop<float>(p, {.learning_rate = 0.002}); }, 4000) < 1e-2);
  CHECK(descend([](auto& p) { return Adadelta<float>(p); }, 4000) < 5e-2);
}

TEST_CASE(
    "clipping: short gradients and broken ones stay as they are, any thread count gives the same "
    "norm",
    "[optim]") {
  Parameters p = model();
  CHECK(clip_grad_norm(p, 1.0) == 0);  // no gradients at all
  draw_gradients(p, 8);
  const double norm = grad_norm(p);
  const float before = p[0].variable.grad().data()[7];
  {
    const ThreadScope one(1);
    CHECK(grad_norm(p) == norm);
  }
  CHECK(clip_grad_norm(p, norm + 1) == norm);
  CHECK(p[0].variable.grad().data()[7] == before);
  p[1].variable.mutable_grad().data()[0] = std::numeric_limits<float>::infinity();
  CHECK_FALSE(std::isfinite(clip_grad_norm(p, 1.0)));
  CHECK(p[0].variable.grad().data()[7] == before);
  CHECK_THROWS_AS(clip_grad_norm(p, 0), ValueError);
  clip_grad_value(p, 0.25);
  for (const NamedParameter<float>& n : p)
    for (const float g : n.variable.grad().span()) CHECK(std::fabs(g) <= 0.25f);
}

TEST_CASE("schedules: warm-up joins on, ends stay put", "[optim]") {
  const WarmupSchedule warm{10, CosineSchedule{.base = 0.4, .total = 90}};
  CHECK(warm(0) == 0);
  CHECK(warm(5) == Approx(0.2));
  CHECK(warm(10) == Approx(0.4));
  CHECK(warm(55) == Approx(0.2));
  CHECK(warm(100) == Approx(0).margin(1e-15));
  CHECK(warm(1000) == Approx(0).margin(1e-15));
  const OneCycleSchedule cycle{.peak = 1, .total = 100};
  CHECK(cycle(29) == Approx(1));
  CHECK(cycle(99) == Approx(1.0 / 25 / 1e4));
  CHECK(cycle(5000) == Approx(1.0 / 25 / 1e4));
  CHECK(OneCycleSchedule{.peak = 1, .total = 1}(0) <= 1);
  CHECK(ConstantSchedule{0.3}(7) == 0.3);
}

TEST_CASE("square roots without square roots", "[optim]") {
  Random random(6);
  for (int k = 0; k < 2000; ++k) {
    const double x = std::pow(10.0, random.uniform(-30, 30));
    simd::Vec<double, 16> d{x, 0}, root_d;
    simd::Vec<float, 16> f{static_cast<float>(x), 0, 1, 4}, root_f;
    detail::square_root(root_d, d);
    detail::square_root(root_f, f);
    CHECK(std::fabs(root_d[0] / std::sqrt(x) - 1) < 3e-16);
    CHECK(std::fabs(static_cast<double>(root_f[0]) / std::sqrt(static_cast<double>(f[0])) - 1) <
          2e-7);
    CHECK((root_d[1] == 0 && root_f[1] == 0));
  }
  for (const double x : {1e-310, 3e-320, 5e-324}) {  // below the normal range
    simd::Vec<double, 16> d{x, std::numeric_limits<double>::infinity()}, root;
    detail::square_root(root, d);
    CHECK(std::fabs(root[0] / std::sqrt(x) - 1) < 3e-16);
    CHECK(std::isinf(root[1]));
  }
  for (const float x : {1e-39f, 3e-42f, 1.4e-45f}) {
    simd::Vec<float, 16> f{x, std::numeric_limits<float>::infinity(), NAN, 3e38f}, root;
    detail::square_root(root, f);
    CHECK(std::fabs(root[0] / std::sqrt(x) - 1) < 2e-7f);
    CHECK((std::isinf(root[1]) && std::isnan(root[2])));
    CHECK(std::fabs(root[3] / std::sqrt(3e38f) - 1) < 2e-7f);
  }
}

TEST_CASE("one huge gradient leaves a finite weight", "[optim]") {
  const auto check = [](auto make) {
    Parameters p{{"w", parameter(full<float>({20}, 1))}};
    auto optimizer = make(p);
    for (const float g : {1e20f, 1.0f, 1.0f}) {
      p[0].variable.mutable_grad().fill(g);
      optimizer.step();
    }
    for (const float w : p[0].variable.value().span()) CHECK(std::isfinite(w));
  };
  check([](const Parameters& p) { return Adam<float>(p); });
  check([](const Parameters& p) { return AdamW<float>(p); });
  check([](const Parameters& p) { return Adadelta<float>(p); });
  check([](const Parameters& p) { return Rmsprop<float>(p); });
}

TEST_CASE("the norm of gradients whose squares leave the range of float", "[optim]") {
  for (const float g : {1e20f, 1e-25f, 1e-30f, 3.0f}) {
    Parameters p{{"w", parameter(ones<float>({2}))}};
    p[0].variable.mutable_grad().fill(g);
    const double norm = std::sqrt(2.0) * static_cast<double>(g);
    CHECK(clip_grad_norm(p, 1) == Approx(norm).epsilon(1e-6));
    const double want = std::min(static_cast<double>(g), std::sqrt(0.5));
    CHECK(static_cast<double>(p[0].variable.grad()(1)) == Approx(want).epsilon(1e-5));
  }
}

TEST_CASE("clipping inside the step is clipping before it", "[optim]") {
  const auto train = [](auto make, bool inside) {
    std::vector<NamedParameter<double>> p = {{"w", parameter(full<double>({37}, 0.5))}};
    auto optimizer = make(p);
    for (int step = 0; step < 5; ++step) {
      for (Index i = 0; i < 37; ++i)
        p[0].variable.mutable_grad().data()[i] = std::sin(static_cast<double>(i + step));
      if (inside)
        optimizer.step(clip_scale(grad_norm(p), 0.5));
      else
        clip_grad_norm(p, 0.5), optimizer.step();
    }
    return p[0].variable.value();
  };
  const auto same = [&](auto make) {
    const Tensor<double> a = train(make, true), b = train(make, false);
    for (Index i = 0; i < a.size(); ++i) CHECK(a(i) == Approx(b(i)).epsilon(1e-13));
  };
  using List = std::vector<NamedParameter<double>>;
  same([](const List& p) { return Adadelta<double>(p); });
  same([](const List& p) { return AdamW<double>(p); });
  same([](const List& p) { return Rmsprop<double>(p); });
  same([](const List& p) { return Sgd<double>(p, {.momentum = 0.9, .nesterov = true}); });
  CHECK(clip_scale(0.1, 1) == 1);
  CHECK(clip_scale(INFINITY, 1) == 1);
  CHECK(clip_scale(10, 1) == Approx(0.1).epsilon(1e-5));
}
