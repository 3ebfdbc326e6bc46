// dispatch: compiles a kernel, written once, for every instruction set and selects one at run time.
//
// A kernel is a struct whose body is a template on the vector width in bytes:
//
//   struct Double {
//     template <int Bytes>
//     [[gnu::always_inline]] static void run(float* x, Index n) { ... Vec<float, Bytes> ... }
//   };
//   simd::dispatch<Double>(x, n);
//
// The body has no target attribute. It is inlined into one of three thin wrappers, and only the
// wrappers carry the target attribute. The same lines become AVX-512, AVX2 or baseline code in a
// program built without any -m flag. The rules that follow:
//   - Everything that a kernel calls must be always_inline. Another function still gives correct
//     results, but is compiled for the baseline. Lambdas do not inherit a target: use functors.
//   - Pass vectors by reference, because their calling convention depends on the target.
//   - Do not call the standard library. The linker could keep an AVX copy of such a function and
//     share it with callers that must not run AVX code.
//   - Arguments are pointers and numbers. Threads are started outside (core/parallel.hpp).
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

/// Function pointer to `Kernel` compiled for one instruction set: for tables of kernels.
template <Isa level, class Kernel, class... Args>
auto entry() {
#if defined(__x86_64__) || defined(__i386__)
  if constexpr (level == Isa::avx512) return &detail::run_avx512<Kernel, Args...>;
  if constexpr (level == Isa::avx2) return &detail::run_avx2<Kernel, Args...>;
  if constexpr (level == Isa::baseline)
#endif
    return &detail::run_baseline<Kernel, Args...>;  // other architectures have only the baseline
}

/// Function pointer to `Kernel` for an instruction set known at run time.
template <class Kernel, class... Args>
auto entry(Isa level) {
  if (level == Isa::avx512) return entry<Isa::avx512, Kernel, Args...>();
  if (level == Isa::avx2) return entry<Isa::avx2, Kernel, Args...>();
  return entry<Isa::baseline, Kernel, Args...>();
}

/// Runs `Kernel::run<Bytes>(args...)` at the current instruction set and returns its result.
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

/// Bytes in a vector: 16, 32 or 64.
constexpr int vector_bytes(Isa level) {
  return level == Isa::avx512 ? 64 : level == Isa::avx2 ? 32 : 16;
}

}  // namespace glimpse::inline v0::simd
