// memory_bound: operations that are limited by memory, compared with the memory's speed.
//
//   memory_bound [filter]        rows of tabs: op, pass, threads, ms (median), GB/s, % of triad
//
//   bytes = every operand and result once, in the narrowest form that the operation can use
//   triad   a = b + s c over 3 x 48 MB, counted the same way, in the same run, with equal threads
//
// Above 100 %, the operands came from the cache. benchmarks/baselines/torch_memory_bound.py prints
// the same rows for PyTorch.
#include <algorithm>
#include <cstdio>
#include <functional>
#include <string>
#include <vector>

#include <glimpse/nn/module.hpp>
#include <glimpse/ops/activations.hpp>
#include <glimpse/ops/arithmetic.hpp>
#include <glimpse/ops/batch_norm.hpp>
#include <glimpse/ops/cross_entropy.hpp>
#include <glimpse/ops/dropout.hpp>
#include <glimpse/ops/grid_sample.hpp>
#include <glimpse/ops/layer_norm.hpp>
#include <glimpse/ops/pool2d.hpp>
#include <glimpse/ops/resize_bilinear.hpp>
#include <glimpse/ops/softmax.hpp>
#include <glimpse/ops/tps_grid.hpp>
#include <glimpse/optim/adadelta.hpp>
#include <glimpse/optim/adam.hpp>
#include <glimpse/optim/clip.hpp>

#include "../timing.hpp"

using namespace glimpse;

