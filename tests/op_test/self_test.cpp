// Tests of the operation tests: every check gets an op with one mistake, and exactly this check
// must find it.
#include <cmath>

#include <glimpse/core/parallel.hpp>
#include <glimpse/simd/isa.hpp>

#include "golden.hpp"
#include "op_row.hpp"

using namespace glimpse;
using namespace glimpse::rig;

namespace {

/// The mistake of `twist`.
enum class Mistake {
  none, value, sign, factor, overwrites, wants_ignored, swapped_if_shared, reads_unwritten, no_gradient, float_only,
  thread_order, isa_level, reads_dense, writes_input, mode,
};

/// y = a b + sin a, element by element, with the requested mistake.
template <class T>
Variable<T> twist(const Variable<T>& a, const Variable<T>& b, Mistake mistake) {
  Tensor<T> x = a.value().contiguous(), z = b.value().contiguous();
  if (mistake == Mistake::reads_dense) x = tensor<T>(std::span<const T>(a.value().raw(), static_cast<std::size_t>(a.size())), a.shape());
  Tensor<T> y = empty_like(x);
  for (Index i = 0; i < x.size(); ++i) y.data()[i] = x.data()[i] * z.data()[i] + std::sin(x.data()[i]);
  if (x.size() == 0) return record("twist", y, {a, b}, [](const Tensor<T>&, Gradients<T>&) {});
  if (mistake == Mistake::value) y.data()[0] += T(0.01);
  if (mistake == Mistake::mode && !grad_enabled()) y.data()[0] += T(0.01);
  if (mistake == Mistake::float_only && std::is_same_v<T, float>) y.data()[0] += T(0.01);
  if (mistake == Mistake::isa_level && simd::isa() == simd::Isa::baseline) y.data()[0] += T(0.01);
  if (mistake == Mistake::thread_order) y.data()[0] += T(num_threads()) * T(1e-6);
  if (mistake == Mistake::reads_unwritten) y.data()[0] += std::isnan(Tensor<T>(Shape{64}).data()[5]) ? T(1) : T(0);
  if (mistake == Mistake::writes_input) x.data()[0] = 0;
  return record("twist", y, {a, b}, [x, z, mistake](const Tensor<T>& dy, Gradients<T>& d) {
    const T sign = mistake == Mistake::sign ? T(-1) : T(1), factor = mistake == Mistake::factor ? T(1.001) : T(1);
    if (mistake == Mistake::no_gradient) return;
    if (d.wants(0)) {
      Tensor<T> dx = empty_like(x);
      for (Index i = 0; i < x.size(); ++i)
        dx.data()[i] = factor * dy.data()[i] * (z.data()[i] + sign * std::cos(x.data()[i]));
      if (mistake == Mistake::overwrites) d[0].copy_from(dx);
      else d.add(0, dx);
    }
    if (d.wants(1) && !(mistake == Mistake::wants_ignored && !d.wants(0))) {
      Tensor<T> dz = empty_like(x);
      for (Index i = 0; i < x.size(); ++i) dz.data()[i] = dy.data()[i] * x.data()[i];
      if (mistake == Mistake::swapped_if_shared) d[1].copy_from(dz);
      else d.add(1, dz);
    }
  });
}

Op row(Mistake mistake) {
  Op op;
  op.name = "twist";
  op.cases({{{3, 5}, {3, 5}}, {{1}, {1}}})
      .values(uniform(0.2, 1))
      .call([mistake](auto x) { return twist(x[0], x[1], mistake); })
      .reference([](const Tensors& x) {
        Tensor<double> y = x[0].clone();
        for (Index i = 0; i < y.size(); ++i) y.data()[i] = y.data()[i] * x[1].data()[i] + std::sin(y.data()[i]);
        return y;
      });
  return op;
}

std::string found(Mistake mistake, const std::string& check) { return run_check(row(mistake), check, 0).error; }

}  // namespace

TEST_CASE("a right op passes every check", "[rig]") {
  const Op op = row(Mistake::none);
  for (std::size_t which = 0; which < op.list.size(); ++which)
    for (const std::string& check : check_names()) {
      INFO(check);
      CHECK(run_check(op, check, which).error.empty());
    }
}

TEST_CASE("each check finds its mistake", "[rig]") {
  const std::pair<const char*, Mistake> pairs[] = {
      {"reference", Mistake::value},      {"gradcheck", Mistake::sign},        {"gradcheck", Mistake::factor},
      {"accumulation", Mistake::overwrites}, {"alone", Mistake::wants_ignored}, {"shared", Mistake::swapped_if_shared},
      {"poison", Mistake::reads_unwritten}, {"nontrivial", Mistake::no_gradient}, {"float", Mistake::float_only},    {"threads", Mistake::thread_order},
      {"views", Mistake::reads_dense},    {"untouched", Mistake::writes_input}, {"no_grad", Mistake::mode},
  };
  for (const auto& [check, mistake] : pairs) {
    INFO(check);
    CHECK_FALSE(found(mistake, check).empty());
  }
  if (simd::cpu_isa() != simd::Isa::baseline) CHECK_FALSE(found(Mistake::isa_level, "isa").empty());
}

TEST_CASE("memory that nobody wrote is NaN while poisoned", "[rig]") {
  MemoryCache::instance().poison(true);
  const Tensor<float> x(Shape{1000});
  MemoryCache::instance().poison(false);
  for (const float v : x.span()) REQUIRE(std::isnan(v));
  MemoryCache::instance().clear();
}

TEST_CASE("a declared zero gradient is held to it", "[rig]") {
  Op op = row(Mistake::none);
  op.zero_gradient(1);
  CHECK_FALSE(run_check(op, "nontrivial", 0).error.empty());
  Op dead = row(Mistake::no_gradient);
  dead.zero_gradient(0).zero_gradient(1);
  CHECK(run_check(dead, "nontrivial", 0).error.empty());
}

TEST_CASE("a row needs a reference or golden values", "[rig]") {
  Op op = row(Mistake::none);
  op.plain = nullptr;
  CHECK_FALSE(run_check(op, "reference", 0).error.empty());
}

TEST_CASE("an op that throws is a finding, not a crash", "[rig]") {
  Op op = row(Mistake::none);
  op.call([](auto x) -> typename decltype(x)::value_type { fail("twist", "gives up"); });
  CHECK(run_check(op, "gradcheck", 0).error.find("gives up") != std::string::npos);
}

TEST_CASE("golden values that are missing are an error", "[rig]") {
  CHECK_THROWS_AS(read_golden("there is no such file"), IoError);
}
