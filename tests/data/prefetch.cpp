#include <glimpse/data/prefetch.hpp>

#include <atomic>

#include "tests/catch.hpp"

using namespace glimpse;

TEST_CASE("items come in order, and no more wait than their budget allows", "[data]") {
  for (const int threads : {1, 3}) {
    std::atomic<int> made{0};
    Prefetcher<int> items(
        [&](std::uint64_t k) {
          ++made;
          return static_cast<int>(k);
        },
        threads, 100, 0, [](const int&) { return std::uint64_t{10}; }, 25);
    for (int k = 0; k < 50; ++k) {
      CHECK(made - k <= 3 + threads);  // three wait, and each thread makes one
      CHECK(items.next() == k);
    }
  }
}

TEST_CASE("an item dearer than the budget comes all the same", "[data]") {
  Prefetcher<int> items([](std::uint64_t k) { return static_cast<int>(k); }, 2, 4, 7,
                        [](const int&) { return std::uint64_t{1000}; }, 1);
  for (int k = 7; k < 27; ++k) CHECK(items.next() == k);
}
