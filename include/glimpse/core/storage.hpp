// storage: reference-counted blocks of 64-byte-aligned memory from core/memory_cache.hpp.
#pragma once

#include <atomic>
#include <cstddef>
#include <new>
#include <utility>

#include <glimpse/core/error.hpp>
#include <glimpse/core/memory_cache.hpp>
#include <glimpse/core/shape.hpp>

namespace glimpse::inline v0 {

/// A reference-counted handle to one block of the cache.
class Storage {
 public:
  Storage() = default;
  explicit Storage(std::size_t bytes)
      : block_(static_cast<Header*>(MemoryCache::instance().allocate(total(bytes)))) {
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

  void* data() const {
    return block_ ? reinterpret_cast<std::byte*>(block_) + MemoryCache::alignment : nullptr;
  }
  bool unique() const { return block_ && block_->count.load(std::memory_order_acquire) == 1; }
  friend bool operator==(const Storage&, const Storage&) = default;

 private:
  struct Header {  // occupies the 64 bytes before the elements
    std::atomic<std::size_t> count;
    std::size_t bytes;
  };
  static std::size_t total(std::size_t bytes) {
    if (bytes > static_cast<std::size_t>(max_elements))
      fail("tensor", "asks for ", bytes, " bytes");
    return bytes + MemoryCache::alignment;
  }

  Header* block_ = nullptr;
};

}  // namespace glimpse::inline v0
