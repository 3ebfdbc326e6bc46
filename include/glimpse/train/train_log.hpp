// train log: one line of numbers every so many steps, as text that any program reads and as a picture.
//
//   step <tab> seconds <tab> loss <tab> word_accuracy <tab> learning_rate <tab> gradient_norm <tab> pictures_per_second <tab> validation
//
// Words are counted right under teacher forcing; `validation` is free reading, on the lines where it was measured.
// A run that resumes drops the lines after the step it resumes from.
#pragma once

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <glimpse/core/concatenate.hpp>
#include <glimpse/io/image.hpp>
#include <glimpse/viz/plot.hpp>

namespace glimpse::inline v0 {

class TrainLog {
 public:
  struct Line {
    std::uint64_t step = 0;
    double seconds = 0, loss = 0, accuracy = 0, learning_rate = 0, gradient_norm = 0, rate = 0;
    double validation = -1;  // -1: not measured
  };

  /// Opens the log of a run that stands at `step`; 0 begins a new one.
  TrainLog(std::string path, std::uint64_t step) : path_(std::move(path)) {
    if (step > 0) read(step);
    const std::ofstream out(path_, std::ios::trunc);
    if (!out) fail<IoError>("train", "cannot write ", path_);
    append(header());
    for (const Line& line : lines_) append(text_of(line));
  }

  void add(const Line& line) {
    lines_.push_back(line);
    append(text_of(line));
  }
  void add_validation(std::uint64_t step, double seconds, double accuracy) {
    Line line = lines_.empty() ? Line{} : lines_.back();
    line.step = step, line.seconds = seconds, line.validation = accuracy;
    add(line);
  }

  const std::vector<Line>& lines() const { return lines_; }

  /// Loss and accuracies against time, as a PNG.
  void draw(const std::string& path, const std::string& unit = "-ln p of a symbol") const {
    Series loss{.name = "loss"}, words{.name = "training, symbol by symbol"};
    Series validation{.name = "validation, read freely", .dots = true};
    for (const Line& l : lines_) {
      const double minutes = l.seconds / 60;
      if (l.validation >= 0) {
        validation.x.push_back(minutes), validation.y.push_back(100 * l.validation);
        continue;
      }
      loss.x.push_back(minutes), loss.y.push_back(l.loss);
      words.x.push_back(minutes), words.y.push_back(100 * l.accuracy);
    }
    if (loss.x.size() < 2) return;
    Plot losses{.title = "Loss",
                .x_label = "minutes",
                .y_label = unit,
                .series = {loss},
                .y_low = 0};
    Plot accuracy{.title = "Words right",
                  .x_label = "minutes",
                  .y_label = "%",
                  .series = {words},
                  .y_low = 0,
                  .y_high = 100};
    if (!validation.x.empty()) accuracy.series.push_back(validation);
    write_png(path, concatenate<float>({glimpse::draw(losses), glimpse::draw(accuracy)}, 1));
  }

 private:
  static std::string header() {
    return "step\tseconds\tloss\tword_accuracy\tlearning_rate\tgradient_norm\tpictures_per_"
           "second\tvalidation";
  }
  static std::string text_of(const Line& l) {
    char text[240];
    std::snprintf(text, sizeof text, "%llu\t%.1f\t%.5f\t%.4f\t%.3e\t%.3f\t%.1f\t",
                  static_cast<unsigned long long>(l.step), l.seconds, l.loss, l.accuracy,
                  l.learning_rate, l.gradient_norm, l.rate);
    std::string line = text;
    if (l.validation >= 0) std::snprintf(text, sizeof text, "%.4f", l.validation), line += text;
    return line;
  }
  void append(const std::string& line) const {
    std::ofstream out(path_, std::ios::app);
    out << line << '\n';
    if (!out) fail<IoError>("train", "cannot write ", path_);
  }
  void read(std::uint64_t until) {
    std::ifstream in(path_);
    std::string text;
    std::getline(in, text);
    while (std::getline(in, text)) {
      Line l;
      unsigned long long step = 0;
      const int fields =
          std::sscanf(text.c_str(), "%llu %lf %lf %lf %lf %lf %lf %lf", &step, &l.seconds, &l.loss,
                      &l.accuracy, &l.learning_rate, &l.gradient_norm, &l.rate, &l.validation);
      if (fields < 7) continue;
      if (fields == 7) l.validation = -1;
      l.step = step;
      if (l.step <= until) lines_.push_back(l);
    }
  }

  std::string path_;
  std::vector<Line> lines_;
};

}  // namespace glimpse::inline v0
