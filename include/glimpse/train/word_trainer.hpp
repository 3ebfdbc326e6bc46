// word trainer: teaches a reader from an endless stream of words.
//
//   minimise   L = mean of -ln p(symbol | symbols before it, picture)      RARE, SRN
//              L = mean of -ln p(word | picture) / characters of a word    CRNN
//
// from pictures and words alone, or with `fiducials` = w > 0 plus w times the fiducial loss, where
// drawn words tell their points (fiducial_loss.hpp). A run is a pure function of (configuration, seed, source) counted
// in steps: stopped after any step and resumed, it ends bit for bit where an unbroken run ends. (A
// run with a budget in minutes takes its learning rate from the clock.) In `out` stand:
// last.safetensors (everything to go on), best.safetensors (weights alone, best on the validation
// folders), log.tsv (a line every `log_every` steps) and curves.png.
//
// With `average` = k > 0 the weights that are validated and kept are a running mean of those that
// are trained, m <- k m + (1 - k) w after every step.
#pragma once

#include <chrono>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include <glimpse/data/word_loader.hpp>
#include <glimpse/models/word_extent.hpp>
#include <glimpse/optim/adadelta.hpp>
#include <glimpse/optim/adam.hpp>
#include <glimpse/optim/clip.hpp>
#include <glimpse/optim/schedule.hpp>
#include <glimpse/train/evaluate.hpp>
#include <glimpse/train/fiducial_loss.hpp>
#include <glimpse/train/model_file.hpp>
#include <glimpse/train/progress.hpp>
#include <glimpse/train/run_state.hpp>
#include <glimpse/train/train_log.hpp>

namespace glimpse::inline v0 {

/// AdamW follows a one-cycle schedule; Adadelta keeps its rate, as in the papers.
enum class TrainOptimizer { adamw, adadelta };

struct TrainOptions {
  std::string out = "run";
  std::uint64_t steps = 0;  // budget in steps, or
  double minutes = 0;       // in minutes of training
  Index batch = 64;
  TrainOptimizer optimizer = TrainOptimizer::adamw;
  double learning_rate = 2e-3;  // the peak of the one-cycle schedule; Adadelta wants 1
  double rise = 0.1;            // share of the budget until the peak
  double weight_decay = 0.01;
  double localization_factor = 0.1;  // learning rate of the localization network, relative
  double encoder_factor = 1;         // learning rate of the encoder, relative
  double clip_norm = 5;
  double label_smoothing = 0;
  double fiducials = 0;          // weight of the fiducial loss beside the words
  bool rectifier_alone = false;  // the fiducial loss instead of the words: trains the rectifier
  double average = 0;  // what the running mean of the weights keeps from step to step; 0: no mean
  std::vector<std::string> validation;  // data sets (open_dataset)
  Index validation_limit = 500;         // images of each, while training
  double validate_every = 600;          // seconds
  double save_every = 120;              // seconds
  std::uint64_t log_every = 50;         // steps
  int loader_threads = 1;
  std::uint64_t seed = 1;
  bool resume = false;
  std::uint64_t stop_after = 0;  // steps in this call, 0: until the budget is spent
};

/// What a run came to.
struct TrainResult {
  std::uint64_t steps = 0;
  double seconds = 0, loss = 0, best_accuracy = 0;
  bool finished = false;  // false: stopped before the budget was spent
};

class WordTrainer {
 public:
  /// model: fresh, or with weights to start from. Throws IoError where a run to resume is missing
  /// or does not fit.
  WordTrainer(Reader<float> model, WordSource source, TrainOptions options)
      : options_(std::move(options)), model_(std::move(model)), optimizer_(made_optimizer()) {
    if (options_.average > 0) mean_ = clone(model_);
    if (options_.steps == 0 && !(options_.minutes > 0))
      fail("train", "wants a budget: steps or minutes");
    if ((options_.fiducials > 0 || options_.rectifier_alone) && !rectifier())
      fail("train", name(model_.config().model), " has no rectifier to teach fiducial points to");
    open_validation();
    std::filesystem::create_directories(options_.out);
    WordLoader::Position position;
    if (options_.resume) position = restore();
    const ReaderConfig& c = model_.config();
    const auto width_of = [c](const LabelledWord& word) {
      return rectified_width(c, extent(c, word));
    };
    loader_.emplace(std::move(source),
                    WordLoaderOptions{.batch = options_.batch,
                                      .picture_height = c.source_scale * c.height,
                                      .picture_scale = c.source_scale,
                                      .fiducials = c.fiducials,
                                      .width_of = width_of,
                                      .threads = options_.loader_threads,
                                      .seed = options_.seed},
                    position);
    log_.emplace(options_.out + "/log.tsv", step_);
  }

