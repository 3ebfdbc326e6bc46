// The checks of op_row.hpp. Nothing here is a template on the op, so a row compiles only its own
// two calls.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <deque>
#include <fstream>
#include <map>
#include <memory>

#include <glimpse/autograd/gradcheck.hpp>
#include <glimpse/core/parallel.hpp>
#include <glimpse/simd/isa.hpp>

#include "golden.hpp"
#include "op_row.hpp"

namespace glimpse::rig {

Values uniform(double low, double high) {
  return [=](Random& random, std::span<double> x) {
    for (double& v : x) v = random.uniform(low, high);
  };
}

Values away_from(double center, double margin, double high) {
  return [=](Random& random, std::span<double> x) {
    for (double& v : x)
      v = center + (random.bernoulli(0.5) ? 1 : -1) * random.uniform(margin, high);
  };
}

Values distinct(double low, double high) {
  return [=](Random& random, std::span<double> x) {
    const Index n = static_cast<Index>(x.size());
    for (Index i = 0; i < n; ++i)
      x[static_cast<std::size_t>(i)] = low + (high - low) * (static_cast<double>(i) + 0.5) / static_cast<double>(n);
    for (Index i = n - 1; i > 0; --i)
      std::swap(x[static_cast<std::size_t>(i)],
                x[static_cast<std::size_t>(random.uniform_int(i + 1))]);
  };
}

namespace {

/// Largest errors of a row over all its cases, for the table.
struct Figures {
  double gradcheck = -1, golden = -1, golden_float = -1, against_float = -1;
};

struct Registry {
  std::deque<std::unique_ptr<Op>> owned;
  std::vector<Op*> rows;
  std::map<std::string, Figures> figures;

