#include <glimpse/autograd/profile.hpp>

#include <glimpse/ops/activations.hpp>
#include <glimpse/ops/arithmetic.hpp>
#include <glimpse/ops/reductions.hpp>

#include "../catch.hpp"

using namespace glimpse;

TEST_CASE("Profile counts calls, time and what is kept, and only while it lives", "[autograd]") {
  const auto x = parameter(full<float>({1000, 1000}, 2));
  std::vector<Profile::Row> rows;
  {
    Profile profile;
    sum(square(x) + relu(square(x))).backward();
    rows = profile.rows();
    CHECK(profile.table().find("square") != std::string::npos);
  }
  const auto find = [&](const char* op) {
    for (const auto& r : rows)
      if (r.op == op) return r;
    return Profile::Row{};
  };
  CHECK(rows.size() == 4);
  CHECK(find("square").calls == 2);
  CHECK(find("relu").calls == 1);
  CHECK(find("square").forward > 0);
  CHECK(find("square").backward > 0);
  CHECK(find("square").kept >= 8);
  CHECK(find("square").kept < 9);
  CHECK(detail::tape_listener() == nullptr);
}