  /// Trains until the budget is spent or `stop` says so; then saves. Saves, too, before an error of
  /// the source goes on to the caller.
  TrainResult run(const std::function<bool()>& stop = {}) {
    set_training(model_, true);
    const std::uint64_t first = step_;
    double last_save = seconds_, last_validation = seconds_;
    while (!spent() && !(stop && stop()) &&
           (options_.stop_after == 0 || step_ - first < options_.stop_after)) {
      const auto start = Clock::now();
      train_step();
      seconds_ += std::chrono::duration<double>(Clock::now() - start).count();
      progress_.show(status());
      if (step_ % options_.log_every == 0) log_line();
      if (seconds_ - last_save >= options_.save_every) save(), last_save = seconds_;
      if (!options_.validation.empty() && seconds_ - last_validation > options_.validate_every)
        validate(), last_validation = seconds_;
    }
    save();  // before the validation, which may fail
    if (spent()) validate(), save();
    progress_.finish();
    return {step_, seconds_, loss_, best_, spent()};
  }

  Reader<float>& model() { return model_; }

 private:
  using Clock = std::chrono::steady_clock;

  using AnyOptimizer = std::variant<AdamW<float>, Adadelta<float>>;

  /// A drawn word tells how it runs. Where nothing will straighten it, or nobody knows, it has the
  /// shape of its picture.
  static WordExtent extent(const ReaderConfig& c, const LabelledWord& word) {
    if (c.model != ReaderModel::rare || word.fiducials.empty()) return word_extent(word.picture);
    return word_extent(std::span<const float>(word.fiducials), word.picture.height,
                       word.picture.width);
  }

  Rectifier<float>* rectifier() {
    Rare<float>* rare = std::get_if<Rare<float>>(&model_.model);
    return rare && rare->rectifier ? &*rare->rectifier : nullptr;
  }

  AnyOptimizer made_optimizer() {
    std::vector<RateFactor> factors;
    if (rectifier() && !options_.rectifier_alone)
      factors.push_back({"rectifier", options_.localization_factor});
    if (options_.encoder_factor != 1)
      factors.push_back({model_.config().model == ReaderModel::crnn ? "encoder"
                                                                    : "recognizer.encoder",
                         options_.encoder_factor});
    const auto trained =
        rectifier() && options_.rectifier_alone ? parameters(*rectifier()) : parameters(model_);
    if (options_.optimizer == TrainOptimizer::adadelta)
      return Adadelta<float>(trained, {.learning_rate = options_.learning_rate,
                                       .weight_decay = options_.weight_decay,
                                       .decay_vectors = false,
                                       .rate_factors = std::move(factors)});
    return AdamW<float>(trained, {.learning_rate = options_.learning_rate,
                                  .weight_decay = options_.weight_decay,
                                  .decay_vectors = false,
                                  .rate_factors = std::move(factors)});
  }

  double scheduled_rate() const {
    if (options_.optimizer == TrainOptimizer::adadelta) return options_.learning_rate;
    constexpr std::int64_t parts = 1'000'000;  // the schedule counts in millionths of the budget
    return OneCycleSchedule{.peak = options_.learning_rate, .total = parts, .rise = options_.rise}(
        static_cast<std::int64_t>(std::min(fraction(), 1.0) * static_cast<double>(parts)));
  }

  double fraction() const {
    return options_.steps > 0 ? static_cast<double>(step_) / static_cast<double>(options_.steps)
                              : seconds_ / (60 * options_.minutes);
  }
  bool spent() const {
    return options_.steps > 0 ? step_ >= options_.steps : seconds_ >= 60 * options_.minutes;
  }

  WordBatch next_batch() {
    try {
      return loader_->next();
    } catch (...) {
      save();
      throw;
    }
  }

