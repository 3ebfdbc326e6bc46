// calibration: measures how well a reader's confidence agrees with its accuracy.
//
//   (1)  bin k holds the words read with confidence in [k / n, (k + 1) / n), the last one 1 as well
//   (2)  expected calibration error  ECE = sum_k (words_k / words) |right_k - confidence_k|
//   (3)  temperature-scaled confidence  q = p^a,  a >= 0 maximizes the likelihood:
//        a = argmax sum_right a ln p + sum_wrong ln(1 - p^a)
//
// A reader is calibrated if a share p of the words read with confidence p is right. (3) is a power
// of the confidence: a = 1 changes nothing, a > 1 lowers the confidence of an overconfident reader.
// It differs from temperature scaling, which raises the probabilities of all classes to the power a
// and normalizes them again. Fit it on other words than the ones that it is evaluated on. Source:
// Guo et al. 2017 for (2).
// Notation: docs/math/notation.md.
#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

#include <glimpse/core/error.hpp>
#include <glimpse/core/shape.hpp>

namespace glimpse::inline v0 {

/// One word: the reader's confidence, and whether the word was right.
struct ScoredPrediction {
  double confidence;
  bool right;
};

/// One bin of (1); its means are 0 if it is empty.
struct CalibrationBin {
  Index words = 0;
  double confidence = 0, right = 0;
};

/// The bins (1). Throws ValueError for fewer than one bin.
inline std::vector<CalibrationBin> calibration_bins(
    const std::vector<ScoredPrediction>& predictions_scored, Index bins) {
  if (bins < 1) fail("calibration_bins", "wants at least one bin, got ", bins);
  std::vector<CalibrationBin> result(static_cast<std::size_t>(bins));
  for (const ScoredPrediction& t : predictions_scored) {
    const double sure = t.confidence > 0 ? std::min(t.confidence, 1.0) : 0;  // NaN counts as 0
    const auto k = static_cast<Index>(sure * static_cast<double>(bins));
    CalibrationBin& bin = result[static_cast<std::size_t>(std::min(k, bins - 1))];
    ++bin.words, bin.confidence += t.confidence, bin.right += t.right;
  }
  for (CalibrationBin& bin : result) {
    const double n = static_cast<double>(std::max<Index>(bin.words, 1));
    bin.confidence /= n, bin.right /= n;
  }
  return result;
}

/// Expected calibration error (2); 0 without predictions.
inline double calibration_error(const std::vector<ScoredPrediction>& predictions_scored,
                                Index bins = 10) {
  double error = 0;
  for (const CalibrationBin& bin : calibration_bins(predictions_scored, bins))
    error += static_cast<double>(bin.words) * std::fabs(bin.right - bin.confidence);
  return predictions_scored.empty() ? 0 : error / static_cast<double>(predictions_scored.size());
}

/// The exponent a of (3), between 1/16 and 16, by golden section in ln a, because the likelihood
/// has one maximum. 1 without predictions.
inline double fit_temperature(const std::vector<ScoredPrediction>& predictions_scored) {
  if (predictions_scored.empty()) return 1;
  const auto likelihood = [&](double log_a) {
    double sum = 0;
    for (const ScoredPrediction& t : predictions_scored) {
      const double log_q = std::exp(log_a) * std::log(std::clamp(t.confidence, 1e-12, 1 - 1e-9));
      sum += t.right ? log_q : std::log(-std::expm1(log_q));
    }
    return sum;
  };
  constexpr double golden = 0.6180339887498949;
  double low = -std::log(16.0), high = std::log(16.0);
  while (high - low > 1e-6) {
    const double left = high - golden * (high - low), right = low + golden * (high - low);
    if (likelihood(left) < likelihood(right)) {
      low = left;
    } else {
      high = right;
    }
  }
  return std::exp(0.5 * (low + high));
}

}  // namespace glimpse::inline v0
