// thread_pool: worker threads that share loops.
//
// A loop is a number of blocks. The caller and the awake workers take blocks from one counter until
// none is left. The caller therefore never waits for a worker that did not start. If cores are
// busy, or in a forked child that has no workers, the caller runs more blocks itself.
//
//   caller:  job = j;     wake;        take blocks;  job = null;       wait until inside = 0
//   worker:  inside += 1; read job;    take blocks;  inside -= 1
//
// The four accesses to `job` and `inside` are sequentially consistent. Therefore either the worker
// sees null or the caller sees the worker, and no worker touches a loop that has ended.
//
// A worker spins for about 50 microseconds after its last loop, then sleeps in the kernel. It stays
// awake between the operations of a training step, and an idle program costs no CPU time. One loop
// runs at a time; if a second thread calls run() meanwhile, it runs its loop by itself.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <exception>
#include <system_error>
#include <thread>

#if defined(__linux__)
#include <sched.h>
#endif

#include <glimpse/core/shape.hpp>

namespace glimpse::inline v0::detail {

/// True on a worker, and on a caller while its loop runs. A nested loop runs on its own thread
/// only.
inline bool& in_parallel() {
  thread_local bool inside = false;
  return inside;
}

/// Tells the core that this is a spin-wait loop.
inline void relax() {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

/// Keeps a worker off the core of its caller. Linux wakes a thread on the core of the thread that
/// woke it, and may leave both there for seconds while another core idles. Two threads are then no
/// faster than one. If they meet, the worker restricts itself to the other cores until they meet
/// again.
class CoreAffinity {
 public:
#if defined(__linux__)
  static int core() { return sched_getcpu(); }

  CoreAffinity() {
    several_ = sched_getaffinity(0, sizeof all_, &all_) == 0 && CPU_COUNT(&all_) > 1;
  }

  /// Leaves the caller's core if this thread runs there too. callers: the caller's core.
  void move(int callers) const {
    if (!several_ || callers < 0 || callers != core()) return;
    cpu_set_t others = all_;
    CPU_CLR(callers, &others);
    if (CPU_COUNT(&others) > 0) sched_setaffinity(0, sizeof others, &others);
  }

 private:
  cpu_set_t all_;  // the cores that the worker may use
  bool several_;
#else
  static int core() { return -1; }
  void move(int) const {}
#endif
};

/// The blocks [0, blocks) of one loop. Keeps the exception of the lowest block that threw.
struct Loop {
  Index blocks;
  int helpers;  // workers that may join
  void (*run)(void*, Index);
  void* context;
  int core = CoreAffinity::core();  // of the caller
  std::atomic<Index> next{0};
  std::atomic_flag error_lock{};
  Index error_block = blocks;
  std::exception_ptr error{};

  void take_blocks() {
    for (Index b; (b = next.fetch_add(1, std::memory_order_relaxed)) < blocks;) {
      try {
        run(context, b);
      } catch (...) {
        while (error_lock.test_and_set(std::memory_order_acquire)) relax();
        if (b < error_block) error_block = b, error = std::current_exception();
        error_lock.clear(std::memory_order_release);
      }
    }
  }
};

class ThreadPool {
 public:
  /// The program's pool. It is never destroyed: its workers sleep until the process ends.
  static ThreadPool& instance() {
    static ThreadPool& pool = *new ThreadPool;
    return pool;
  }

  /// Runs the loop with up to `threads` threads, including the caller.
  /// Returns false, without running anything, if another thread's loop is running.
  bool run(Loop& loop, int threads) {
    if (busy_.test_and_set(std::memory_order_acquire)) return false;
    loop.helpers = std::min(threads - 1, grow(threads - 1));
    in_parallel() = true;
    job_.store(&loop);
    ticket_.fetch_add(1);
    ticket_.notify_all();
    loop.take_blocks();
    job_.store(nullptr);
    for (int spins = 0; inside_.load() != 0; ++spins) {
      if (spins < spin_limit) {
        relax();
      } else {
        std::this_thread::yield();  // because the worker may be waiting for this core
      }
    }
    in_parallel() = false;
    busy_.clear(std::memory_order_release);
    return true;
  }

 private:
  static constexpr int spin_limit = 2000;  // pauses, about 50 microseconds

  ThreadPool() = default;

  /// Starts workers until there are `wanted`, or until the system refuses; returns their number.
  int grow(int wanted) {
    while (workers_ < wanted && !refused_) {
      try {
        std::thread([this, index = workers_] { work(index); }).detach();
        ++workers_;
      } catch (const std::system_error&) {
        refused_ = true;
      }
    }
    return workers_;
  }

  void work(int index) {
    in_parallel() = true;
    const CoreAffinity affinity;
    for (unsigned seen = 0;;) {
      for (int spins = 0; ticket_.load() == seen && spins < spin_limit; ++spins) relax();
      ticket_.wait(seen);
      seen = ticket_.load();
      inside_.fetch_add(1);
      if (Loop* const loop = job_.load(); loop != nullptr && index < loop->helpers) {
        affinity.move(loop->core);
        loop->take_blocks();
      }
      inside_.fetch_sub(1);
    }
  }

  std::atomic<unsigned> ticket_{0};
  std::atomic<Loop*> job_{nullptr};
  std::atomic<int> inside_{0};
  std::atomic_flag busy_{};
  int workers_ = 0;       // guarded by busy_, as the next two
  bool refused_ = false;  // true after the system refused to start a thread
};

/// The default number of threads: GLIMPSE_THREADS, else OMP_NUM_THREADS, else the cores that the
/// process may use. Batch systems set OMP_NUM_THREADS to a program's share of the machine.
inline int default_threads() {
  static const int threads = [] {
    for (const char* name : {"GLIMPSE_THREADS", "OMP_NUM_THREADS"}) {
      const char* const text = std::getenv(name);
      if (const int n = text != nullptr ? std::atoi(text) : 0; n > 0) return std::min(n, 1024);
    }
    return std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
  }();
  return threads;
}

}  // namespace glimpse::inline v0::detail
