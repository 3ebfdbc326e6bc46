// A run around its steps: options, the log, validation, early stopping, the average.
#include <algorithm>
#include <clocale>
#include <cmath>
#include <fstream>
#include <iterator>
#include <limits>

#include <glimpse/train/word_trainer.hpp>

#include "catch.hpp"
#include "tiny.hpp"

using namespace glimpse;

namespace {

Reader<float> fresh() {
  Random random(1);
  return Reader<float>(tiny(), random);
}

std::vector<std::vector<float>> numbers(Reader<float>& model) {
  std::vector<std::vector<float>> all;
  for (const auto& [name, x] : state_dict(model)) all.emplace_back(x.data(), x.data() + x.size());
  return all;
}

std::string text_of(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return std::string((std::istreambuf_iterator<char>(in)), {});
}

std::vector<TrainLog::Line> validations(const std::string& out) {
  std::vector<TrainLog::Line> found;
  const TrainLog log(out + "/log.tsv", 1'000'000);
  for (const TrainLog::Line& l : log.lines())
    if (l.validated()) found.push_back(l);
  return found;
}

}  // namespace

TEST_CASE("a batch with one NaN pixel leaves no trace", "[train]") {
  const TrainOptions o = tiny_options("nan_pixel");
  WordLearner with(fresh(), o), without(fresh(), o);
  const auto batch = [&](std::uint64_t first, bool broken) {
    const WordSource source = [=](std::uint64_t i) {
      LabeledWord word = striped_word(first + i);
      if (broken && i == 0) word.image.pixels[7] = std::numeric_limits<float>::quiet_NaN();
      return word;
    };
    WordLoaderOptions l = loader_options(tiny(), o);
    l.batches_per_chunk = 1;
    return WordLoader(source, l).next();
  };
  CHECK(with.step(batch(0, false), 1e-3).taken);
  CHECK(without.step(batch(0, false), 1e-3).taken);
  const auto before = numbers(with.model());
  CHECK_FALSE(with.step(batch(50, true), 1e-3).taken);
  CHECK(numbers(with.model()) == before);
  CHECK(with.step(batch(100, false), 1e-3).taken);
  CHECK(without.step(batch(100, false), 1e-3).taken);
  CHECK(numbers(with.model()) == numbers(without.model()));
}

TEST_CASE("a run in which one pixel is NaN ends with weights that can be loaded", "[train]") {
  TrainOptions o = tiny_options("nan_run");
  o.validation = {tiny_folder("nan_valid", 6)};
  const WordSource source = [](std::uint64_t i) {
    LabeledWord word = striped_word(i);
    if (i == 40) word.image.pixels[7] = std::numeric_limits<float>::quiet_NaN();
    return word;
  };
  CHECK(WordTrainer(fresh(), source, o).run().finished);
  CHECK_NOTHROW(load_reader(o.out + "/best.safetensors"));
  CHECK_NOTHROW(load_reader(o.out + "/last.safetensors"));
}

TEST_CASE("a run validates at the start and at every tenth, with the accuracy and the loss",
          "[train]") {
  for (const ReaderModel kind : {ReaderModel::rare, ReaderModel::crnn}) {
    TrainOptions o = tiny_options("tenths");
    o.steps = 20, o.validation = {tiny_folder("tenths_valid", 40)};
    ReaderConfig c = tiny();
    c.model = kind;
    Random random(1);
    WordTrainer(Reader<float>(c, random), striped_word, o).run();
    const auto found = validations(o.out);
    REQUIRE(found.size() == 11);
    for (std::size_t i = 0; i < found.size(); ++i) {
      CHECK(found[i].step == 2 * i);
      CHECK(std::isfinite(found[i].validation_loss));
      CHECK(found[i].learning_rate > 0);             // before the first line of the log, too
      CHECK(std::isnan(found[i].loss) == (i == 0));  // no loss before the first step
    }
  }
}

TEST_CASE("the validation loss is the mean -ln p of the labels' symbols", "[train]") {
  const std::string folder = tiny_folder("loss_valid", 5);
  Reader<float> model = fresh();
  set_training(model, false);
  std::vector<std::string> notes;
  const auto sets = open_validation({folder}, 500, Protocol::lower36, notes);
  const double loss = validate(model, sets, 500, Protocol::lower36).loss;
  double sum = 0, symbols = 0;
  const FolderDataset images(folder);
  for (const LabeledFile& file : images.files()) {  // one by one, as in training
    const GrayImage image = load_image(file.path);
    const std::vector<Index> label = model.charset().encode(file.label);
    const Index width = rectified_width(tiny(), text_line_size(image));
    const auto x = constant(resized(standardized(image), 64, 2 * width));
    const double n = static_cast<double>(label.size()) + 1;
    sum += n * static_cast<double>(model.loss(x, width, std::span(&label, 1)).item()), symbols += n;
  }
  CHECK(loss == Approx(sum / symbols).epsilon(1e-5));
}

