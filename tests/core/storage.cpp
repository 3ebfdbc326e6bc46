#include <glimpse/core/tensor.hpp>

#include "../catch.hpp"

using namespace glimpse;

TEST_CASE("storage is aligned", "[core]") {
  for (const Index n : {1, 3, 17, 1000, 12345}) {
    const Tensor<float> x = empty<float>({n});
    CHECK(reinterpret_cast<std::uintptr_t>(x.data()) % 64 == 0);
  }
}

TEST_CASE("a freed block serves the next tensor of its size", "[core]") {
  MemoryCache& cache = MemoryCache::instance();
  { const Tensor<float> first = zeros<float>({1234}); }
  const std::size_t fresh = cache.fresh_blocks();
  for (int i = 0; i < 10; ++i) const Tensor<float> again = zeros<float>({1234});
  CHECK(cache.fresh_blocks() == fresh);
}

TEST_CASE("bytes in use rise and fall with tensors", "[core]") {
  MemoryCache& cache = MemoryCache::instance();
  const std::size_t before = cache.in_use();
  {
    const Tensor<float> x = empty<float>({1000, 1000});
    CHECK(cache.in_use() >= before + 4000000);
    CHECK(cache.in_use() <= before + 4600000);
    CHECK(cache.peak() >= cache.in_use());
    const Tensor<float> view = x.slice(0, 0, 1), copy = x;
    CHECK(cache.in_use() <= before + 4600000);
  }
  CHECK(cache.in_use() == before);
  cache.clear();
  CHECK(cache.cached() == 0);
}

TEST_CASE("a view keeps its numbers alive", "[core]") {
  Tensor<float> view;
  {
    Tensor<float> x = full<float>({100, 100}, 3);
    view = x.select(0, 50);
  }
  const Tensor<float> other = full<float>({100, 100}, 4);
  CHECK(view(99) == 3);
}

TEST_CASE("more than there can be is refused", "[core]") {
  CHECK_THROWS_AS(Storage(~std::size_t{0} / 2), ValueError);
}
