// precision: the number format of factors in matrix products.
//
//   float32     unchanged; the default
//   bfloat16    both operands rounded to 8 bits of mantissa, sums in float (bfloat16.hpp)
//
// The library never chooses bfloat16 itself. A PrecisionScope or GLIMPSE_PRECISION=bfloat16 does.
#pragma once

#include <atomic>
#include <cstdlib>
#include <string>
#include <string_view>

#include <glimpse/core/error.hpp>

namespace glimpse::inline v0::simd {

/// Number formats of factors in matrix products.
enum class Precision : int { float32 = 0, bfloat16 = 1 };

namespace detail {

inline std::atomic<int> forced_precision{-1};  // set by PrecisionScope; -1: not set

inline Precision asked_precision() {
  const char* const wish = std::getenv("GLIMPSE_PRECISION");
  if (wish == nullptr || *wish == '\0' || std::string_view(wish) == "float32")
    return Precision::float32;
  if (std::string_view(wish) == "bfloat16") return Precision::bfloat16;
  fail<ValueError>("GLIMPSE_PRECISION", "wants float32 or bfloat16, got \"", std::string(wish),
                   "\"");
}

}  // namespace detail

/// The current precision. Throws ValueError if GLIMPSE_PRECISION holds an unknown name.
inline Precision precision() {
  const int forced = detail::forced_precision.load(std::memory_order_relaxed);
  if (forced >= 0) return static_cast<Precision>(forced);
  static const Precision asked = detail::asked_precision();
  return asked;
}

/// Sets the precision of float products until the end of its scope. The setting applies to all
/// threads, therefore only one thread may use it at a time.
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
