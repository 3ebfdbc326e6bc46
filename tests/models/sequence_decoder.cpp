// The shared decoder and its models: they learn a small task, single and batched readings agree,
// and the options have their documented effect.
#include <glimpse/models/seq2seq.hpp>
#include <glimpse/models/speech_recognizer.hpp>
#include <glimpse/optim/adam.hpp>

#include "../catch.hpp"

using namespace glimpse;

namespace {

using Symbols = std::vector<Index>;

/// Sequences of 2 to 6 symbols, and the same in reverse.
struct ReversedPairs {
  std::vector<Symbols> from, to;
};
ReversedPairs reversed_pairs(Index count, Random rng) {
  ReversedPairs t;
  for (Index i = 0; i < count; ++i) {
    Symbols s;
    for (Index n = 2 + rng.uniform_int(5); n > 0; --n) s.push_back(rng.uniform_int(5));
    t.from.push_back(s), t.to.emplace_back(s.rbegin(), s.rend());
  }
  return t;
}

Seq2Seq<float> taught(Index steps, const SequenceLossOptions& options = {}) {
  Random rng(1);
  Seq2Seq<float> model(
      {.from = 5, .to = 5, .embedding = 12, .encoder = 24, .decoder = 48, .attention = 24}, rng);
  Adam<float> optimizer(parameters(model), {.learning_rate = 5e-3});
  for (Index step = 0; step < steps; ++step) {
    const ReversedPairs t = reversed_pairs(32, Random(9, static_cast<std::uint64_t>(step)));
    optimizer.zero_grad();
    model.loss(t.from, t.to, options).backward();
    optimizer.step();
  }
  return model;
}

}  // namespace

TEST_CASE(
    "a sequence-to-sequence model learns to turn sequences round, its attention runs backwards, "
    "and batches change "
    "nothing",
    "[sequence_decoder]") {
  Seq2Seq<float> model = taught(400);
  const ReversedPairs test = reversed_pairs(100, Random(77));
  Index right = 0, steady = 0;
  const auto readings = model.read(test.from, {.max_length = 10});
  for (std::size_t i = 0; i < 100; ++i) right += readings[i].symbols == test.to[i];
  CHECK(right >= 95);
  Index there = 0, looks = 0;
  for (std::size_t i = 0; i < 100; ++i) {
    const Index n = std::ssize(test.from[i]);
    if (readings[i].symbols != test.to[i]) continue;
    for (Index t = 0; t < n; ++t, ++looks) {
      const float* row = readings[i].attention.data() + t * readings[i].attention.size(1);
      const Index peak = std::max_element(row, row + n) - row;
      there += std::abs(peak - (n - 1 - t)) <= 1;
    }
  }
  CHECK(there > looks * 7 / 10);
  for (std::size_t i = 0; i < 20; ++i) {
    const std::vector<Symbols> one{test.from[i]};
    const auto alone = model.read(one, {.max_length = 10}).front();
    steady += alone.symbols == readings[i].symbols &&
              std::abs(alone.confidence - readings[i].confidence) < 1e-4;
  }
  CHECK(steady == 20);
  // A wider beam never finds a less likely sequence.
  const auto searched = model.read(test.from, {.width = 4, .max_length = 10});
  for (std::size_t i = 0; i < 100; ++i)
    CHECK(searched[i].confidence >= readings[i].confidence * (1 - 1e-5));
}

TEST_CASE("scheduled sampling still learns, and needs its generator's draws alone to repeat itself",
          "[sequence_decoder]") {
  Random draws(5);
  const ReversedPairs t = reversed_pairs(8, Random(3));
  Seq2Seq<float> model = taught(150, {.sampling = 0.25, .random = &draws});
  CHECK(model.loss(t.from, t.to).item() < 1.0f);
  Seq2Seq<float> beginner = taught(20);  // its own choices are mostly wrong
  const auto loss = [&](double share, Random* random) {
    return beginner.loss(t.from, t.to, {.sampling = share, .random = random}).item();
  };
  Random a(6), b(6);
  CHECK(loss(0.5, &a) == loss(0.5, &b));
  CHECK(loss(0.9, &a) != loss(0, nullptr));
}

TEST_CASE("label smoothing and the doubly stochastic penalty enter the loss",
          "[sequence_decoder]") {
  Seq2Seq<float> model = taught(60);
  const ReversedPairs t = reversed_pairs(8, Random(3));
  const float plain = model.loss(t.from, t.to).item();
  CHECK(model.loss(t.from, t.to, {.label_smoothing = 0.2}).item() != plain);
  CHECK(model.loss(t.from, t.to, {.coverage = 1}).item() > plain);
  Index right = -1;
  model.loss(t.from, t.to, {}, &right);
  CHECK((right >= 0 && right <= 8));
}

