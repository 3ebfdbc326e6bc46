#include <glimpse/ops/pool2d.hpp>

#include "../op_test/op_row.hpp"

using namespace glimpse;
using namespace glimpse::rig;

namespace {

using Reference = Tensor<double>;

/// Windows of a pool by its options; f(values in the image, positions that count) gives an output.
template <class F>
Reference windows(const Reference& x, const Pool2dOptions& o, F f) {
  Index out[2];
  for (std::size_t a = 0; a < 2; ++a) {
    const Index in = x.size(static_cast<Index>(a) + 2);
    const double room = static_cast<double>(in + 2 * o.padding[a] - o.kernel[a]) / static_cast<double>(o.stride[a]);
    out[a] = static_cast<Index>(o.ceil_mode ? std::ceil(room) : std::floor(room)) + 1;
    if (o.ceil_mode && (out[a] - 1) * o.stride[a] >= in + o.padding[a]) --out[a];
  }
  Reference y({x.size(0), x.size(1), out[0], out[1]});
  for (Index n = 0; n < y.size(0); ++n)
    for (Index c = 0; c < y.size(1); ++c)
      for (Index i = 0; i < out[0]; ++i)
        for (Index j = 0; j < out[1]; ++j) {
          std::vector<double> inside;
          double padded = 0;
          for (Index u = 0; u < o.kernel[0]; ++u)
            for (Index v = 0; v < o.kernel[1]; ++v) {
              const Index row = i * o.stride[0] - o.padding[0] + u, col = j * o.stride[1] - o.padding[1] + v;
              if (row >= 0 && row < x.size(2) && col >= 0 && col < x.size(3)) inside.push_back(x(n, c, row, col));
              if (row < x.size(2) + o.padding[0] && col < x.size(3) + o.padding[1]) padded += 1;
            }
          y(n, c, i, j) = f(inside, padded);
        }
  return y;
}

Reference largest(const Reference& x, const Pool2dOptions& o) {
  return windows(x, o, [](const std::vector<double>& v, double) { return *std::max_element(v.begin(), v.end()); });
}
Reference positive(Reference x) {
  for (double& v : x.span()) v = std::max(v, 0.0);
  return x;
}
Reference mean(const Reference& x, const Pool2dOptions& o) {
  return windows(x, o, [&](const std::vector<double>& v, double padded) {
    double sum = 0;
    for (const double value : v) sum += value;
    return sum / (o.count_padding ? padded : static_cast<double>(v.size()));
  });
}

/// Output i of n covers [floor(i in / n), ceil((i + 1) in / n)).
template <class F>
Reference adaptive(const Reference& x, Index h, Index w, F f) {
  Reference y({x.size(0), x.size(1), h, w});
  const auto from = [](Index i, Index n, Index in) { return i * in / n; };
  const auto to = [](Index i, Index n, Index in) { return ((i + 1) * in + n - 1) / n; };
  for (Index n = 0; n < y.size(0); ++n)
    for (Index c = 0; c < y.size(1); ++c)
      for (Index i = 0; i < h; ++i)
        for (Index j = 0; j < w; ++j) {
          std::vector<double> inside;
          for (Index row = from(i, h, x.size(2)); row < to(i, h, x.size(2)); ++row)
            for (Index col = from(j, w, x.size(3)); col < to(j, w, x.size(3)); ++col) inside.push_back(x(n, c, row, col));
          y(n, c, i, j) = f(inside);
        }
  return y;
}

Op& images(Op& op) {
  return op.shapes({{1, 1, 3, 3}, {2, 3, 6, 8}, {1, 2, 7, 5}, {1, 2, 4, 25}, {1, 1, 5, 64}, {3, 5, 37, 33}, {8, 16, 32, 50}})
      .values(distinct(-3, 3))
      .rejects({{3, 6, 8}});
}

constexpr Pool2dOptions overlapping{.kernel = {3, 3}, .stride = {2, 2}, .padding = {1, 1}};
constexpr Pool2dOptions rounded_up{.ceil_mode = true};
constexpr Pool2dOptions tall{.kernel = {2, 2}, .stride = {2, 1}, .padding = {0, 1}};
constexpr Pool2dOptions halved{.kernel = {2, 1}, .stride = {2, 1}};
constexpr Pool2dOptions sliding{.kernel = {3, 2}, .stride = {1, 1}, .padding = {1, 1}};
constexpr Pool2dOptions pairs{.kernel = {3, 2}, .stride = {1, 2}};  // overlap down, not across
constexpr Pool2dOptions uncounted{.kernel = {3, 3}, .stride = {2, 2}, .padding = {1, 1}, .count_padding = false};

}  // namespace

OP_ROW("max_pool2d").with(images).rejects({{1, 1, 1, 5}})
    .call([](auto x) { return max_pool2d(x[0]); })
    .reference([](auto x) { return largest(x[0], {}); }).golden("max_pool2d");
