// reliability: the share of correct words as a function of the confidence.
#pragma once

#include <cmath>
#include <cstdio>
#include <vector>

#include <glimpse/text/calibration.hpp>
#include <glimpse/viz/plot.hpp>

namespace glimpse::inline v0 {

/// The reliability diagram (3, height, width). A calibrated reader is on the diagonal, an
/// overconfident one below it. temperature: the exponent of calibration.hpp (3); if it is not 1, a
/// second curve shows its effect.
inline Tensor<float> draw_reliability(const std::vector<ScoredPrediction>& predictions_scored,
                                      double temperature = 1, Index bins = 10) {
  const auto curve = [&](double exponent, const char* name) {
    std::vector<ScoredPrediction> shown = predictions_scored;
    for (ScoredPrediction& t : shown) t.confidence = std::pow(t.confidence, exponent);
    char label[64];
    std::snprintf(label, sizeof label, "%s, ECE %.3f", name, calibration_error(shown, bins));
    Series series{.name = label, .dots = true};
    for (const CalibrationBin& bin : calibration_bins(shown, bins)) {
      if (bin.words == 0) continue;
      series.x.push_back(bin.confidence), series.y.push_back(bin.right);
    }
    return series;
  };
  Plot plot{.title = "Reliability",
            .x_label = "confidence",
            .y_label = "share of words right",
            .series = {{.name = "honest", .y = {0, 1}, .x = {0, 1}, .color = 7}},
            .y_low = 0,
            .y_high = 1};
  plot.series.push_back(curve(1, "as read"));
  if (temperature != 1) plot.series.push_back(curve(temperature, "tempered"));
  return draw(plot, 720, 560);
}

}  // namespace glimpse::inline v0
