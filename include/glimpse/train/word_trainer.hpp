// word trainer: trains a reader on an endless stream of words (word_step.hpp).
//
// With a budget in steps, a run is a pure function of (configuration, seed, source). If it is
// stopped after any step and resumed, the final weights are bit-identical. (With a budget in
// minutes, the learning rate depends on the time.) The folder `out` holds last.safetensors
// (everything to resume), best.safetensors (only the weights, best on the validation sets), log.tsv
// (a line every `log_every` steps), curves.png, and the lock that excludes a second run.
//
// Validation runs at the start, at every tenth of the budget, and every `validate_every` seconds. A
// validation is a gain if its accuracy is above the best so far, or its loss below the least.
// `patience` validations in a row without gain end the run. With `ema_decay` = k > 0, an
// exponential moving average of the trained weights (ema.hpp) is validated and saved.
#pragma once

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <glimpse/data/word_loader.hpp>
#include <glimpse/optim/schedule.hpp>
#include <glimpse/train/ema.hpp>
#include <glimpse/train/model_file.hpp>
#include <glimpse/train/progress.hpp>
#include <glimpse/train/run_lock.hpp>
#include <glimpse/train/run_state.hpp>
#include <glimpse/train/train_log.hpp>
#include <glimpse/train/train_options.hpp>
#include <glimpse/train/validation.hpp>
#include <glimpse/train/word_step.hpp>

namespace glimpse::inline v0 {

class WordTrainer {
 public:
  /// model: new, or with initial weights. Throws ValueError for invalid options; IoError if a run
  /// to resume is missing or does not fit, or if another run uses the folder.
  WordTrainer(Reader<float> model, WordSource source, TrainOptions options)
      : options_((options.check(), std::move(options))), learner_(std::move(model), options_) {
    validation_ = open_validation(options_.validation, options_.validation_limit,
                                  options_.protocol, notes_);
    std::filesystem::create_directories(options_.out);
    lock_ = std::make_unique<RunLock>(options_.out);
    const WordLoader::Position position = options_.resume ? restore() : begin();
    loader_.emplace(std::move(source), loader_options(model_.config(), options_), position);
    log_.emplace(options_.out + "/log.tsv", step_);
  }

  /// Trains until the budget is used, the patience ends or `stop` returns true; then saves. Also
  /// saves before it passes on an error of the source or of a validation.
  TrainResult run(const std::function<bool()>& stop = {}) {
    if (!lock_) lock_ = std::make_unique<RunLock>(options_.out);
    const std::unique_ptr<RunLock> lock = std::move(lock_);  // released at return
    for (const std::string& line : notes_) progress_.say(line);
    set_training(model_, true);
    const std::uint64_t first = step_;
    double last_save = seconds_, last_validation = seconds_;
    const auto stopped = [&] {
      return budget_exhausted() || impatient() || (stop && stop()) ||
             (options_.stop_after > 0 && step_ - first >= options_.stop_after);
    };
    if (tenth() > tenth_) validate();
    while (!stopped()) {
      const auto start = Clock::now();
      train_step();
      seconds_ += std::chrono::duration<double>(Clock::now() - start).count();
      progress_.show(status());
      if (step_ % options_.log_every == 0) log_->add(line());
      if (tenth() > tenth_ || seconds_ - last_validation > options_.validate_every)
        validate(), last_validation = seconds_;
      if (seconds_ - last_save >= options_.save_every) save(), last_save = seconds_;
    }
    save();
    progress_.finish();
    if (impatient() && !budget_exhausted())
      progress_.say("stopped early: " + std::to_string(stale_) + " validations without gain");
    return {step_,
            seconds_,
            loss_,
            best_,
            budget_exhausted() || impatient(),
            impatient() && !budget_exhausted()};
  }

  Reader<float>& model() { return model_; }
  /// The options, with defaults for the unset ones.
  const TrainOptions& options() const { return options_; }
  /// What validation leaves out, and how a resumed run differs from before, a line each.
  const std::vector<std::string>& notes() const { return notes_; }

 private:
  using Clock = std::chrono::steady_clock;

  double scheduled_rate() const {
    if (options_.optimizer == TrainOptimizer::adadelta) return options_.learning_rate;
    constexpr std::int64_t parts = 1'000'000;  // the schedule counts in millionths of the budget
    return OneCycleSchedule{.peak = options_.learning_rate,
                            .total = parts,
                            .warmup_fraction = options_.warmup_fraction}(
        static_cast<std::int64_t>(std::min(fraction(), 1.0) * static_cast<double>(parts)));
  }

