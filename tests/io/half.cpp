// io/half.hpp: all 65536 bit patterns of both formats, and rounding to the nearest, ties to even.
#include <bit>
#include <cmath>
#include <cstdint>

#include <glimpse/core/random.hpp>
#include <glimpse/io/half.hpp>

#include "../catch.hpp"

using namespace glimpse;

namespace {

/// The value of a pattern by the definition of the format.
double by_definition(unsigned bits, int exponent_bits, int fraction_bits) {
  const int exponent = static_cast<int>(bits >> fraction_bits & ((1u << exponent_bits) - 1));
  const double fraction = static_cast<double>(bits & ((1u << fraction_bits) - 1)) /
                          static_cast<double>(1u << fraction_bits);
  const int bias = (1 << (exponent_bits - 1)) - 1;
  const double sign = bits >> (exponent_bits + fraction_bits) & 1 ? -1 : 1;
  if (exponent == (1 << exponent_bits) - 1) return fraction > 0 ? std::nan("") : sign * INFINITY;
  return sign * (exponent == 0 ? std::ldexp(fraction, 1 - bias)
                               : std::ldexp(1 + fraction, exponent - bias));
}

/// The nearest pattern to a finite number, by comparing both neighbors.
template <class From>
unsigned nearest(double value, From from, unsigned infinity) {
  unsigned low = 0, high = infinity;  // patterns of magnitudes are ordered as the magnitudes
  const double size = std::fabs(value);
  while (high - low > 1) {
    const unsigned middle = (low + high) / 2;
    (static_cast<double>(from(static_cast<std::uint16_t>(middle))) <= size ? low : high) = middle;
  }
  const double below = static_cast<double>(from(static_cast<std::uint16_t>(low)));
  // Infinity counts as the next number after the largest one.
  const double step = low == 0
                          ? static_cast<double>(from(1))
                          : below - static_cast<double>(from(static_cast<std::uint16_t>(low - 1)));
  const double above =
      high == infinity ? below + step : static_cast<double>(from(static_cast<std::uint16_t>(high)));
  const bool up = size - below > above - size || (size - below == above - size && (low & 1));
  return (up ? high : low) | (std::signbit(value) ? 0x8000u : 0u);
}

template <class From, class To>
void check_format(From from, To to, int exponent_bits, int fraction_bits, unsigned infinity) {
  int wrong = 0;
  for (unsigned bits = 0; bits < 65536; ++bits) {
    const float value = from(static_cast<std::uint16_t>(bits));
    const double want = by_definition(bits, exponent_bits, fraction_bits);
    if (std::isnan(want))
      wrong += !std::isnan(value);
    else
      wrong += static_cast<double>(value) != want || std::signbit(value) != (bits >> 15 != 0);
    wrong += to(value) != bits;  // and back, NaN payloads and -0 included
  }
  CHECK(wrong == 0);

  Random rng(3);
  for (unsigned bits = 0; bits < infinity; ++bits) {
    // Between this number and the next: the middle rounds to the even one, its neighbors to the
    // nearer one.
    const double a = static_cast<double>(from(static_cast<std::uint16_t>(bits)));
    const double b = bits + 1 == infinity
                         ? 2 * a - static_cast<double>(from(static_cast<std::uint16_t>(bits - 1)))
                         : static_cast<double>(from(static_cast<std::uint16_t>(bits + 1)));
    const float middle = static_cast<float>((a + b) / 2);
    wrong += to(middle) != (bits & 1 ? bits + 1 : bits);
    wrong += to(std::nextafter(middle, 0.0f)) != bits;
    wrong += to(std::nextafter(middle, INFINITY)) != bits + 1;
    wrong += to(-middle) != (0x8000u | (bits & 1 ? bits + 1 : bits));
  }
  CHECK(wrong == 0);
  for (int i = 0; i < 100000; ++i) {
    const float value = std::bit_cast<float>(rng.bits());
    if (!std::isfinite(value)) continue;
    wrong += to(value) != nearest(static_cast<double>(value), from, infinity);
  }
  CHECK(wrong == 0);
  CHECK(to(INFINITY) == infinity);
  CHECK(to(-INFINITY) == (infinity | 0x8000u));
  CHECK(std::isnan(from(to(std::nanf("")))));
  CHECK(std::isnan(
      from(to(std::bit_cast<float>(0x7F800001u)))));  // a payload that the short format cuts off
}

}  // namespace

TEST_CASE("half: float16, every pattern") {
  check_format(&from_float16, &to_float16, 5, 10, 0x7C00);
}
TEST_CASE("half: bfloat16, every pattern") {
  check_format(&from_bfloat16, &to_bfloat16, 8, 7, 0x7F80);
}
