// Every Glimpse line of docs/cheatsheet.md is here, to the letter, and works.
#include <glimpse/glimpse.hpp>
#include <glimpse/io.hpp>

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <string>
#include <vector>

#include "../catch.hpp"
#include "../scratch.hpp"

using namespace glimpse;

namespace {

struct Classifier {
  Linear<float> hidden, output;

  explicit Classifier(Random& random) : hidden(3, 8, random), output(8, 2, random) {}

  Variable<float> operator()(const Variable<float>& x) { return output(relu(hidden(x))); }

  template <class F>
  void visit(F&& f) {
    f("hidden", hidden);
    f("output", output);
  }
};

/// Runs of white space become one space.
std::string plain(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (!std::isspace(static_cast<unsigned char>(c))) out += c;
    else if (!out.empty() && out.back() != ' ') out += ' ';
  }
  while (!out.empty() && out.back() == ' ') out.pop_back();
  return out;
}

/// The code of the last column of every table, and every block of C++.
std::vector<std::string> lines_of(const std::string& page) {
  std::vector<std::string> found;
  std::string block;
  bool inside = false;
  std::size_t at = 0;
  while (at < page.size()) {
    const std::size_t end = std::min(page.find('\n', at), page.size());
    const std::string line = page.substr(at, end - at);
    at = end + 1;
    if (line.starts_with("```")) {
      if (inside) found.push_back(block);
      block.clear();
      inside = !inside;
    } else if (inside) {
      block += line + "\n";
    } else if (line.starts_with("| ")) {
      std::size_t tick = line.find('`', line.rfind(" | "));
      while (tick != std::string::npos) {
        const std::size_t close = line.find('`', tick + 1);
        found.push_back(line.substr(tick + 1, close - tick - 1));
        tick = line.find('`', close + 1);
      }
    }
  }
  return found;
}

Variable<float> numbers(const Shape& shape) {
  Random random(5);
  Tensor<float> x(shape);
  for (float& v : x.span()) v = static_cast<float>(random.uniform(0.1, 1));
  return parameter(x);
}

}  // namespace

TEST_CASE("cheat sheet: every line of the page is compiled here", "[nn]") {
  const std::string root = GLIMPSE_ROOT;
  const std::string here = plain(read_file(root + "/tests/nn/cheatsheet.cpp"));
  const std::vector<std::string> lines = lines_of(read_file(root + "/docs/cheatsheet.md"));
  CHECK(lines.size() > 130);
  for (const std::string& line : lines) {
    INFO(line);
    CHECK(here.find(plain(line)) != std::string::npos);
  }
}

TEST_CASE("cheat sheet: tensors", "[nn]") {
  const std::string path = scratch_path("cheatsheet.npy").string();
  Tensor<float> t = tensor<float>({1, 2, 3, 4, 5, 6}, {2, 3});
  Tensor<float> u = zeros<float>({2, 3});
  CHECK(ones<float>({2, 3})(1, 1) == 1);
  CHECK(full<float>({2, 3}, 7)(0, 2) == 7);
  CHECK(zeros_like(t)(0, 0) == 0);
  CHECK(empty_like(t).shape() == t.shape());
  CHECK(arange<float>(6)(5) == 5);
  Random random(1);
  for (float& v : u.span()) v = static_cast<float>(random.uniform());
  CHECK(max(u).item() < 1);
  CHECK(t.rank() == 2);
  CHECK(t.size() == 6);
  CHECK(t.size(-1) == 3);
  CHECK(t(1, 0) == 4);
  CHECK(t.select(0, 1)(2) == 6);
  CHECK(t.slice(1, 1, 3)(1, 0) == 5);
  CHECK(t.reshape({3, -1})(2, 1) == 6);
  CHECK(t.transpose(0, 1)(2, 0) == 3);
  CHECK(t.permute({1, 0})(2, 0) == 3);
  CHECK(t.broadcast_to({4, 2, 3})(3, 1, 0) == 4);
  CHECK(t.contiguous().shares(t));
  CHECK_FALSE(t.clone().shares(t));
  u.copy_from(t);
  add_into(u, t);
  CHECK(u(1, 2) == 12);
  u.fill(0);
  CHECK(sum(u).item() == 0);
  CHECK((constant(t) + constant(u)).value()(1, 2) == 6);
  CHECK(cast<double>(t)(0, 1) == 2.0);
  CHECK(concatenate(std::vector{t, u}, 0).shape() == Shape{4, 3});
  CHECK(stack(std::vector{t, u}).shape() == Shape{2, 2, 3});
  CHECK(sum(t).item() == 21);
  CHECK(mean(t, {1}, true)(1, 0) == 5);
  CHECK(max(t).item() == 6);
  CHECK(argmax(t)(0) == 2);
  CHECK(std::puts(to_string(t).c_str()) >= 0);
  write_npy(path, t);
  CHECK(read_npy<float>(path)(1, 2) == 6);
}

