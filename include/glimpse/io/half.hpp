// half: 16-bit floating-point numbers, for storage only.
//
//   float16:   1 sign, 5 exponent (bias 15), 10 fraction bits;  largest 65504, smallest 2^-24
//   bfloat16:  1 sign, 8 exponent (bias 127), 7 fraction bits:  the upper half of a float
//
// Narrowing rounds to the nearest, ties to even: add half a unit less one, plus the last kept bit.
// The sum carries into the kept bits exactly when the number rounds up. NaN stays NaN and keeps the
// upper bits of its payload. Source: IEEE 754-2008.
#pragma once

#include <bit>
#include <cstdint>

namespace glimpse::inline v0 {

/// float16 bits of a number; infinity from 65520 on.
inline std::uint16_t to_float16(float value) {
  const std::uint32_t bits = std::bit_cast<std::uint32_t>(value);
  const std::uint32_t sign = bits >> 16 & 0x8000u, x = bits & 0x7FFFFFFFu;
  if (x > 0x7F800000u) {
    const std::uint32_t payload = x >> 13 & 0x3FFu;
    return static_cast<std::uint16_t>(sign | 0x7C00u | (payload ? payload : 0x200u));
  }
  if (x >= 0x477FF000u) return static_cast<std::uint16_t>(sign | 0x7C00u);
  if (x < 0x38800000u) {
    // Below 2^-14 the unit is 2^-24, which is the unit of a float near 1/2: the addition rounds.
    const float shifted = std::bit_cast<float>(x) + 0.5f;
    return static_cast<std::uint16_t>(sign | (std::bit_cast<std::uint32_t>(shifted) - 0x3F000000u));
  }
  return static_cast<std::uint16_t>(sign | (x - 0x38000000u + 0xFFFu + (x >> 13 & 1u)) >> 13);
}

/// The number that float16 bits represent, exactly.
inline float from_float16(std::uint16_t half) {
  const std::uint32_t sign = static_cast<std::uint32_t>(half & 0x8000u) << 16;
  const std::uint32_t exponent = half >> 10 & 0x1Fu, fraction = half & 0x3FFu;
  if (exponent == 0) {
    const float magnitude = static_cast<float>(fraction) * 0x1p-24f;
    return sign ? -magnitude : magnitude;
  }
  const std::uint32_t wide = exponent == 31 ? 255u : exponent + 112u;
  return std::bit_cast<float>(sign | wide << 23 | fraction << 13);
}

/// bfloat16 bits of a number.
inline std::uint16_t to_bfloat16(float value) {
  const std::uint32_t x = std::bit_cast<std::uint32_t>(value);
  if ((x & 0x7FFFFFFFu) > 0x7F800000u)
    return static_cast<std::uint16_t>(x >> 16 | ((x >> 16 & 0x7Fu) ? 0u : 0x40u));
  return static_cast<std::uint16_t>((x + 0x7FFFu + (x >> 16 & 1u)) >> 16);
}

/// The number that bfloat16 bits represent, exactly.
inline float from_bfloat16(std::uint16_t half) {
  return std::bit_cast<float>(static_cast<std::uint32_t>(half) << 16);
}

}  // namespace glimpse::inline v0