TEST_CASE("validation sets of which nothing can be read are an error at the start", "[train]") {
  TrainOptions o = tiny_options("unreadable");
  o.validation = {tiny_folder("unreadable_valid", 2)};
  for (const char* file : {"/0.png", "/1.png"}) std::filesystem::remove(o.validation[0] + file);
  CHECK_THROWS_WITH(WordTrainer(fresh(), striped_word, o),
                    Catch::Contains("got none of 2 that '" + o.validation[0]));
}

TEST_CASE("patience ends a run after validations without gain", "[train]") {
  TrainOptions o = tiny_options("patience");
  o.steps = 60, o.validation = {tiny_folder("patience_valid", 6)};
  o.learning_rate = 1e-30, o.patience = 3;  // nothing changes, so there is no gain
  o.weight_decay = 0;
  WordSource flat = [](std::uint64_t) { return striped_word(3); };
  ReaderConfig c = tiny();
  c.normed.clear(), c.localization_norm = false;  // no running statistics either
  const auto run = [&] {
    Random random(1);
    return WordTrainer(Reader<float>(c, random), flat, o).run();
  };
  const TrainResult result = run();
  CHECK(result.finished);
  CHECK(result.out_of_patience);
  CHECK(result.steps == 18);  // at step 0, then three tenths without gain
  o.resume = true;
  CHECK(run().steps == 18);  // a resumed run knows that its patience has ended
  o.patience = 5;
  CHECK(run().steps == 30);

  o.resume = false, o.patience = 1, o.validation.clear();
  CHECK_THROWS_WITH(run(), Catch::Contains("validation set for patience"));
}

TEST_CASE("a second run in the same folder is refused while the first is at work", "[train]") {
  TrainOptions o = tiny_options("locked");
  bool tried = false;
  WordTrainer first(fresh(), striped_word, o);
  CHECK_THROWS_WITH(WordTrainer(fresh(), striped_word, o), Catch::Contains("another run"));
  first.run([&] {
    if (!tried)
      CHECK_THROWS_WITH(WordTrainer(fresh(), striped_word, o),
                        Catch::Contains(o.out + ", where another run is at work"));
    tried = true;
    return false;
  });
  CHECK(tried);
  o.resume = true;
  CHECK_NOTHROW(WordTrainer(fresh(), striped_word, o));
}

TEST_CASE("the log is replaced whole when a run goes on, and loses no line", "[train]") {
  const std::string path = scratch_path("whole_log.tsv").string();
  {
    TrainLog log(path, 0);
    for (std::uint64_t i = 1; i <= 5; ++i)
      log.add({.step = i,
               .seconds = 1e300,
               .loss = 0.5,
               .accuracy = 0.25,
               .learning_rate = 1e-3,
               .gradient_norm = 1e308,
               .rate = 7});  // longer than any former buffer
    log.add({.step = 5,
             .seconds = 2,
             .learning_rate = 1e-3,
             .validation = 0.5,
             .validation_loss = 1.5});
  }
  // A reader with the old file open keeps it complete: a rename replaces it by the new one.
  std::ifstream old(path);
  const std::string before = text_of(path);
  const TrainLog again(path, 5);
  CHECK(std::string((std::istreambuf_iterator<char>(old)), {}) == before);
  CHECK(text_of(path) == before);
  REQUIRE(again.lines().size() == 6);
  CHECK(again.lines()[4].gradient_norm == 1e308);
  CHECK(again.lines()[5].validation_loss == 1.5);
  CHECK(std::isnan(again.lines()[5].loss));

  // A line cut by a kill does not count; lines after the step and lines of another form are
  // dropped.
  std::ofstream(path, std::ios::app) << "5\t2.0\t0.5\t0.25\t1e-3\t1\t7\t0.50\t1.";
  CHECK(TrainLog(path, 4).lines().size() == 4);
  std::ofstream(path) << "step\tseconds\n1\t1.0\t0.5\t0.25\t1e-3\t1\t7\t\nnonsense\n"
                         "2\t1.0\t0,5\t0.25\t1e-3\t1\t7\t\n";
  CHECK(TrainLog(path, 9).lines().size() == 1);  // as older versions wrote it
}

TEST_CASE("the log's numbers have a point in a locale with a comma", "[train]") {
  const std::string before = std::setlocale(LC_ALL, nullptr);
  bool comma = false;
  for (const char* name : {"de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8", "de_DE"})
    comma = comma || std::setlocale(LC_ALL, name);
  if (!comma) WARN("no locale with a comma on this machine; the plain one alone is tried");
  const std::string path = scratch_path("locale_log.tsv").string();
  TrainLog(path, 0).add({.step = 1, .seconds = 1.5, .loss = 0.25, .learning_rate = 1e-3});
  const TrainLog again(path, 1);
  std::setlocale(LC_ALL, before.c_str());
  CHECK(text_of(path).find("1\t1.5\t0.25000\t\t1.000e-03\t\t\t\t\n") != std::string::npos);
  REQUIRE(again.lines().size() == 1);
  CHECK(again.lines()[0].loss == 0.25);
}