  ~Registry() {
    const char* path = std::getenv("GLIMPSE_RIG_TABLE");
    if (!path || figures.empty()) return;
    std::ofstream table(path);
    table << "| op | gradcheck, double | PyTorch, double | PyTorch, float | float against double |\n|---|---|---|---|---|\n";
    const auto cell = [&](double v) {
      char text[32];
      std::snprintf(text, sizeof text, "%.1e", v);
      table << " | " << (v < 0 ? "" : text);
    };
    for (const auto& [name, f] : figures) {
      table << "| " << name;
      for (const double v : {f.gradcheck, f.golden, f.golden_float, f.against_float}) cell(v);
      table << " |\n";
    }
  }
};

Registry& registry() {
  static Registry r;
  return r;
}

void note(const Op& op, double Figures::*figure, double error) {
  double& worst = registry().figures[op.name].*figure;
  worst = std::max(worst, error);
}

template <class T>
const auto& function(const Op& op) {
  if constexpr (std::is_same_v<T, double>) return op.in_double;
  else return op.in_float;
}

bool listed(const std::vector<std::size_t>& list, std::size_t i) {
  return std::find(list.begin(), list.end(), i) != list.end();
}

std::string number(double v) {
  char text[32];
  std::snprintf(text, sizeof text, "%.9g", v);
  return text;
}

Tensors draw(const Op& op, const Op::Shapes& shapes) {
  Tensors inputs;
  for (std::size_t i = 0; i < shapes.size(); ++i) {
    const Values* values = &op.value;
    for (const auto& [input, own] : op.own_values)
      if (input == i) values = &own;
    Random random(7, i);
    Tensor<double> x(shapes[i]);
    (*values)(random, x.span());
    for (double& v : x.span()) v = static_cast<double>(static_cast<float>(v));
    inputs.push_back(x);
  }
  return inputs;
}

Tensor<double> cotangent(const Shape& shape) {
  Random random(11);
  Tensor<double> c(shape);
  for (double& v : c.span()) v = static_cast<double>(static_cast<float>(random.uniform(-1, 1)));
  return c;
}

template <class T>
Inputs<T> leaves(const Op& op, const std::vector<Tensor<T>>& values) {
  Inputs<T> x;
  for (std::size_t i = 0; i < values.size(); ++i)
    x.push_back(listed(op.constants, i) ? constant(values[i]) : parameter(values[i]));
  return x;
}

template <class T>
std::vector<Tensor<T>> in(const Tensors& values) {
  std::vector<Tensor<T>> same;
  for (const Tensor<double>& v : values) same.push_back(cast<T>(v));
  return same;
}

/// The result of one pass: the output, and a gradient for each input (zeros if none has flowed).
template <class T>
struct Pass {
  Tensor<T> y;
  std::vector<Tensor<T>> gradients;
};

template <class T>
Pass<T> pass(const Op& op, const Inputs<T>& x, const Tensor<double>* seed = nullptr) {
  const Variable<T> y = function<T>(op)(x);
  Pass<T> result{y.value().clone(), {}};
  if (y.requires_grad()) y.backward(cast<T>(seed ? *seed : cotangent(y.shape())));
  for (const Variable<T>& v : x) result.gradients.push_back(v.grad().defined() ? v.grad().clone() : zeros<T>(v.shape()));
  return result;
}
template <class T>
Pass<T> pass(const Op& op, const Tensors& values) {
  return pass<T>(op, leaves<T>(op, in<T>(values)));
}

/// Largest |a - b| / max(1, largest |b|); infinity if only one side is NaN.
template <class A, class B>
double difference(const Tensor<A>& a, const Tensor<B>& b) {
  if (!(a.shape() == b.shape())) return INFINITY;
  double scale = 1, worst = 0;
  for (const B v : b.span()) scale = std::isfinite(v) ? std::max(scale, std::fabs(double(v))) : scale;
  for (Index i = 0; i < a.size(); ++i) {
    const double p = double(a.data()[i]), q = double(b.data()[i]);
    if (p == q || (std::isnan(p) && std::isnan(q))) continue;
    const double error = std::fabs(p - q) / scale;
    worst = std::max(worst, std::isnan(error) ? INFINITY : error);
  }
  return worst;
}

/// Empty if a is within `limit` of b, else a text with the difference.
template <class A, class B>
std::string compare(const std::string& what, const Tensor<A>& a, const Tensor<B>& b, double limit, double* worst = nullptr) {
  if (!(a.shape() == b.shape())) return what + " has shape " + a.shape().str() + ", not " + b.shape().str() + ". ";
  const double error = difference(a, b);
  if (worst) *worst = std::max(*worst, error);
  if (error <= limit) return {};
  Index at = 0;
  double most = -1;
  for (Index i = 0; i < a.size(); ++i) {
    const double d = std::fabs(double(a.data()[i]) - double(b.data()[i]));
    if (std::isnan(d) || d > most) at = i, most = std::isnan(d) ? INFINITY : d;
  }
  return what + " " + a.shape().str() + " is off by " + number(error) + " (limit " + number(limit) + "), element " +
         std::to_string(at) + ": " + number(double(a.data()[at])) + ", not " + number(double(b.data()[at])) + ". ";
}

template <class A, class B>
std::string compare(const std::string& where, const Pass<A>& a, const Pass<B>& b, double limit, double* worst = nullptr) {
  std::string error = compare(where + "output", a.y, b.y, limit, worst);
  for (std::size_t i = 0; i < a.gradients.size(); ++i)
    error += compare(where + "gradient " + std::to_string(i), a.gradients[i], b.gradients[i], limit, worst);
  return error;
}

template <class T>
std::string identical(const std::string& where, const Pass<T>& a, const Pass<T>& b) {
  return compare(where, a, b, 0);
}

// ---- the checks: each returns a text with the fault, or nothing
// -----------------------------------------------

std::string reference(const Op& op, const Tensors& values) {
  if (!op.plain) return op.golden_name.empty() ? "the row has neither a reference nor golden values" : "";
  const NoGrad no_grad;
  const Tensor<double> wanted = op.plain(values).contiguous();
  return compare("double output", op.in_double(leaves<double>(op, values)).value().contiguous(), wanted, op.double_limit) +
         compare("float output", op.in_float(leaves<float>(op, in<float>(values))).value().contiguous(), wanted,
                 op.float_limit);
}

std::string check_gradients(const Op& op, const Tensors& values) {
  GradcheckOptions options;
  options.tolerance = op.gradcheck_limit;
  Index elements = 1;
  for (const Tensor<double>& v : values) elements += v.size();
  options.samples = std::clamp<Index>(300000 / elements, 6, op.samples);
  const GradcheckReport report = gradcheck(op.in_double, leaves<double>(op, values), options);
  note(op, &Figures::gradcheck, report.max_error);
  return report.ok ? "" : "off by " + number(report.max_error) + ", " + report.worst;
}

/// Gradients are added to the previous contents.
template <class T>
std::string accumulation(const Op& op, const Tensors& values, double limit) {
  const Pass<T> once = pass<T>(op, values);
  const Inputs<T> x = leaves<T>(op, in<T>(values));
  std::vector<Tensor<T>> before;
  for (const Variable<T>& v : x) {
    before.push_back(full<T>(v.shape(), T(0.5)));
    if (v.requires_grad()) const_cast<Variable<T>&>(v).mutable_grad().fill(T(0.5));
  }
  pass<T>(op, x);
  const Pass<T> twice = pass<T>(op, x);
  std::string error;
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (!x[i].requires_grad()) continue;
    for (Index k = 0; k < before[i].size(); ++k) before[i].data()[k] += 2 * once.gradients[i].data()[k];
    error += compare("gradient " + std::to_string(i) + " after 0.5 and two passes", twice.gradients[i], before[i], limit);
  }
  return error;
}
std::string accumulation_both(const Op& op, const Tensors& values) {
  return accumulation<double>(op, values, op.double_limit) + accumulation<float>(op, values, op.float_limit);
}

/// Each input requires its gradient while the others do not.
std::string alone(const Op& op, const Tensors& values) {
  const Pass<double> all = pass<double>(op, values);
  std::string error;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (listed(op.constants, i)) continue;
    Inputs<double> x;
    for (std::size_t k = 0; k < values.size(); ++k) x.push_back(k == i ? parameter(values[k]) : constant(values[k]));
    const Pass<double> one = pass<double>(op, x);
    error += compare("gradient " + std::to_string(i) + " alone", one.gradients[i], all.gradients[i], op.double_limit);
  }
  return error;
}