  double fraction() const {
    return options_.steps > 0 ? static_cast<double>(step_) / static_cast<double>(options_.steps)
                              : seconds_ / (60 * options_.minutes);
  }
  bool budget_exhausted() const {
    return options_.steps > 0 ? step_ >= options_.steps : seconds_ >= 60 * options_.minutes;
  }
  bool impatient() const { return options_.patience > 0 && stale_ >= options_.patience; }
  /// Number of used tenths of the budget, 0 to 10.
  int tenth() const { return budget_exhausted() ? 10 : static_cast<int>(10 * fraction()); }

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
    const WordStep done = learner_.step(batch, rate);
    ++step_;
    if (!done.taken) {  // one bad batch is skipped, ten in a row end the run
      if (++bad_ >= 10)
        fail<Error>("train", "loss is ", done.loss, " and gradient norm ", done.gradient_norm,
                    " ten times in a row, at step ", step_);
      return;
    }
    bad_ = 0;
    if (ema_) ema_->update(model_, step_);
    const double keep =
        std::min(0.99, static_cast<double>(counted_) / static_cast<double>(counted_ + 1));
    loss_ = keep * loss_ + (1 - keep) * done.loss;
    accuracy_ = keep * accuracy_ +
                (1 - keep) * static_cast<double>(done.right) / static_cast<double>(options_.batch);
    rate_ = rate, norm_ = done.gradient_norm;
    ++counted_;
  }

  double images_per_second() const {
    return static_cast<double>(step_ * static_cast<std::uint64_t>(options_.batch)) /
           std::max(seconds_, 1e-9);
  }

  std::string status() const {
    const double done = std::max(fraction(), 1e-9);
    char text[200];
    std::snprintf(text, sizeof text,
                  "step %llu  %.0f images/s  loss %.4f  words %.1f %%  rate %.2g  %s left",
                  static_cast<unsigned long long>(step_), images_per_second(), loss_,
                  100 * accuracy_, rate_, clock_text(seconds_ * (1 - done) / done).c_str());
    return text;
  }

  /// The current values; before the first step only the learning rate.
  TrainLog::Line line() const {
    TrainLog::Line l{.step = step_, .seconds = seconds_, .learning_rate = scheduled_rate()};
    if (counted_ == 0) return l;
    l.loss = loss_, l.accuracy = accuracy_, l.learning_rate = rate_, l.gradient_norm = norm_;
    l.rate = images_per_second();
    return l;
  }

  /// Reads the validation sets with a folded copy; saves the weights if they are the best.
  void validate() {
    tenth_ = tenth();
    if (options_.validation.empty()) return;
    Reader<float>& kept = ema_ ? ema_->model() : model_;
    Reader<float> reader = clone(kept);
    set_training(reader, false);
    reader.fold();
    Validation v;
    try {
      v = glimpse::validate(reader, validation_, options_.validation_limit, options_.protocol);
    } catch (...) {
      save();
      throw;
    }
    const double accuracy = v.score.accuracy();
    progress_.say("step " + std::to_string(step_) + ":" + v.text);
    TrainLog::Line l = line();
    l.validation = accuracy, l.validation_loss = v.loss;
    log_->add(l);
    const bool gains = !validated_ || accuracy > best_ || v.loss < least_loss_;
    stale_ = gains ? 0 : stale_ + 1;
    validated_ = true;
    if (std::isfinite(v.loss)) least_loss_ = std::min(least_loss_, v.loss);
    if (accuracy < best_) return;
    best_ = accuracy;
    Checkpoint c = model_checkpoint(kept);
    c.metadata["training"] =
        training_json(options_, {{"step", step_}, {"validation", accuracy}}).dump();
    save_checkpoint(options_.out + "/best.safetensors", c, DType::float16);
  }

  void save() {
    Checkpoint c = model_checkpoint(model_);
    if (ema_) store_state(ema_->model(), c, "mean");
    learner_.visit_state(SaveState{c, "optimizer."});
    visit_numbers(SaveState{c, "train."});
    visit_newer_numbers(SaveState{c, "train."});
    const SaveState keep{c, "loader."};
    keep("chunk", loader_->position().chunk), keep("batch", loader_->position().batch);
    c.metadata["seed"] = std::to_string(options_.seed);
    c.metadata["batch"] = std::to_string(options_.batch);
    c.metadata["training"] = training_json(options_, {{"step", step_}}).dump();
    save_checkpoint(options_.out + "/last.safetensors", c);
    log_->draw(options_.out + "/curves.png", options_.rectifier_only
                                                 ? "mean square of what points are off"
                                                 : "-ln p of a symbol");
  }

