// parallel: loops shared among threads.
//
// Loops are split into blocks whose size does not depend on the number of threads. Every sum is
// then taken in the same order, and results are bit-identical on one thread or many. Loops shorter
// than about 50 microseconds run on one thread, because waking another thread would cost more than
// it saves. The threads come from thread_pool.hpp; no compiler flag and no other library is needed.
#pragma once

#include <algorithm>
#include <exception>
#include <type_traits>

#include <glimpse/core/shape.hpp>
#include <glimpse/core/thread_pool.hpp>

namespace glimpse::inline v0 {

namespace detail {

inline int& thread_limit() {
  thread_local int limit = 0;  // 0: default_threads()
  return limit;
}

/// Simple operations that take about 50 microseconds: the smallest loop worth sharing.
inline constexpr Index parallel_threshold = 32768;

/// Calls run(context, b) for every block b of [0, blocks). Exceptions reach the caller after all
/// blocks are done. Of several exceptions, the caller gets the first block's, as on one thread.
inline void run_blocks(Index blocks, int threads, void (*run)(void*, Index), void* context) {
  if (threads > 1 && blocks > 1 && !in_parallel()) {
    Loop loop{.blocks = blocks, .helpers = 0, .run = run, .context = context};
    if (ThreadPool::instance().run(loop, threads)) {
      if (loop.error) std::rethrow_exception(loop.error);
      return;
    }
  }
  for (Index b = 0; b < blocks; ++b) run(context, b);
}

}  // namespace detail

/// Maximum number of threads for parallel loops started from this thread.
inline int num_threads() {
  return detail::thread_limit() > 0 ? detail::thread_limit() : detail::default_threads();
}

/// Sets the maximum number of threads for loops started from this thread; 0 restores the default.
inline void set_num_threads(int n) { detail::thread_limit() = n; }

/// Calls set_num_threads(n) and restores the previous setting at the end of its scope.
class ThreadScope {
 public:
  explicit ThreadScope(int n) : before_(detail::thread_limit()) { set_num_threads(n); }
  ~ThreadScope() { set_num_threads(before_); }
  ThreadScope(const ThreadScope&) = delete;
  ThreadScope& operator=(const ThreadScope&) = delete;

 private:
  int before_;
};

/// Calls f(begin, end) over [0, count) in blocks of `block` items.
/// cost: simple operations for one item.
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

/// Calls f(i) for i in [0, count). cost: simple operations for one item.
template <class F>
void parallel_for(Index count, Index cost, F&& f) {
  const Index block = std::max<Index>(1, detail::parallel_threshold / 4 / std::max<Index>(cost, 1));
  parallel_blocks(count, block, cost, [&](Index begin, Index end) {
    for (Index i = begin; i < end; ++i) f(i);
  });
}

}  // namespace glimpse::inline v0
