// memory_cache: allocates memory for tensors and keeps freed memory for the next tensors.
//
// The page faults of a fresh 50 MB block cost 20 ms; a recycled block costs 1 ms. A training step
// allocates the same sizes again and again. The cache therefore returns nothing to the system
// before clear() is called.
//
//   up to 32 KB  lists of free blocks by size class, eight classes for each power of two
//   above        best fit within segments; adjacent free blocks are merged, because the space that
//                ten small tensors leave can then hold one large tensor
//
//   segment      | tensor |   free   | tensor |  free  |  never used  |
//                                                      ^ high_water_mark
//   A new segment is at least as large as all earlier segments together. The size is cheap because
//   the system provides only the pages that were touched. The untouched rest of a segment is the
//   largest free block. Best fit takes this block last, and memory grows only with high_water_mark.
#pragma once

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <mutex>
#include <new>
#include <vector>

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

/// Tells the address sanitizer that a tensor may touch only the first `high_water_mark` bytes of
/// the block. Otherwise it would accept accesses to free blocks and to the rounding after the last
/// byte.
inline void set_high_water_mark([[maybe_unused]] void* block,
                                [[maybe_unused]] std::size_t high_water_mark,
                                [[maybe_unused]] std::size_t size) {
#if defined(GLIMPSE_ADDRESS_SANITIZER)
  __asan_unpoison_memory_region(block, high_water_mark);
  __asan_poison_memory_region(static_cast<std::byte*>(block) + high_water_mark,
                              size - high_water_mark);
#endif
}

/// One allocation from the system, divided into blocks that cover it without gaps.
class MemorySegment {
 public:
  MemorySegment(std::byte* memory, std::size_t size) : memory_(memory) {
    blocks_.push_back({0, size, true});
  }

  std::byte* memory() const { return memory_; }
  std::size_t size() const { return blocks_.back().begin + blocks_.back().size; }
  /// Number of bytes at the start of the segment that tensors have touched so far.
  std::size_t high_water_mark() const { return high_water_mark_; }
  bool empty() const { return blocks_.size() == 1 && blocks_[0].free; }
  bool holds(const void* p) const { return p >= memory_ && p < memory_ + size(); }

  /// The smallest free block of at least `size` bytes (the first one if sizes tie), or null.
  void* allocate(std::size_t size) {
    Block* best = nullptr;
    for (Block& b : blocks_)
      if (b.free && b.size >= size && (!best || b.size < best->size)) best = &b;
    if (!best) return nullptr;
    const Block rest{best->begin + size, best->size - size, true};
    *best = {best->begin, size, false};
    high_water_mark_ = std::max(high_water_mark_, rest.begin);
    if (rest.size > 0) blocks_.insert(blocks_.begin() + (best - blocks_.data()) + 1, rest);
    return memory_ + rest.begin - size;
  }

  /// Frees a block of `allocate` and merges it with adjacent free blocks.
  void free_block(const void* p) {
    const auto begin = static_cast<std::size_t>(static_cast<const std::byte*>(p) - memory_);
    const auto at = std::lower_bound(blocks_.begin(), blocks_.end(), begin,
                                     [](const Block& b, std::size_t x) { return b.begin < x; });
    auto first = at, last = at + 1;
    if (first != blocks_.begin() && (first - 1)->free) --first;
    if (last != blocks_.end() && last->free) ++last;
    *first = {first->begin, (last - 1)->begin + (last - 1)->size - first->begin, true};
    blocks_.erase(first + 1, last);
  }

 private:
  struct Block {
    std::size_t begin, size;
    bool free;
  };

  std::byte* memory_;
  std::vector<Block> blocks_;  // sorted by address
  std::size_t high_water_mark_ = 0;
};

}  // namespace detail

/// Caches the memory that tensors have freed. All threads share it.
class MemoryCache {
 public:
  static constexpr std::size_t alignment = 64;

  /// The cache of the process. It is never destroyed because static tensors may outlive main.
  static MemoryCache& instance() {
    static MemoryCache* cache = new MemoryCache;
    return *cache;
  }

  /// Returns at least `bytes` bytes, aligned to 64. Throws std::bad_alloc if the system has no
  /// memory.
  void* allocate(std::size_t bytes) {
    const std::size_t size = rounded(bytes);
    void* block = nullptr;
    {
      const std::lock_guard lock(mutex_);
      block = size <= small ? take_small(size) : take_large(size);
      in_use_ += size;
      peak_ = std::max(peak_, in_use_);
    }
    detail::set_high_water_mark(block, bytes, size);
    if (poisoned_.load(std::memory_order_relaxed)) std::memset(block, 0xFF, bytes);
    return block;
  }

