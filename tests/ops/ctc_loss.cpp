#include <glimpse/ops/ctc_loss.hpp>

#include "../op_test/op_row.hpp"
#include "../op_test/reference.hpp"

using namespace glimpse;
using namespace glimpse::rig;
using definition::Reference;

namespace {

using Labels = std::vector<std::vector<Index>>;

/// Frames of sequence n of N: T minus 0, 1 or 2.
std::vector<Index> frames_of(const Shape& x) {
  std::vector<Index> frames;
  for (Index n = 0; n < x[1]; ++n) frames.push_back(std::max<Index>(x[0] - n % 3, 0));
  return frames;
}

/// Labels of pairs of equal symbols that just fit, shorter ones, and empty ones; the last class is
/// the blank.
Labels labels_of(const Shape& x) {
  Labels labels;
  const std::vector<Index> frames = frames_of(x);
  for (Index n = 0; n < x[1]; ++n) {
    const Index most = 2 * frames[static_cast<std::size_t>(n)] / 3;
    labels.emplace_back();
    for (Index i = 0; i < (n % 4 == 3 ? 0 : most - n % 2); ++i)
      labels.back().push_back((i + n) / 2 % (x[2] - 1));
  }
  return labels;
}

/// ln p of a label, by the definition: every path is enumerated, merged and compared.
double brute_force(const Reference& p, Index n, Index frames, const std::vector<Index>& label,
                   Index blank) {
  const Index classes = p.size(2);
  Index paths = 1;
  for (Index t = 0; t < frames; ++t) paths *= classes;
  double sum = 0;
  for (Index k = 0; k < paths; ++k) {
    double likely = 1;
    std::vector<Index> text;
    Index rest = k, before = -1;
    for (Index t = 0; t < frames; ++t, rest /= classes) {
      const Index c = rest % classes;
      likely *= p(t, n, c);
      if (c != before && c != blank) text.push_back(c);
      before = c;
    }
    if (text == label) sum += likely;
  }
  return std::log(sum);
}

/// p of a label by the forward recursion, in probabilities.
double recursion(const Reference& p, Index n, Index frames, const std::vector<Index>& label,
                 Index blank) {
  std::vector<Index> states{blank};
  for (const Index c : label) states.push_back(c), states.push_back(blank);
  std::vector<double> a(states.size() + 2, 0.0);  // two padding states before the first
  a[1] = 1;
  for (Index t = 0; t < frames; ++t) {
    std::vector<double> next(a.size(), 0.0);
    for (std::size_t s = 0; s < states.size(); ++s) {
      const bool leap = s == 1 || (s > 1 && states[s] != blank && states[s] != states[s - 2]);
      next[s + 2] = (a[s + 2] + a[s + 1] + (leap ? a[s] : 0)) * p(t, n, states[s]);
    }
    a = next;
  }
  return std::log(a[a.size() - 1] + a[a.size() - 2]);
}

Reference losses(const Reference& x, const Labels& labels, const std::vector<Index>& frames,
                 Index blank) {
  const Reference p = definition::softmax(x);
  Reference loss = zeros<double>({x.size(1)});
  for (Index n = 0; n < x.size(1); ++n) {
    const auto at = static_cast<std::size_t>(n);
    const bool few = x.size(0) <= 6 && x.size(2) <= 4;
    loss(n) = -(few ? brute_force : recursion)(p, n, frames[at], labels[at], blank);
  }
  return loss;
}

std::vector<Index> whole(const Shape& x) {
  return std::vector<Index>(static_cast<std::size_t>(x[1]), x[0]);
}

/// Labels that fit all frames; class 0 is the blank.
Labels labels_after_blank(const Shape& x) {
  Labels labels = labels_of(x);
  for (auto& label : labels)
    for (Index& c : label) ++c;
  return labels;
}

/// Every third label is longer than its frames allow.
Labels labels_too_long(const Shape& x) {
  Labels labels = labels_of(x);
  for (std::size_t n = 0; n < labels.size(); n += 3)
    labels[n].assign(static_cast<std::size_t>(x[0] / 2 + 1), 0);
  return labels;
}

Op& sequences(Op& op) {
  return op.shapes({{1, 1, 2}, {5, 3, 4}, {6, 4, 3}, {12, 5, 6}, {26, 64, 37}})
      .values(uniform(-3, 3))
      .float_tolerance(4e-5, "likelihoods of some e^-80 are kept as logarithms, in float");
}

template <class T>
Tensor<T> gradient_of(const Tensor<T>& x, const Labels& labels, const std::vector<Index>& frames,
                      CtcOptions options = {}) {
  const Variable<T> leaf = parameter(x);
  const Variable<T> loss = ctc_loss(leaf, labels, frames, options);
  loss.backward(full<T>(loss.shape(), T(1)));
  return leaf.grad();
}

Tensor<double> random_scores(const Shape& shape, std::uint64_t seed = 1) {
  Random random(seed);
  Tensor<double> x(shape);
  for (double& v : x.span()) v = random.uniform(-2, 2);
  return x;
}

}  // namespace

