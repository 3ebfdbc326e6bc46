// color: colors in Oklab, a space in which equal distances look equal.
//
// Oklab has a lightness L (0 black to 1 white) and two opponent axes a, b. Its polar form has
// chroma c and hue h. To sRGB:
//
//   lms = (M2 [L a b])^3,  linear rgb = M1 lms,  then the sRGB curve
//
// Source: Ottosson 2020, "A perceptual color space for image processing".
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include <glimpse/core/shape.hpp>

namespace glimpse::inline v0 {

/// sRGB, each component in [0, 1].
struct Color {
  float r = 0, g = 0, b = 0;
  friend bool operator==(const Color&, const Color&) = default;
};

/// A color from hexadecimal digits: rgb(0x1F6FB2).
constexpr Color rgb(std::uint32_t hex) {
  return {static_cast<float>(hex >> 16 & 0xFF) / 255.0f,
          static_cast<float>(hex >> 8 & 0xFF) / 255.0f, static_cast<float>(hex & 0xFF) / 255.0f};
}

/// Mixes two colors: (1 - t) a + t b.
constexpr Color mix(const Color& a, const Color& b, float t) {
  return {a.r + (b.r - a.r) * t, a.g + (b.g - a.g) * t, a.b + (b.b - a.b) * t};
}

/// The color of a lightness in [0, 1], a chroma (0 gray to about 0.3) and a hue in degrees, clipped
/// to sRGB.
inline Color oklch(double lightness, double chroma, double hue) {
  const double angle = hue * 3.14159265358979323846 / 180;
  const double a = chroma * std::cos(angle), b = chroma * std::sin(angle);
  const auto cube = [](double v) { return v * v * v; };
  const double l = cube(lightness + 0.3963377774 * a + 0.2158037573 * b);
  const double m = cube(lightness - 0.1055613458 * a - 0.0638541728 * b);
  const double s = cube(lightness - 0.0894841775 * a - 1.2914855480 * b);
  const auto curve = [](double v) {
    v = std::clamp(v, 0.0, 1.0);
    return static_cast<float>(v <= 0.0031308 ? 12.92 * v : 1.055 * std::pow(v, 1 / 2.4) - 0.055);
  };
  return {curve(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s),
          curve(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s),
          curve(-0.0041960863 * l - 0.7034186147 * m + 1.7076147010 * s)};
}

/// A color map for t in [0, 1]: deep violet, red, orange, pale yellow. Its lightness increases
/// linearly, so equal steps of t look equal, also in gray print.
inline Color heat(double t) {
  t = std::isnan(t) ? 0.0 : std::clamp(t, 0.0, 1.0);
  const double chroma = 0.16 * std::sin(3.14159265358979323846 * std::pow(t, 0.8)) + 0.035;
  return oklch(0.17 + 0.79 * t, chroma, 290 + 175 * t);
}

/// Colors of equal strength for categories: blue, orange, green, violet, red, teal, ...
inline Color category(Index i) {
  constexpr double hues[] = {252, 55, 150, 305, 22, 195, 90, 340};
  const Index cycle = i / 8;
  return oklch(cycle % 2 == 0 ? 0.60 : 0.45, 0.13, hues[i % 8] + static_cast<double>(cycle) * 11);
}

/// Colors of the library's paper and ink.
namespace ink {
inline constexpr Color paper = rgb(0xFCFBF8), text = rgb(0x2B2D33), quiet = rgb(0x84878F),
                       line = rgb(0xDEDCD5), panel = rgb(0xF3F1EB), blue = rgb(0x2F6DB5),
                       orange = rgb(0xE2762B);
}  // namespace ink

}  // namespace glimpse::inline v0