/// One leaf is given as two inputs.
std::string shared(const Op& op, const Tensors& values) {
  for (std::size_t i = 0; i < values.size(); ++i)
    for (std::size_t j = i + 1; j < values.size(); ++j) {
      if (!(values[i].shape() == values[j].shape()) || listed(op.constants, i) || listed(op.constants, j)) continue;
      Tensors same = values;
      same[j] = same[i].clone();
      Pass<double> apart = pass<double>(op, same);
      Inputs<double> x = leaves<double>(op, same);
      x[j] = x[i];
      const Pass<double> together = pass<double>(op, x);
      Tensor<double> sum = apart.gradients[i].clone();
      for (Index k = 0; k < sum.size(); ++k) sum.data()[k] += apart.gradients[j].data()[k];
      return compare("gradient of a leaf that is inputs " + std::to_string(i) + " and " + std::to_string(j),
                     together.gradients[i], sum, op.double_limit);
    }
  return {};
}

struct Poison {
  Poison() { MemoryCache::instance().poison(true); }
  ~Poison() { MemoryCache::instance().poison(false); }
};

std::string poison(const Op& op, const Tensors& values) {
  const Pass<double> clean = pass<double>(op, values);
  const Pass<float> clean_float = pass<float>(op, values);
  const Poison on;
  return identical("double, from poisoned memory: ", pass<double>(op, values), clean) +
         identical("float, from poisoned memory: ", pass<float>(op, values), clean_float);
}

/// Over all cases of the row, because a gradient that is zero in every case tests nothing.
std::string nontrivial(const Op& op) {
  std::vector<double> largest;
  for (const Op::Shapes& shapes : op.list) {
    const Pass<double> p = pass<double>(op, draw(op, shapes));
    largest.resize(std::max(largest.size(), p.gradients.size()));
    for (std::size_t i = 0; i < p.gradients.size(); ++i)
      for (const double v : p.gradients[i].span()) largest[i] = std::max(largest[i], std::fabs(v));
  }
  std::string error;
  for (std::size_t i = 0; i < largest.size(); ++i) {
    const bool declared = listed(op.zero, i);
    if (listed(op.constants, i)) continue;
    if (largest[i] == 0 && !declared) error += "gradient " + std::to_string(i) + " is zero everywhere. ";
    if (largest[i] > 1e-9 && declared)
      error += "gradient " + std::to_string(i) + " is declared zero, but reaches " + number(largest[i]) + ". ";
  }
  return error;
}