OP_ROW("ctc_loss")
    .with(sequences)
    .call([](auto x) { return ctc_loss(x[0], labels_of(x[0].shape())); })
    .reference([](auto x) {
      return losses(x[0], labels_of(x[0].shape()), whole(x[0].shape()), x[0].size(2) - 1);
    })
    .golden("ctc_loss")
    .rejects({{5, 4}})
    .rejects({{5, 3, 0}});

OP_ROW("ctc_loss of unequal lengths")
    .with(sequences)
    .call([](auto x) { return ctc_loss(x[0], labels_of(x[0].shape()), frames_of(x[0].shape())); })
    .reference([](auto x) {
      return losses(x[0], labels_of(x[0].shape()), frames_of(x[0].shape()), x[0].size(2) - 1);
    })
    .golden("ctc_loss_lengths");

OP_ROW("ctc_loss with the blank first")
    .with(sequences)
    .call([](auto x) { return ctc_loss(x[0], labels_after_blank(x[0].shape()), {}, {.blank = 0}); })
    .reference([](auto x) {
      return losses(x[0], labels_after_blank(x[0].shape()), whole(x[0].shape()), 0);
    })
    .golden("ctc_loss_blank_first");

OP_ROW("ctc_loss of labels that do not fit")
    .with(sequences)
    .call([](auto x) {
      return ctc_loss(x[0], labels_too_long(x[0].shape()), {}, {.zero_infinity = true});
    })
    .reference([](auto x) {
      Reference loss =
          losses(x[0], labels_too_long(x[0].shape()), whole(x[0].shape()), x[0].size(2) - 1);
      for (double& v : loss.span()) v = std::isinf(v) ? 0 : v;
      return loss;
    })
    .golden("ctc_loss_zero_infinity");

TEST_CASE("ctc_loss: probabilities of all labels sum to one", "[ctc]") {
  const Tensor<double> x = random_scores({4, 1, 3});
  double sum = 0;
  for (Index length = 0; length <= 4; ++length)
    for (Index k = 0; k < Index{1} << length; ++k) {
      std::vector<Index> label;
      for (Index i = 0; i < length; ++i) label.push_back(k >> i & 1);
      sum += std::exp(-ctc_loss(constant(x), Labels{label}).value().data()[0]);
    }
  CHECK(sum == Approx(1));
}

TEST_CASE("ctc_loss: the empty label is all blanks, and no frames spell it alone", "[ctc]") {
  const Tensor<double> x = random_scores({3, 2, 4});
  const Reference p = definition::softmax(x);
  const Tensor<double> loss =
      ctc_loss(constant(x), Labels{{}, {}}, std::vector<Index>{3, 0}).value();
  CHECK(loss(0) == Approx(-std::log(p(0, 0, 3) * p(1, 0, 3) * p(2, 0, 3))));
  CHECK(loss(1) == 0);
  const Tensor<double> nothing =
      ctc_loss(constant(zeros<double>({0, 2, 4})), Labels{{}, {1}}).value();
  CHECK(nothing(0) == 0);
  CHECK(std::isinf(nothing(1)));
  CHECK(ctc_loss(constant(zeros<double>({3, 0, 4})), Labels{}).shape() == Shape{0});
  const Tensor<double> d = gradient_of(zeros<double>({0, 2, 4}), {{}, {1}}, {0, 0});
  CHECK(d.size() == 0);
}