  /// Frees a block. bytes: the same number as in allocate.
  void release(void* block, std::size_t bytes) noexcept {
    const std::size_t size = rounded(bytes);
    const std::lock_guard lock(mutex_);
    in_use_ -= size;
    detail::set_high_water_mark(block, 0, size);
    if (size > small) return segment_of(block).free_block(block);
    try {
      free_[size_class(size)].push_back(block);
    } catch (...) {
      ::operator delete(block, std::align_val_t{alignment});
      held_ -= size;
    }
  }

  /// For tests: while on, every new block is filled with NaN, because a read of an uninitialized
  /// element then shows in the result.
  void poison(bool on) { poisoned_.store(on); }

  /// Returns memory to the system: all free small blocks, and all segments that hold no tensor.
  void clear() {
    const std::lock_guard lock(mutex_);
    for (std::size_t c = 0; c < classes; ++c) {
      for (void* block : free_[c]) {
        ::operator delete(block, std::align_val_t{alignment});
        held_ -= size_of_class(c);
      }
      free_[c].clear();
    }
    std::erase_if(segments_, [&](const detail::MemorySegment& s) {
      if (!s.empty()) return false;
      held_ -= s.high_water_mark(), reserved_ -= s.size();
      ::operator delete(s.memory(), std::align_val_t{alignment});
      return true;
    });
  }

  /// Bytes that live tensors hold now; peak(): the maximum so far.
  std::size_t in_use() const { return in_use_; }
  std::size_t peak() const { return peak_; }
  /// Bytes that tensors have touched and freed, ready for the next tensors.
  std::size_t cached() const { return held_ - in_use_; }
  /// Number of allocations that needed memory no tensor had used before.
  std::size_t fresh_blocks() const { return fresh_; }

 private:
  static constexpr std::size_t small = 32768, classes = 136, min_segment = std::size_t{32} << 20;

  void* take_small(std::size_t size) {
    std::vector<void*>& list = free_[size_class(size)];
    if (!list.empty()) {
      void* block = list.back();
      list.pop_back();
      return block;
    }
    void* block = ::operator new(size, std::align_val_t{alignment});
    ++fresh_, held_ += size;
    return block;
  }

  void* take_large(std::size_t size) {
    for (detail::MemorySegment& s : segments_) {
      const std::size_t before = s.high_water_mark();
      void* block = s.allocate(size);
      if (!block) continue;
      if (s.high_water_mark() > before) ++fresh_, held_ += s.high_water_mark() - before;
      return block;
    }
    add_segment(size);
    ++fresh_, held_ += size;
    return segments_.back().allocate(size);
  }

  void add_segment(std::size_t least) {
    std::size_t size = std::max({least, min_segment, reserved_});
    void* memory = ::operator new(size, std::align_val_t{alignment}, std::nothrow);
    if (!memory) memory = ::operator new(size = least, std::align_val_t{alignment});
    segments_.emplace_back(static_cast<std::byte*>(memory), size);
    reserved_ += size;
    detail::set_high_water_mark(memory, 0, size);
  }

  detail::MemorySegment& segment_of(const void* p) {
    return *std::find_if(segments_.begin(), segments_.end(),
                         [&](const detail::MemorySegment& s) { return s.holds(p); });
  }

  /// Rounds up to an eighth of a power of two, which wastes at most 12.5 % (above 512 bytes).
  /// Larger blocks than `small` are rounded to 512 bytes, blocks up to 512 bytes to 64.
  static std::size_t rounded(std::size_t bytes) {
    if (bytes > small) return (bytes + 511) / 512 * 512;
    if (bytes <= 512) return std::max(alignment, (bytes + 63) / 64 * 64);
    const std::size_t step = std::bit_floor(bytes) / 8;
    return (bytes + step - 1) / step * step;
  }
  static std::size_t size_class(std::size_t size) {
    if (size <= 512) return size / 64;
    const std::size_t power = std::bit_floor(size);
    return static_cast<std::size_t>(std::bit_width(size)) * 8 + (size - power) * 8 / power;
  }
  static std::size_t size_of_class(std::size_t c) {
    return c <= 8 ? c * 64 : (std::size_t{1} << (c / 8 - 1)) / 8 * (8 + c % 8);
  }

  std::mutex mutex_;
  std::atomic<bool> poisoned_{false};
  std::vector<void*> free_[classes];
  std::vector<detail::MemorySegment> segments_;
  std::size_t in_use_ = 0, peak_ = 0, held_ = 0, reserved_ = 0, fresh_ = 0;
};

}  // namespace glimpse::inline v0
