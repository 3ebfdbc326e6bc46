// learning rate range: finds a learning rate in one short training with an increasing rate.
//
//   rate of step i of n    r_i = low (high / low)^(i / (n - 1))
//   smoothed loss          s_i = (beta s_i-1 + (1 - beta) l_i),  divided by 1 - beta^(i + 1)
//   end                    if s_i exceeds `diverged` times the least so far, or is not finite
//   suggestion             the r at which s falls most steeply over ln r, before its minimum
//
// Source: Smith, "Cyclical Learning Rates for Training Neural Networks", 2017.
#pragma once

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include <glimpse/io/file.hpp>
#include <glimpse/io/image.hpp>
#include <glimpse/nn/module.hpp>
#include <glimpse/train/train_log.hpp>
#include <glimpse/train/word_step.hpp>

namespace glimpse::inline v0 {

struct RateRangeOptions {
  double low = 1e-6, high = 0.5;
  Index steps = 200;
  double smooth = 0.9;  // beta
  double diverged = 4;

  void check() const {
    if (!(low > 0 && high > low && std::isfinite(high)))
      fail("learning rate range", "expected 0 < low < high, got ", low, " and ", high);
    if (steps < 10) fail("learning rate range", "expected steps from 10, got ", steps);
    if (!(smooth >= 0 && smooth < 1))
      fail("learning rate range", "expected smooth from 0 to below 1, got ", smooth);
    if (!(diverged > 1)) fail("learning rate range", "expected diverged above 1, got ", diverged);
  }
};

struct RateRange {
  std::vector<double> rates, losses, smoothed;  // all of one length
  double suggestion = 0;
};

/// The rate at which the smoothed loss falls most steeply, by the slope of a least-squares line
/// through a twentieth of the points on either side. 0 if the loss falls nowhere.
inline double suggested_rate(const RateRange& r) {
  const auto least = std::min_element(r.smoothed.begin(), r.smoothed.end());
  const Index n = std::ssize(r.rates), reach = std::max<Index>(1, n / 20),
              last = std::min(least - r.smoothed.begin(), n - 1);
  if (r.smoothed.empty()) return 0;
  double best = -1e-6 * std::abs(r.smoothed.front()), rate = 0;  // smaller slopes are rounding
  for (Index i = reach; i + reach < n && i <= last; ++i) {
    double top = 0, bottom = 0;  // least squares over equally spaced ln r
    for (Index k = -reach; k <= reach; ++k) {
      top += static_cast<double>(k) * r.smoothed[static_cast<std::size_t>(i + k)];
      bottom += static_cast<double>(k * k);
    }
    if (top / bottom < best) best = top / bottom, rate = r.rates[static_cast<std::size_t>(i)];
  }
  return rate;
}

/// Runs the range test. step(rate) -> double: trains one step at this rate and returns its loss.
template <class Step>
RateRange learning_rate_range(const RateRangeOptions& options, Step&& step) {
  options.check();
  RateRange r;
  double sum = 0, weight = 0, least = 0;
  for (Index i = 0; i < options.steps; ++i) {
    const double rate =
        options.low * std::pow(options.high / options.low,
                               static_cast<double>(i) / static_cast<double>(options.steps - 1));
    const double loss = step(rate);
    if (!std::isfinite(loss)) break;
    sum = options.smooth * sum + (1 - options.smooth) * loss;
    weight = options.smooth * weight + 1 - options.smooth;
    const double smoothed = sum / weight;
    r.rates.push_back(rate), r.losses.push_back(loss), r.smoothed.push_back(smoothed);
    least = i == 0 ? smoothed : std::min(least, smoothed);
    if (smoothed > options.diverged * least) break;
  }
  r.suggestion = suggested_rate(r);
  return r;
}

/// The range test for a reader and its words. It trains a copy of the reader.
inline RateRange learning_rate_range(const RateRangeOptions& range, const Reader<float>& reader,
                                     WordSource source, const TrainOptions& options) {
  WordLearner learner(clone(reader), options);
  WordLoader loader(std::move(source), loader_options(reader.config(), options));
  return learning_rate_range(range, [&](double rate) {
    const WordStep done = learner.step(loader.next(), rate);
    return done.taken ? done.loss : std::numeric_limits<double>::quiet_NaN();
  });
}

/// Writes learning_rate.tsv (rate, loss, smoothed loss) and learning_rate.png into a folder.
inline void write_rate_range(const RateRange& r, const std::string& folder) {
  std::string text = "learning_rate\tloss\tsmoothed\n";
  for (std::size_t i = 0; i < r.rates.size(); ++i)
    text += detail::number_text(r.rates[i], 4, std::chars_format::scientific) + "\t" +
            detail::number_text(r.losses[i], 5) + "\t" + detail::number_text(r.smoothed[i], 5) +
            "\n";
  write_file(folder + "/learning_rate.tsv", text);
  if (r.rates.size() < 2) return;
  // Losses after divergence are cut off, because they would flatten the rest of the curve.
  const double start = r.smoothed.front(),
               least = *std::min_element(r.smoothed.begin(), r.smoothed.end());
  std::vector<Series> curves = {{.name = "smoothed", .y = r.smoothed, .x = r.rates},
                                {.name = "loss", .y = r.losses, .x = r.rates}};
  if (r.suggestion > 0) {
    const auto at = std::find(r.rates.begin(), r.rates.end(), r.suggestion) - r.rates.begin();
    curves.push_back({.name = "suggestion",
                      .y = {r.smoothed[static_cast<std::size_t>(at)]},
                      .x = {r.suggestion},
                      .dots = true});
  }
  const Plot plot{.title = "Loss against learning rate",
                  .x_label = "learning rate",
                  .y_label = "loss",
                  .series = std::move(curves),
                  .log_x = true,
                  .y_high = start + std::max(start - least, 0.1 * std::abs(start))};
  write_png(folder + "/learning_rate.png", draw(plot));
}

}  // namespace glimpse::inline v0