TEST_CASE("ctc_loss: a label takes its length, and a frame more for each symbol after its like",
          "[ctc]") {
  const std::vector<Index> label{1, 1, 0, 0, 0};
  for (Index frames = 0; frames <= 10; ++frames) {
    const Tensor<double> loss =
        ctc_loss(constant(random_scores({10, 1, 3})), Labels{label}, std::vector<Index>{frames})
            .value();
    CHECK(std::isinf(loss(0)) == (frames < 8));
    CHECK((std::isinf(loss(0)) || loss(0) > 0));
  }
}

TEST_CASE("ctc_loss: what cannot be spelled costs infinity or nothing, and touches no neighbor",
          "[ctc]") {
  const Tensor<double> x = random_scores({5, 3, 4});
  const Labels good{{0, 1}, {2}, {1, 2}}, bad{{0, 1}, {0, 0, 0, 0}, {1, 2}};
  const std::vector<Index> frames{5, 5, 3};
  const Tensor<double> infinite = ctc_loss(constant(x), bad, frames).value();
  const Tensor<double> zero = ctc_loss(constant(x), bad, frames, {.zero_infinity = true}).value();
  const Tensor<double> fine = ctc_loss(constant(x), good, frames).value();
  CHECK(std::isinf(infinite(1)));
  CHECK(zero(1) == 0);
  for (const Index n : {0, 2}) {
    CHECK(infinite(n) == fine(n));
    CHECK(zero(n) == fine(n));
  }
  const Tensor<double> d_good = gradient_of(x, good, frames);
  for (const bool choice : {false, true}) {
    const Tensor<double> d = gradient_of(x, bad, frames, {.zero_infinity = choice});
    for (Index t = 0; t < 5; ++t)
      for (Index c = 0; c < 4; ++c) {
        CHECK(d(t, 0, c) == d_good(t, 0, c));
        CHECK(d(t, 1, c) == 0);
        CHECK(d(t, 2, c) == d_good(t, 2, c));
      }
  }
}

TEST_CASE("ctc_loss: frames behind the end hold what they like and get exactly no gradient",
          "[ctc]") {
  Tensor<double> x = random_scores({6, 2, 4});
  const Labels labels{{0, 1}, {2}};
  const std::vector<Index> frames{6, 3};
  const Tensor<double> before = ctc_loss(constant(x), labels, frames).value();
  for (Index t = 3; t < 6; ++t)
    for (Index c = 0; c < 4; ++c) x(t, 1, c) = NAN;
  const Tensor<double> after = ctc_loss(constant(x), labels, frames).value();
  const Tensor<double> d = gradient_of(x, labels, frames);
  for (Index n = 0; n < 2; ++n) CHECK(after(n) == before(n));
  for (Index t = 0; t < 6; ++t)
    for (Index c = 0; c < 4; ++c) {
      CHECK(std::isfinite(d(t, 0, c)));
      CHECK((t < 3 ? d(t, 1, c) != 0 : d(t, 1, c) == 0));
    }
}

TEST_CASE("ctc_loss: a sequence costs the same alone and in any company", "[ctc]") {
  const Tensor<double> x = random_scores({9, 5, 7});
  const Labels labels{{0, 1, 1}, {}, {5, 5, 5, 5, 5}, {2}, {3, 4, 3, 4, 3, 4, 3}};
  const Tensor<double> together = ctc_loss(constant(x), labels).value();
  for (Index n = 0; n < 5; ++n)
    CHECK(ctc_loss(constant(x.slice(1, n, n + 1)), Labels{labels[static_cast<std::size_t>(n)]})
              .value()(0) == together(n));
}

TEST_CASE("ctc_loss: certain, impossible and enormous scores give no NaN", "[ctc]") {
  Tensor<float> x = full<float>({4, 1, 3}, -std::numeric_limits<float>::infinity());
  const Index path[] = {0, 2, 1, 1};
  for (Index t = 0; t < 4; ++t) x(t, 0, path[t]) = 1e4f;
  CHECK(ctc_loss(constant(x), Labels{{0, 1}}).value()(0) == 0);
  CHECK(std::isinf(ctc_loss(constant(x), Labels{{1, 0}}).value()(0)));
  for (const Labels& labels : {Labels{{0, 1}}, Labels{{1, 0}}}) {
    const Tensor<float> dx = gradient_of(x, labels, {4});
    for (const float v : dx.span()) CHECK(v == 0);
  }
}

