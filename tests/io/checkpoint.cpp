// io/checkpoint.hpp, io/state.hpp: loading gives the saved values, and a kill at any moment leaves
// one complete file.
#include <cmath>
#include <limits>

#include <glimpse/io/checkpoint.hpp>
#include <glimpse/io/state.hpp>

#include "../catch.hpp"
#include "folder.hpp"

#if __has_include(<sys/wait.h>)
#include <csignal>
#include <sys/wait.h>
#endif

using namespace glimpse;

namespace {

template <class T = float>
struct Layer {
  using value_type = T;
  Variable<T> weight, bias;
  Tensor<T> mean;
  Random rng{5};
  explicit Layer(Index in = 3, Index out = 2)
      : weight(parameter(ones<T>({out, in}))),
        bias(parameter(zeros<T>({out}))),
        mean(zeros<T>({out})) {}
  template <class F>
  void visit(F&& f) {
    f("weight", weight), f("bias", bias), f("mean", mean), f("rng", rng);
  }
};
template <class T = float>
struct Net {
  using value_type = T;
  Layer<T> first{3, 2}, second{2, 2};
  template <class F>
  void visit(F&& f) {
    f("first", first), f("second", second);
  }
};
struct Renamed {
  Layer<float> first{3, 2}, third{2, 2};
  template <class F>
  void visit(F&& f) {
    f("first", first), f("third", third);
  }
};

template <class M>
void shake(M& model, std::uint64_t seed) {
  Random rng(seed);
  for (auto& item : state_dict(model))
    for (auto& v : item.tensor.span()) v = static_cast<std::decay_t<decltype(v)>>(rng.normal());
  for (const NamedRandom& r : random_generators(model))
    for (Index i = rng.uniform_int(9); i >= 0; --i) r.random->bits();
}

template <class M>
bool same(M& a, M& b) {
  const auto x = state_dict(a), y = state_dict(b);
  bool equal = x.size() == y.size();
  for (std::size_t i = 0; equal && i < x.size(); ++i)
    for (Index k = 0; k < x[i].tensor.size(); ++k)
      equal = equal && x[i].tensor.data()[k] == y[i].tensor.data()[k];
  const auto r = random_generators(a), s = random_generators(b);
  for (std::size_t i = 0; equal && i < r.size(); ++i)
    equal = r[i].random->state() == s[i].random->state();
  return equal;
}

}  // namespace

TEST_CASE("checkpoint: tensors in every storage, exact numbers, texts") {
  const Folder folder("checkpoint");
  Checkpoint c;
  c.tensors.emplace_back("w", tensor<float>({1.0f, 1.0f / 3, 1e-30f, -7}));
  c.tensors.emplace_back("variance", tensor<float>({1e6f, 2}));
  c.exact.emplace_back("step",
                       tensor<double>({9007199254740991.0, std::nextafter(1.0, 2.0), -0.0}));
  c.metadata["charset"] = "abc\u00e9";
  const std::string path = folder / "c.safetensors";
  for (const DType storage : {DType::float32, DType::float16, DType::bfloat16}) {
    save_checkpoint(path, c, storage);
    const Checkpoint back = load_checkpoint(path);
    REQUIRE(back.find("w") != nullptr);
    REQUIRE(back.find_exact("step") != nullptr);
    CHECK(back.find("step") == nullptr);
    CHECK(back.metadata == c.metadata);
    CHECK(back.text("charset") == "abc\u00e9");
    CHECK_THROWS_AS(back.text("config"), IoError);
    for (Index i = 0; i < 3; ++i) CHECK((*back.find_exact("step"))(i) == c.exact[0].second(i));
    CHECK(std::signbit((*back.find_exact("step"))(2)));
    const double tolerance = storage == DType::float32   ? 0
                             : storage == DType::float16 ? 0x1p-11
                                                         : 0x1p-8;
    for (Index i : {0, 1, 3})
      CHECK(std::fabs((*back.find("w"))(i)-c.tensors[0].second(i)) <=
            tolerance * std::fabs(c.tensors[0].second(i)));
    CHECK(std::fabs((*back.find("variance"))(0) - 1e6f) <= 1e6 * tolerance);  // not infinity
  }
  CHECK_THROWS_AS(save_checkpoint(path, c, DType::int32), ValueError);
  c.exact.emplace_back("w", zeros<double>({1}));
  CHECK_THROWS_AS(save_checkpoint(path, c), ValueError);
  CHECK(load_checkpoint(path).find("w") != nullptr);  // the old file is unchanged
}