OP_ROW("max_pool2d overlapping, padded").with(images)
    .call([](auto x) { return max_pool2d(x[0], overlapping); })
    .reference([](auto x) { return largest(x[0], overlapping); }).golden("max_pool2d_padding");
OP_ROW("max_pool2d rounded up").with(images)
    .call([](auto x) { return max_pool2d(x[0], rounded_up); })
    .reference([](auto x) { return largest(x[0], rounded_up); }).golden("max_pool2d_ceil");
OP_ROW("max_pool2d that keeps the width").with(images)
    .call([](auto x) { return max_pool2d(x[0], tall); })
    .reference([](auto x) { return largest(x[0], tall); }).golden("max_pool2d_tall");
OP_ROW("max_pool2d (2, 1)").with(images)
    .call([](auto x) { return max_pool2d(x[0], halved); })
    .reference([](auto x) { return largest(x[0], halved); });
OP_ROW("max_pool2d sliding").with(images)
    .call([](auto x) { return max_pool2d(x[0], sliding); })
    .reference([](auto x) { return largest(x[0], sliding); });
OP_ROW("max_pool2d overlapping down, not across").with(images)
    .call([](auto x) { return max_pool2d(x[0], pairs); })
    .reference([](auto x) { return largest(x[0], pairs); });

OP_ROW("relu_max_pool2d").with(images).rejects({{1, 1, 1, 5}})
    .call([](auto x) { return relu_max_pool2d(x[0]); })
    .reference([](auto x) { return positive(largest(x[0], {})); });
OP_ROW("relu_max_pool2d overlapping, padded").with(images)
    .call([](auto x) { return relu_max_pool2d(x[0], overlapping); })
    .reference([](auto x) { return positive(largest(x[0], overlapping)); });
OP_ROW("relu_max_pool2d that keeps the width").with(images)
    .call([](auto x) { return relu_max_pool2d(x[0], tall); })
    .reference([](auto x) { return positive(largest(x[0], tall)); });

OP_ROW("average_pool2d").with(images).rejects({{1, 1, 1, 5}})
    .call([](auto x) { return average_pool2d(x[0]); })
    .reference([](auto x) { return mean(x[0], {}); }).golden("average_pool2d");
OP_ROW("average_pool2d, padding counted").with(images)
    .call([](auto x) { return average_pool2d(x[0], overlapping); })
    .reference([](auto x) { return mean(x[0], overlapping); }).golden("average_pool2d_count_padding");
OP_ROW("average_pool2d, padding not counted").with(images)
    .call([](auto x) { return average_pool2d(x[0], uncounted); })
    .reference([](auto x) { return mean(x[0], uncounted); }).golden("average_pool2d_padding");
OP_ROW("average_pool2d rounded up").with(images)
    .call([](auto x) { return average_pool2d(x[0], rounded_up); })
    .reference([](auto x) { return mean(x[0], rounded_up); }).golden("average_pool2d_ceil");

OP_ROW("adaptive_average_pool2d").with(images)
    .call([](auto x) { return adaptive_average_pool2d(x[0], {2, 3}); })
    .reference([](auto x) {
      return adaptive(x[0], 2, 3, [](const std::vector<double>& v) {
        double sum = 0;
        for (const double value : v) sum += value;
        return sum / static_cast<double>(v.size());
      });
    })
    .golden("adaptive_average_pool2d");
OP_ROW("adaptive_max_pool2d").with(images)
    .call([](auto x) { return adaptive_max_pool2d(x[0], {2, 3}); })
    .reference([](auto x) {
      return adaptive(x[0], 2, 3, [](const std::vector<double>& v) { return *std::max_element(v.begin(), v.end()); });
    })
    .golden("adaptive_max_pool2d");

TEST_CASE("max_pool2d: the gradient of equals goes to the first, NaN wins", "[op]") {
  const auto x = parameter(ones<double>({1, 1, 2, 2}));
  max_pool2d(x).backward();
  CHECK((x.grad()(0, 0, 0, 0) == 1 && x.grad()(0, 0, 1, 1) == 0));
  CHECK(std::isnan(max_pool2d(constant(tensor<float>({1, NAN, 3, 2}, {1, 1, 2, 2}))).item()));
}

