// train loop: the training loop of small models: Adam, one-cycle rate, clipped gradients; a budget
// of steps or of minutes; progress lines; one file to resume from.
//
//   train_loop(model, options, [&](Index step) { return model.loss(batch(step)); },
//              [&](Index step) { print(test(model)); });
//
// The batch is a function of the step number, so a resumed run continues with the next batches.
// Time is measured twice: as wall-clock time, and as CPU time, which other programs on the machine
// do not change.
#pragma once

#include <chrono>
#include <cmath>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <string>
#include <type_traits>
#include <vector>

#include <glimpse/io/state.hpp>
#include <glimpse/nn/module.hpp>
#include <glimpse/optim/adam.hpp>
#include <glimpse/optim/clip.hpp>
#include <glimpse/optim/schedule.hpp>
#include <glimpse/train/progress.hpp>
#include <glimpse/train/run_state.hpp>

namespace glimpse::inline v0 {

struct LoopOptions {
  Index steps = 1000;
  double minutes = 0;  // budget in wall-clock time if above 0; the rate follows it
  double cpu_minutes = 0;  // budget in CPU time if above 0, of all threads together
  double learning_rate = 2e-3, clip_norm = 1, warmup_fraction = 0.1, weight_decay = 0;
  double report_every = 15;  // seconds between lines in a log file
  Index check_every = 0;     // steps between calls of `check`; 0: only at the end
  std::string
      checkpoint{};     // file of weights and optimizer, written with every check and at the end
  bool resume = false;  // resume from `checkpoint` if it exists
  std::vector<LearningRateMultiplier> lr_multipliers{};  // relative learning rates by name prefix
};

struct LoopResult {
  Index steps = 0;
  double loss = 0;  // mean over about the last twenty steps
  double seconds = 0, cpu_seconds = 0;

  /// "1200 steps, loss 0.0123, 2:05 on the clock, 3:20 of CPU time".
  std::string text() const {
    char mean[32];
    std::snprintf(mean, sizeof mean, "%.4f", loss);
    return std::to_string(steps) + " steps, loss " + mean + ", " + clock_text(seconds) +
           " on the clock, " + clock_text(cpu_seconds) + " of CPU time";
  }
};

/// loss(step) -> Variable: one number; check(step) -> void, called every `check_every` steps and at
/// the end. Throws Error if the loss is not finite ten times in a row.
template <class Model, class Loss, class Check>
LoopResult train_loop(Model& model, const LoopOptions& options, Loss&& loss, Check&& check) {
  using Clock = std::chrono::steady_clock;
  const auto seconds_since = [](Clock::time_point t) {
    return std::chrono::duration<double>(Clock::now() - t).count();
  };
  const auto processor = [] { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; };
  AdamW<float> optimizer(parameters(model), {.learning_rate = options.learning_rate,
                                             .weight_decay = options.weight_decay,
                                             .decay_vectors = false,
                                             .lr_multipliers = options.lr_multipliers});
  LoopResult now;
  const auto visit = [&](auto&& f) {
    f("steps", now.steps), f("loss", now.loss), f("seconds", now.seconds);
    f("processor_seconds", now.cpu_seconds);
  };
  if (options.resume && std::filesystem::exists(options.checkpoint)) {
    const Checkpoint c = load_checkpoint(options.checkpoint);
    load_state(model, c, "model");
    optimizer.visit_state(LoadState{c, options.checkpoint, "optimizer."});
    visit(LoadState{c, options.checkpoint, "loop."});
  }
  const auto save = [&] {
    if (options.checkpoint.empty()) return;
    Checkpoint c;
    store_state(model, c, "model");
    optimizer.visit_state(SaveState{c, "optimizer."});
    visit(SaveState{c, "loop."});
    save_checkpoint(options.checkpoint, c);
  };

  const double clock_before = now.seconds, cpu_before = now.cpu_seconds;
  const Clock::time_point start = Clock::now();
  const double cpu_start = processor();
  const auto tell_time = [&] {
    now.seconds = clock_before + seconds_since(start);
    now.cpu_seconds = cpu_before + processor() - cpu_start;
  };
  const auto done = [&] {  // used share of the budget
    return options.minutes > 0 ? now.seconds / (60 * options.minutes)
           : options.cpu_minutes > 0
               ? now.cpu_seconds / (60 * options.cpu_minutes)
               : static_cast<double>(now.steps) / static_cast<double>(options.steps);
  };
  ProgressLine progress(options.report_every);
  constexpr Index parts = 1'000'000;
  const OneCycleSchedule schedule{
      .peak = options.learning_rate, .total = parts, .warmup_fraction = options.warmup_fraction};
  int bad = 0;
  set_training(model, true);
  Index smoothed = 0;
  while (done() < 1) {
    optimizer.learning_rate = schedule(static_cast<Index>(done() * static_cast<double>(parts)));
    optimizer.zero_grad();
    const Variable<float> l = loss(now.steps);
    l.backward();
    const double norm = clip_grad_norm(optimizer.parameters(), options.clip_norm);
    const double value = static_cast<double>(l.item());
    ++now.steps;
    if (std::isfinite(value) && std::isfinite(norm)) {
      optimizer.step();
      bad = 0, ++smoothed;
      const double keep = std::min(0.95, 1 - 1 / static_cast<double>(smoothed));
      now.loss = keep * now.loss + (1 - keep) * value;
    } else if (++bad == 10) {
      fail<Error>("train", "loss is ", value, " and gradient norm ", norm, " ten times in a row");
    }
    tell_time();
    char line[160];
    std::snprintf(line, sizeof line, "step %td  loss %.4f  rate %.2g  %s gone, %s left", now.steps,
                  now.loss, optimizer.learning_rate, clock_text(now.seconds).c_str(),
                  clock_text(now.seconds * (1 - done()) / std::max(done(), 1e-9)).c_str());
    progress.show(line);
    if (options.check_every > 0 && now.steps % options.check_every == 0 && done() < 1) {
      progress.finish();
      set_training(model, false);
      check(now.steps);
      set_training(model, true);
      save();
    }
  }
  progress.finish();
  save();
  set_training(model, false);
  check(now.steps);
  return now;
}

}  // namespace glimpse::inline v0