namespace {

using V = Variable<float>;

std::string filter;
double triad_rate = 0;

template <class F>
double median_ms(F&& f) {
  return bench::median_ms(f, {.unmeasured = 3, .least = 9, .most = 101, .milliseconds = 150});
}

void print(const char* op, const char* pass, double bytes, double ms) {
  const double rate = bytes / ms * 1e-6;
  if (triad_rate <= 0) triad_rate = rate;
  std::printf("%s\t%s\t%d\t%.4f\t%.2f\t%.0f\n", op, pass, num_threads(), ms, rate,
              100 * rate / triad_rate);
  std::fflush(stdout);
}

Tensor<float> uniform(const Shape& shape, double low = -1, double high = 1) {
  static Random random(1);
  Tensor<float> x(shape);
  for (float& v : x.span()) v = static_cast<float>(random.uniform(low, high));
  return x;
}

bool wanted(const char* op) { return std::string(op).find(filter) != std::string::npos; }

/// Both passes of f(inputs), with the bytes of each. The backward pass is called as by the tape.
void row(const char* op, std::vector<V> x, double forward, double backward,
         const std::function<V(const std::vector<V>&)>& f) {
  if (!wanted(op)) return;
  print(op, "forward", forward, median_ms([&] { f(x); }));
  const V y = f(x);
  const Tensor<float> dy = uniform(y.shape());
  print(op, "backward", backward, median_ms([&] {
          for (V& v : x) v.zero_grad();
          Gradients<float> gradients(*y.node());
          y.node()->backward(dy, gradients);
        }));
}

double bytes(const Shape& shape) { return 4 * static_cast<double>(shape.count()); }

struct Triad {
  template <class V>
  [[gnu::always_inline]] static void apply(V& a, const V& b, const V& c) {
    a = b + c * 3;
  }
};

void triad() {
  constexpr Index n = 12'000'000;
  const Tensor<float> b = uniform({n}), c = uniform({n});
  Tensor<float> a({n});
  triad_rate = 0;
  print("triad", "forward", 12.0 * n, median_ms([&] {
          parallel_blocks(n, 16384, 1, [&](Index i, Index end) {
            simd::map(Triad{}, end - i, a.data() + i, b.data() + i, c.data() + i);
          });
        }));
}

void layers() {
  const Shape maps{64, 512, 4, 26}, planes{64, 64, 32, 100}, halves{64, 64, 16, 50};
  const V x = parameter(uniform(maps)), p = parameter(uniform(planes));
  const V gamma = parameter(uniform({512})), beta = parameter(uniform({512}));
  Tensor<float> mean = zeros<float>({512}), var = ones<float>({512});
  const double m = bytes(maps), big = bytes(planes), small = bytes(halves);

  row("batch_norm_relu", {x, gamma, beta}, 2 * m, 3 * m, [&](const auto& v) {
    return batch_norm2d_relu(v[0], v[1], v[2], mean, var, true);
  });
  row("relu", {p}, 2 * big, 3 * big, [](const auto& v) { return relu(v[0]); });
  row("add", {p, parameter(uniform(planes))}, 3 * big, big,
      [](const auto& v) { return add(v[0], v[1]); });
  row("max_pool_2x2", {p}, big + 1.25 * small, big + 1.25 * small,
      [](const auto& v) { return max_pool2d(v[0]); });
  row("average_pool_2x2", {p}, big + small, big + small,
      [](const auto& v) { return average_pool2d(v[0]); });
  row("adaptive_average_pool", {p}, big, big,
      [](const auto& v) { return adaptive_average_pool2d(v[0], {1, 1}); });
  row("dropout", {p}, 2.25 * big, 2.25 * big, [random = Random(3)](const auto& v) mutable {
    return dropout(v[0], 0.5, random);
  });
  const Shape rows{1664, 512};
  row("layer_norm", {parameter(uniform(rows)), gamma, beta}, 2 * bytes(rows), 3 * bytes(rows),
      [](const auto& v) { return layer_norm(v[0], v[1], v[2]); });
  const Shape scores{64 * 26, 37};
  row("softmax", {parameter(uniform(scores))}, 2 * bytes(scores), 3 * bytes(scores),
      [](const auto& v) { return softmax(v[0]); });
  std::vector<Index> targets;
  for (Index i = 0; i < 64 * 26; ++i) targets.push_back(i * 7 % 37);
  row("cross_entropy", {parameter(uniform(scores))}, 2 * bytes(scores), 2 * bytes(scores),
      [&](const auto& v) { return cross_entropy(v[0], targets); });
}

void rectifier() {
  const Shape source{64, 1, 64, 200}, word{64, 1, 32, 100}, positions{64, 32, 100, 2};
  const Tensor<float> matrix = tps_matrix<float>(20, 32, 100);
  const V fiducials = parameter(tps_base_points<float>(20).broadcast_to({64, 20, 2}).clone());
  row("tps_grid", {fiducials}, bytes(positions) + bytes({3200, 20}),
      bytes(positions) + bytes({3200, 20}),
      [&](const auto& v) { return tps_grid(v[0], matrix, 32, 100); });
  const V grid = parameter(tps_grid(fiducials, matrix, 32, 100).value());
  row("grid_sample", {parameter(uniform(word)), grid}, 2 * bytes(word) + bytes(positions),
      3 * bytes(word) + 2 * bytes(positions),
      [](const auto& v) { return grid_sample(v[0], v[1]); });
  row("resize_bilinear", {parameter(uniform(source))}, bytes(source) + bytes(word),
      bytes(source) + bytes(word),
      [](const auto& v) { return resize_bilinear(v[0], 32, 100, true); });
}

/// 10.8 M numbers in the sizes of the `large` preset's larger parameters.
void optimizers() {
  std::vector<NamedParameter<float>> list;
  const std::vector<Shape> shapes = {{512, 512, 3, 3}, {512, 512, 3, 3}, {512, 256, 3, 3},
                                     {256, 256, 3, 3}, {256, 128, 3, 3}, {128, 64, 3, 3},
                                     {512, 512, 2, 2}, {1024, 512},      {1024, 256},
                                     {1024, 256},      {256, 512},       {512}};
  double size = 0;
  for (const Shape& s : shapes) {
    list.push_back({"p" + std::to_string(list.size()), parameter(uniform(s, -0.1, 0.1))});
    list.back().variable.mutable_grad().copy_from(uniform(s));
    size += bytes(s);
  }
  Adadelta<float> adadelta(list);
  AdamW<float> adamw(list);
  const auto step = [&](const char* op, double moved, const std::function<void()>& f) {
    if (wanted(op)) print(op, "step", moved, median_ms(f));
  };
  step("adadelta", 7 * size, [&] { adadelta.step(); });
  step("adamw", 7 * size, [&] { adamw.step(); });
  step("grad_norm", size, [&] { grad_norm(list); });
  step("clip_grad_norm", 3 * size, [&] {
    clip_grad_norm(list, 1);
    list[0].variable.mutable_grad().data()[0] = 2;  // above the clipping limit again
  });
}

}  // namespace

int main(int count, char** argument) {
  if (count > 1) filter = argument[1];
  std::printf("op\tpass\tthreads\tms\tGB/s\t%% of triad\n");
  for (const int threads : {1, 2}) {
    const ThreadScope scope(threads);
    triad();
    layers();
    rectifier();
    optimizers();
  }
}
