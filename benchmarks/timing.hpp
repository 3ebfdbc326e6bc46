// timing: clocks and medians for all benchmark programs.
#pragma once

#include <algorithm>
#include <chrono>
#include <vector>

namespace bench {

/// Milliseconds since a fixed moment.
inline double now() {
  const auto t = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration<double, std::milli>(t).count();
}

/// Seconds that f takes.
template <class F>
double seconds(F&& f) {
  const double start = now();
  f();
  return 1e-3 * (now() - start);
}

/// The middle value, the upper one of two. v must not be empty.
inline double median(std::vector<double> v) {
  const auto middle = v.begin() + std::ssize(v) / 2;
  std::nth_element(v.begin(), middle, v.end());
  return *middle;
}

/// Number of runs of `median_ms`.
struct Runs {
  int unmeasured = 1, least = 4, most = 8;
  double milliseconds = 400;  // after this time no more than `least` runs
};

/// Median of f's milliseconds.
template <class F>
double median_ms(F&& f, const Runs& runs = {}) {
  for (int i = 0; i < runs.unmeasured; ++i) f();
  std::vector<double> times;
  const double begin = now();
  while (std::ssize(times) < runs.least ||
         (std::ssize(times) < runs.most && now() - begin < runs.milliseconds)) {
    const double start = now();
    f();
    times.push_back(now() - start);
  }
  return median(std::move(times));
}

}  // namespace bench
