// A run that is stopped and resumed gives bit-identical weights.
#include <filesystem>

#include <glimpse/train/word_trainer.hpp>

#include "catch.hpp"
#include "tiny.hpp"

using namespace glimpse;

namespace {

std::vector<NamedTensor<float>> trained(TrainOptions o, std::vector<std::uint64_t> pauses,
                                        int threads, const ReaderConfig& config = tiny()) {
  const ThreadScope scope(threads);
  for (std::size_t part = 0;; ++part) {
    Random random(o.seed);
    o.resume = part > 0;
    o.stop_after = part < pauses.size() ? pauses[part] : 0;
    WordTrainer trainer(Reader<float>(config, random), striped_word, o);
    const TrainResult result = trainer.run();
    CHECK(std::isfinite(result.loss));
    if (result.finished) return state_dict(trainer.model());
  }
}

void check_same(const std::vector<NamedTensor<float>>& a,
                const std::vector<NamedTensor<float>>& b) {
  REQUIRE(a.size() == b.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    INFO(a[i].name);
    CHECK(std::memcmp(a[i].tensor.data(), b[i].tensor.data(),
                      static_cast<std::size_t>(a[i].tensor.size()) * sizeof(float)) == 0);
  }
}

}  // namespace

TEST_CASE("stopped twice and resumed, on other thread counts, ends where an unbroken run ends",
          "[train]") {
  const auto whole = trained(tiny_options("whole"), {}, 2);
  TrainOptions other = tiny_options("broken");
  other.loader_threads = 3;
  const auto broken = trained(other, {5, 8}, 1);
  check_same(whole, broken);
  CHECK(std::filesystem::exists(other.out + "/log.tsv"));
  CHECK(std::filesystem::exists(other.out + "/curves.png"));
}

TEST_CASE("crnn, too, ends where an unbroken run ends", "[train]") {
  ReaderConfig c = tiny();
  c.model = ReaderModel::crnn;
  check_same(trained(tiny_options("crnn_whole"), {}, 2, c),
             trained(tiny_options("crnn_broken"), {7}, 1, c));
}

TEST_CASE("with Adadelta and an exponential moving average of the weights, too", "[train]") {
  TrainOptions whole = tiny_options("mean_whole"), broken = tiny_options("mean_broken");
  for (TrainOptions* o : {&whole, &broken}) {
    o->optimizer = TrainOptimizer::adadelta;
    o->learning_rate = 1, o->ema_decay = 0.9;
  }
  check_same(trained(whole, {}, 2), trained(broken, {7}, 1));
  const Checkpoint a = load_checkpoint(whole.out + "/last.safetensors"),
                   b = load_checkpoint(broken.out + "/last.safetensors");
  bool mean = false;
  for (const auto& [name, x] : a.tensors) {
    if (!name.starts_with("mean.")) continue;
    const Tensor<float>*other = b.find(name), *now = a.find("model." + name.substr(5));
    REQUIRE(other);
    REQUIRE(now);
    CHECK(std::equal(x.data(), x.data() + x.size(), other->data()));
    mean = mean || !std::equal(x.data(), x.data() + x.size(), now->data());
  }
  CHECK(mean);  // differs from the trained weights
}

TEST_CASE("taught fiducial points, too, the rectifier alone and beside the words", "[train]") {
  TrainOptions whole = tiny_options("points_whole"), broken = tiny_options("points_broken");
  for (TrainOptions* o : {&whole, &broken}) o->fiducials = 10;
  check_same(trained(whole, {}, 2), trained(broken, {7}, 1));

  for (TrainOptions* o : {&whole, &broken}) {
    *o = tiny_options(o == &whole ? "alone_whole" : "alone_broken");
    o->rectifier_only = true;
  }
  const auto alone = trained(whole, {}, 2);
  check_same(alone, trained(broken, {7}, 1));
  Random random(whole.seed);
  Reader<float> start(tiny(), random);
  const auto before = state_dict(start);
  for (std::size_t i = 0; i < alone.size(); ++i) {  // nothing else changes
    INFO(alone[i].name);
    const Tensor<float>&a = before[i].tensor, &b = alone[i].tensor;
    const bool moved = !std::equal(a.data(), a.data() + a.size(), b.data());
    CHECK(moved == alone[i].name.starts_with("rectifier"));
  }

  ReaderConfig srn = tiny();
  srn.model = ReaderModel::srn;
  CHECK_THROWS_WITH(WordTrainer(Reader<float>(srn, random), striped_word, whole),
                    "train: srn has no rectifier to teach fiducial points to");
}