TEST_CASE("cheat sheet: gradients", "[nn]") {
  const Tensor<float> t = tensor<float>({1, 2, 3, 4, 5, 6}, {2, 3}), u = full<float>({2, 3}, 2);
  Variable<float> x = parameter(t.clone());
  Variable<float> c = constant(u);
  CHECK((x + c).value()(0, 0) == 3);
  CHECK((2 * x).value()(0, 1) == 4);
  CHECK((x / c).value()(0, 0) == 0.5f);
  CHECK((-x).value()(0, 0) == -1);
  CHECK(exp(x).value()(0, 0) == Approx(2.718282));
  CHECK(log(x).value()(0, 0) == 0);
  CHECK(sqrt(x).value()(1, 0) == 2);
  CHECK(abs(x).value()(1, 0) == 4);
  CHECK(square(x).value()(0, 2) == 9);
  CHECK(clamp(x, 0, 1).value()(1, 1) == 1);
  CHECK(maximum(x, c).value()(0, 0) == 2);
  CHECK(matmul(x, transpose(c, 0, 1)).value()(0, 1) == 12);
  CHECK(reshape(x, {3, 2}).value()(2, 1) == 6);
  CHECK(slice(x, 1, 0, 2).shape() == Shape{2, 2});
  CHECK(select(x, 0, 0).shape() == Shape{3});
  CHECK(permute(x, {1, 0}).shape() == Shape{3, 2});
  const Variable<float> image = numbers({2, 1, 4, 4});
  CHECK(flatten(image).shape() == Shape{2, 16});
  CHECK(concatenate(std::vector{x, c}, 1).shape() == Shape{2, 6});
  CHECK(stack(std::vector{x, c}).shape() == Shape{2, 2, 3});
  CHECK(sum(x, {0}).value()(0) == 5);
  CHECK(mean(x).item() == 3.5f);
  CHECK(max(x, {1}).value()(1) == 6);

  const Variable<float> loss = sum(x * c);
  CHECK(to_dot(loss).starts_with("digraph"));
  loss.backward();
  CHECK(x.grad()(1, 1) == 2);
  x.zero_grad();
  CHECK_FALSE(x.grad().defined());

  const Tensor<float> seed = ones<float>({2, 3});
  Variable<float> y = x * c;
  y.retain_grad();
  y.backward(seed);
  CHECK(y.grad()(0, 0) == 1);
  CHECK_FALSE(x.detach().requires_grad());
  CHECK(x.value()(0, 0) == 1);
  {
    const NoGrad no_grad;
    CHECK_FALSE((x * c).requires_grad());
  }
  {
    const AnomalyMode anomaly;
    CHECK_THROWS_AS(log(x - 1), Error);
  }
  x.set_requires_grad(false);
  CHECK_FALSE((x * c).requires_grad());

  const Variable<double> a = parameter(tensor<double>({0.5, -1}));
  const auto f = [](const std::vector<Variable<double>>& in) { return tanh(in[0]); };
  CHECK(gradcheck(f, {a}).ok);
}

TEST_CASE("cheat sheet: functions", "[nn]") {
  Random random(1);
  const Variable<float> x = numbers({2, 3}), w = numbers({5, 3}), b = numbers({5});
  for (const Variable<float>& y : {relu(x), leaky_relu(x, 0.01), gelu(x), sigmoid(x), tanh(x), softplus(x),
                                   softmax(x), log_softmax(x), dropout(x, 0.5, random)})
    CHECK(y.shape() == Shape{2, 3});
  CHECK(linear(x, w, b).shape() == Shape{2, 5});

  const Variable<float> image = numbers({2, 1, 4, 4}), filters = numbers({5, 1, 3, 3});
  CHECK(conv2d(image, filters, b, {.padding = {1, 1}}).shape() == Shape{2, 5, 4, 4});
  CHECK(max_pool2d(image).shape() == Shape{2, 1, 2, 2});
  CHECK(average_pool2d(image).shape() == Shape{2, 1, 2, 2});
  CHECK(max_pool2d(image, {.kernel = {3, 3}, .stride = {1, 1}}).shape() == Shape{2, 1, 2, 2});
  CHECK(adaptive_average_pool2d(image, {1, 1}).shape() == Shape{2, 1, 1, 1});
  const Variable<float> padded = pad2d(image, 3, 4, 1, 2);
  CHECK(padded.shape() == Shape{2, 1, 11, 7});
  CHECK(padded.value()(0, 0, 3, 1) == image.value()(0, 0, 0, 0));
  CHECK(resize_bilinear(image, 8, 8).shape() == Shape{2, 1, 8, 8});
  const Variable<float> grid = numbers({2, 3, 6, 2});
  CHECK(grid_sample(image, grid).shape() == Shape{2, 1, 3, 6});

  const std::vector<Index> indices{0, 4, 4}, labels{2, 0};
  const Variable<float> table = numbers({5, 3});
  CHECK(embedding(table, indices).shape() == Shape{3, 3});
  CHECK(cross_entropy(x, labels, {.label_smoothing = 0.1}).item() > 0);
  const Variable<float> scores = numbers({6, 2, 3});
  const std::vector<std::vector<Index>> words{{0, 1}, {1}};
  const std::vector<Index> lengths{6, 4};
  CHECK(ctc_loss(scores, words, lengths, {.blank = 2}).shape() == Shape{2});
  const Variable<float> q = numbers({2, 4, 8}), k = numbers({2, 6, 8}), v = numbers({2, 6, 8});
  CHECK(dot_product_attention(q, k, v).shape() == Shape{2, 4, 8});
}

