// CRNN: its published size, that it learns, and that its gradient is correct.
#include <glimpse/models/read.hpp>
#include <glimpse/optim/adam.hpp>

#include "bars.hpp"
#include "catch.hpp"

using namespace glimpse;

namespace {

ReaderConfig tiny() {
  ReaderConfig c = crnn_config("compact");
  c.widths = {48, 96};
  c.channels = {8, 16, 16, 16, 32, 32, 32};
  c.recurrent = c.projection = 24;
  return c;
}

}  // namespace

TEST_CASE("crnn has the published number of parameters", "[models]") {
  Random random(1);
  Crnn<float> paper(crnn_config("paper"), random), base(crnn_config("base"), random),
      compact(crnn_config("compact"), random);
  // Convolutions 5 551 360, BLSTMs 1 576 960 and 1 052 672, linear layers 131 328 and 18 981.
  CHECK(count_parameters(paper) == 8331301);
  CHECK(count_parameters(base) == 3171141);
  CHECK(count_parameters(compact) == 1268725);
  CHECK_THROWS_AS(crnn_config("large"), ValueError);
  const Variable<float> scores = compact.scores(constant(zeros<float>({2, 1, 32, 100})));
  CHECK(scores.shape() == Shape{26, 2, 37});
}

TEST_CASE("crnn learns ten words to the last letter", "[models]") {
  const ReaderConfig c = tiny();
  Random random(5);
  Crnn<float> model(c, random);
  const TenWords data = ten_words(c);
  AdamW<float> optimizer(parameters(model), {.learning_rate = 4e-3f});
  Index right = 0;
  float first = 0, last = 0;
  for (int step = 0; step < 1000 && right < 10; ++step) {
    optimizer.zero_grad();
    const Variable<float> loss = model.loss(constant(data.images), 48, data.labels, &right);
    loss.backward();
    optimizer.step();
    last = loss.item();
    if (step == 0) first = last;
  }
  CHECK(right == 10);
  CHECK(last < first / 4);
  for (int more = 0; more < 20; ++more) {  // settles the running statistics
    optimizer.zero_grad();
    model.loss(constant(data.images), 48, data.labels).backward();
    optimizer.step();
  }

  set_training(model, false);
  std::vector<GrayImage> images;
  for (const std::string& word : words) images.push_back(bars(word, c.height, 48));
  const std::vector<Reading> together = read(model, std::span<const GrayImage>(images));
  Crnn<float> folded = clone(model);
  folded.fold();
  CHECK(buffers(folded).empty());
  for (std::size_t i = 0; i < words.size(); ++i) {
    CHECK(together[i].text == words[i]);
    const Reading alone = read(model, images[i]);
    CHECK(alone.text == words[i]);
    CHECK(alone.confidence == Approx(together[i].confidence).epsilon(1e-3));
    CHECK(read(folded, images[i]).confidence == Approx(alone.confidence).epsilon(1e-3));
    CHECK(read(model, images[i], {.beam = 8}).confidence >= 0.999 * alone.confidence);
    // The attention map: one row for each character, from left to right.
    CHECK(alone.character_confidence.size() == words[i].size());
    REQUIRE(alone.attention.shape() == Shape{std::ssize(words[i]), together[i].attention.size(1)});
    double before = -1;
    for (Index k = 0; k < alone.attention.size(0); ++k) {
      double sum = 0, place = 0;
      for (Index t = 0; t < alone.attention.size(1); ++t) {
        sum += static_cast<double>(alone.attention(k, t));
        place += static_cast<double>(t) * static_cast<double>(alone.attention(k, t));
      }
      CHECK(sum == Approx(1).epsilon(1e-4));
      CHECK(place > before);
      before = place;
    }
  }
}

TEST_CASE("crnn's gradient agrees with differences, in double", "[models]") {
  ReaderConfig c = tiny();
  c.widths = {24};
  c.channels = {2, 3, 3, 3, 4, 4, 4};
  c.recurrent = c.projection = 4;
  Random random(7);
  Crnn<double> model(c, random);
  Tensor<double> images({2, 1, 32, 24});
  for (double& v : images.span()) v = random.uniform(-1, 1);
  const std::vector<std::vector<Index>> labels = {{0, 1}, {2, 2, 2}};
  const auto loss = [&] { return model.loss(constant(images), 24, labels); };
  loss().backward();
  for (auto& p : parameters(model)) {
    INFO(p.name);
    const Tensor<double> grad = p.variable.grad();
    double* x = p.variable.mutable_value().data();
    const Index k = random.uniform_int(p.variable.size());
    const NoGrad no_grad;
    const double kept = x[k], h = 1e-6;
    x[k] = kept + h;
    const double up = loss().item();
    x[k] = kept - h;
    const double down = loss().item();
    x[k] = kept;
    CHECK(grad.data()[k] == Approx((up - down) / (2 * h)).margin(1e-6).epsilon(1e-4));
  }
}

TEST_CASE("a label too long for its frames teaches crnn nothing, and spoils nothing", "[models]") {
  Random random(8);
  Crnn<float> model(tiny(), random);
  const Variable<float> images = constant(ten_words(model.config).images.slice(0, 0, 2));
  const std::vector<std::vector<Index>> labels{std::vector<Index>(40, 1),
                                               std::vector<Index>(40, 2)};
  const Variable<float> loss = model.loss(images, 48, labels);
  CHECK(loss.item() == 0);
  loss.backward();
  for (const auto& p : parameters(model))
    for (const float g : p.variable.grad().span()) CHECK(g == 0);

  // Together with one that fits: the mean is over the characters of the one that fits.
  set_training(model, false);
  const std::vector<std::vector<Index>> fits{{1, 2, 2}};
  const Variable<float> first = constant(images.value().slice(0, 0, 1));
  CHECK(model.loss(images, 48, std::vector<std::vector<Index>>{fits[0], labels[1]}).item() ==
        Approx(model.loss(first, 48, fits).item()));
}
