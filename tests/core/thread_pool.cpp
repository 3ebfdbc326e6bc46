#include <atomic>
#include <thread>
#include <vector>

#include <glimpse/core/parallel.hpp>

#if __has_include(<sys/wait.h>)
#include <sys/wait.h>
#include <unistd.h>
#endif

#include "../catch.hpp"

using namespace glimpse;

namespace {

/// The sum of 0 .. count - 1, in blocks of a thousand numbers.
Index shared_sum(Index count) {
  std::atomic<Index> sum{0};
  parallel_blocks(count, 1000, 1000, [&](Index begin, Index end) {
    Index part = 0;
    for (Index i = begin; i < end; ++i) part += i;
    sum += part;
  });
  return sum;
}

}  // namespace

TEST_CASE("loops follow each other, with other numbers of threads", "[core]") {
  for (int round = 0; round < 2000; ++round) {
    const ThreadScope scope(1 + round % 6);
    REQUIRE(shared_sum(20000) == 199990000);
  }
}

TEST_CASE("several threads may ask for loops at the same time", "[core]") {
  std::atomic<int> right{0};
  std::vector<std::thread> callers;
  for (int t = 0; t < 4; ++t) {
    callers.emplace_back([&] {
      const ThreadScope scope(3);
      for (int round = 0; round < 200; ++round) right += shared_sum(20000) == 199990000;
    });
  }
  for (std::thread& caller : callers) caller.join();
  CHECK(right == 800);
}

TEST_CASE("workers that went to sleep come back", "[core]") {
  const ThreadScope scope(2);
  for (int round = 0; round < 3; ++round) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    CHECK(shared_sum(2000000) == 1999999000000);
  }
}

#if __has_include(<sys/wait.h>) && !defined(__SANITIZE_THREAD__)
TEST_CASE("a forked child, which has no workers, does its loops alone", "[core]") {
  const ThreadScope scope(4);
  REQUIRE(shared_sum(20000) == 199990000);
  const pid_t child = fork();
  if (child == 0) _exit(shared_sum(20000) == 199990000 ? 0 : 1);
  int status = -1;
  REQUIRE(waitpid(child, &status, 0) == child);
  CHECK(status == 0);
}
#endif
