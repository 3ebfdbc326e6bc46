// isa: the instruction set of the kernels, detected at run time.
//
//   baseline   16-byte vectors, whatever the compiler targets (SSE2, NEON, WebAssembly SIMD)
//   avx2       32-byte vectors with fused multiply-add
//   avx512     64-byte vectors with fused multiply-add
//
// The environment variable GLIMPSE_ISA=baseline|avx2|avx512 lowers the level; it never exceeds the
// CPU's. One machine can therefore test every level, and reproduce a bug of another machine.
#pragma once

#include <atomic>
#include <cstdlib>
#include <string>
#include <string_view>

#include <glimpse/core/error.hpp>

namespace glimpse::inline v0::simd {

/// Instruction sets, from narrow to wide vectors.
enum class Isa : int { baseline = 0, avx2 = 1, avx512 = 2 };

/// Name of the level, as in GLIMPSE_ISA.
inline const char* name(Isa isa) {
  switch (isa) {
    case Isa::avx512:
      return "avx512";
    case Isa::avx2:
      return "avx2";
    default:
      return "baseline";
  }
}

/// The level with the name `text`. Throws ValueError if there is none.
inline Isa parse_isa(std::string_view text) {
  for (Isa isa : {Isa::baseline, Isa::avx2, Isa::avx512}) {
    if (text == name(isa)) return isa;
  }
  fail<ValueError>("GLIMPSE_ISA", "wants baseline, avx2 or avx512, got \"", std::string(text),
                   "\"");
}

/// The highest level that the CPU and the operating system support.
inline Isa cpu_isa() {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_cpu_init();
  const bool fma = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  const bool wide = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
                    __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq");
  if (fma && wide) return Isa::avx512;
  if (fma) return Isa::avx2;
#endif
  return Isa::baseline;
}

namespace detail {

inline std::atomic<int> forced_isa{-1};  // set by IsaScope; -1: not set

inline Isa detect_isa() {
  const Isa cpu = cpu_isa();
  const char* wish = std::getenv("GLIMPSE_ISA");
  if (wish == nullptr || *wish == '\0') return cpu;
  const Isa asked = parse_isa(wish);
  return asked < cpu ? asked : cpu;
}

}  // namespace detail

/// The current level: that of the CPU, unless GLIMPSE_ISA or an IsaScope lowers it.
/// Throws ValueError if GLIMPSE_ISA holds an unknown name.
inline Isa isa() {
  const int forced = detail::forced_isa.load(std::memory_order_relaxed);
  if (forced >= 0) return static_cast<Isa>(forced);
  static const Isa found = detail::detect_isa();
  return found;
}

/// For tests: lowers the level until the end of its scope. A level above the CPU's becomes the
/// CPU's. The setting applies to all threads, therefore only one thread may use it at a time.
class IsaScope {
 public:
  explicit IsaScope(Isa wanted) : before_(detail::forced_isa.load()) {
    const Isa cpu = cpu_isa();
    detail::forced_isa.store(static_cast<int>(wanted < cpu ? wanted : cpu));
  }
  ~IsaScope() { detail::forced_isa.store(before_); }
  IsaScope(const IsaScope&) = delete;
  IsaScope& operator=(const IsaScope&) = delete;

 private:
  int before_;
};

}  // namespace glimpse::inline v0::simd
