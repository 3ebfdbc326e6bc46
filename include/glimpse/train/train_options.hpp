// train options: the options of a training run, their checks, and their text in the weights file.
//
//   metadata "training"   {"version": ..., "options": {name: value, ...}, "data": ..., "step": ...,
//                          "validation": ...}
//
// "options" holds all options that influence the weights. Folders, threads and times of saving are
// left out, so two runs with one configuration write the same bytes.
#pragma once

#include <cmath>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <glimpse/core/error.hpp>
#include <glimpse/core/shape.hpp>
#include <glimpse/core/version.hpp>
#include <glimpse/text/protocol.hpp>

namespace glimpse::inline v0 {

/// AdamW uses a one-cycle schedule; Adadelta a constant rate, as in the papers.
enum class TrainOptimizer { adamw, adadelta };

NLOHMANN_JSON_SERIALIZE_ENUM(Protocol, {{Protocol::lower36, "lower36"},
                                        {Protocol::alnum62, "alnum62"},
                                        {Protocol::exact, "exact"}})
NLOHMANN_JSON_SERIALIZE_ENUM(TrainOptimizer, {{TrainOptimizer::adamw, "adamw"},
                                              {TrainOptimizer::adadelta, "adadelta"}})

struct TrainOptions {
  std::string out = "run";
  std::uint64_t steps = 0;  // budget in steps, or
  double minutes = 0;       // in minutes of training
  Index batch = 64;
  TrainOptimizer optimizer = TrainOptimizer::adamw;
  double learning_rate = 2e-3;  // peak of the one-cycle schedule; 1 for Adadelta
  double warmup_fraction = 0.1;            // share of the budget until the peak
  double weight_decay = 0.01;
  double localization_lr_scale = 0.1;  // learning rate of the localization network, relative
  double encoder_lr_scale = 1;         // learning rate of the encoder, relative
  double clip_norm = 5;
  double label_smoothing = 0;
  double fiducials = 0;          // weight of the fiducial loss, added to the words' loss
  bool rectifier_only = false;  // only the fiducial loss: trains only the rectifier
  // The k of the exponential moving average of the weights (ema.hpp); 0: no average. Without a
  // value: `default_average`, or in a resumed run the value of that run.
  std::optional<double> ema_decay = {};
  std::vector<std::string> validation;  // data sets (open_dataset)
  Index validation_limit = 500;         // images of each, while training
  Protocol protocol = Protocol::lower36;  // characters compared in validation
  double validate_every = 600;          // seconds; also at every tenth of the budget
  int patience = 0;              // stop after this many validations without gain; 0: never
  double save_every = 120;       // seconds
  std::uint64_t log_every = 50;  // steps
  int loader_threads = 1;
  std::uint64_t seed = 1;
  bool resume = false;
  std::uint64_t stop_after = 0;  // steps in this call; 0: until the budget is used
  std::string data = {};         // the training data, recorded in the weights file

  /// Calls f(name, field) for every field that influences the weights.
  template <class F>
  void visit_fields(F&& f) {
    f("steps", steps), f("minutes", minutes), f("batch", batch), f("optimizer", optimizer);
    f("learning_rate", learning_rate), f("warmup_fraction", warmup_fraction), f("weight_decay", weight_decay);
    f("localization_lr_scale", localization_lr_scale), f("encoder_lr_scale", encoder_lr_scale);
    f("clip_norm", clip_norm);
    f("label_smoothing", label_smoothing), f("fiducials", fiducials);
    f("rectifier_only", rectifier_only), f("validation_limit", validation_limit);
    f("protocol", protocol);
    f("validate_every", validate_every), f("patience", patience), f("seed", seed);
  }

