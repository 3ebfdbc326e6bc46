// The reader: its sizes, its initial state, that it learns, and that a batch gives the readings of
// single images.
#include <glimpse/models/read.hpp>
#include <glimpse/optim/adam.hpp>

#include "bars.hpp"
#include "catch.hpp"

using namespace glimpse;

namespace {

ReaderConfig tiny() {
  ReaderConfig c;
  c.widths = {48, 96};
  c.channels = {8, 16, 16, 16, 32, 32, 32};
  c.recurrent = c.attention = c.decoder = 24;
  c.localization_channels = {4, 8};
  c.localization_hidden = {16};
  c.localization_height = 16, c.localization_width = 32;
  return c;
}

}  // namespace

TEST_CASE("presets have the published numbers of parameters", "[models]") {
  Random random(1);
  const auto count = [&](std::string_view preset, bool rectify) {
    ReaderConfig c = rare_config(preset);
    if (!rectify) c.model = ReaderModel::srn;
    Rare<float> model(c, random);
    return count_parameters(model);
  };
  // CRNN's seven convolutions with three batch norms: 5 551 360; two BLSTMs of 256: 3 153 920; the decoder: 826 405.
  CHECK(count("paper", false) == 5551360 + 3153920 + 826405);
  // Localization as published: 8.93 M.
  CHECK(count("paper", true) - count("paper", false) == 8932904);
  CHECK(count("large", true) == 10832077);
  CHECK(count("base", true) == 4172173);
  CHECK(count("compact", true) == 1730813);
  CHECK_THROWS_AS(rare_config("huge"), ValueError);
}

TEST_CASE("every starting pattern begins near where it says", "[models]") {
  for (const FiducialPattern pattern : {FiducialPattern::straight, FiducialPattern::slanted, FiducialPattern::sine}) {
    ReaderConfig c = tiny();
    c.pattern = pattern;
    Random random(2);
    Rare<float> model(c, random);
    set_training(model, false);
    const Rectified<float> r = model.rectify(constant(standardized(bars("abc", 40, 90))), 48);
    const Tensor<float> start = fiducial_start<float>(c);
    for (Index i = 0; i < start.size(); ++i)
      CHECK(r.fiducials.value().data()[i] == Approx(start.data()[i]).margin(1e-5));
  }
}

TEST_CASE("a rectifier whose points frame the image gives the image back", "[models]") {
  ReaderConfig c = tiny();
  c.margin = 0;
  Random random(3);
  Rare<float> model(c, random);
  set_training(model, false);
  const Tensor<float> x = standardized(bars("hello", c.height, 48));
  const Tensor<float> y = model.rectify(constant(x), 48).image.value();
  // tanh reaches 0.999: at the edges the grid falls short by 0.001 x 24 + 0.001 x 16 pixels, and
  // pixels differ by 1.9.
  for (Index i = 0; i < x.size(); ++i) CHECK(std::fabs(y.data()[i] - x.data()[i]) < 0.04f * 1.9f);
}

TEST_CASE("images of many sizes are straightened together as each alone", "[models]") {
  for (const ReaderModel kind : {ReaderModel::rare, ReaderModel::srn}) {
    ReaderConfig c = tiny();
    c.model = kind;
    Random random(5);
    Rare<float> model(c, random);
    if (model.rectifier) {  // points that depend on the image
      Tensor<float>& last = model.rectifier->localization.last.weight.mutable_value();
      for (float& v : last.span()) v = static_cast<float>(random.uniform(-0.05, 0.05));
    }
    set_training(model, false);
    std::vector<Variable<float>> images;
    for (const Index height : {20, 32, 57})
      images.push_back(constant(standardized(bars("word", height, 2 * height + 7))));
    const Rectified<float> together = model.rectify(images, model.locate(images), 48);
    REQUIRE(together.image.shape() == Shape{3, 1, 32, 48});
    for (Index i = 0; i < 3; ++i) {
      const Rectified<float> alone = model.rectify(images[static_cast<std::size_t>(i)], 48);
      const Tensor<float> a = alone.image.value(), b = together.image.value().select(0, i);
      for (Index k = 0; k < a.size(); ++k)
        CHECK(a.data()[k] == Approx(b.data()[k]).margin(1e-4));
      CHECK(together.fiducials.defined() == (kind == ReaderModel::rare));
    }
  }
}

TEST_CASE("frames follow the width: 26 or 24 columns for 100 pixels, more for longer words", "[models]") {
  for (const Index columns : {24, 26}) {
    ReaderConfig c = tiny();
    c.columns = columns;
    Random random(4);
    Encoder<float> encoder(c, random);
    set_training(encoder, false);
    CHECK(encoder(constant(zeros<float>({1, 1, 32, 100}))).shape() == Shape{columns, 1, 48});
    CHECK(encoder(constant(zeros<float>({1, 1, 32, 200}))).size(0) == columns + 25);
  }
}

