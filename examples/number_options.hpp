// number_options: checks for options that take numbers. They refuse NaN, infinity, numbers out of
// range and trailing letters, with one line that states the expected value.
#pragma once

#include <CLI/CLI.hpp>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <string>
#include <system_error>

namespace detail {

inline std::string unexpected(const std::string& expected, const std::string& got) {
  return "expected " + expected + ", got " + (got.size() > 40 ? got.substr(0, 37) + "..." : got);
}

inline std::string short_text(double x) {
  char text[32];
  return {text, std::to_chars(text, text + sizeof text, x).ptr};
}

}  // namespace detail

/// A finite number from `low` to `high`; `low` itself only if `with_low`.
inline CLI::Validator number_between(double low, double high, bool with_low = true) {
  const std::string expected =
      with_low
          ? "a number from " + detail::short_text(low) + " to " + detail::short_text(high)
          : "a number above " + detail::short_text(low) + ", at most " + detail::short_text(high);
  return CLI::Validator(
      [=](std::string& text) -> std::string {
        double x = 0;
        const char* const end = text.data() + text.size();
        const auto [at, error] = std::from_chars(text.data(), end, x);
        const bool good = error == std::errc() && at == end && std::isfinite(x) && x <= high &&
                          (with_low ? x >= low : x > low);
        return good ? std::string() : detail::unexpected(expected, text);
      },
      "NUMBER");
}
/// A finite number above 0, or from 0.
inline CLI::Validator positive_number() { return number_between(0, 1e30, false); }
inline CLI::Validator number_from_0() { return number_between(0, 1e30); }

namespace detail {

template <class T>
CLI::Validator integer_between(T low, T high, const std::string& shown_high) {
  const std::string expected = "a whole number from " + std::to_string(low) + " to " + shown_high;
  return CLI::Validator(
      [=](std::string& text) -> std::string {
        T x = 0;
        const char* const end = text.data() + text.size();
        const auto [at, error] = std::from_chars(text.data(), end, x);
        const bool good = error == std::errc() && at == end && x >= low && x <= high;
        return good ? std::string() : unexpected(expected, text);
      },
      "INTEGER");
}

}  // namespace detail

/// A whole number from `low` to 10^15.
inline CLI::Validator whole_number(std::int64_t low) {
  return detail::integer_between<std::int64_t>(low, 1'000'000'000'000'000, "10^15");
}
/// A whole number from `low` to 10^9, which fits an int.
inline CLI::Validator small_whole_number(int low) {
  return detail::integer_between<int>(low, 1'000'000'000, "1000000000");
}