std::string against_float(const Op& op, const Tensors& values) {
  double worst = 0;
  const std::string error =
      compare("float against double: ", pass<float>(op, values), pass<double>(op, values), op.float_limit, &worst);
  note(op, &Figures::against_float, worst);
  return error;
}

std::string threads(const Op& op, const Tensors& values) {
  const auto with = [&]<class T>(int n, T) {
    const ThreadScope scope(n);
    return pass<T>(op, values);
  };
  return identical("double, 1 thread against 3: ", with(1, 0.0), with(3, 0.0)) +
         identical("float, 1 thread against 3: ", with(1, 0.0f), with(3, 0.0f)) +
         identical("float, 2 threads against 3: ", with(2, 0.0f), with(3, 0.0f));
}

std::string isa(const Op& op, const Tensors& values) {
  const Pass<double> top = pass<double>(op, values);
  const Pass<float> top_float = pass<float>(op, values);
  std::string error;
  for (const simd::Isa level : {simd::Isa::baseline, simd::Isa::avx2}) {
    const simd::IsaScope scope(level);
    const std::string where = std::string(simd::name(simd::isa())) + " against " + simd::name(simd::cpu_isa()) + ": ";
    error += compare("double, " + where, pass<double>(op, values), top, op.double_limit);
    error += compare("float, " + where, pass<float>(op, values), top_float, op.float_limit);
  }
  return error;
}

/// The last two axes are stored in reverse order.
template <class T>
Tensor<T> transposed_view(const Tensor<T>& x) {
  return x.rank() < 2 ? x : x.transpose(-1, -2).clone().transpose(-1, -2);
}
/// The first and the last axis are stored in reverse order.
template <class T>
Tensor<T> transposed_copy_view(const Tensor<T>& x) {
  return x.rank() < 2 ? x : x.transpose(0, -1).clone().transpose(0, -1);
}
/// The middle of a wider tensor of NaN.
template <class T>
Tensor<T> sliced_view(const Tensor<T>& x) {
  if (x.rank() < 1) return x;
  Shape wide = x.shape();
  wide[-1] += 3;
  Tensor<T> view = full<T>(wide, T(NAN)).slice(-1, 1, 1 + x.size(-1));
  view.copy_from(x);
  return view;
}

template <class T>
std::string views_of(const Op& op, const Tensors& values) {
  const std::vector<Tensor<T>> dense = in<T>(values);
  const Pass<T> wanted = pass<T>(op, leaves<T>(op, dense));
  std::string error;
  const auto through = [&](const char* what, Tensor<T> (*view)(const Tensor<T>&)) {
    std::vector<Tensor<T>> strided;
    for (const Tensor<T>& x : dense) strided.push_back(view(x));
    const double limit = std::is_same_v<T, double> ? op.double_limit : op.float_limit;
    error += compare(what, pass<T>(op, leaves<T>(op, strided)), wanted, limit);
  };
  through("transposed views: ", transposed_view<T>);
  through("transposed views: ", transposed_copy_view<T>);
  through("sliced views: ", sliced_view<T>);
  return error;
}
std::string views(const Op& op, const Tensors& values) { return views_of<double>(op, values) + views_of<float>(op, values); }

template <class T>
std::string untouched_in(const Op& op, const Tensors& values) {
  const std::vector<Tensor<T>> before = in<T>(values), given = in<T>(values);
  pass<T>(op, leaves<T>(op, given));
  std::string error;
  for (std::size_t i = 0; i < given.size(); ++i)
    error += compare("input " + std::to_string(i) + " afterwards", given[i], before[i], 0);
  return error;
}
std::string untouched(const Op& op, const Tensors& values) {
  return untouched_in<double>(op, values) + untouched_in<float>(op, values);
}

std::string no_grad(const Op& op, const Tensors& values) {
  const Pass<double> wanted = pass<double>(op, values);
  const NoGrad scope;
  const Variable<double> y = op.in_double(leaves<double>(op, values));
  return (y.requires_grad() ? "recorded although it should not. " : "") +
         compare("output without recording", y.value().contiguous(), wanted.y, 0);
}

struct Check {
  const char* name;
  std::string (*run)(const Op&, const Tensors&);
};
constexpr Check checks[] = {
    {"reference", reference}, {"gradcheck", check_gradients}, {"accumulation", accumulation_both},
    {"alone", alone},         {"shared", shared},             {"poison", poison},
    {"float", against_float}, {"threads", threads},           {"isa", isa},
    {"views", views},         {"untouched", untouched},       {"no_grad", no_grad},
};

