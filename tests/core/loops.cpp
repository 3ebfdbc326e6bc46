#include <glimpse/core/loops.hpp>

#include <set>

#include "../catch.hpp"

using namespace glimpse;

TEST_CASE("dense views are one run", "[core]") {
  const Shape shape{2, 3, 4};
  const Shape dense = row_major_strides(shape);
  const StridedLoop<2> loops = coalesce_dims<2>(shape, {dense, dense});
  CHECK(loops.extent == Shape{24});
  CHECK(loops.step(0) == 1);
}

TEST_CASE("axes are joined where every view allows", "[core]") {
  // (N, C, H, W) with (C, 1, 1): three axes remain, N, C and H W
  const StridedLoop<2> loops =
      coalesce_dims<2>({2, 3, 4, 5}, {Shape{60, 20, 5, 1}, Shape{0, 1, 0, 0}});
  CHECK(loops.extent == Shape{2, 3, 20});
  CHECK(loops.stride[1] == Shape{0, 1, 0});
  CHECK(coalesce_dims<1>({2, 1, 3}, {Shape{3, 77, 1}}).extent == Shape{6});
  CHECK(coalesce_dims<1>({}, {Shape{}}).extent == Shape{1});
}

TEST_CASE("runs cover everything once, long ones in pieces", "[core]") {
  for (const Shape& shape :
       {Shape{3, 40000}, Shape{5, 7, 2}, Shape{1}, Shape{50001}, Shape{700, 30}}) {
    const Shape padded = [&] {  // rows with one element of padding, so that axes do not coalesce
      Shape s = row_major_strides(shape);
      for (Index a = 0; a + 1 < s.rank(); ++a) s[a] += s[a] / s[-2];
      return s;
    }();
    const StridedLoop<2> loops = coalesce_dims<2>(shape, {row_major_strides(shape), padded});
    std::vector<int> seen(static_cast<std::size_t>(shape.count()));
    for_each_contiguous_run(loops, 1, [&](const std::array<Index, 2>& at, Index n) {
      for (Index i = 0; i < n; ++i) ++seen[static_cast<std::size_t>(at[0] + i * loops.step(0))];
    });
    CHECK(std::set<int>(seen.begin(), seen.end()) == std::set<int>{1});
  }
  for_each_contiguous_run(coalesce_dims<1>({3, 0}, {Shape{1, 1}}), 1,
                          [](const std::array<Index, 1>&, Index) { FAIL("no elements"); });
}