template <class T>
void nan_wins() {
  // Rows of windows long enough for vectors, and ends and narrow rows for plain loops.
  for (const Index width : {4, 40})
    for (const Pool2dOptions& o : {Pool2dOptions{}, tall, overlapping, sliding, pairs}) {
      Tensor<T> x = zeros<T>({1, 1, 4, width});
      for (Index i = 0; i < x.size(); ++i) x.data()[i] = static_cast<T>(i * 7 % 11);
      x(0, 0, 1, 1) = x(0, 0, 1, 2) = x(0, 0, 2, 1) = x(0, 0, 3, width - 1) = T(NAN);
      const kernel::Pool2dGeometry g = kernel::pool2d_geometry("test", x.shape(), o);
      Tensor<T> want = zeros<T>(x.shape());
      Index of_nan = 0;
      const auto leaf = parameter(x);
      const auto y = max_pool2d(leaf, o);
      for (Index i = 0; i < g.out_h; ++i)
        for (Index j = 0; j < g.out_w; ++j) {
          Index row = -1, column = -1;  // of the last NaN, else of the first maximum
          for (Index a = 0; a < g.kernel_h; ++a)
            for (Index b = 0; b < g.kernel_w; ++b) {
              const Index r = i * g.stride_h - g.pad_h + a, c = j * g.stride_w - g.pad_w + b;
              if (r < 0 || r >= g.h || c < 0 || c >= g.w) continue;
              if (row < 0 || x(0, 0, r, c) > x(0, 0, row, column) || std::isnan(x(0, 0, r, c)))
                row = r, column = c;
            }
          want(0, 0, row, column) += 1;
          of_nan += std::isnan(x(0, 0, row, column));
          CHECK(std::isnan(y.value()(0, 0, i, j)) == std::isnan(x(0, 0, row, column)));
        }
      CHECK(of_nan > 0);
      y.backward(ones<T>(y.shape()));
      for (Index i = 0; i < x.size(); ++i) CHECK(leaf.grad().data()[i] == want.data()[i]);
    }
}

TEST_CASE("max_pool2d: the last NaN of a window wins, in value and gradient", "[op]") {
  nan_wins<float>();
  nan_wins<double>();
  const auto x = parameter(tensor<float>({1, NAN, 3, NAN, 5, 6}, {1, 1, 1, 6}));
  adaptive_max_pool2d(x, {1, 1}).backward();
  CHECK((x.grad()(0, 0, 0, 1) == 0 && x.grad()(0, 0, 0, 3) == 1));
}

TEST_CASE("relu_max_pool2d: where no number is positive zero wins, and no gradient goes back", "[op]") {
  for (const Pool2dOptions& o : {Pool2dOptions{}, tall, overlapping, sliding, pairs}) {
    Tensor<float> x = full<float>({1, 1, 4, 40}, -1);
    x(0, 0, 0, 3) = 0, x(0, 0, 2, 30) = 2;
    const auto leaf = parameter(x);
    const auto y = relu_max_pool2d(leaf, o);
    y.backward(ones<float>(y.shape()));
    double windows = 0, sum = 0;
    for (const float v : y.value().span()) windows += v == 2, sum += double(v);
    CHECK(sum == 2 * windows);
    for (Index i = 0; i < x.size(); ++i) {
      const bool won = i == 2 * 40 + 30;
      CHECK(double(leaf.grad().data()[i]) == (won ? windows : 0));
    }
  }
}

TEST_CASE("pool2d: options without sense are refused", "[op]") {
  const auto x = constant(ones<float>({1, 1, 4, 4}));
  CHECK_THROWS_AS(max_pool2d(x, {.stride = {0, 1}}), ValueError);
  CHECK_THROWS_AS(max_pool2d(x, {.padding = {2, 0}}), ValueError);
  CHECK_THROWS_AS(max_pool2d(constant(ones<float>({1, 1, 40, 40})), {.kernel = {17, 16}}), ValueError);
  CHECK_THROWS_AS(average_pool2d(x, {.kernel = {0, 2}}), ValueError);
  CHECK_THROWS_AS(adaptive_average_pool2d(x, {0, 1}), ValueError);
}

TEST_CASE("max_pool2d: minus infinity alone still has its place in the image", "[op]") {
  for (const Pool2dOptions& o : {Pool2dOptions{}, tall, overlapping, sliding, pairs}) {
    Tensor<float> x = full<float>({1, 1, 4, 40}, -INFINITY);
    x(0, 0, 1, 5) = NAN;
    const auto leaf = parameter(x);
    const auto y = max_pool2d(leaf, o);
    CHECK(y.value()(0, 0, 0, 19) == -INFINITY);
    y.backward(ones<float>(y.shape()));
    double sum = 0;
    for (const float v : leaf.grad().span()) sum += double(v);
    CHECK(sum == double(y.size()));
  }
}

TEST_CASE("adaptive pools: more outputs than pixels repeat them", "[op]") {
  const Tensor<float> y = adaptive_average_pool2d(constant(tensor<float>({1, 2}, {1, 1, 1, 2})), {1, 4}).value();
  CHECK((y(0, 0, 0, 0) == 1 && y(0, 0, 0, 1) == 1 && y(0, 0, 0, 2) == 2 && y(0, 0, 0, 3) == 2));
}
