// ctc_loss: minus the log-likelihood of a label that is not aligned with the frames.
//
//   (1)  p(l | x) = sum over paths pi of prod_t p_t(pi_t),   p_t = softmax(x_t)
//        over all pi that give l after equal neighbors are merged and blanks are then removed
//   (2)  loss = -ln p(l | x)                               recursions (1) to (3) of kernel/ctc.hpp
//   (3)  dx_t(c) = dloss ( p_t(c) - sum of gamma_t(s) over the states s that emit c )
//
// gamma_t(s) is (4) of kernel/ctc.hpp: the fraction of the paths, weighted by likelihood, that are
// in state s at frame t. (3) follows from two facts about e_t(s) = ln p_t(c), where s emits class
// c: partial ln p / partial e_t(s) = gamma_t(s) with sum_s gamma_t(s) = 1, and
// partial e_t(s) / partial x_t(c') = [c = c'] - p_t(c'). The gradient of a frame therefore sums to
// 0.
//
// A label of L symbols needs L frames, and one more for each symbol that equals its predecessor.
// With fewer frames there is no path: the loss is infinite (or 0, see CtcOptions) and the gradient
// is 0. Frames past the end of a sequence get gradient 0. Sequences are independent of each other.
//
// x: (T, N, C). O(N T (C + L)). Source: Graves, Fernandez, Gomez, Schmidhuber 2006.
// Notation: docs/math/notation.md.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>
#include <vector>

#include <glimpse/ops/elementwise.hpp>
#include <glimpse/ops/kernel/ctc.hpp>

namespace glimpse::inline v0 {

/// Options of ctc_loss.
struct CtcOptions {
  Index blank = -1;            // the class that emits no symbol; -1: the last class
  bool zero_infinity = false;  // a label with too few frames costs 0 instead of infinity
};

namespace kernel {

/// Rows of `n` elements as whole vectors. The last vector overlaps the one before.
template <class V>
struct RowEnd {
  using T = simd::Scalar<V>;
  simd::Mask<V> fresh;  // lanes of the last vector that no earlier vector holds
  Index n, whole;

  [[gnu::always_inline]] explicit inline RowEnd(Index count)
      : n(count), whole(count / simd::lanes<V> * simd::lanes<V>) {
    simd::Scalar<simd::Mask<V>> lane[simd::lanes<V>];
    for (Index i = 0; i < simd::lanes<V>; ++i) lane[i] = i >= simd::lanes<V> - (n - whole) ? -1 : 0;
    simd::load(fresh, lane);
  }
  /// Loads the elements after the last whole vector; the other lanes are -infinity.
  [[gnu::always_inline]] inline void load(V& v, const T* x) const {
    if (n < simd::lanes<V>) return simd::load_partial(v, x, n, -std::numeric_limits<T>::infinity());
    V low, all;
    simd::broadcast(low, -std::numeric_limits<T>::infinity());
    simd::load(all, x + n - simd::lanes<V>);
    simd::select(v, fresh, all, low);
  }
};

/// (1) as a logarithm: ln p_t(c) = (x_t(c) - m_t) - ln z_t for the frames of one sequence.
/// top (m_t), log_z: frames rounded up to 16. They are stored separately, because their sum would
/// round ln z_t to the last digit of m_t.
struct CtcNormalizer {
  template <int Bytes, class T>
  [[gnu::always_inline]] static inline void run(const T* x, Index stride, Index frames,
                                                Index classes, T* top, T* log_z) {
    using V = simd::Vec<T, Bytes>;
    const RowEnd<V> end(classes);
    for (Index t = 0; t < frames; ++t, x += stride) {
      V best, v, sum{}, term;
      simd::broadcast(best, -std::numeric_limits<T>::infinity());
      for (Index c = 0; c < end.whole; c += simd::lanes<V>) {
        simd::load(v, x + c);
        simd::maximum(best, best, v);
      }
      if (end.whole < classes) {
        end.load(v, x);
        simd::maximum(best, best, v);
      }
      const T m = simd::max_lanes(best);
      for (Index c = 0; c < end.whole; c += simd::lanes<V>) {
        simd::load(v, x + c);
        v -= m;
        simd::Exp::apply(term, v);
        sum += term;
      }
      if (end.whole < classes) {
        end.load(v, x);
        v -= m;
        simd::Exp::apply(term, v);
        sum += term;
      }
      top[t] = m;
      log_z[t] = simd::sum_lanes(sum);
    }
    for (Index t = frames; t % 16 != 0; ++t) top[t] = 0, log_z[t] = 1;
    for (Index t = 0; t < frames; t += simd::lanes<V>) {
      V z, l;
      simd::load(z, log_z + t);
      simd::Log::apply(l, z);
      simd::store(log_z + t, l);
    }
  }
};

/// (3) for the frames of one sequence. gamma: (frames, width); row: scratch of `classes` elements.
struct CtcGradient {
  template <int Bytes, class T>
  [[gnu::always_inline]] static inline void run(const T* x, T* dx, Index stride, Index frames,
                                                Index classes, const T* top, const T* log_z,
                                                const T* gamma, Index width, const Index* label,
                                                Index length, Index blank, T g, bool add,
                                                T* row) {
    using V = simd::Vec<T, Bytes>;
    const RowEnd<V> end(classes);
    for (Index t = 0; t < frames; ++t, x += stride, dx += stride, gamma += width) {
      V v, p;
      for (Index i = 0; i < end.whole; i += simd::lanes<V>) {
        simd::load(v, x + i);
        v -= top[t];
        v -= log_z[t];
        simd::Exp::apply(p, v);
        simd::store(row + i, p);
      }
      if (end.whole < classes) {
        if (classes < simd::lanes<V>)
          simd::load_partial(v, x, classes);
        else
          simd::load(v, x + classes - simd::lanes<V>);
        v -= top[t];
        v -= log_z[t];
        simd::Exp::apply(p, v);
        if (classes < simd::lanes<V>)
          simd::store_partial(row, p, classes);
        else
          simd::store(row + classes - simd::lanes<V>, p);
      }
      T blanks = gamma[2 * length];
      for (Index i = 0; i < length; ++i) {
        blanks += gamma[2 * i];
        row[label[i]] -= gamma[2 * i + 1];
      }
      row[blank] -= blanks;
      if (add)
        for (Index i = 0; i < classes; ++i) dx[i] += g * row[i];
      else
        for (Index i = 0; i < classes; ++i) dx[i] = g * row[i];
    }
  }
};

/// The labels of a batch with scores (T, N, C), and the values that backward needs.
template <class T>
struct Ctc {
  Tensor<T> scores;
  std::vector<std::vector<Index>> labels;
  std::vector<Index> frames;
  Index blank = 0, width = 0;
  Tensor<T> top, log_z;  // (N, T rounded up to 16)
  Tensor<T> alpha;       // (N, T + 1, stride)
  std::vector<T> log_p;  // N

