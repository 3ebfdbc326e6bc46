// random: counter-based random numbers (Philox 4x32-10) and portable distributions.
//
//   block_c = philox(key = seed, counter = (c, stream))      four 32-bit words, a pure function
//
// The state of a generator is (seed, stream, position) and nothing else: it can be saved, resumed
// and split. It gives the same numbers with every compiler and for any number of threads. The
// distributions of the standard library do not give the same numbers everywhere.
// Sources: Salmon, Moraes, Dror, Shaw 2011 (Philox); Wichura 1988 (AS 241, the normal quantile).
#pragma once

#include <array>
#include <cmath>
#include <cstdint>

#include <glimpse/core/shape.hpp>

namespace glimpse::inline v0 {

namespace detail {

using PhiloxBlock = std::array<std::uint32_t, 4>;

/// Ten rounds of Philox 4x32; the multipliers and key increments are those of the paper.
constexpr PhiloxBlock philox(PhiloxBlock c, std::uint32_t key0, std::uint32_t key1) {
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t p0 = std::uint64_t{0xD2511F53u} * c[0];
    const std::uint64_t p1 = std::uint64_t{0xCD9E8D57u} * c[2];
    c = {static_cast<std::uint32_t>(p1 >> 32) ^ c[1] ^ key0, static_cast<std::uint32_t>(p1),
         static_cast<std::uint32_t>(p0 >> 32) ^ c[3] ^ key1, static_cast<std::uint32_t>(p0)};
    key0 += 0x9E3779B9u;
    key1 += 0xBB67AE85u;
  }
  return c;
}

/// Quantile of the standard normal distribution, p in (0, 1). Relative error about 1e-16 (AS 241).
inline double normal_quantile(double p) {
  const double q = p - 0.5;
  if (std::fabs(q) <= 0.425) {
    const double r = 0.180625 - q * q;
    return q *
           (((((((r * 2509.0809287301226727 + 33430.575583588128105) * r + 67265.770927008700853) * r +
                45921.953931549871457) * r + 13731.693765509461125) * r + 1971.5909503065514427) * r +
             133.14166789178437745) * r + 3.387132872796366608) /
           (((((((r * 5226.495278852545925 + 28729.085735721942674) * r + 39307.89580009271061) * r +
                21213.794301586595867) * r + 5394.1960214247511077) * r + 687.1870074920579083) * r +
             42.313330701600911252) * r + 1.0);
  }
  double r = std::sqrt(-std::log(q < 0 ? p : 1.0 - p));
  double value;
  if (r <= 5.0) {
    r -= 1.6;
    value = (((((((r * 7.7454501427834140764e-4 + 0.0227238449892691845833) * r + 0.24178072517745061177) * r +
                 1.27045825245236838258) * r + 3.64784832476320460504) * r + 5.7694972214606914055) * r +
              4.6303378461565452959) * r + 1.42343711074968357734) /
            (((((((r * 1.05075007164441684324e-9 + 5.475938084995344946e-4) * r + 0.0151986665636164571966) * r +
                 0.14810397642748007459) * r + 0.68976733498510000455) * r + 1.6763848301838038494) * r +
              2.05319162663775882187) * r + 1.0);
  } else {
    r -= 5.0;
    value = (((((((r * 2.01033439929228813265e-7 + 2.71155556874348757815e-5) * r + 0.0012426609473880784386) * r +
                 0.026532189526576123093) * r + 0.29656057182850489123) * r + 1.7848265399172913358) * r +
              5.4637849111641143699) * r + 6.6579046435011037772) /
            (((((((r * 2.04426310338993978564e-15 + 1.4215117583164458887e-7) * r + 1.8463183175100546818e-5) * r +
                 7.868691311456132591e-4) * r + 0.0148753612908506148525) * r + 0.13692988092273580531) * r +
              0.59983220655588793769) * r + 1.0);
  }
  return q < 0 ? -value : value;
}

}  // namespace detail

/// A stream of random numbers; each number is a pure function of (seed, stream, position).
class Random {
 public:
  /// The complete state of a generator.
  struct State {
    std::uint64_t seed = 0, stream = 0, position = 0;
    friend bool operator==(const State&, const State&) = default;
  };

  explicit Random(std::uint64_t seed = 0, std::uint64_t stream = 0) : state_{seed, stream, 0} {}
  explicit Random(const State& state) : state_(state) {}

  const State& state() const { return state_; }

  /// 32 uniform bits.
  std::uint32_t bits() {
    const std::uint64_t block = state_.position / 4;
    if (block != cached_) {
      cached_ = block;
      block_ = detail::philox({lower(block), upper(block), lower(state_.stream), upper(state_.stream)},
                              lower(state_.seed), upper(state_.seed));
    }
    return block_[static_cast<std::size_t>(state_.position++ % 4)];
  }

  /// Uniform on [0, 1) with 53 random bits.
  double uniform() {
    const std::uint64_t high = bits() >> 5, low = bits() >> 6;
    return static_cast<double>((high << 26) | low) * 0x1p-53;
  }
  /// Uniform on [low, high).
  double uniform(double low, double high) { return low + (high - low) * uniform(); }

  /// Uniform integer on [0, n). Precondition: n >= 1.
  Index uniform_int(Index n) { return static_cast<Index>(uniform() * static_cast<double>(n)); }

  /// True with probability p.
  bool bernoulli(double p) { return uniform() < p; }

  /// Standard normal by inversion. Rounded to float because the last bits of libm differ by
  /// platform.
  double normal() { return static_cast<double>(static_cast<float>(detail::normal_quantile(uniform() + 0x1p-54))); }
  double normal(double mean, double stddev) { return mean + stddev * normal(); }

  /// An independent generator: child stream k of this one. Does not advance this generator.
  Random split(std::uint64_t k) const {
    const detail::PhiloxBlock b = detail::philox({lower(k), upper(k), 0x5EEDu, 1u},
                                                 lower(state_.stream) ^ lower(state_.seed),
                                                 upper(state_.stream) ^ upper(state_.seed));
    return Random(state_.seed, (std::uint64_t{b[0]} << 32) | b[1]);
  }

 private:
  static constexpr std::uint32_t lower(std::uint64_t v) { return static_cast<std::uint32_t>(v); }
  static constexpr std::uint32_t upper(std::uint64_t v) { return static_cast<std::uint32_t>(v >> 32); }

  State state_;
  std::uint64_t cached_ = ~std::uint64_t{0};
  detail::PhiloxBlock block_{};
};

}  // namespace glimpse::inline v0
