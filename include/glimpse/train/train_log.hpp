// train log: one line of numbers every few steps, as text and as a figure.
//
//   step <tab> seconds <tab> loss <tab> word_accuracy <tab> learning_rate <tab> gradient_norm
//   <tab> images_per_second <tab> validation <tab> validation_loss
//
// word_accuracy is measured under teacher forcing. `validation` is the accuracy of inference, on
// the lines on which it was measured. A value that was not measured is empty. Numbers have a
// decimal point in every locale. A resumed run drops the lines after the step from which it
// resumes.
#pragma once

#include <charconv>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include <glimpse/core/concatenate.hpp>
#include <glimpse/io/file.hpp>
#include <glimpse/io/image.hpp>
#include <glimpse/viz/plot.hpp>

namespace glimpse::inline v0 {

namespace detail {

/// A number with `positions` digits after the point, in any locale; empty for NaN.
inline std::string number_text(double x, int positions,
                               std::chars_format format = std::chars_format::fixed) {
  char text[400];  // the largest double has 309 digits
  if (std::isnan(x)) return {};
  return {text, std::to_chars(text, text + sizeof text, x, format, positions).ptr};
}

/// Reads a whole text as a number; empty gives NaN. Returns false for any other text.
inline bool read_number(std::string_view text, double& x) {
  x = std::numeric_limits<double>::quiet_NaN();
  if (text.empty()) return true;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), x);
  return error == std::errc() && end == text.data() + text.size();
}

}  // namespace detail

class TrainLog {
 public:
  static constexpr double unknown = std::numeric_limits<double>::quiet_NaN();

  struct Line {
    std::uint64_t step = 0;
    double seconds = 0, loss = unknown, accuracy = unknown, learning_rate = unknown,
           gradient_norm = unknown, rate = unknown;
    double validation = unknown, validation_loss = unknown;

    bool validated() const { return !std::isnan(validation); }
  };

  /// Opens the log of a run at `step`; 0 begins a new log. The file is replaced by a rename, so a
  /// kill leaves the old or the new file. Throws IoError if the file cannot be written.
  TrainLog(std::string path, std::uint64_t step) : path_(std::move(path)) {
    if (step > 0 && std::filesystem::exists(path_)) read(step);
    std::string text = std::string(header) + "\n";
    for (const Line& line : lines_) text += text_of(line) + "\n";
    write_file(path_, text);
  }

  void add(const Line& line) {
    lines_.push_back(line);
    std::ofstream out(path_, std::ios::app | std::ios::binary);
    out << text_of(line) + "\n" << std::flush;
    if (!out) fail<IoError>("train", "cannot write ", path_);
  }

  const std::vector<Line>& lines() const { return lines_; }

  /// Draws losses and accuracies against time as a PNG; nothing if there is no curve yet.
  void draw(const std::string& path, const std::string& unit) const {
    Series loss{.name = "training"}, words{.name = "training, symbol by symbol"};
    Series validation_loss{.name = "validation", .dots = true};
    Series validation{.name = "validation, read freely", .dots = true};
    for (const Line& l : lines_) {
      const double minutes = l.seconds / 60;
      if (l.validated()) {
        validation.x.push_back(minutes), validation.y.push_back(100 * l.validation);
        validation_loss.x.push_back(minutes), validation_loss.y.push_back(l.validation_loss);
        continue;
      }
      loss.x.push_back(minutes), loss.y.push_back(l.loss);
      words.x.push_back(minutes), words.y.push_back(100 * l.accuracy);
    }
    if (loss.x.size() < 2) return;
    Plot losses{
        .title = "Loss", .x_label = "minutes", .y_label = unit, .series = {loss}, .y_low = 0};
    Plot accuracy{.title = "Words right",
                  .x_label = "minutes",
                  .y_label = "%",
                  .series = {words},
                  .y_low = 0,
                  .y_high = 100};
    if (!validation.x.empty()) {
      losses.series.push_back(validation_loss);
      accuracy.series.push_back(validation);
    }
    write_png(path, concatenate<float>({glimpse::draw(losses), glimpse::draw(accuracy)}, 1));
  }

 private:
  static constexpr std::string_view header =
      "step\tseconds\tloss\tword_accuracy\tlearning_rate\tgradient_norm\timages_per_second\t"
      "validation\tvalidation_loss";

  static std::string text_of(const Line& l) {
    using detail::number_text;
    return std::to_string(l.step) + "\t" + number_text(l.seconds, 1) + "\t" +
           number_text(l.loss, 5) + "\t" + number_text(l.accuracy, 4) + "\t" +
           number_text(l.learning_rate, 3, std::chars_format::scientific) + "\t" +
           number_text(l.gradient_norm, 3) + "\t" + number_text(l.rate, 1) + "\t" +
           number_text(l.validation, 4) + "\t" + number_text(l.validation_loss, 5);
  }

  /// Reads lines up to a step. An incomplete last line, left by a kill, does not count.
  void read(std::uint64_t until) {
    const std::string text = read_file(path_);
    std::size_t at = 0;
    for (std::size_t end; (end = text.find('\n', at)) != std::string::npos; at = end + 1) {
      Line l;
      double step = 0;
      double* const fields[] = {&step,       &l.seconds,       &l.loss,
                                &l.accuracy, &l.learning_rate, &l.gradient_norm,
                                &l.rate,     &l.validation,    &l.validation_loss};
      std::size_t n = 0;
      bool good = true;
      for (std::size_t begin = at; good && begin <= end; ++n) {
        const std::size_t tab = std::min(text.find('\t', begin), end);
        good = n < std::size(fields) &&
               detail::read_number({text.data() + begin, tab - begin}, *fields[n]);
        begin = tab + 1;
      }
      // Older logs have no validation loss. A step is exact as a double up to 2^53.
      if (!good || n < 8 || !(step >= 0 && step <= static_cast<double>(until))) continue;
      l.step = static_cast<std::uint64_t>(step);
      lines_.push_back(l);
    }
  }

  std::string path_;
  std::vector<Line> lines_;
};

}  // namespace glimpse::inline v0