  Index steps() const { return scores.size(0); }
  Index classes() const { return scores.size(2); }
  Index stride() const { return scores.size(1) * classes(); }
  bool possible(std::size_t n) const { return !(log_p[n] < log_zero<T> / 2); }
  const T* scores_of(Index n) const { return scores.data() + n * classes(); }

  /// Calls f(n, skips, emissions (frames, width), scratch) for every sequence. scratch: 16 elements
  /// more than the longest of steps, classes and width.
  template <class F>
  void for_each(F&& f) const {
    const Index scratch = 16 + std::max({steps(), classes(), width});
    // simple operations of one sequence: 8 for an exp of each class, 20 for each state of a frame
    const Index cost = std::max<Index>(1, steps()) * (8 * classes() + 20 * width);
    parallel_blocks(std::ssize(labels), 4, cost, [&](Index begin, Index end) {
      Tensor<T> work = empty<T>({width + ctc_border + steps() * width + scratch});
      T* const skip = work.raw();
      for (Index n = begin; n < end; ++n) {
        const auto& label = labels[static_cast<std::size_t>(n)];
        ctc_skips(label.data(), std::ssize(label), width, skip);
        T* const e = skip + width + ctc_border;
        f(n, skip, e, e + steps() * width);
      }
    });
  }

  void emissions(Index n, T* e) const {
    const auto& label = labels[static_cast<std::size_t>(n)];
    for (Index t = 0; t < frames[static_cast<std::size_t>(n)]; ++t)
      ctc_emission(scores_of(n) + t * stride(), top(n, t), log_z(n, t), label.data(), std::ssize(label), blank,
                   width, e + t * width);
  }

  /// Computes log_p, and with it top, log_z and alpha.
  void forward() {
    const Index n = std::ssize(labels);
    top = empty<T>({n, (steps() + 15) / 16 * 16});
    log_z = empty_like(top);
    alpha = empty<T>({n, steps() + 1, ctc_stride(width)});
    log_p.resize(labels.size());
    for_each([&](Index i, T* skip, T* e, T*) {
      const Index count = frames[static_cast<std::size_t>(i)];
      const Index length = std::ssize(labels[static_cast<std::size_t>(i)]);
      if (count > 0)
        simd::dispatch<CtcNormalizer>(scores_of(i), stride(), count, classes(), &top(i, 0),
                                       &log_z(i, 0));
      emissions(i, e);
      T* const a = &alpha(i, 0, 0);
      simd::dispatch<CtcAlpha>(count, width, length, static_cast<const T*>(e),
                               static_cast<const T*>(skip), a);
      T& result = log_p[static_cast<std::size_t>(i)];
      result = ctc_log_p<T>(a + count * ctc_stride(width), length);
      // log_sum takes maxima, which can lose a NaN among the scores; ln z of its frame keeps the
      // NaN.
      for (Index t = 0; t < count; ++t)
        if (std::isnan(log_z(i, t))) result = log_z(i, t);
    });
  }