  /// Throws ValueError with the name of an invalid option; NaN is invalid.
  void check() const {
    const auto expect = [](bool good, std::string_view option, std::string_view range, double got) {
      if (!good) fail("train", "expected ", option, " ", range, ", got ", got);
    };
    const auto between = [&](std::string_view option, double x, double low, double high) {
      expect(x >= low && x <= high, option,
             "from " + nlohmann::json(low).dump() + " to " + nlohmann::json(high).dump(), x);
    };
    const auto not_negative = [&](std::string_view option, double x) {
      expect(x >= 0 && std::isfinite(x), option, "from 0", x);
    };
    if (steps == 0 && !(minutes > 0))
      fail("train", "expected a budget in steps or minutes, got none");
    not_negative("minutes", minutes);
    if (batch < 1) fail("train", "expected batch from 1, got ", batch);
    if (log_every < 1) fail("train", "expected log_every from 1, got ", log_every);
    if (patience < 0) fail("train", "expected patience from 0, got ", patience);
    if (patience > 0 && validation.empty())
      fail("train", "expected a validation set for patience to watch, got none");
    expect(learning_rate > 0 && std::isfinite(learning_rate), "learning_rate", "above 0",
           learning_rate);
    between("warmup_fraction", warmup_fraction, 0, 1), between("label_smoothing", label_smoothing, 0, 0.5);
    not_negative("weight_decay", weight_decay);
    not_negative("localization_lr_scale", localization_lr_scale);
    not_negative("encoder_lr_scale", encoder_lr_scale);
    expect(clip_norm > 0, "clip_norm", "above 0", clip_norm);
    not_negative("fiducials", fiducials);
    if (ema_decay) between("ema_decay", *ema_decay, 0, 0.99999);
    not_negative("validate_every", validate_every), not_negative("save_every", save_every);
  }
};

/// The default of ema_decay. At a constant rate the weights fluctuate around their limit, and their
/// average is closer to it. A one-cycle schedule ends with a small rate and needs no average.
inline double default_ema_decay(TrainOptimizer optimizer) {
  return optimizer == TrainOptimizer::adadelta ? 0.999 : 0;
}

/// The result of a run.
struct TrainResult {
  std::uint64_t steps = 0;
  double seconds = 0, loss = 0, best_accuracy = 0;
  bool finished = false;         // false: stopped before the budget was used
  bool out_of_patience = false;  // finished because `patience` ended it
};

/// Options and data as JSON, for the metadata of the weights. more: further fields at the end.
inline nlohmann::ordered_json training_json(
    TrainOptions o, const nlohmann::ordered_json& more = nlohmann::ordered_json::object()) {
  nlohmann::ordered_json options;
  o.visit_fields([&](const char* name, auto& field) { options[name] = field; });
  options["ema_decay"] = o.ema_decay.value_or(default_ema_decay(o.optimizer));
  nlohmann::ordered_json json = {
      {"version", version}, {"options", std::move(options)}, {"data", o.data}};
  json.update(more);
  return json;
}

/// The options for people: "name value" pairs, lines of at most 100 characters if values allow it.
inline std::string training_text(const TrainOptions& o) {
  std::string text, line;
  const nlohmann::ordered_json json = training_json(o);
  for (const auto& [name, value] : json.at("options").items()) {
    const std::string pair =
        name + " " + (value.is_string() ? value.get<std::string>() : value.dump());
    if (!line.empty() && line.size() + pair.size() > 98) text += line + "\n", line.clear();
    line += (line.empty() ? "" : "  ") + pair;
  }
  text += line + "\n";
  if (!o.data.empty()) text += "data " + o.data + "\n";
  return text;
}

/// The training record of a checkpoint; an empty object if it has none. Throws IoError if the
/// record is not a JSON object.
inline nlohmann::ordered_json training_record(const std::string& path,
                                              const std::map<std::string, std::string>& metadata) {
  const auto at = metadata.find("training");
  if (at == metadata.end()) return nlohmann::ordered_json::object();
  auto record = nlohmann::ordered_json::parse(at->second, nullptr, false);
  if (!record.is_object())
    fail<IoError>("resume", path, ": expected an object as metadata 'training', got ", at->second);
  return record;
}

/// The differences between a checkpoint's run and the run that resumes it, a line each. saved: the
/// metadata "training"; older checkpoints have none, or not all fields. Throws IoError for a
/// difference that prevents resuming.
inline std::vector<std::string> resume_differences(const std::string& path,
                                                   const nlohmann::ordered_json& saved,
                                                   const TrainOptions& now) {
  std::vector<std::string> differences;
  const nlohmann::ordered_json mine = training_json(now);
  const nlohmann::ordered_json none = nlohmann::ordered_json::object();
  const auto& before = saved.contains("options") ? saved.at("options") : none;
  for (const auto& [name, value] : mine.at("options").items()) {
    if (!before.contains(name) || before.at(name) == value) continue;
    const std::string then = before.at(name).dump(), here = value.dump();
    for (const char* fixed : {"seed", "batch", "optimizer", "rectifier_only"})
      if (name == fixed)
        fail<IoError>("resume", path, " was trained with ", name, " ", then, ", not ", here);
    differences.push_back("resume: " + name + " was " + then + ", is now " + here);
  }
  if (saved.contains("data") && saved.at("data") != mine.at("data"))
    differences.push_back("resume: data was " + saved.at("data").dump() + ", is now " +
                   mine.at("data").dump());
  return differences;
}

}  // namespace glimpse::inline v0
