// schedules: the learning rate as a pure function of the step number. A resumed run therefore needs
// only the step number.
//
//   optimizer.learning_rate = schedule(optimizer.steps());
//
//   (1)  step        r(s) = base factor^floor(s / every)
//   (2)  cosine      r(s) = floor + (base - floor) (1 + cos(pi s / total)) / 2
//   (3)  warm-up     r(0) (start + (1 - start) s / steps) for s < steps, then r(s - steps)
//   (4)  one cycle   up along half a cosine from peak / start_divisor at s = 0 to peak at
//                    s_top = warmup_fraction total - 1, down along another half cosine to
//                    peak / (start_divisor end_divisor) at s_end = total - 1
//
// Source of (4): Smith, Topin 2019.
// Notation: docs/math/notation.md.
#pragma once

#include <algorithm>
#include <cmath>

#include <glimpse/core/shape.hpp>

namespace glimpse::inline v0 {

namespace detail {
/// From a to b along half a cosine; t in [0, 1], other values are clamped.
inline double cosine_between(double a, double b, double t) {
  constexpr double pi = 3.14159265358979323846;
  return b + (a - b) / 2 * (1 + std::cos(pi * std::clamp(t, 0.0, 1.0)));
}
}  // namespace detail

/// The same rate at every step.
struct ConstantSchedule {
  double base;
  double operator()(Index) const { return base; }
};

/// (1): multiplies the rate by `factor` after every `every` steps.
struct StepSchedule {
  double base;
  Index every;
  double factor = 0.1;
  double operator()(Index step) const {
    return base * std::pow(factor, static_cast<double>(step / std::max<Index>(1, every)));
  }
};

/// (2): from base to floor over `total` steps, then constant.
struct CosineSchedule {
  double base;
  Index total;
  double floor = 0;
  double operator()(Index step) const {
    return detail::cosine_between(
        base, floor, static_cast<double>(step) / static_cast<double>(std::max<Index>(1, total)));
  }
};

/// (3): a linear warm-up of `steps` steps before another schedule.
template <class Schedule>
struct WarmupSchedule {
  Index steps;
  Schedule then;
  double start = 0;  // fraction of the first rate at step 0
  double operator()(Index step) const {
    if (step >= steps) return then(step - steps);
    return then(0) * (start + (1 - start) * static_cast<double>(step) / static_cast<double>(steps));
  }
};
template <class Schedule>
WarmupSchedule(Index, Schedule) -> WarmupSchedule<Schedule>;
template <class Schedule>
WarmupSchedule(Index, Schedule, double) -> WarmupSchedule<Schedule>;

/// (4): up to `peak` during the fraction `warmup_fraction` of `total` steps, then down to
/// peak / (start_divisor end_divisor).
struct OneCycleSchedule {
  double peak;
  Index total;
  double warmup_fraction = 0.3, start_divisor = 25, end_divisor = 1e4;
  double operator()(Index step) const {
    const double first = peak / start_divisor, last = first / end_divisor;
    const double top = std::max(0.0, warmup_fraction * static_cast<double>(total) - 1),
                 end = static_cast<double>(total) - 1;
    const auto s = static_cast<double>(step);
    if (s <= top && top > 0) return detail::cosine_between(first, peak, s / top);
    return detail::cosine_between(peak, last, end > top ? (s - top) / (end - top) : 1);
  }
};

}  // namespace glimpse::inline v0