  void train_step() {
    const WordBatch batch = next_batch();
    const double rate = scheduled_rate();
    std::visit([&](auto& o) { o.learning_rate = rate, o.zero_grad(); }, optimizer_);
    Index right = 0;
    double value = 0;
    loss_of(batch, right, value).backward();
    norm_ = std::visit([](auto& o) { return grad_norm(o.parameters()); }, optimizer_);
    ++step_;
    if (!std::isfinite(value) ||
        !std::isfinite(norm_)) {  // one bad batch is left out, a row of them is the end
      if (++bad_ == 10)
        fail<Error>("train", "loss is ", value, " and gradient norm ", norm_,
                    " ten times in a row, at step ", step_);
      return;
    }
    bad_ = 0;
    std::visit([&](auto& o) { o.step(clip_scale(norm_, options_.clip_norm)); }, optimizer_);
    if (mean_) average();
    const double keep =
        std::min(0.99, static_cast<double>(counted_) / static_cast<double>(counted_ + 1));
    loss_ = keep * loss_ + (1 - keep) * value;
    accuracy_ = keep * accuracy_ +
                (1 - keep) * static_cast<double>(right) / static_cast<double>(options_.batch);
    rate_ = rate;
    ++counted_;
  }

  /// What is minimised. shown: what the log tells, without the fiducial loss beside the words, so
  /// that runs can be compared.
  Variable<float> loss_of(const WordBatch& batch, Index& right, double& shown) {
    const Variable<float> pictures = constant(batch.pictures);
    if (options_.rectifier_alone) {
      const Variable<float> off = fiducial_loss(rectifier()->locate(pictures), batch.fiducials);
      shown = static_cast<double>(off.item());
      return off;
    }
    Variable<float> points;
    const Variable<float> words =
        model_.loss(pictures, batch.width, batch.symbols,
                    static_cast<float>(options_.label_smoothing), &right, &points);
    shown = static_cast<double>(words.item());
    if (!(options_.fiducials > 0)) return words;
    return words + fiducial_loss(points, batch.fiducials) * options_.fiducials;
  }

  /// m <- k m + (1 - k) w, k smaller at first: the start is soon forgotten.
  void average() {
    const double t = static_cast<double>(step_),
                 keep = std::min(options_.average, (1 + t) / (10 + t));
    const auto from = state_dict(model_), to = state_dict(*mean_);
    for (std::size_t i = 0; i < from.size(); ++i) {
      const float* w = from[i].tensor.data();
      float* m = Tensor<float>(to[i].tensor).data();
      for (Index j = 0; j < from[i].tensor.size(); ++j)
        m[j] += static_cast<float>(1 - keep) * (w[j] - m[j]);
    }
  }

  std::string status() const {
    const double pictures =
        static_cast<double>(step_ * static_cast<std::uint64_t>(options_.batch)) /
        std::max(seconds_, 1e-9);
    const double done = std::max(fraction(), 1e-9);
    char text[200];
    std::snprintf(text, sizeof text,
                  "step %llu  %.0f pictures/s  loss %.4f  words %.1f %%  rate %.2g  %s left",
                  static_cast<unsigned long long>(step_), pictures, loss_, 100 * accuracy_, rate_,
                  clock_text(seconds_ * (1 - done) / done).c_str());
    return text;
  }

  void log_line() {
    log_->add({.step = step_,
               .seconds = seconds_,
               .loss = loss_,
               .accuracy = accuracy_,
               .learning_rate = rate_,
               .gradient_norm = norm_,
               .rate = static_cast<double>(step_ * static_cast<std::uint64_t>(options_.batch)) /
                       std::max(seconds_, 1e-9)});
  }

  /// Opens the validation sets, and tells what of them is left out.
  void open_validation() {
    for (const std::string& path : options_.validation) {
      const auto set = validation_.emplace_back(open_dataset(path));
      for (const std::string& line : set->remarks()) progress_.say(short_name(path) + ": " + line);
      if (const Index missing = check_evaluation(*set, path, options_.validation_limit);
          missing > 0)
        progress_.say(short_name(path) + ": " + std::to_string(missing) +
                      " of the images to validate on are missing");
      Index without = 0;
      for (Index i = 0; i < set->size(); ++i) without += normalise(set->label(i)).empty();
      if (without > 0)
        progress_.say(short_name(path) + ": " + std::to_string(without) + " of " +
                      std::to_string(set->size()) +
                      " words left out, no character of the label counts");
    }
  }

  /// The last part of a path, whether or not it ends in a slash.
  static std::string short_name(const std::string& path) {
    const std::filesystem::path p(path);
    return (p.has_filename() ? p : p.parent_path()).filename().string();
  }