  /// dloss: (N). Writes the gradient of the scores to dx, or adds it.
  void backward(const T* dloss, Tensor<T>& dx, bool add) const {
    if (dx.size() == 0) return;
    for_each([&](Index i, T* skip, T* e, T* scratch) {
      const std::size_t at = static_cast<std::size_t>(i);
      const Index count = possible(at) ? frames[at] : 0, length = std::ssize(labels[at]);
      T* const to = dx.data() + i * classes();
      if (count > 0) {
        emissions(i, e);
        simd::dispatch<CtcBeta>(count, width, length, &std::as_const(alpha)(i, 0, 0),
                                static_cast<const T*>(skip), log_p[at], scratch, e);
        simd::dispatch<CtcGradient>(scores_of(i), to, stride(), count, classes(),
                                    &std::as_const(top)(i, 0), &std::as_const(log_z)(i, 0), static_cast<const T*>(e), width,
                                    labels[at].data(), length, blank, dloss[i], add, scratch);
      }
      for (Index t = count; !add && t < steps(); ++t)
        std::fill_n(to + t * stride(), classes(), T(0));
    });
  }
};

}  // namespace kernel

/// Connectionist temporal classification: -ln p(label) of every sequence. Returns N losses.
/// scores: (T, N, C), before the softmax. labels: N lists of classes other than the blank.
/// lengths: N numbers of frames, 0 to T; empty: T for all.
/// Throws ShapeError if the number of labels or lengths is not N, ValueError if a class or a length
/// is out of range.
template <class T>
Variable<T> ctc_loss(const Variable<T>& scores, std::span<const std::vector<Index>> labels,
                     std::span<const Index> lengths = {}, const CtcOptions& options = {}) {
  require(scores.rank() == 3 && scores.size(2) > 0, "ctc_loss",
          "wants scores (frames, batch, classes)", scores);
  const Index steps = scores.size(0), n = scores.size(1), classes = scores.size(2);
  if (std::ssize(labels) != n)
    fail<ShapeError>("ctc_loss", labels.size(), " labels for scores ", scores);
  if (!lengths.empty() && std::ssize(lengths) != n)
    fail<ShapeError>("ctc_loss", lengths.size(), " lengths for scores ", scores);
  for (const Index frames : lengths)
    if (frames < 0 || frames > steps)
      fail("ctc_loss", "length ", frames, " leaves the frames of ", scores);
  auto ctc = std::make_shared<kernel::Ctc<T>>();
  ctc->blank = options.blank < 0 ? classes - 1 : options.blank;
  if (ctc->blank >= classes)
    fail("ctc_loss", "blank ", ctc->blank, " leaves the ", classes, " classes of ", scores);
  std::size_t longest = 0;
  for (const std::vector<Index>& label : labels) {
    longest = std::max(longest, label.size());
    for (const Index c : label)
      if (c < 0 || c >= classes || c == ctc->blank)
        fail("ctc_loss", "a label holds class ", c, " of ", classes, ", blank ", ctc->blank);
  }
  ctc->scores = scores.value().contiguous();
  ctc->labels.assign(labels.begin(), labels.end());
  ctc->frames.assign(lengths.begin(), lengths.end());
  if (lengths.empty()) ctc->frames.assign(labels.size(), steps);
  ctc->width = kernel::ctc_width(static_cast<Index>(longest));
  ctc->forward();

  Tensor<T> loss(Shape{n});
  for (std::size_t i = 0; i < labels.size(); ++i)
    loss.data()[i] = ctc->possible(i)        ? -ctc->log_p[i]  // (2)
                     : options.zero_infinity ? T(0)
                                             : std::numeric_limits<T>::infinity();
  return record("ctc_loss", loss, {scores}, [ctc](const Tensor<T>& dloss, Gradients<T>& d) {
    const kernel::GradientSlot<T> dx = kernel::gradient_slot(d, 0);
    ctc->backward(dloss.data(), dx.dx, dx.add);
  });
}

}  // namespace glimpse::inline v0