TEST_CASE("a resumed run reports the options that changed", "[train]") {
  TrainOptions o = tiny_options("told");
  o.stop_after = 4, o.data = "a folder";
  const auto resumed = [&](auto change) {
    TrainOptions other = o;
    other.resume = true;
    change(other);
    return WordTrainer(fresh(), striped_word, other).notes();
  };
  WordTrainer(fresh(), striped_word, o).run();
  CHECK(resumed([](TrainOptions&) {}).empty());
  CHECK(resumed([](TrainOptions& x) { x.loader_threads = 2, x.save_every = 1; }).empty());
  CHECK(resumed([](TrainOptions& x) { x.steps = 48; }) ==
        std::vector<std::string>{"resume: steps was 24, is now 48"});
  CHECK(resumed([](TrainOptions& x) { x.learning_rate = 1e-3, x.data = "another"; }) ==
        std::vector<std::string>{"resume: learning_rate was 0.002, is now 0.001",
                                 "resume: data was \"a folder\", is now \"another\""});
  CHECK_THROWS_WITH(resumed([](TrainOptions& x) { x.optimizer = TrainOptimizer::adadelta; }),
                    Catch::Contains("was trained with optimizer \"adamw\", not \"adadelta\""));
  CHECK_THROWS_WITH(resumed([](TrainOptions& x) { x.ema_decay = 0.9; }),
                    Catch::Contains("expected ema_decay 0, as"));
}

TEST_CASE("the average goes on without being named again, and cannot be dropped", "[train]") {
  TrainOptions o = tiny_options("average_resumed");
  o.ema_decay = 0.9, o.stop_after = 4;
  WordTrainer(fresh(), striped_word, o).run();
  o.ema_decay.reset(), o.resume = true;
  {
    WordTrainer trainer(fresh(), striped_word, o);
    CHECK(trainer.options().ema_decay == 0.9);
    trainer.run();
  }
  CHECK(load_checkpoint(o.out + "/last.safetensors").find("mean.recognizer.decoder.output.bias"));
  o.ema_decay = 0;
  CHECK_THROWS_WITH(WordTrainer(fresh(), striped_word, o), Catch::Contains("above 0, as"));
}

TEST_CASE("an average is kept by itself at a constant rate alone", "[train]") {
  for (const TrainOptimizer optimizer : {TrainOptimizer::adamw, TrainOptimizer::adadelta}) {
    TrainOptions o = tiny_options("default_average");
    o.optimizer = optimizer, o.stop_after = 1;
    WordTrainer trainer(fresh(), striped_word, o);
    CHECK(trainer.options().ema_decay == (optimizer == TrainOptimizer::adadelta ? 0.999 : 0));
  }
}

TEST_CASE("weights tell how they were trained", "[train]") {
  TrainOptions o = tiny_options("record");
  o.validation = {tiny_folder("record_valid", 4)};
  o.data = "stripes", o.seed = 7;
  WordTrainer(fresh(), striped_word, o).run();
  for (const char* file : {"/last.safetensors", "/best.safetensors"}) {
    const Checkpoint c = load_checkpoint(o.out + file);
    const auto record = nlohmann::json::parse(c.text("training"));
    CHECK(record.at("version") == std::string(version));
    CHECK(record.at("data") == "stripes");
    CHECK(record.at("options").at("seed") == 7);
    CHECK(record.at("options").at("learning_rate") == 2e-3);
    CHECK(record.at("options").at("ema_decay") == 0.0);
    CHECK_FALSE(record.at("options").contains("out"));
    CHECK(record.at("step") <= 24);
  }
  CHECK(training_text(o).find("learning_rate 0.002") != std::string::npos);
}

TEST_CASE("options that make no sense are refused by name", "[train]") {
  const auto message = [](auto change) {
    TrainOptions o;
    o.steps = 1;
    change(o);
    try {
      o.check();
    } catch (const ValueError& e) {
      return std::string(e.what());
    }
    return std::string();
  };
  const double nan = std::numeric_limits<double>::quiet_NaN();
  CHECK(message([](TrainOptions&) {}).empty());
  CHECK(message([](TrainOptions& o) { o.steps = 0; }) ==
        "train: expected a budget in steps or minutes, got none");
  CHECK(message([](TrainOptions& o) { o.batch = 0; }) == "train: expected batch from 1, got 0");
  CHECK(message([&](TrainOptions& o) { o.learning_rate = nan; }).find("learning_rate") <
        std::string::npos);
  for (double TrainOptions::*option :
       {&TrainOptions::minutes, &TrainOptions::learning_rate, &TrainOptions::warmup_fraction,
        &TrainOptions::weight_decay, &TrainOptions::localization_lr_scale, &TrainOptions::clip_norm,
        &TrainOptions::label_smoothing, &TrainOptions::fiducials, &TrainOptions::validate_every,
        &TrainOptions::save_every})
    for (const double bad : {nan, -1.0}) {
      INFO(bad);
      CHECK_FALSE(message([&](TrainOptions& o) { o.*option = bad; }).empty());
    }
  CHECK_FALSE(message([](TrainOptions& o) { o.ema_decay = 1; }).empty());
  CHECK(message([&](TrainOptions& o) {
          o.ema_decay = nan;
        }).starts_with("train: expected ema_decay from 0.0 to 0.99999, got "));
}
