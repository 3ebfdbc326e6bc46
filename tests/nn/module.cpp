// nn/module.hpp and nn/visit.hpp: names, sharing, copies, modes.
#include <string>

#include <glimpse/ops/reductions.hpp>

#include "../catch.hpp"
#include "small_net.hpp"

using namespace glimpse;

namespace {

std::string names_of(const auto& list) {
  std::string text;
  for (const auto& entry : list) text += entry.name + " ";
  return text;
}

std::string message_of(auto&& f) {
  try {
    f();
  } catch (const Error& e) {
    return e.what();
  }
  return "nothing was thrown";
}

struct Tied {
  Linear<float> first, second;
  template <class F>
  void visit(F&& f) {
    f("first", first);
    f("second", second);
  }
};

struct OfDoubles {
  using value_type = double;
  Linear<double> layer;
  template <class F>
  void visit(F&& f) {
    f("layer", layer);
  }
};

}  // namespace

static_assert(std::is_same_v<element_t<SmallNet<double>>, double>);
static_assert(std::is_same_v<element_t<std::vector<Linear<double>>>, double>);
static_assert(std::is_same_v<element_t<Tied>, float>);
static_assert(std::is_same_v<element_t<OfDoubles>, double>);
static_assert(Module<SmallNet<float>> && !Module<Variable<float>> && !Module<std::vector<Tied>>);

TEST_CASE("members are named in the order of visit", "[nn]") {
  SmallNet<float> net;
  CHECK(names_of(parameters(net)) ==
        "blocks.0.conv.weight blocks.0.norm.weight blocks.0.norm.bias blocks.1.conv.weight "
        "blocks.1.conv.bias head.weight head.bias ");
  CHECK(names_of(buffers(net)) == "blocks.0.norm.running_mean blocks.0.norm.running_var ");
  CHECK(names_of(random_generators(net)) == "dropout.random ");
  CHECK(names_of(state_dict(net)) ==
        "blocks.0.conv.weight blocks.0.norm.weight blocks.0.norm.bias blocks.0.norm.running_mean "
        "blocks.0.norm.running_var blocks.1.conv.weight blocks.1.conv.bias head.weight head.bias ");
  CHECK(count_parameters(net) == 27 + 3 + 3 + 54 + 2 + 48 + 4);
  CHECK(names_of(parameters(net.blocks)) ==
        "0.conv.weight 0.norm.weight 0.norm.bias 1.conv.weight 1.conv.bias ");
}

TEST_CASE("a state shares the model's numbers and goes back in by name", "[nn]") {
  SmallNet<float> a(1), b(2);
  auto state = state_dict(a);
  state.back().tensor.fill(3);
  CHECK(a.head.bias.value()(0) == 3);

  std::swap(state.front(), state.back());  // the order does not matter
  load_state_dict(b, state);
  set_training(a, false);
  set_training(b, false);
  const auto x = small_image<float>();
  CHECK(largest_difference(a(x).value(), b(x).value()) == 0);
  b.head.bias.mutable_value().fill(4);
  CHECK(a.head.bias.value()(0) == 3);
}

TEST_CASE("a state that does not fit changes nothing and says why", "[nn]") {
  SmallNet<float> a(1), b(2);
  const auto before = b.head.weight.value().clone();
  auto state = state_dict(a);
  state.back().name = "head.bios";
  CHECK_THROWS_WITH(load_state_dict(b, state), "load_state_dict: the model has no 'head.bios'");
  state.pop_back();
  CHECK_THROWS_WITH(load_state_dict(b, state), "load_state_dict: the state has no 'head.bias'");
  state.push_back({"head.bias", zeros<float>({5})});
  CHECK_THROWS_WITH(load_state_dict(b, state),
                    "load_state_dict: 'head.bias' is (4,) in the model, (5,) in the state");
  CHECK_THROWS_AS(load_state_dict(b, state), ShapeError);
  CHECK(largest_difference(b.head.weight.value(), before) == 0);
}

