#include <glimpse/core/shape.hpp>

#include "../catch.hpp"

using namespace glimpse;

TEST_CASE("a shape knows its extents from both ends", "[core]") {
  Shape s{8, 1, 32, 100};
  CHECK(s.rank() == 4);
  CHECK(s.count() == 25600);
  CHECK(s[0] == 8);
  CHECK(s[-1] == 100);
  s[-2] = 16;
  CHECK(s == Shape{8, 1, 16, 100});
  CHECK_FALSE(s == Shape{8, 1, 16});
  CHECK(s.str() == "(8, 1, 16, 100)");
  CHECK(Shape{3}.str() == "(3,)");
  CHECK(Shape{}.str() == "()");
  CHECK(Shape{}.count() == 1);
  CHECK(Shape{4, 0, 2}.count() == 0);
}

TEST_CASE("a shape of too many axes says so", "[core]") {
  const Shape most{1, 2, 3, 4, 5, 6, 7, 8}, more{1, 2, 3, 4, 5, 6, 7, 8, 9};
  CHECK_FALSE(most.has_too_many_axes());
  CHECK(more.has_too_many_axes());
  CHECK_FALSE(most == more);
}

TEST_CASE("row-major strides", "[core]") {
  CHECK(row_major_strides({2, 3, 4}) == Shape{12, 4, 1});
  CHECK(row_major_strides({2, 0, 4}) == Shape{4, 4, 1});
  CHECK(row_major_strides({}) == Shape{});
}

TEST_CASE("shapes broadcast from their last axes", "[core]") {
  struct Case {
    Shape a, b, joined;
  };
  for (const Case& c : {Case{{3, 4}, {3, 4}, {3, 4}}, Case{{2, 3, 4}, {3, 1}, {2, 3, 4}},
                        Case{{5, 1, 4}, {3, 1}, {5, 3, 4}}, Case{{}, {2, 2}, {2, 2}},
                        Case{{1}, {0}, {0}}, Case{{2, 0}, {1, 1}, {2, 0}}}) {
    Shape out;
    CHECK(broadcast_into(c.a, c.b, out));
    CHECK(out == c.joined);
    CHECK(broadcast_into(c.b, c.a, out));
    CHECK(out == c.joined);
  }
  Shape out;
  CHECK_FALSE(broadcast_into({2, 3}, {2, 4}, out));
  CHECK_FALSE(broadcast_into({2}, {0}, out));
}
