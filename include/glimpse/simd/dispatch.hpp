// dispatch: one kernel, written once, compiled for every instruction set.
//
// A kernel is a struct whose body is a template on the vector width in bytes:
//
//   struct Double {
//     template <int Bytes>
//     [[gnu::always_inline]] static void run(float* x, Index n) { ... Vec<float, Bytes> ... }
//   };
//   simd::dispatch<Double>(x, n);
//
// The body itself is compiled for no particular CPU. It is inlined into one of three thin wrappers,
// and only these carry the target attribute, so the same lines become AVX-512, AVX2 or baseline
// code in a program built without any -m flag. What follows from that:
//   - everything a kernel calls must be always_inline too; a function that is not still gives the
//     right numbers, but is compiled for the baseline. Lambdas do not inherit a target: use
//     functors;
//   - vectors travel by reference, never by value: their calling convention depends on the target;
//   - nothing of the standard library is called within: such an inline function could be emitted
//     with AVX code and then be shared, by its name, with callers that must not run it;
//   - arguments are pointers and numbers; threads go outside (core/parallel.hpp).
#pragma once

#include <glimpse/simd/isa.hpp>

namespace glimpse::inline v0::simd {

namespace detail {

template <class Kernel, class... Args>
inline auto run_baseline(Args... args) {
  return Kernel::template run<16>(args...);
}

#if defined(__x86_64__) || defined(__i386__)

template <class Kernel, class... Args>
[[gnu::target("avx2,fma")]] inline auto run_avx2(Args... args) {
  return Kernel::template run<32>(args...);
}

template <class Kernel, class... Args>
[[gnu::target("avx512f,avx512vl,avx512bw,avx512dq,fma")]] inline auto run_avx512(Args... args) {
  return Kernel::template run<64>(args...);
}

#endif

}  // namespace detail

/// The compiled form of `Kernel` for one level, as a plain function pointer: for tables of kernels.
template <Isa level, class Kernel, class... Args>
auto entry() {
#if defined(__x86_64__) || defined(__i386__)
  if constexpr (level == Isa::avx512) return &detail::run_avx512<Kernel, Args...>;
  if constexpr (level == Isa::avx2) return &detail::run_avx2<Kernel, Args...>;
  if constexpr (level == Isa::baseline)
#endif
    return &detail::run_baseline<Kernel, Args...>;  // elsewhere there is no other
}

/// The same for a level that is known when the program runs.
template <class Kernel, class... Args>
auto entry(Isa level) {
  if (level == Isa::avx512) return entry<Isa::avx512, Kernel, Args...>();
  if (level == Isa::avx2) return entry<Isa::avx2, Kernel, Args...>();
  return entry<Isa::baseline, Kernel, Args...>();
}

/// Runs `Kernel::run<Bytes>(args...)` at the level in use and returns what it returns.
template <class Kernel, class... Args>
auto dispatch(Args... args) {
#if defined(__x86_64__) || defined(__i386__)
  switch (isa()) {
    case Isa::avx512:
      return detail::run_avx512<Kernel, Args...>(args...);
    case Isa::avx2:
      return detail::run_avx2<Kernel, Args...>(args...);
    default:
      break;
  }
#endif
  return detail::run_baseline<Kernel, Args...>(args...);
}

/// Bytes in a vector of the level: 16, 32 or 64.
constexpr int vector_bytes(Isa level) {
  return level == Isa::avx512 ? 64 : level == Isa::avx2 ? 32 : 16;
}

}  // namespace glimpse::inline v0::simd