  /// Reads the validation sets with a folded copy; keeps the weights where they are the best so
  /// far.
  void validate() {
    if (options_.validation.empty()) return;
    Reader<float>& kept = mean_ ? *mean_ : model_;
    Reader<float> reader = clone(kept);
    set_training(reader, false);
    reader.fold();
    WordScore sum;
    std::string text = "step " + std::to_string(step_) + ":";
    for (std::size_t i = 0; i < validation_.size(); ++i) {
      const std::string& path = options_.validation[i];
      const Evaluation e =
          evaluate_dataset(reader, *validation_[i], path, options_.validation_limit);
      sum.add(e.score);
      char part[40];
      std::snprintf(part, sizeof part, " %.1f %%", 100 * e.score.accuracy());
      text += "  " + short_name(path) + part;
      if (!e.broken.empty())
        text += " (" + std::to_string(e.broken.size()) + " of " +
                std::to_string(e.score.words + std::ssize(e.broken)) + " images not read)";
    }
    progress_.say(text);
    log_->add_validation(step_, seconds_, sum.accuracy());
    if (sum.accuracy() >= best_) {
      best_ = sum.accuracy();
      save_checkpoint(options_.out + "/best.safetensors", model_checkpoint(kept), DType::float16);
    }
  }

  void save() {
    Checkpoint c = model_checkpoint(model_);
    if (mean_) store_state(*mean_, c, "mean");
    std::visit([&](auto& o) { o.visit_state(KeepState{c, "optimizer."}); }, optimizer_);
    visit_numbers(KeepState{c, "train."});
    const KeepState keep{c, "loader."};
    keep("chunk", loader_->position().chunk), keep("batch", loader_->position().batch);
    c.metadata["seed"] = std::to_string(options_.seed);
    c.metadata["batch"] = std::to_string(options_.batch);
    save_checkpoint(options_.out + "/last.safetensors", c);
    if (options_.rectifier_alone)
      log_->draw(options_.out + "/curves.png", "mean square of what points are off");
    else
      log_->draw(options_.out + "/curves.png");
  }

  WordLoader::Position restore() {
    const std::string path = options_.out + "/last.safetensors";
    const Checkpoint c = load_checkpoint(path);
    if (config_text(model_.config()) != config_text(config_from_text(c.text("config"))))
      fail<IoError>("resume", path, " was trained with another configuration: ", c.text("config"));
    const auto same = [&](const std::string& name, const std::string& now) {
      const auto saved = c.metadata.find(name);
      if (saved != c.metadata.end() && saved->second != now)
        fail<IoError>("resume", path, " was trained with ", name, " ", saved->second, ", not ",
                      now);
    };
    same("seed", std::to_string(options_.seed));
    same("batch", std::to_string(options_.batch));
    load_state(model_, c, "model");
    if (mean_) load_state(*mean_, c, "mean");
    std::visit([&](auto& o) { o.visit_state(FindState{c, path, "optimizer."}); }, optimizer_);
    visit_numbers(FindState{c, path, "train."});
    double chunk = 0, batch = 0;
    const FindState find{c, path, "loader."};
    find("chunk", chunk), find("batch", batch);
    const double batches = static_cast<double>(WordLoaderOptions{}.batches_per_chunk);
    if (!(chunk >= 0 && chunk < 1e15 && batch >= 0 && batch < batches))
      fail<IoError>("resume", path, " stands at batch ", batch, " of chunk ", chunk);
    return {static_cast<std::uint64_t>(chunk), static_cast<std::uint64_t>(batch)};
  }

  template <class F>
  void visit_numbers(F&& f) {
    f("step", step_), f("seconds", seconds_), f("loss", loss_), f("accuracy", accuracy_),
        f("counted", counted_);
    f("best", best_), f("rate", rate_), f("norm", norm_), f("bad", bad_);
  }

  TrainOptions options_;
  Reader<float> model_;
  AnyOptimizer optimizer_;
  std::optional<Reader<float>> mean_;
  std::optional<WordLoader> loader_;
  std::optional<TrainLog> log_;
  std::vector<std::shared_ptr<const WordDataset>> validation_;
  ProgressLine progress_;
  std::uint64_t step_ = 0, counted_ = 0;
  double seconds_ = 0, loss_ = 0, accuracy_ = 0, best_ = 0, rate_ = 0, norm_ = 0;
  int bad_ = 0;
};

}  // namespace glimpse::inline v0