TEST_CASE("a twin in double computes the same", "[nn]") {
  SmallNet<float> net(3);
  set_training(net, false);
  net.dropout.random.bits();
  SmallNet<double> twin(4);
  convert<double>(net, twin);
  CHECK(twin.dropout.training == false);
  CHECK(twin.dropout.random.state() == net.dropout.random.state());
  const Tensor<float> y = net(small_image<float>()).value();
  const Tensor<double> z = twin(small_image<double>()).value();
  CHECK(largest_difference(cast<double>(y), z) < 1e-5);
}

TEST_CASE("a clone shares nothing", "[nn]") {
  SmallNet<float> net;
  freeze(net.head);
  SmallNet<float> copy = clone(net);
  CHECK(largest_difference(copy.head.weight.value(), net.head.weight.value()) == 0);
  CHECK_FALSE(copy.head.weight.requires_grad());
  CHECK(copy.blocks[0].conv.weight.requires_grad());
  auto a = state_dict(net), b = state_dict(copy);
  REQUIRE(a.size() == b.size());
  for (std::size_t i = 0; i < a.size(); ++i) CHECK_FALSE(a[i].tensor.shares(b[i].tensor));
  unfreeze(copy);
  CHECK(copy.head.weight.requires_grad());
  CHECK_FALSE(net.head.weight.requires_grad());
  sum(copy(small_image<float>())).backward();
  CHECK(copy.head.weight.grad().defined());
  CHECK_FALSE(net.blocks[0].conv.weight.grad().defined());
}

TEST_CASE("a shared parameter is one parameter, and stays shared in a clone", "[nn]") {
  Random rng(1);
  Tied net{Linear<float>(3, 3, rng), Linear<float>(3, 3, rng)};
  net.second.weight = net.first.weight;
  CHECK(names_of(parameters(net)) == "first.weight first.bias second.bias ");
  CHECK(count_parameters(net) == 15);
  CHECK(state_dict(net).size() == 4);
  Tied copy = clone(net);
  CHECK(copy.first.weight.node() == copy.second.weight.node());
  CHECK(copy.first.weight.node() != net.first.weight.node());
  CHECK(copy.first.weight.value().shares(copy.second.weight.value()));
}

TEST_CASE("frozen parts get no gradient, thawed parts do", "[nn]") {
  SmallNet<float> net;
  freeze(net.blocks);
  const auto x = small_image<float>();
  sum(net(x)).backward();
  CHECK_FALSE(net.blocks[0].conv.weight.grad().defined());
  CHECK(net.head.weight.grad().defined());
  unfreeze(net);
  sum(net(x)).backward();
  CHECK(net.blocks[0].conv.weight.grad().defined());
  zero_grad(net);
  for (const auto& p : parameters(net)) CHECK_FALSE(p.variable.grad().defined());
}

TEST_CASE("modes reach every module", "[nn]") {
  SmallNet<float> net;
  CHECK(training_modes(net) == std::vector<bool>{true, true});
  set_training(net, false);
  CHECK_FALSE(net.dropout.training);
  CHECK_FALSE(net.blocks[0].norm->training);
  set_training_modes(net, {true, false});
  CHECK(net.blocks[0].norm->training);
  CHECK_FALSE(net.dropout.training);
}

TEST_CASE("errors and anomaly mode name the module", "[nn]") {
  SmallNet<float> net;
  name_modules(net, "rectifier");
  CHECK(net.blocks[1].conv.path == "rectifier.blocks.1.conv");
  const std::string shape = message_of([&] { net.blocks[1](small_image<float>()); });
  CHECK(shape.ends_with("[rectifier.blocks.1.conv]"));
  CHECK(ModuleScope::path().empty());
  net.blocks[1].conv.bias.mutable_value().fill(NAN);
  const AnomalyMode anomaly;
  const std::string nan = message_of([&] { net(small_image<float>()); });
  CHECK(nan.ends_with("holds NaN [rectifier.blocks.1.conv]"));
}