TEST_CASE("cheat sheet: modules", "[nn]") {
  Random random(1);
  const Variable<float> x = numbers({2, 3}), image = numbers({2, 1, 4, 4});
  CHECK(Linear(3, 5, random)(x).shape() == Shape{2, 5});
  CHECK_FALSE(Linear(3, 5, random, false).bias.defined());
  const Variable<float> planes = Conv2d({.in = 1, .out = 8, .padding = {1, 1}}, random)(image);
  CHECK(planes.shape() == Shape{2, 8, 4, 4});
  CHECK(BatchNorm2d(8)(planes).shape() == planes.shape());
  CHECK(LayerNorm(8)(numbers({2, 8})).shape() == Shape{2, 8});
  CHECK(Dropout(0.5, random)(x).shape() == x.shape());
  CHECK(Embedding(10, 4, random)(std::vector<Index>{3, 9}).shape() == Shape{2, 4});
  const Variable<float> sequence = numbers({7, 2, 3});
  CHECK(Lstm<float>(3, 5, random)(sequence).shape() == Shape{7, 2, 5});
  CHECK(Gru<float>(3, 5, random)(sequence).shape() == Shape{7, 2, 5});
  CHECK(Bidirectional<Lstm<float>>(3, 5, random)(sequence).shape() == Shape{7, 2, 10});
  CHECK(Stacked<Lstm<float>>(3, 5, 2, random)(sequence).shape() == Shape{7, 2, 5});
  const Variable<float> queries = numbers({2, 4, 8}), keys = numbers({2, 6, 8});
  CHECK(MultiHeadAttention(8, 2, random)(queries, keys).shape() == Shape{2, 4, 8});

  Sequential steps{Relu{}, Tanh{}, MaxPool2d{}, Flatten{}};
  CHECK(steps(image).shape() == Shape{2, 4});
  Sequential net{Linear(3, 5, random), Relu{}, Linear(5, 2, random)};
  CHECK(net(x).shape() == Shape{2, 2});
  Classifier classifier(random);
  CHECK(classifier(x).shape() == Shape{2, 2});
  CHECK(parameters(classifier)[3].name == "output.bias");

  Variable<float> w = numbers({5, 3});
  const float before = w.value()(0, 0);
  kaiming_normal(w, random);
  xavier_uniform(w, random);
  CHECK(w.value()(0, 0) != before);
}

TEST_CASE("cheat sheet: models and training", "[nn]") {
  const std::string path = scratch_path("cheatsheet.safetensors").string();
  Random random(1);
  const Variable<float> x = numbers({2, 3}).detach();
  const std::vector<Index> labels{1, 0};
  Sequential net{Linear(3, 5, random), Relu{}, Linear(5, 2, random)};
  auto other = clone(net);

  set_training(net, true);
  set_training(net, false);
  {
    const EvalScope scope(net);
    CHECK(net(x).shape() == Shape{2, 2});
  }
  CHECK(parameters(net).size() == 4);
  CHECK(buffers(net).empty());
  CHECK(count_parameters(net) == 32);
  freeze(net);
  CHECK_FALSE(net(x).requires_grad());
  unfreeze(net);
  CHECK(net(x).requires_grad());
  CHECK(summary(net, x).find("Linear") != std::string::npos);

  Sgd sgd(parameters(net), {.learning_rate = 0.1, .momentum = 0.9});
  Adam adam(parameters(net), {.learning_rate = 1e-3});
  AdamW adamw(parameters(net), {.weight_decay = 0.01});
  Rmsprop rmsprop(parameters(net));
  Adadelta adadelta(parameters(net));
  Adam slow(parameters(net), {.lr_multipliers = {{.prefix = "0", .factor = 0.1}}});
  const OneCycleSchedule schedule{.peak = 1e-3, .total = 100};
  CHECK(StepSchedule{.base = 1e-3, .every = 30}(30) == Approx(1e-4));
  CHECK(CosineSchedule{.base = 1e-3, .total = 100}(0) == Approx(1e-3));

  adam.zero_grad();
  const auto loss = cross_entropy(net(x), labels);
  loss.backward();
  adam.step();
  CHECK(clip_grad_norm(parameters(net), 1.0) > 0);
  clip_grad_value(parameters(net), 0.5);
  adam.learning_rate = schedule(adam.steps());
  CHECK(adam.learning_rate > 0);
  CHECK(cross_entropy(net(x), labels).item() < loss.item());

  Checkpoint saved;
  store_state(net, saved);
  save_checkpoint(path, saved);
  load_state(net, load_checkpoint(path));
  load_state_dict(net, state_dict(other));
  CHECK(cross_entropy(net(x), labels).item() == loss.item());

  const int threads = num_threads();
  set_num_threads(2);
  CHECK(num_threads() == 2);
  set_num_threads(threads);
}
