// prefetch: items made ahead of time by background threads, handed out in order.
//
// Item k is make(k), a pure function of k: the sequence is the same for any number of threads, and may be entered at
// any k. At most `ahead` items wait at once. What a maker throws, `next` throws when its turn comes.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <exception>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include <glimpse/core/error.hpp>
#include <glimpse/core/parallel.hpp>

namespace glimpse::inline v0 {

template <class Item>
class Prefetcher {
 public:
  using Maker = std::function<Item(std::uint64_t)>;

  Prefetcher(Maker make, int threads, std::uint64_t ahead, std::uint64_t first = 0)
      : make_(std::move(make)), ahead_(ahead), wanted_(first), started_(first) {
    if (threads < 1 || ahead < 1)
      fail("prefetch", "wants a thread and room for an item, got ", threads, " and ", ahead);
    try {
      for (int i = 0; i < threads; ++i) workers_.emplace_back([this] { work(); });
    } catch (const std::system_error& e) {
      const std::size_t started = workers_.size();
      stop();
      fail<Error>("prefetch", "thread ", started + 1, " of ", threads, " cannot start: ", e.what());
    }
  }
  ~Prefetcher() { stop(); }
  Prefetcher(const Prefetcher&) = delete;
  Prefetcher& operator=(const Prefetcher&) = delete;

  /// The next item in order; waits until it is there.
  Item next() {
    std::unique_lock lock(mutex_);
    ready_.wait(lock, [this] { return done_.count(wanted_) > 0; });
    auto slot = done_.extract(wanted_++);
    lock.unlock();
    room_.notify_all();
    if (slot.mapped().error) std::rethrow_exception(slot.mapped().error);
    return std::move(*slot.mapped().item);
  }

 private:
  struct Slot {
    std::optional<Item> item;  // absent after an error
    std::exception_ptr error;
  };

  void stop() {
    {
      const std::lock_guard lock(mutex_);
      stop_ = true;
    }
    room_.notify_all();
    for (std::thread& worker : workers_) worker.join();
    workers_.clear();
  }

  void work() {
    const ThreadScope one_thread(1);
    for (;;) {
      std::uint64_t k;
      {
        std::unique_lock lock(mutex_);
        room_.wait(lock, [this] { return stop_ || started_ < wanted_ + ahead_; });
        if (stop_) return;
        k = started_++;
      }
      Slot slot;
      try {
        slot.item.emplace(make_(k));
      } catch (...) {
        slot.error = std::current_exception();
      }
      {
        const std::lock_guard lock(mutex_);
        done_.emplace(k, std::move(slot));
      }
      ready_.notify_all();
    }
  }

  Maker make_;
  std::uint64_t ahead_, wanted_, started_;
  std::map<std::uint64_t, Slot> done_;
  bool stop_ = false;
  std::mutex mutex_;
  std::condition_variable ready_, room_;
  std::vector<std::thread> workers_;
};

}  // namespace glimpse::inline v0