template <class T>
Pass<T> pass_golden(const Op& op, const GoldenCase& g) {
  return pass<T>(op, leaves<T>(op, in<T>(g.inputs)), &g.cotangent);
}

std::string golden(const Op& op, const GoldenCase& g) {
  const auto against = [&]<class T>(const std::string& where, const Pass<T>& p, double limit, double& worst) {
    std::string error = compare(where + "output", p.y, g.output, limit, &worst);
    for (std::size_t i = 0; i < p.gradients.size() && i < g.gradients.size(); ++i)
      if (g.gradients[i].defined())
        error += compare(where + "gradient " + std::to_string(i), p.gradients[i], g.gradients[i], limit, &worst);
    return error;
  };
  double worst = 0, worst_float = 0;
  const std::string error = against("double, ", pass_golden<double>(op, g), op.double_limit, worst) +
                            against("float, ", pass_golden<float>(op, g), op.float_limit, worst_float);
  note(op, &Figures::golden, worst);
  note(op, &Figures::golden_float, worst_float);
  return error;
}

/// Runs f; an exception becomes a finding.
template <class F>
std::string guarded(F&& f) {
  try {
    return f();
  } catch (const std::exception& e) {
    return std::string("throws ") + e.what();
  }
}

std::string rejection(const Op& op, const Op::Shapes& shapes) {
  const std::string word = op.name.substr(0, op.name.find_first_of(" ,"));
  try {
    op.in_double(leaves<double>(op, draw(op, shapes)));
  } catch (const Error& e) {
    return std::string(e.what()).rfind(word + ":", 0) == 0 ? "" : "the message does not name " + word + ": " + e.what();
  }
  return "nothing is thrown";
}

std::string title(const Op::Shapes& shapes) {
  std::string text;
  for (const Shape& s : shapes) text += (text.empty() ? "" : ", ") + s.str();
  return text;
}

}  // namespace

Op& add(std::string name) {
  Registry& r = registry();
  r.owned.push_back(std::make_unique<Op>());
  r.rows.push_back(r.owned.back().get());
  Op& op = *r.rows.back();
  op.name = std::move(name);
  return op;
}

const std::vector<Op*>& rows() { return registry().rows; }

std::vector<std::string> check_names() {
  std::vector<std::string> names;
  for (const Check& c : checks) names.emplace_back(c.name);
  return names;
}

Finding run_check(const Op& op, const std::string& name, std::size_t which) {
  for (const Check& c : checks)
    if (name == c.name) return {name, guarded([&] { return c.run(op, draw(op, op.list.at(which))); })};
  if (name == "nontrivial") return {name, guarded([&] { return nontrivial(op); })};
  return {name, "no such check"};
}

void check(const std::string& name) {
  for (const Op* op : rows()) {
    if (op->name != name) continue;
    for (std::size_t i = 0; i < op->list.size(); ++i)
      for (const Check& c : checks)
        DYNAMIC_SECTION(title(op->list[i]) << " " << c.name) {
          const Finding found = run_check(*op, c.name, i);
          INFO(op->name << " " << title(op->list[i]) << " " << c.name << ": " << found.error);
          CHECK(found.error.empty());
        }
    SECTION("nontrivial") {
      const std::string error = run_check(*op, "nontrivial", 0).error;
      INFO(op->name << " nontrivial: " << error);
      CHECK(error.empty());
    }
    for (const Op::Shapes& shapes : op->rejected)
      DYNAMIC_SECTION(title(shapes) << " rejected") {
        const std::string error = guarded([&] { return rejection(*op, shapes); });
        INFO(op->name << " " << title(shapes) << ": " << error);
        CHECK(error.empty());
      }
    if (op->golden_name.empty()) continue;
    SECTION("golden") {
      const std::vector<GoldenCase> cases = read_golden(op->golden_name);
      CHECK(!cases.empty());
      for (const GoldenCase& g : cases) {
        const std::string error = guarded([&] { return golden(*op, g); });
        INFO(op->name << " against PyTorch, output " << g.output.shape().str() << ": " << error);
        CHECK(error.empty());
      }
    }
  }
}

}  // namespace glimpse::rig
