// parallel: loops shared among threads.
//
// Work is split into blocks of a fixed size, never by the number of threads, so that every sum is
// taken in the same order and results are the same bit for bit on one thread or many. Work below
// some 50 microseconds stays on one. The threads are thread_pool.hpp's: no flag and no library asks
// for them.
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

/// Elements of simple work that cost some 50 microseconds.
inline constexpr Index parallel_threshold = 32768;

/// Calls run(context, block) for every block of [0, blocks). What blocks throw reaches the caller
/// when all are done; of several errors the one of the first block, as on one thread.
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

/// Threads that parallel work started from this thread may use.
inline int num_threads() {
  return detail::thread_limit() > 0 ? detail::thread_limit() : detail::default_threads();
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
