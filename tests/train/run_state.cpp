// The state of a run other than its weights: counters of Adam in checkpoints, also in those of
// earlier versions.
#include <glimpse/optim/adam.hpp>
#include <glimpse/train/run_state.hpp>

#include "catch.hpp"

using namespace glimpse;

TEST_CASE("a checkpoint without Adam's counts of parameters loads: all were updated", "[train]") {
  const std::vector<NamedParameter<float>> p{{"w", parameter(ones<float>({2}))},
                                             {"frozen", parameter(ones<float>({2}))}};
  Adam<float> before(p);
  for (int s = 0; s < 3; ++s) {
    Variable<float>(p[0].variable).mutable_grad().fill(1);
    before.step();
  }
  Checkpoint now, old;
  before.visit_state(SaveState{now, "optimizer."});
  old.tensors = now.tensors;
  for (const auto& entry : now.exact)
    if (entry.first.find("missed.") == std::string::npos) old.exact.push_back(entry);
  CHECK(old.exact.size() + 2 == now.exact.size());

  const auto missed = [&](const Checkpoint& c) {
    Adam<float> after(p);
    after.visit_state(LoadState{c, "c", "optimizer."});
    CHECK(after.steps() == 3);
    std::int64_t sum = 0;
    after.visit_state([&](const std::string& name, auto& x) {
      if constexpr (!is_tensor<decltype(x)>)
        if (name != "step") sum += x;
    });
    return sum;
  };
  CHECK(missed(now) == 3);
  CHECK(missed(old) == 0);

  old.exact.clear();
  Adam<float> after(p);
  CHECK_THROWS_AS(after.visit_state(LoadState{old, "c", "optimizer."}), IoError);
}
