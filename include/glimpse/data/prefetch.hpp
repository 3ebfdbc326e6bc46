// prefetch: background threads make items ahead of time; they are returned in order.
//
// Item k is make(k), a pure function of k. The sequence is therefore the same for any number of
// threads, and it may start at any k. At most `ahead` items wait at once. If make(k) throws, `next`
// throws the same error in place of item k.
//
// For items of different sizes, `cost` measures each one. No item is started while the waiting
// items cost `budget` or more. Memory then holds at most budget + threads x the largest item.
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
  using Cost = std::function<std::uint64_t(const Item&)>;

  Prefetcher(Maker make, int threads, std::uint64_t ahead, std::uint64_t first = 0, Cost cost = {},
             std::uint64_t budget = 0)
      : make_(std::move(make)),
        cost_(std::move(cost)),
        ahead_(ahead),
        budget_(budget),
        wanted_(first),
        started_(first) {
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

  /// The next item in order; waits until it is made. Throws what make(k) threw.
  Item next() {
    std::unique_lock lock(mutex_);
    item_ready_.wait(lock, [this] { return done_.count(wanted_) > 0; });
    auto slot = done_.extract(wanted_++);
    waiting_ -= slot.mapped().cost;
    lock.unlock();
    space_free_.notify_all();
    if (slot.mapped().error) std::rethrow_exception(slot.mapped().error);
    return std::move(*slot.mapped().item);
  }

 private:
  struct Slot {
    std::optional<Item> item;  // absent after an error
    std::exception_ptr error;
    std::uint64_t cost = 0;
  };

  /// Items are started in order, so the item that a caller waits for has been started. The budget
  /// can therefore never stop the queue forever.
  bool room() const {
    return started_ < wanted_ + ahead_ && (!cost_ || started_ == wanted_ || waiting_ < budget_);
  }

  void stop() {
    {
      const std::lock_guard lock(mutex_);
      stop_ = true;
    }
    space_free_.notify_all();
    for (std::thread& worker : workers_) worker.join();
    workers_.clear();
  }

  void work() {
    const ThreadScope one_thread(1);
    for (;;) {
      std::uint64_t k;
      {
        std::unique_lock lock(mutex_);
        space_free_.wait(lock, [this] { return stop_ || room(); });
        if (stop_) return;
        k = started_++;
      }
      Slot slot;
      try {
        slot.item.emplace(make_(k));
        if (cost_) slot.cost = cost_(*slot.item);
      } catch (...) {
        slot.error = std::current_exception();
      }
      {
        const std::lock_guard lock(mutex_);
        waiting_ += slot.cost;
        done_.emplace(k, std::move(slot));
      }
      item_ready_.notify_all();
    }
  }

  Maker make_;
  Cost cost_;
  std::uint64_t ahead_, budget_, wanted_, started_;
  std::uint64_t waiting_ = 0;  // cost of the items that are made and not yet returned
  std::map<std::uint64_t, Slot> done_;
  bool stop_ = false;
  std::mutex mutex_;
  std::condition_variable item_ready_, space_free_;
  std::vector<std::thread> workers_;
};

}  // namespace glimpse::inline v0