TEST_CASE("checkpoint: a random generator goes on where it stood") {
  Random rng(std::numeric_limits<std::uint64_t>::max(), 77);
  for (int i = 0; i < 13; ++i) rng.bits();
  Random back = random_from_text(random_text(rng));
  CHECK(back.state() == rng.state());
  for (int i = 0; i < 9; ++i) CHECK(back.bits() == rng.bits());
  for (const char* bad :
       {"", "1 2", "1 2 3 4", "a b c", "1,2,3", "-1 2 3", "1 2 99999999999999999999"})
    CHECK_THROWS_AS(random_from_text(bad), IoError);
}

TEST_CASE("state: a model comes back bit for bit, float and double, with its random states") {
  const Folder folder("state");
  const auto check = [&](auto model, auto fresh) {
    shake(model, 3);
    Checkpoint c;
    store_state(model, c, "model");
    save_checkpoint(folder / "m.safetensors", c);
    load_state(fresh, load_checkpoint(folder / "m.safetensors"), "model");
    CHECK(same(model, fresh));
  };
  check(Net<float>(), Net<float>());
  check(Net<double>(), Net<double>());

  Net<float> model;
  shake(model, 4);
  Checkpoint c;
  store_state(model, c);
  const Tensor<float> before = c.tensors[0].second.clone();
  shake(model, 5);  // the stored copy does not change with the model
  CHECK(c.tensors[0].second.data()[0] == before.data()[0]);
  Net<double> wide;
  load_state(wide, c);
  CHECK(wide.first.weight.value()(0, 0) == static_cast<double>(before(0, 0)));
}

TEST_CASE(
    "state: missing, surplus and wrongly shaped names are one error each, and change nothing") {
  Net<float> model;
  shake(model, 1);
  Checkpoint c;
  store_state(model, c, "model");
  const auto why = [](auto& target, const Checkpoint& from, const char* prefix) {
    return message_of([&] { load_state(target, from, prefix); });
  };
  Renamed renamed;
  shake(renamed, 2);
  Renamed copy = clone(renamed);
  CHECK(why(renamed, c, "model") ==
        "load_state: the checkpoint lacks 'model.third.weight', 'model.third.bias', "
        "'model.third.mean'");
  CHECK(same(renamed, copy));
  CHECK(why(model, c, "other") ==
        "load_state: the checkpoint lacks 'other.first.weight', 'other.first.bias', "
        "'other.first.mean' and 3 more");
  Checkpoint more = c;
  more.tensors.emplace_back("model.extra", ones<float>({1}));
  more.tensors.emplace_back("optimiser.extra", ones<float>({1}));
  CHECK(why(model, more, "model") == "load_state: the model does not know 'model.extra'");
  Checkpoint bent = c;
  bent.tensors[0].second = ones<float>({3, 2});
  CHECK(why(model, bent, "model") ==
        "load_state: 'model.first.weight' is (3, 2) in the checkpoint, (2, 3) in the model");
  Checkpoint stateless = c;
  stateless.metadata.clear();
  CHECK(why(model, stateless, "model") == "(nothing)");
}

#if __has_include(<sys/wait.h>)
TEST_CASE("checkpoint: killed while it writes, the file on the disk is whole") {
  const Folder folder("kill");
  const std::string path = folder / "c.safetensors";
  const auto checkpoint = [](float value) {
    Checkpoint c;
    for (int i = 0; i < 8; ++i)
      c.tensors.emplace_back("w" + std::to_string(i), full<float>({20000}, value));
    c.metadata["value"] = std::to_string(value);
    return c;
  };
  save_checkpoint(path, checkpoint(0));
  for (int round = 0; round < 12; ++round) {
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
      for (float v = 1;; ++v) save_checkpoint(path, checkpoint(v));
    }
    ::usleep(static_cast<useconds_t>(3000 + 1777 * round));
    ::kill(child, SIGKILL);
    int status = 0;
    ::waitpid(child, &status, 0);
    const Checkpoint c = load_checkpoint(path);
    REQUIRE(c.tensors.size() == 8);
    const float value = c.tensors[0].second(0);
    CHECK(c.text("value") == std::to_string(value));
    for (const auto& item : c.tensors) CHECK(item.second(19999) == value);
  }
}
#endif