TEST_CASE("a word that cannot be made ends a run, and nothing that was learned is lost",
          "[train]") {
  TrainOptions o = tiny_options("broken_word");
  o.loader_threads = 1;
  Random random(1);
  const WordSource source = [](std::uint64_t i) {
    return i < 32 ? striped_word(i) : throw IoError("word 32 is broken");
  };
  WordTrainer trainer(Reader<float>(tiny(), random), source, o);
  CHECK_THROWS_AS(trainer.run(), IoError);
  o.resume = true, o.stop_after = 4;
  CHECK(WordTrainer(Reader<float>(tiny(), random), striped_word, o).run().steps == 12);
}

TEST_CASE("the running mean goes part of the way to the weights, and is what is kept", "[train]") {
  TrainOptions o = tiny_options("mean");
  o.steps = 1, o.ema_decay = 0.9;
  Random random(o.seed);
  Reader<float> start(tiny(), random);
  const auto trained_once = trained(o, {}, 1);
  const Checkpoint c = load_checkpoint(o.out + "/last.safetensors");
  const auto before = state_dict(start);
  double moved = 0;
  for (std::size_t i = 0; i < before.size(); ++i) {
    const Tensor<float>* mean = c.find("mean." + before[i].name);
    REQUIRE(mean);
    for (Index j = 0; j < mean->size(); ++j) {  // after one step the mean keeps 2 / 11
      const double w0 = before[i].tensor.data()[j], w1 = trained_once[i].tensor.data()[j];
      CHECK(mean->data()[j] == Approx(w0 + 9.0 / 11 * (w1 - w0)).margin(1e-6));
      moved = std::max(moved, std::abs(w1 - w0));
    }
  }
  CHECK(moved > 1e-4);
}

TEST_CASE("resuming what is not there, or is something else, says so and touches nothing",
          "[train]") {
  TrainOptions o = tiny_options("missing");
  o.resume = true;
  Random random(1);
  CHECK_THROWS_AS(WordTrainer(Rare<float>(tiny(), random), striped_word, o), IoError);

  TrainOptions first = tiny_options("other");
  first.stop_after = 2;
  WordTrainer(Rare<float>(tiny(), random), striped_word, first).run();
  ReaderConfig larger = tiny();
  larger.decoder = 12;
  first.resume = true;
  TrainOptions elsewhere = first;
  elsewhere.seed = 5;
  CHECK_THROWS_WITH(WordTrainer(Rare<float>(tiny(), random), striped_word, elsewhere),
                    Catch::Contains("was trained with seed 1, not 5"));
  CHECK_THROWS_AS(WordTrainer(Rare<float>(larger, random), striped_word, first), IoError);
}

TEST_CASE("a model file comes back with its configuration and reads the same", "[train]") {
  const std::string path = scratch_path("model.safetensors").string();
  ReaderConfig c = tiny();
  c.pattern = FiducialPattern::sine;
  Random random(3);
  Rare<float> model(c, random);
  save_checkpoint(path, model_checkpoint(model), DType::float32);
  Reader<float> back = load_reader(path);
  CHECK(config_text(back.config()) == config_text(c));
  set_training(model, false);
  const GrayImage image = striped_word(5).image;
  CHECK(read(back, image).text == read(model, image).text);
  CHECK_THROWS_AS(load_reader(path + ".not"), IoError);
  CHECK_THROWS_AS(config_from_text("{\"height\": \"tall\"}"), IoError);
  CHECK_THROWS_AS(config_from_text("nonsense"), IoError);
}

TEST_CASE("a model file says which model it holds", "[train]") {
  const std::string path = scratch_path("which.safetensors").string();
  for (const ReaderModel kind : {ReaderModel::rare, ReaderModel::srn, ReaderModel::crnn}) {
    ReaderConfig c = tiny();
    c.model = kind;
    Random random(3);
    const Reader<float> model(c, random);
    save_checkpoint(path, model_checkpoint(model), DType::float32);
    CHECK(load_reader(path).config().model == kind);
    CHECK(load_reader(path, name(kind)).config().model == kind);
    const std::string_view other = kind == ReaderModel::rare ? "crnn" : "rare";
    CHECK_THROWS_WITH(load_reader(path, other), "--model: " + path + " holds a model '" +
                                                    std::string(name(kind)) + "', not '" +
                                                    std::string(other) + "'");
  }
  // Files from before the model was selectable.
  CHECK(config_from_text("{\"rectify\": true}").model == ReaderModel::rare);
  CHECK(config_from_text("{\"rectify\": false}").model == ReaderModel::srn);
  CHECK_THROWS_AS(config_from_text("{\"model\": \"trba\"}"), IoError);
}
