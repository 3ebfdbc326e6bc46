// storage: 64-byte-aligned memory from a cache.
//
// A fresh 50 MB block costs 20 ms of page faults, a recycled one 1 ms: a training step asks for the same sizes again
// and again, so freed blocks wait in a list by size class for the next tensor. Sizes are rounded up to an eighth of
// a power of two, which wastes at most 12.5 %.
#pragma once

#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <mutex>
#include <new>
#include <utility>
#include <vector>

#include <glimpse/core/error.hpp>

#if defined(__SANITIZE_ADDRESS__)
#define GLIMPSE_ADDRESS_SANITIZER
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define GLIMPSE_ADDRESS_SANITIZER
#endif
#endif
#if defined(GLIMPSE_ADDRESS_SANITIZER)
extern "C" void __asan_poison_memory_region(void const volatile*, std::size_t);
extern "C" void __asan_unpoison_memory_region(void const volatile*, std::size_t);
#endif

namespace glimpse::inline v0 {

namespace detail {

/// Tells the address sanitizer what of a block a tensor may touch: without this, waiting blocks and the rounding at the
/// end of living ones would count as theirs.
inline void set_reach([[maybe_unused]] void* block, [[maybe_unused]] std::size_t reach, [[maybe_unused]] std::size_t size) {
#if defined(GLIMPSE_ADDRESS_SANITIZER)
  __asan_unpoison_memory_region(block, reach);
  __asan_poison_memory_region(static_cast<std::byte*>(block) + reach, size - reach);
#endif
}

}  // namespace detail

/// Freed blocks by size class, shared by all threads.
class MemoryCache {
 public:
  static constexpr std::size_t alignment = 64;

  /// The cache of the process. It is never destroyed, so tensors in static storage may outlive main.
  static MemoryCache& instance() {
    static MemoryCache* cache = new MemoryCache;
    return *cache;
  }

  void* allocate(std::size_t bytes) {
    const std::size_t size = rounded(bytes);
    void* block = take(size);
    detail::set_reach(block, bytes, size);
    if (poisoned_.load(std::memory_order_relaxed)) std::memset(block, 0xFF, bytes);
    return block;
  }

  /// For tests: while on, every block is handed out full of NaN, so that reading what nobody wrote shows.
  void poison(bool on) { poisoned_.store(on); }

  void release(void* block, std::size_t bytes) noexcept {
    const std::size_t size = rounded(bytes);
    const std::lock_guard lock(mutex_);
    in_use_ -= size;
    try {
      free_[size_class(size)].push_back(block);
      cached_ += size;
      detail::set_reach(block, 0, size);
    } catch (...) {
      ::operator delete(block, std::align_val_t{alignment});
    }
  }

  /// Gives every cached block back to the system.
  void clear() {
    const std::lock_guard lock(mutex_);
    for (std::vector<void*>& list : free_) {
      for (void* block : list) ::operator delete(block, std::align_val_t{alignment});
      list.clear();
    }
    cached_ = 0;
  }

  /// Bytes in living tensors, in waiting blocks, the most that ever lived at once; blocks asked of the system.
  std::size_t in_use() const { return in_use_; }
  std::size_t cached() const { return cached_; }
  std::size_t peak() const { return peak_; }
  std::size_t fresh_blocks() const { return fresh_; }

 private:
  void* take(std::size_t size) {
    {
      const std::lock_guard lock(mutex_);
      std::vector<void*>& list = free_[size_class(size)];
      in_use_ += size;
      peak_ = in_use_ > peak_ ? in_use_ : peak_;
      if (!list.empty()) {
        void* block = list.back();
        list.pop_back();
        cached_ -= size;
        return block;
      }
      ++fresh_;
    }
    return ::operator new(size, std::align_val_t{alignment});
  }
  static std::size_t rounded(std::size_t bytes) {
    if (bytes <= 512) return bytes <= alignment ? alignment : (bytes + 63) / 64 * 64;
    const std::size_t step = std::bit_floor(bytes) / 8;
    return (bytes + step - 1) / step * step;
  }
  /// Number of the size class: eight to a power of two.
  static std::size_t size_class(std::size_t size) {
    if (size <= 512) return size / 64;
    const std::size_t power = std::bit_floor(size);
    return static_cast<std::size_t>(std::bit_width(size)) * 8 + (size - power) * 8 / power;
  }

  std::mutex mutex_;
  std::atomic<bool> poisoned_{false};
  std::vector<void*> free_[65 * 8 + 8];
  std::size_t in_use_ = 0, cached_ = 0, peak_ = 0, fresh_ = 0;
};

/// Counted reference to one block of the cache.
class Storage {
 public:
  Storage() = default;
  explicit Storage(std::size_t bytes) : block_(static_cast<Header*>(MemoryCache::instance().allocate(total(bytes)))) {
    new (block_) Header{{1}, bytes};
  }
  Storage(const Storage& other) noexcept : block_(other.block_) {
    if (block_) block_->count.fetch_add(1, std::memory_order_relaxed);
  }
  Storage(Storage&& other) noexcept : block_(std::exchange(other.block_, nullptr)) {}
  Storage& operator=(Storage other) noexcept {
    std::swap(block_, other.block_);
    return *this;
  }
  ~Storage() {
    if (block_ && block_->count.fetch_sub(1, std::memory_order_acq_rel) == 1)
      MemoryCache::instance().release(block_, total(block_->bytes));
  }

  void* data() const { return block_ ? reinterpret_cast<std::byte*>(block_) + MemoryCache::alignment : nullptr; }
  bool unique() const { return block_ && block_->count.load(std::memory_order_acquire) == 1; }
  friend bool operator==(const Storage&, const Storage&) = default;

 private:
  struct Header {  // sits in the 64 bytes in front of the numbers
    std::atomic<std::size_t> count;
    std::size_t bytes;
  };
  static std::size_t total(std::size_t bytes) {
    if (bytes > (std::size_t{1} << 46)) fail("tensor", "asks for ", bytes, " bytes");
    return bytes + MemoryCache::alignment;
  }

  Header* block_ = nullptr;
};

}  // namespace glimpse::inline v0
