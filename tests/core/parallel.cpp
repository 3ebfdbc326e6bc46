#include <glimpse/core/parallel.hpp>

#include <atomic>
#include <stdexcept>
#include <vector>

#include "../catch.hpp"

using namespace glimpse;

TEST_CASE("every index is visited once", "[core]") {
  for (const int threads : {1, 2, 5}) {
    const ThreadScope scope(threads);
    for (const Index count : {Index{0}, Index{1}, Index{7}, Index{100000}}) {
      std::vector<int> seen(static_cast<std::size_t>(count));
      parallel_for(count, 10, [&](Index i) { ++seen[static_cast<std::size_t>(i)]; });
      CHECK(std::count(seen.begin(), seen.end(), 1) == count);
    }
  }
}

TEST_CASE("blocks do not depend on the number of threads", "[core]") {
  const auto blocks = [](int threads) {
    const ThreadScope scope(threads);
    std::vector<Index> ends(100, -1);
    parallel_blocks(98765, 1000, 10, [&](Index begin, Index end) {
      ends[static_cast<std::size_t>(begin / 1000)] = end;
    });
    return ends;
  };
  CHECK(blocks(1) == blocks(3));
  CHECK(blocks(1)[98] == 98765);
}

TEST_CASE("an error in a worker reaches the caller, the first block's where there are several",
          "[core]") {
  for (const int threads : {1, 4}) {
    const ThreadScope scope(threads);
    CHECK_THROWS_WITH(
        parallel_blocks(100, 1, 1000000,
                        [](Index begin, Index) {
                          if (begin >= 17)
                            throw std::runtime_error("block " + std::to_string(begin));
                        }),
        "block 17");
    Index sum = 0;  // the next region works as before
    parallel_blocks(10, 10, 1000000, [&](Index begin, Index end) { sum += end - begin; });
    CHECK(sum == 10);
  }
}

TEST_CASE("a region inside a region stays on its thread", "[core]") {
  const ThreadScope scope(3);
  std::atomic<Index> visits{0};
  parallel_blocks(8, 1, 1000000,
                  [&](Index, Index) { parallel_for(1000, 1000, [&](Index) { ++visits; }); });
  CHECK(visits == 8000);
}

TEST_CASE("a scope of threads ends where it ends", "[core]") {
  const int before = num_threads();
  {
    const ThreadScope one(1);
    CHECK(num_threads() == 1);
  }
  CHECK(num_threads() == before);
}
