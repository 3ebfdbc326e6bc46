// attention_gru: a GRU that attends to a sequence of frames before every step; all steps in one op.
//
//   (1)  q_t = W s_t-1 + b,   e_ti = w^T tanh(q_t + k_i),   a_t = softmax(e_t)      the weights
//   (2)  g_t = sum_i a_ti h_i                                                       the glimpse
//   (3)  s_t = GRU(a, u; s_t-1),   a = x_t + G g_t + b_g,   u = U s_t-1 + b_h,   s_0 = 0
//                                                                         gru.hpp (2) to (4)
//
//   backward, last step first, with ds_t = dy_t + the state gradient of step t + 1:
//   (4)  da_t, du_t (of the sums a, u) from ds_t by gru.hpp (5) and (6),   dg_t = G^T da_t
//   (5)  dq_t, and += into dk and dw, from dg_t by kernel/attention_step.hpp (4) and (5)
//   (6)  ds_t-1 = ds_t z_t + U^T du_t + W^T dq_t
//   and over all steps at once:
//   (7)  dx_t = da_t,  dG = sum_t da_t g_t^T,  dU = sum_t du_t s_t-1^T,  dW = sum_t dq_t s_t-1^T,
//        db = sum_t dq_t,   db_g = sum_t da_t,   db_h = sum_t du_t
//   (8)  dh_i = sum_t a_ti dg_t
//
//   a_t, with one index, are the weights of (1); da_t are the gradients of the sums a of step t.
//
// h: (N, T, C), k: (N, T, A), x: (S, N, 3H), s: (S, N, H). The inputs x of all steps must be known,
// as with teacher forcing. If a step depends on the output of the step before, as in decoding, use
// kernel::AttentionGru step by step. Words are independent of each other: a thread takes about 32
// words through all steps. Source: Bahdanau, Cho, Bengio 2015; Shi et al. 2016.
// Notation: docs/math/notation.md.
#pragma once

#include <span>

#include <glimpse/ops/gru.hpp>
#include <glimpse/ops/kernel/attention_step.hpp>

namespace glimpse::inline v0 {

/// The weights of (1) to (3).
template <class T>
struct AttentionGruWeights {
  Variable<T> w_query, b_query;      // W: (A, H), b: (A)
  Variable<T> score;                 // w: (A)
  Variable<T> w_glimpse, b_glimpse;  // G: (3H, C), b_g: (3H)
  Variable<T> w_h, b_h;              // U: (3H, H), b_h: (3H)
};

namespace kernel {

/// Scratch of one step for n rows: q (n, A), a (n, T), g (n, C), sums and u (n, 3H).
template <class T>
struct AttentionGruStep {
  T *q, *a, *g, *sums, *u;
};

/// The weights, packed for many steps.
template <class T>
class AttentionGru {
 public:
  /// rows: approximate number of rows in one step.
  AttentionGru(const AttentionGruWeights<T>& w, Index positions, Index rows)
      : b_query_(w.b_query.value().contiguous()), score_(w.score.value().contiguous()),
        b_glimpse_(w.b_glimpse.value().contiguous()), b_h_(w.b_h.value().contiguous()),
        query_(w.w_query.value().contiguous(), true, rows),
        glimpse_(w.w_glimpse.value().contiguous(), true, rows),
        state_(w.w_h.value().contiguous(), true, rows),
        size{positions, w.w_glimpse.size(1), w.score.size()}, hidden(w.w_h.size(1)) {}

  /// (1) to (3) for n rows. Row r attends to sequence item(r) of h and k.
  /// s.sums: x_t on entry, (r, z, n) on return. before: s_t-1, null for zero; after: s_t.
  template <class Item>
  void step(Index n, Item&& item, const T* h, const T* k, const AttentionGruStep<T>& s,
            const T* before, T* after) const {
    const Index width = 3 * hidden;
    if (before) {
      query_.multiply(n, before, hidden, T(0), s.q, size.attention, b_query_.data());
      state_.multiply(n, before, hidden, T(0), s.u, width, b_h_.data());
    } else {
      for (Index r = 0; r < n; ++r) {
        std::copy_n(b_query_.data(), size.attention, s.q + r * size.attention);
        std::copy_n(b_h_.data(), width, s.u + r * width);
        std::fill_n(after + r * hidden, hidden, T(0));
      }
      before = after;  // safe, because each cell is read before it is written
    }
    // simple operations of one row: about 25 for each element of the keys, most of them in tanh
    parallel_for(n, 25 * size.positions * size.attention, [&](Index r) {
      const Index i = item(r) * size.positions;
      attention_step_forward(size, s.q + r * size.attention, k + i * size.attention, score_.data(),
                   h + i * size.frame, s.a + r * size.positions, s.g + r * size.frame);
    });
    glimpse_.multiply(n, s.g, size.frame, T(1), s.sums, width, b_glimpse_.data());
    gru_step_forward<T>(n, hidden, s.sums, s.u, width, before, hidden, after, hidden);
  }