TEST_CASE("positions behind a sequence's end change nothing", "[sequence_decoder]") {
  Random rng(2);
  Seq2Seq<double> model(
      {.from = 5, .to = 5, .embedding = 4, .encoder = 5, .decoder = 6, .attention = 4}, rng);
  const std::vector<Symbols> pair{{1, 2}, {3, 4, 1, 0, 2, 2}}, short_one{{1, 2}},
      to_pair{{2}, {1, 1}}, to_short{{2}};
  const auto both = model.read(pair, {.max_length = 4}),
             alone = model.read(short_one, {.max_length = 4});
  CHECK(both[0].symbols == alone[0].symbols);
  CHECK(both[0].confidence == Approx(alone[0].confidence));
  const double a = model.loss(short_one, to_short).item();
  const std::vector<Symbols> twice{{1, 2}, {1, 2}}, to_twice{{2}, {2}};
  CHECK(model.loss(twice, to_twice).item() == Approx(a));
}

TEST_CASE("labels and sounds that do not fit are reported", "[sequence_decoder]") {
  Random rng(2);
  Seq2Seq<float> model({.from = 5, .to = 5}, rng);
  const std::vector<Symbols> from{{1, 2}}, two{{1}, {2}}, beyond{{5}}, empty{{}};
  CHECK_THROWS_AS(model.loss(from, two), ShapeError);
  CHECK_THROWS_AS(model.loss(from, beyond), ValueError);
  CHECK_THROWS_AS(model.loss(empty, from), ValueError);
  const std::vector<Symbols> none;
  CHECK_THROWS_AS(model.loss(none, none), ValueError);
  CHECK_THROWS_AS(model.read(none), ValueError);
  CHECK_THROWS_AS(model.loss(from, from, {.sampling = 0.5}), ValueError);
  SpeechRecognizer<float> listener(
      {.bands = 4, .stack = 2, .symbols = 3, .encoder = 4, .decoder = 6, .attention = 4, .taps = 5},
      rng);
  const std::vector<Tensor<float>> narrow{zeros<float>({6, 3})}, brief{zeros<float>({1, 4})},
      fits{zeros<float>({6, 4})};
  CHECK_THROWS_AS(listener.read(narrow), ShapeError);
  CHECK_THROWS_AS(listener.read(brief), ShapeError);
  CHECK_THROWS_AS(listener.read({}), ValueError);
  CHECK_THROWS_AS(listener.loss({}, {}), ValueError);
  CHECK(listener.read(fits, {.max_length = 3}, 1).front().attention.size(1) == 3);
}

TEST_CASE("reading is in evaluation mode, and leaves mode and window as they were",
          "[sequence_decoder]") {
  Random rng(3);
  SpeechRecognizer<float> listener({.bands = 4,
                                    .stack = 2,
                                    .symbols = 3,
                                    .encoder = 4,
                                    .decoder = 6,
                                    .attention = 4,
                                    .taps = 5,
                                    .dropout = 0.5},
                                   rng);
  listener.decoder.state_dropout = Dropout<float>(0.5, rng);
  Tensor<float> sound({12, 4});
  for (float& x : sound.span()) x = static_cast<float>(rng.normal());
  const std::vector<Tensor<float>> sounds{sound};
  const std::vector<bool> modes = training_modes(listener);
  CHECK(std::count(modes.begin(), modes.end(), true) == 3);  // encoder, readout, states
  listener.decoder.attention.config.window = 2;
  const double one = listener.read(sounds, {.max_length = 4}).front().confidence;
  CHECK(listener.read(sounds, {.max_length = 4}).front().confidence == one);
  CHECK_THROWS_AS(listener.read(sounds, {.width = 0}, 1), ValueError);
  CHECK(training_modes(listener) == modes);
  CHECK(listener.decoder.attention.config.window == 2);
  set_training(listener, false);
  CHECK(listener.read(sounds, {.max_length = 4}).front().confidence == one);
}

TEST_CASE("state dropout hides the state from some words in training, and from none in reading",
          "[sequence_decoder]") {
  Random rng(4);
  SequenceDecoder<float> decoder({.symbols = 5,
                                  .hidden = 6,
                                  .readout = 4,
                                  .attention = {.width = 4},
                                  .frame = 3,
                                  .state_dropout = 0.25},
                                 rng);
  const Index rows = 400;
  Tensor<float> seen({rows, 9});
  for (float& x : seen.span()) x = static_cast<float>(rng.normal());
  Tensor<float> blind = seen.clone();
  for (Index r = 0; r < rows; ++r)
    for (Index i = 0; i < 6; ++i) blind(r, i) = 0;
  const Symbols previous(rows, 2);
  const auto scores = [&](const Tensor<float>& x) {
    return decoder.scores(constant(x), previous).value();
  };

  const Tensor<float> taught = scores(seen);
  set_training(decoder, false);
  const Tensor<float> whole = scores(seen), without = scores(blind);
  Index hidden = 0, kept = 0;
  for (Index r = 0; r < rows; ++r) {
    const auto same = [&](const Tensor<float>& x) {
      bool equal = true;
      for (Index c = 0; c < 5; ++c) equal = equal && taught(r, c) == Approx(x(r, c)).margin(1e-6);
      return equal;
    };
    hidden += same(without), kept += same(whole);
  }
  CHECK(hidden + kept == rows);
  CHECK(hidden > 70);
  CHECK(hidden < 130);
}
