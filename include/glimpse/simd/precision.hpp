// precision: how exactly matrix products multiply.
//
//   float32     as the numbers are; the default
//   bfloat16    both operands rounded to 8 bits of mantissa, sums in float (bfloat16.hpp)
//
// bfloat16 is never chosen by itself: by a PrecisionScope, or by GLIMPSE_PRECISION=bfloat16.
#pragma once

#include <atomic>
#include <cstdlib>
#include <string>
#include <string_view>

#include <glimpse/core/error.hpp>

namespace glimpse::inline v0::simd {

enum class Precision : int { float32 = 0, bfloat16 = 1 };

namespace detail {

inline std::atomic<int> forced_precision{-1};  // set by PrecisionScope; -1: none

inline Precision asked_precision() {
  const char* const wish = std::getenv("GLIMPSE_PRECISION");
  if (wish == nullptr || *wish == '\0' || std::string_view(wish) == "float32")
    return Precision::float32;
  if (std::string_view(wish) == "bfloat16") return Precision::bfloat16;
  fail<ValueError>("GLIMPSE_PRECISION", "wants float32 or bfloat16, got \"", std::string(wish),
                   "\"");
}

}  // namespace detail

/// The precision in use. Throws ValueError where GLIMPSE_PRECISION holds an unknown name.
inline Precision precision() {
  const int forced = detail::forced_precision.load(std::memory_order_relaxed);
  if (forced >= 0) return static_cast<Precision>(forced);
  static const Precision asked = detail::asked_precision();
  return asked;
}

/// Sets the precision of products of floats while it lives. It holds for all threads, so only one
/// thread should use it at a time.
class PrecisionScope {
 public:
  explicit PrecisionScope(Precision wanted) : before_(detail::forced_precision.load()) {
    detail::forced_precision.store(static_cast<int>(wanted));
  }
  ~PrecisionScope() { detail::forced_precision.store(before_); }
  PrecisionScope(const PrecisionScope&) = delete;
  PrecisionScope& operator=(const PrecisionScope&) = delete;

 private:
  int before_;
};

}  // namespace glimpse::inline v0::simd