 private:
  Tensor<T> b_query_, score_, b_glimpse_, b_h_;
  PackedWeights<T> query_, glimpse_, state_;

 public:
  AttentionDims size;
  Index hidden;
};

/// Values kept from all steps for backward: q, a, g, sums, u, each (S, N, ...).
template <class T>
struct AttentionGruRun {
  Tensor<T> q, a, g, sums, u;

  AttentionGruStep<T> at(Index t, Index n) {
    return {&q(t, n, 0), &a(t, n, 0), &g(t, n, 0), &sums(t, n, 0), &u(t, n, 0)};
  }
};

/// (4) to (6) and (8) for words [begin, end). On return q holds dq, sums da, u du.
/// dw: (N, A), one row for each word; dh may be null.
template <class T>
void attention_gru_backward(const AttentionGruWeights<T>& w, const AttentionDims& size, Index begin,
                            Index end, const Tensor<T>& states, const T* h, const T* k, const T* dy,
                            AttentionGruRun<T>& run, const PackedWeights<T>& query,
                            const PackedWeights<T>& glimpse, const PackedWeights<T>& state, T* dh,
                            T* dk, T* dw) {
  const Index steps = states.size(0), batch = states.size(1), hidden = states.size(2);
  const Index rows = end - begin, width = 3 * hidden;
  const Tensor<T> score = w.score.value().contiguous(), zero = zeros<T>({rows, hidden});
  Tensor<T> ds = zeros<T>({rows, hidden}), dg({steps, rows, size.frame}), de({size.positions});
  for (Index t = steps - 1; t >= 0; --t) {
    const AttentionGruStep<T> s = run.at(t, begin);
    const T* before = t > 0 ? &states(t - 1, begin, 0) : zero.data();
    simd::add<T>(rows * hidden, ds.data(), dy + (t * batch + begin) * hidden);
    gru_step_backward<T>(rows, hidden, s.sums, s.u, width, before, hidden, ds.data());
    glimpse.multiply(rows, s.sums, width, T(0), &dg(t, 0, 0), size.frame);  // (4)
    for (Index r = 0; r < rows; ++r) {
      const Index i = (begin + r) * size.positions;
      attention_step_backward<T>(size, s.q + r * size.attention, k + i * size.attention,
                                 score.data(), h + i * size.frame, s.a + r * size.positions,
                                 &dg(t, r, 0), de.data(), dk + i * size.attention,
                                 dw + (begin + r) * size.attention);  // (5)
    }
    if (t == 0) break;
    state.multiply(rows, s.u, width, T(1), ds.data(), hidden);  // (6)
    query.multiply(rows, s.q, size.attention, T(1), ds.data(), hidden);
  }
  for (Index r = 0; dh && r < rows; ++r)  // (8): dh (T, C) += a^T (T, S) dg (S, C), word by word
    simd::gemm<T>(simd::Trans::yes, simd::Trans::no, size.positions, size.frame, steps, T(1),
                  &run.a(0, begin + r, 0), batch * size.positions, &dg(0, r, 0), rows * size.frame,
                  T(1), dh + (begin + r) * size.positions * size.frame, size.frame);
}

}  // namespace kernel

/// The states s_t (S, N, H) of a GRU that attends to h (N, T, C) with keys k (N, T, A) before every
/// step, equations (1) to (3). x: (S, N, 3H), the other inputs of the gates' sums.
/// weights: if not null, receives the attention weights of every step, (S, N, T).
/// Throws ShapeError if the shapes do not fit or T = 0.
template <class T>
Variable<T> attention_gru(const Variable<T>& h, const Variable<T>& k, const Variable<T>& x,
                          const AttentionGruWeights<T>& w, Tensor<T>* weights = nullptr) {
  constexpr const char* op = "attention_gru";
  require(h.rank() == 3 && k.rank() == 3 && k.size(0) == h.size(0) && k.size(1) == h.size(1) &&
              h.size(1) > 0,
          op, "wants frames (N, T, C) and keys (N, T, A), T > 0", h, k);
  require(w.w_h.rank() == 2 && w.w_h.size(0) == 3 * w.w_h.size(1), op,
          "wants recurrent weights (3H, H)", w.w_h);
  const Index hidden = w.w_h.size(1), width = 3 * hidden, batch = h.size(0), attention = k.size(2);
  require(x.rank() == 3 && x.size(1) == batch && x.size(2) == width, op,
          "wants sums (S, N, 3H) for the gates", x, w.w_h);
  require(w.w_query.shape() == Shape{attention, hidden} &&
              w.b_query.shape() == Shape{attention} && w.score.shape() == Shape{attention},
          op, "wants query weights (A, H), a bias (A) and score weights (A)", w.w_query, w.b_query,
          w.score);
  require(w.w_glimpse.shape() == Shape{width, h.size(2)} && w.b_glimpse.shape() == Shape{width} &&
              w.b_h.shape() == Shape{width},
          op, "wants glimpse weights (3H, C) and biases (3H)", w.w_glimpse, w.b_glimpse, w.b_h);

  const Index steps = x.size(0), positions = h.size(1);
  const Tensor<T> hv = h.value().contiguous(), kv = k.value().contiguous();
  const kernel::AttentionGru<T> cell(w, positions, batch);
  const Index cost = steps * width * (hidden + h.size(2)) / 64 + 1;  // of one word
  const auto zeros_like_step = [&](Index n) { return Tensor<T>({steps, batch, n}); };
  Tensor<T> y = zeros_like_step(hidden);
  kernel::AttentionGruRun<T> run{zeros_like_step(attention), zeros_like_step(positions),
                                 zeros_like_step(h.size(2)), x.value().contiguous().clone(),
                                 zeros_like_step(width)};
  kernel::for_each_block(1, batch, cost, [&](const kernel::SequenceBlock& block) {
    const auto item = [&](Index r) { return block.begin + r; };
    for (Index t = 0; t < steps; ++t)
      cell.step(block.rows(), item, hv.data(), kv.data(), run.at(t, block.begin),
                t > 0 ? &y(t - 1, block.begin, 0) : nullptr, &y(t, block.begin, 0));
  });
  if (weights) *weights = run.a;
  return record(
      op, y,
      {h, k, x, w.w_query, w.b_query, w.score, w.w_glimpse, w.b_glimpse, w.w_h, w.b_h},
      [=, size = cell.size](const Tensor<T>& dy, Gradients<T>& d) {
        kernel::AttentionGruRun<T> back = run;  // overwritten, because backward runs once
        const kernel::PackedWeights<T> query(w.w_query.value().contiguous(), false, batch),
            glimpse(w.w_glimpse.value().contiguous(), false, batch),
            state(w.w_h.value().contiguous(), false, batch);
        Tensor<T> dk = d.wants(1) ? d[1] : zeros<T>(kv.shape());
        Tensor<T> dw = zeros<T>({batch, attention});
        T* const dh = d.wants(0) ? d[0].data() : nullptr;
        kernel::for_each_block(1, batch, 2 * cost, [&](const kernel::SequenceBlock& block) {
          kernel::attention_gru_backward<T>(w, size, block.begin, block.end, y, hv.data(),
                                            kv.data(), dy.data(), back, query, glimpse, state, dh,
                                            dk.data(), dw.data());
        });
        // (7): step t pairs with the state of step t - 1; the first step pairs with zero.
        const Index rows = steps * batch, later = rows - batch;
        const T *dq = back.q.data(), *da = back.sums.data(), *du = back.u.data();
        kernel::weight_gradient<T>(attention, hidden, later, dq + batch * attention, attention,
                                   y.data(), hidden, d, 3);
        kernel::bias_gradient<T>(back.q, d, 4);
        kernel::bias_gradient<T>(dw, d, 5);
        kernel::weight_gradient<T>(width, size.frame, rows, da, width, back.g.data(), size.frame, d,
                                   6);
        kernel::bias_gradient<T>(back.sums, d, 7);
        kernel::weight_gradient<T>(width, hidden, later, du + batch * width, width, y.data(),
                                   hidden, d, 8);
        kernel::bias_gradient<T>(back.u, d, 9);
        d.add(2, back.sums);
      });
}

}  // namespace glimpse::inline v0
