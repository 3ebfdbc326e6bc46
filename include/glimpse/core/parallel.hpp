// parallel: the one place where threads are made, through OpenMP where there is one.
//
// Work is split into blocks of a fixed size, never by the number of threads, so that every sum is taken in the same
// order and results are the same bit for bit on one thread or many. Work below some 50 microseconds stays on one.
#pragma once

#include <algorithm>
#include <exception>
#include <type_traits>

#if defined(_OPENMP)
#include <omp.h>
#endif

#include <glimpse/core/shape.hpp>

namespace glimpse::inline v0 {

namespace detail {

inline int& thread_limit() {
  thread_local int limit = 0;  // 0: what OpenMP would take
  return limit;
}

/// True inside a parallel region: nested regions run on the thread they are on.
inline bool& in_parallel() {
  thread_local bool inside = false;
  return inside;
}

/// Elements of simple work that cost some 50 microseconds.
inline constexpr Index parallel_threshold = 32768;

/// Calls run(context, block) for every block of [0, blocks); exceptions of workers reach the caller.
inline void run_blocks(Index blocks, int threads, void (*run)(void*, Index), void* context) {
#if defined(_OPENMP)
  if (threads > 1 && blocks > 1 && !in_parallel()) {
    std::exception_ptr error;
    Index error_block = blocks;  // of several errors the one of the first block, as on one thread
#pragma omp parallel num_threads(threads)
    {
      in_parallel() = true;
#pragma omp for schedule(dynamic, 1)
      for (Index b = 0; b < blocks; ++b) {
        try {
          run(context, b);
        } catch (...) {
#pragma omp critical(glimpse_parallel_error)
          if (b < error_block) error = std::current_exception(), error_block = b;
        }
      }
      in_parallel() = false;
    }
    if (error) std::rethrow_exception(error);
    return;
  }
#endif
  static_cast<void>(threads);
  for (Index b = 0; b < blocks; ++b) run(context, b);
}

}  // namespace detail

/// Threads that parallel work started from this thread may use.
inline int num_threads() {
#if defined(_OPENMP)
  return detail::thread_limit() > 0 ? detail::thread_limit() : omp_get_max_threads();
#else
  return 1;
#endif
}

/// Limits (or raises) the number of threads for work started from this thread.
inline void set_num_threads(int n) { detail::thread_limit() = n; }

/// `set_num_threads` for as long as the object lives.
class ThreadScope {
 public:
  explicit ThreadScope(int n) : before_(detail::thread_limit()) { set_num_threads(n); }
  ~ThreadScope() { set_num_threads(before_); }
  ThreadScope(const ThreadScope&) = delete;
  ThreadScope& operator=(const ThreadScope&) = delete;

 private:
  int before_;
};

/// f(begin, end) over [0, count) in blocks of `block`; `cost` is the work of one item in simple operations.
template <class F>
void parallel_blocks(Index count, Index block, Index cost, F&& f) {
  if (count <= 0) return;
  struct Context {
    std::remove_reference_t<F>* f;
    Index count, block;
  } context{&f, count, block};
  const bool small = count * std::max<Index>(cost, 1) < detail::parallel_threshold;
  detail::run_blocks(
      (count + block - 1) / block, small ? 1 : num_threads(),
      [](void* p, Index b) {
        const Context& c = *static_cast<Context*>(p);
        (*c.f)(b * c.block, std::min(c.count, (b + 1) * c.block));
      },
      &context);
}

/// f(i) for i in [0, count); `cost` is the work of one item in simple operations.
template <class F>
void parallel_for(Index count, Index cost, F&& f) {
  const Index block = std::max<Index>(1, detail::parallel_threshold / 4 / std::max<Index>(cost, 1));
  parallel_blocks(count, block, cost, [&](Index begin, Index end) {
    for (Index i = begin; i < end; ++i) f(i);
  });
}

}  // namespace glimpse::inline v0
