#include <cmath>

#include <glimpse/core/random.hpp>
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

TEST_CASE("small tensors that are gone leave their place to a large one", "[core]") {
  MemoryCache& cache = MemoryCache::instance();
  std::vector<Tensor<float>> many;
  for (int i = 0; i < 10; ++i) many.push_back(full<float>({100000}, 1));
  many.erase(many.begin() + 4);  // one free slot between used ones
  for (int i = 0; i < 3; ++i) many.erase(many.begin() + 5);
  const std::size_t fresh = cache.fresh_blocks(), held = cache.in_use() + cache.cached();
  {
    const Tensor<float> hole = full<float>({100000}, 2), wide = full<float>({300000}, 3);
    CHECK(cache.fresh_blocks() == fresh);
    CHECK(cache.in_use() + cache.cached() == held);
    for (const Tensor<float>& x : many)
      CHECK(std::all_of(x.span().begin(), x.span().end(), [](float v) { return v == 1; }));
  }
  many.clear();
  cache.clear();
  CHECK(cache.cached() == 0);
}

TEST_CASE("blocks of all sizes, taken and left at random, never overlap", "[core]") {
  MemoryCache& cache = MemoryCache::instance();
  const std::size_t before = cache.in_use();
  Random random(7);
  std::vector<Tensor<std::uint8_t>> living;
  for (int i = 0; i < 3000; ++i) {
    if (living.size() > 40 || (!living.empty() && random.bernoulli(0.4))) {
      const auto at = random.uniform_int(std::ssize(living));
      Tensor<std::uint8_t>& x = living[static_cast<std::size_t>(at)];
      const std::uint8_t mark = x.data()[0];
      bool whole = true;
      for (const std::uint8_t v : x.span()) whole = whole && v == mark;
      REQUIRE(whole);
      std::swap(x, living.back());
      living.pop_back();
    } else {
      const double size = std::exp2(random.uniform(0, 18));
      living.push_back(full<std::uint8_t>({static_cast<Index>(size)}, static_cast<std::uint8_t>(i)));
    }
  }
  living.clear();
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