TEST_CASE("ctc_loss: classes, labels and lengths out of range are reported", "[ctc]") {
  const Variable<double> x = constant(random_scores({5, 2, 4}));
  CHECK_THROWS_AS(ctc_loss(x, Labels{{0}}), ShapeError);
  CHECK_THROWS_AS(ctc_loss(x, Labels{{0}, {1}}, std::vector<Index>{5}), ShapeError);
  CHECK_THROWS_AS(ctc_loss(x, Labels{{0}, {1}}, std::vector<Index>{5, 6}), ValueError);
  CHECK_THROWS_AS(ctc_loss(x, Labels{{0}, {1}}, std::vector<Index>{5, -1}), ValueError);
  CHECK_THROWS_AS(ctc_loss(x, Labels{{0}, {4}}), ValueError);
  CHECK_THROWS_AS(ctc_loss(x, Labels{{0}, {3}}), ValueError);  // the blank
  CHECK_THROWS_AS(ctc_loss(x, Labels{{0}, {-1}}), ValueError);
  CHECK_THROWS_AS(ctc_loss(x, Labels{{0}, {1}}, {}, {.blank = 4}), ValueError);
}

TEST_CASE("ctc_loss: the same at every offset, and a frame's gradient sums to 0", "[ctc]") {
  const Labels labels{{0, 1, 1}, {3}, {}};
  Tensor<float> flat({7, 3, 5});
  for (Index i = 0; i < flat.size(); ++i) flat.data()[i] = static_cast<float>(8 * (i * 7 % 3) - 8);
  const Tensor<float> want = ctc_loss(constant(flat), labels).value();
  for (const float offset : {0.0f, 1e4f, 1e6f, 1e8f, -1e8f}) {
    Tensor<float> x = flat.clone();
    for (float& v : x.span()) v += offset;
    const Tensor<float> loss = ctc_loss(constant(x), labels).value();
    const Tensor<float> dx = gradient_of(x, labels, whole(x.shape()));
    for (Index n = 0; n < 3; ++n) CHECK(loss(n) == want(n));
    for (Index t = 0; t < 7; ++t)
      for (Index n = 0; n < 3; ++n) {
        double sum = 0;
        for (Index c = 0; c < 5; ++c) sum += static_cast<double>(dx(t, n, c));
        CHECK(std::fabs(sum) < 2e-5);
      }
  }
  const Tensor<float> pair = tensor<float>({100, 88}, {1, 1, 2});  // ln(1 + e^-12), z in float
  const float loss = ctc_loss(constant(pair), Labels{{0}}).value()(0);
  CHECK(loss == Approx(std::log1p(std::exp(-12.0))).margin(6e-8));
  const Tensor<float> dx = gradient_of(pair, Labels{{0}}, {1});
  CHECK(std::fabs(dx(0, 0, 0) + dx(0, 0, 1)) < 1e-7);
}

TEST_CASE("ctc_loss: NaN stays NaN, whichever frame holds it and whatever the label", "[ctc]") {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  for (const bool zero : {false, true})
    for (const Labels& labels : {Labels{{0, 1}}, Labels{{}}, Labels{{0, 0, 0, 0}}})
      for (Index t = 0; t < 4; ++t)
        for (Index c = 0; c <= 3; ++c) {  // 3: the whole frame
          Tensor<float> x = zeros<float>({4, 2, 3});
          for (Index k = 0; k < 3; ++k)
            if (c == 3 || k == c) x(t, 0, k) = nan;
          const Labels both{labels[0], {1}};
          const Tensor<float> loss =
              ctc_loss(constant(x), both, {}, {.zero_infinity = zero}).value();
          CHECK(std::isnan(loss(0)));
          CHECK(std::isfinite(loss(1)));
          const Tensor<float> dx = gradient_of(x, both, {4, 4}, {.zero_infinity = zero});
          bool lost = true;
          for (Index f = 0; f < 4; ++f)
            for (Index k = 0; k < 3; ++k) lost = lost && std::isfinite(dx(f, 0, k));
          CHECK(!lost);
          for (Index f = 0; f < 4; ++f)
            for (Index k = 0; k < 3; ++k) CHECK(std::isfinite(dx(f, 1, k)));
        }
}
