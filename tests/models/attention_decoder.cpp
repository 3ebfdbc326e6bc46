// The decoder's loss with all steps in one operation, against the decoder step by step.
#include <glimpse/models/attention_decoder.hpp>
#include <glimpse/nn/module.hpp>

#include "../catch.hpp"

using namespace glimpse;

namespace {

/// Teacher forcing by `step`.
Variable<double> loss_step_by_step(AttentionDecoder<double>& decoder, const Variable<double>& frames,
                                   const std::vector<std::vector<Index>>& labels) {
  std::size_t longest = 0;
  for (const auto& label : labels) longest = std::max(longest, label.size());
  const auto memory = decoder.encode_memory(frames);
  Variable<double> state = decoder.start(frames.size(1));
  std::vector<Variable<double>> states;
  std::vector<Index> previous(labels.size(), decoder.end_symbol()), targets;
  for (std::size_t t = 0; t <= longest; ++t) {
    state = decoder.step(memory, previous, state).state;
    states.push_back(state);
    for (std::size_t i = 0; i < labels.size(); ++i) {
      const auto& label = labels[i];
      targets.push_back(t < label.size() ? label[t] : t == label.size() ? decoder.end_symbol() : -1);
      previous[i] = std::max<Index>(targets.back(), 0);
    }
  }
  return cross_entropy(decoder.scores(concatenate(states, 0)), targets, {.ignore = -1});
}

}  // namespace

TEST_CASE("all steps of the decoder at once are its steps one by one", "[models]") {
  Random random(4);
  AttentionDecoder<double> decoder(12, 10, 9, 6, random);
  for (double& b : decoder.b_h.mutable_value().span()) b = random.uniform(-1, 1);
  Tensor<double> numbers({7, 11, 12});
  for (double& v : numbers.span()) v = random.normal();
  Variable<double> frames = parameter(numbers);
  std::vector<std::vector<Index>> labels(11);
  for (std::size_t i = 0; i < labels.size(); ++i)
    for (std::size_t c = 0; c < i % 5; ++c) labels[i].push_back(random.uniform_int(5));

  const auto gradients = [&](const Variable<double>& loss) {
    zero_grad(decoder), frames.zero_grad();
    loss.backward();
    std::vector<Tensor<double>> all{loss.value().clone(), frames.grad().clone()};
    for (const auto& p : parameters(decoder)) all.push_back(p.variable.grad().clone());
    return all;
  };
  const auto at_once = gradients(decoder.loss(frames, labels));
  const auto one_by_one = gradients(loss_step_by_step(decoder, frames, labels));
  for (std::size_t i = 0; i < at_once.size(); ++i)
    for (Index k = 0; k < at_once[i].size(); ++k)
      REQUIRE(at_once[i].data()[k] == Approx(one_by_one[i].data()[k]).margin(1e-12));
}
