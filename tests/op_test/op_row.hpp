// op_row: one row for each op; the row generates every check of the operation tests.
//
//   // tests/ops/softmax.cpp, for include/glimpse/ops/softmax.hpp
//   #include <glimpse/ops/softmax.hpp>
//   #include "../op_test/op_row.hpp"
//   #include "../op_test/reference.hpp"
//   using namespace glimpse;
//   using namespace glimpse::rig;
//
//   OP_ROW("softmax")                                   // first word: the function under test
//       .shapes({{1, 1}, {3, 5}, {2, 7, 37}, {64, 26}})  // one input
//       .values(uniform(-3, 3))
//       .call([](auto x) { return softmax(x[0]); })     // x: std::vector<Variable<T>>, T double and float
//       .reference([](auto x) { return definition::softmax(x[0]); })  // x: std::vector<Tensor<double>>
//       .golden("softmax");                             // tests/golden/softmax.txt, by make_golden.py
//
//   OP_ROW("linear without bias")
//       .cases({{{1, 1}, {1, 1}}, {{3, 5}, {4, 5}}})    // several inputs: a list of shapes to a case
//       .values(uniform(-1, 1)).values(1, away_from(0, 0.1, 1))        // all inputs, then input 1
//       .call([](auto x) { return linear(x[0], x[1], decltype(x[0])()); })
//       .reference(...)
//       .zero_gradient(1)                               // its gradient is zero by definition
//       .constant_input(2)                              // never requires a gradient
//       .rejects({{3, 5}, {4, 6}});                     // throws, and the message names the op
//
// Captured variables must not keep state between calls: make a new Random and new running
// statistics each time. Integer side inputs (targets, lengths) are made from the shapes, for
// example by `pattern(n, m)`, which make_golden.py has too.
//
// Checks, each a section: reference, gradcheck, accumulation, alone (each input requires its
// gradient while the others do not), shared (one leaf is given twice), poison (memory is filled
// with NaN), nontrivial, float, threads, isa, views, untouched (inputs are not modified), no_grad,
// golden. `threads` needs a case of some 100,000 elements to split the work; gradcheck takes a
// sample of its elements.
//
// GLIMPSE_RIG_TABLE=file writes a table of the largest errors, row by row, when the program ends.
#pragma once

#include <functional>
#include <initializer_list>
#include <span>
#include <string>
#include <vector>

#include <glimpse/autograd/variable.hpp>
#include <glimpse/core/random.hpp>

#include "../catch.hpp"

namespace glimpse::rig {

template <class T>
using Inputs = std::vector<Variable<T>>;
using Tensors = std::vector<Tensor<double>>;

/// Draws an input's numbers. All are rounded to float, so that float and double start from equal
/// values.
using Values = std::function<void(Random&, std::span<double>)>;

/// Uniform on [low, high).
Values uniform(double low, double high);
/// Uniform on [-high, -margin] and [margin, high] around `center`: for functions with a kink there.
Values away_from(double center, double margin, double high);
/// Evenly spaced over [low, high] in random order, so that no two are close: for maxima.
Values distinct(double low, double high);

/// (7 i + 3) mod m for i < n: targets, indices, lengths. make_golden.py computes the same.
inline std::vector<Index> pattern(Index n, Index m) {
  std::vector<Index> p;
  for (Index i = 0; i < n; ++i) p.push_back((7 * i + 3) % m);
  return p;
}

/// One row.
struct Op {
  using Shapes = std::vector<Shape>;

  std::string name;
  std::vector<Shapes> list;
  Values value = uniform(-1, 1);
  std::vector<std::pair<std::size_t, Values>> own_values;
  std::function<Variable<double>(const Inputs<double>&)> in_double;
  std::function<Variable<float>(const Inputs<float>&)> in_float;
  std::function<Tensor<double>(const Tensors&)> plain;
  std::string golden_name;
  std::vector<std::size_t> zero, constants;
  std::vector<Shapes> rejected;
  double float_limit = 2e-5, gradcheck_limit = 1e-6, double_limit = 1e-11;
  Index samples = 60;

  /// Cases of one input each.
  Op& shapes(std::initializer_list<Shape> shapes) {
    for (const Shape& s : shapes) list.push_back({s});
    return *this;
  }
  /// Cases of several inputs each.
  Op& cases(std::initializer_list<std::initializer_list<Shape>> cases) {
    for (const auto& c : cases) list.push_back(Shapes(c));
    return *this;
  }
  /// Applies settings that several rows share.
  Op& with(Op& (*common)(Op&)) { return common(*this); }
  Op& values(Values all) { return value = std::move(all), *this; }
  Op& values(std::size_t input, Values own) { return own_values.emplace_back(input, std::move(own)), *this; }

  template <class F>
  Op& call(F f) {
    in_double = [f](const Inputs<double>& x) { return f(x); };
    in_float = [f](const Inputs<float>& x) { return f(x); };
    return *this;
  }
  template <class F>
  Op& reference(F f) {
    plain = [f](const Tensors& x) { return f(x); };
    return *this;
  }
  Op& golden(std::string name_of_file) { return golden_name = std::move(name_of_file), *this; }

  Op& zero_gradient(std::size_t input) { return zero.push_back(input), *this; }
  Op& constant_input(std::size_t input) { return constants.push_back(input), *this; }
  Op& rejects(std::initializer_list<Shape> shapes) { return rejected.emplace_back(shapes), *this; }

  /// Limits other than the default 2e-5 (float against double, largest element 1) and 1e-6; the
  /// reason is for people.
  Op& float_tolerance(double limit, const char* /*reason*/) { return float_limit = limit, *this; }
  Op& gradcheck_tolerance(double limit, const char* /*reason*/) { return gradcheck_limit = limit, *this; }
  Op& double_tolerance(double limit, const char* /*reason*/) { return double_limit = limit, *this; }
  /// Maximum number of elements of each input that gradcheck tries (fewer in large cases); default
  /// 60.
  Op& sample(Index elements) { return samples = elements, *this; }
};

/// Puts a new row into the registry.
Op& add(std::string name);
/// All rows of this program.
const std::vector<Op*>& rows();

/// The result of one check; `error` is empty if it passes.
struct Finding {
  std::string check, error;
};
/// Names of the checks of every case; "nontrivial" uses all cases of a row at once.
std::vector<std::string> check_names();
/// One check of a row on one of its cases (an index into `list`).
Finding run_check(const Op& op, const std::string& check, std::size_t which);
/// All checks of the row with this name, as Catch sections.
void check(const std::string& name);

}  // namespace glimpse::rig

#define GLIMPSE_OP_TEST_JOIN_(a, b) a##b
#define GLIMPSE_OP_TEST_JOIN(a, b) GLIMPSE_OP_TEST_JOIN_(a, b)
#define OP_ROW(NAME)                                                                         \
  TEST_CASE(NAME, "[op]") { ::glimpse::rig::check(NAME); }                                   \
  [[maybe_unused]] static ::glimpse::rig::Op& GLIMPSE_OP_TEST_JOIN(op_test_row_, __LINE__) = \
      ::glimpse::rig::add(NAME)