TEST_CASE(
    "ten words are learned to the last letter, and the readings are equal one by one, together and folded",
    "[models]") {
  const ReaderConfig c = tiny();
  Random random(5);
  Rare<float> model(c, random);
  const TenWords data = ten_words(c);
  AdamW<float> optimizer(parameters(model), {.learning_rate = 4e-3f});
  Index right = 0;
  int in_a_row = 0;  // the first step with ten right words may be unstable
  for (int step = 0; step < 400 && in_a_row < 20; ++step) {
    optimizer.zero_grad();
    const Variable<float> loss = model.loss(constant(data.images), 48, data.labels, 0.0f, &right);
    loss.backward();
    optimizer.step();
    in_a_row = right == 10 ? in_a_row + 1 : 0;
  }
  optimizer.learning_rate = 4e-4;
  for (int more = 0; more < 40; ++more) {  // settles the running statistics, and no weight runs away
    optimizer.zero_grad();
    model.loss(constant(data.images), 48, data.labels).backward();
    optimizer.step();
  }
  CHECK(right == 10);

  set_training(model, false);
  std::vector<GrayImage> images;
  for (const std::string& word : words) images.push_back(bars(word, c.height, 48));
  const std::vector<Reading> together = read(model, std::span<const GrayImage>(images));
  for (std::size_t i = 0; i < words.size(); ++i) {
    CHECK(together[i].text == words[i]);
    const Reading alone = read(model, images[i]);
    CHECK(alone.text == together[i].text);
    CHECK(alone.confidence == Approx(together[i].confidence).epsilon(1e-3));
    double product = 1;
    for (const double p : alone.character_confidence) product *= p;
    CHECK(alone.confidence == Approx(product));
    CHECK(alone.character_confidence.size() == words[i].size() + 1);
    CHECK(alone.attention.shape() == Shape{static_cast<Index>(words[i].size()) + 1, together[i].attention.size(1)});
    for (Index t = 0; t < alone.attention.size(0); ++t) {
      double sum = 0;
      for (const float a : rows_of(alone.attention).row(t)) sum += static_cast<double>(a);
      CHECK(sum == Approx(1).epsilon(1e-4));
    }
    CHECK(read(model, images[i], {.beam = 5}).confidence >= 0.999 * alone.confidence);
  }
  const Lexicon lexicon({"dog", "tea", "hello"}, model.charset);
  CHECK(read(model, images[3], {.lexicon = &lexicon}).text == "dog");
  const Reading forced = read(model, images[0], {.lexicon = &lexicon});
  CHECK((forced.text == "dog" || forced.text == "tea" || forced.text == "hello"));

  model.fold();
  CHECK(buffers(model).empty());
  const std::vector<Reading> folded = read(model, std::span<const GrayImage>(images));
  for (std::size_t i = 0; i < words.size(); ++i) {
    CHECK(folded[i].text == words[i]);
    CHECK(folded[i].confidence == Approx(together[i].confidence).epsilon(1e-3));
  }
}

TEST_CASE("gradients reach every parameter, the localization network's too", "[models]") {
  const ReaderConfig c = tiny();
  Random random(6);
  Rare<float> model(c, random);
  Tensor<float>& w = model.rectifier->localization.last.weight.mutable_value();
  for (float& v : w.span()) v = static_cast<float>(random.uniform(-0.05, 0.05));  // zero weights pass no gradient
  const TenWords data = ten_words(c);
  model.loss(constant(data.images), 48, data.labels).backward();
  for (const auto& p : parameters(model)) {
    INFO(p.name);
    REQUIRE(p.variable.grad().defined());
    double sum = 0;
    for (const float g : p.variable.grad().span()) sum += std::fabs(static_cast<double>(g));
    // A bias before a batch norm has no effect.
    const bool idle = p.name.find(".conv.bias") != std::string::npos;
    if (!idle) CHECK(sum > 0);
  }
}

TEST_CASE("the whole reader's gradient agrees with differences, in double", "[models]") {
  ReaderConfig c = tiny();
  c.widths = {24};
  c.height = 32;
  c.channels = {2, 3, 3, 3, 4, 4, 4};
  c.recurrent = c.attention = c.decoder = 4;
  c.localization_channels = {2, 3};
  c.localization_hidden = {4};
  c.fiducials = 6;
  Random random(7);
  Rare<double> model(c, random);
  for (double& v : model.rectifier->localization.last.weight.mutable_value().span()) v = random.uniform(-0.1, 0.1);
  Tensor<double> images({2, 1, 32, 24});
  for (double& v : images.span()) v = random.uniform(-1, 1);
  const std::vector<std::vector<Index>> labels = {{0, 1}, {2}};
  const auto loss = [&] { return model.loss(constant(images), 24, labels); };
  loss().backward();
  Index checked = 0;
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
    // max pools and ReLU have kinks; an h this small avoids nearly all of them.
    CHECK(grad.data()[k] == Approx((up - down) / (2 * h)).margin(1e-6).epsilon(1e-4));
    ++checked;
  }
  CHECK(checked > 40);
}

TEST_CASE("what cannot be read or learned says so", "[models]") {
  Random random(8);
  Rare<float> model(tiny(), random);
  set_training(model, false);
  CHECK_THROWS_AS(read(model, GrayImage()), ValueError);
  const TenWords data = ten_words(model.config);
  std::vector<std::vector<Index>> wrong = data.labels;
  wrong[0][0] = 36;  // the end symbol cannot occur within a word
  CHECK_THROWS_AS(model.loss(constant(data.images), 48, wrong), ValueError);
  wrong.pop_back();
  CHECK_THROWS_AS(model.loss(constant(data.images), 48, wrong), ShapeError);
  ReaderConfig c = tiny();
  c.fiducials = 5;
  CHECK_THROWS_AS(Rare<float>(c, random), ValueError);
  c = tiny();
  c.widths = {48, 10'000'000};  // a file that asks for 25 GB
  CHECK_THROWS_AS(Rare<float>(c, random), ValueError);
  c = tiny();
  c.localization_channels.assign(63, 4);
  CHECK_THROWS_AS(Rare<float>(c, random), ValueError);
}