  WordLoader::Position begin() {
    if (!options_.ema_decay) options_.ema_decay = default_ema_decay(options_.optimizer);
    if (*options_.ema_decay > 0) ema_.emplace(model_, *options_.ema_decay);
    return {};
  }

  WordLoader::Position restore() {
    const std::string path = options_.out + "/last.safetensors";
    const Checkpoint c = load_checkpoint(path);
    if (config_text(model_.config()) != config_text(config_from_text(c.text("config"))))
      fail<IoError>("resume", path, " was trained with another configuration: ", c.text("config"));
    // The first checkpoints recorded only these two options.
    for (const auto& [name, now] : {std::pair("seed", std::to_string(options_.seed)),
                                    std::pair("batch", std::to_string(options_.batch))})
      if (const auto saved = c.metadata.find(name);
          saved != c.metadata.end() && saved->second != now)
        fail<IoError>("resume", path, " was trained with ", name, " ", saved->second, ", not ",
                      now);
    restore_average(path, c);
    for (std::string& line : resume_differences(path, training_record(path, c.metadata), options_))
      notes_.push_back(std::move(line));
    load_state(model_, c, "model");
    if (ema_) load_state(ema_->model(), c, "mean");
    learner_.visit_state(LoadState{c, path, "optimizer."});
    visit_numbers(LoadState{c, path, "train."});
    tenth_ = tenth();  // for a checkpoint without these numbers
    if (c.find_exact("train.tenth")) visit_newer_numbers(LoadState{c, path, "train."});
    tenth_ = std::min(tenth_, tenth());  // the resumed run may have another budget
    double chunk = 0, batch = 0;
    const LoadState find{c, path, "loader."};
    find("chunk", chunk), find("batch", batch);
    const double batches = static_cast<double>(WordLoaderOptions{}.batches_per_chunk);
    if (!(chunk >= 0 && chunk < 1e15 && batch >= 0 && batch < batches))
      fail<IoError>("resume", path, " stands at batch ", batch, " of chunk ", chunk);
    return {static_cast<std::uint64_t>(chunk), static_cast<std::uint64_t>(batch)};
  }

  /// An average can only be resumed if the run began with it.
  void restore_average(const std::string& path, const Checkpoint& c) {
    const bool held = std::any_of(c.tensors.begin(), c.tensors.end(),
                                  [](const auto& t) { return t.first.starts_with("mean."); });
    const nlohmann::ordered_json record = training_record(path, c.metadata);
    const nlohmann::ordered_json::json_pointer at("/options/ema_decay");
    if (!options_.ema_decay && record.contains(at))
      options_.ema_decay = record.at(at).get<double>();
    if (!options_.ema_decay && held)
      fail<IoError>("resume", "expected the average of ", path,
                    ", got none; give --ema-decay as before");
    if (!options_.ema_decay) options_.ema_decay = 0;
    if (held != (*options_.ema_decay > 0))
      fail<IoError>("resume", "expected ema_decay ", held ? "above 0, as " : "0, as ", path,
                    held ? " holds one, got " : " holds none, got ", *options_.ema_decay);
    if (held) ema_.emplace(model_, *options_.ema_decay);
  }

  template <class F>
  void visit_numbers(F&& f) {
    f("step", step_), f("seconds", seconds_), f("loss", loss_), f("accuracy", accuracy_);
    f("counted", counted_), f("best", best_), f("rate", rate_), f("norm", norm_), f("bad", bad_);
  }
  template <class F>
  void visit_newer_numbers(F&& f) {
    f("tenth", tenth_), f("validated", validated_), f("stale", stale_);
    f("least_loss", least_loss_);
  }

  TrainOptions options_;
  WordLearner learner_;
  Reader<float>& model_ = learner_.model();
  std::optional<ExponentialMovingAverage<Reader<float>>> ema_;
  std::optional<WordLoader> loader_;
  std::optional<TrainLog> log_;
  std::unique_ptr<RunLock> lock_;
  std::vector<ValidationSet> validation_;
  std::vector<std::string> notes_;
  ProgressLine progress_;
  std::uint64_t step_ = 0, counted_ = 0;
  double seconds_ = 0, loss_ = 0, accuracy_ = 0, best_ = 0, rate_ = 0, norm_ = 0;
  double least_loss_ = std::numeric_limits<double>::infinity();
  int bad_ = 0, tenth_ = -1, stale_ = 0;  // tenth_: of the budget at the last validation
  bool validated_ = false;
};

}  // namespace glimpse::inline v0
