// sequence: the shared parts of recurrent layers: order of steps, lengths, and products.
//
//   (1)  A = X W^T + b_x        X: (T N, I)           all steps at once
//   (2)  u_t = h_t-1 U^T + b_h                        step by step
//        LSTM: the gates use only a_t + u_t, therefore u_t is added to a_t, and b_h is part of (1)
//        GRU: the reset gate acts on u_t, therefore a_t and u_t stay separate
//   (3)  dh_t-1 = du_t U        + dh_t z for the GRU; du_t = da_t for the LSTM
//                                                     step by step, backwards
//   (4)  dX = dA W,  dW = dA^T X,  dU = sum_t du_t^T h_t-1,                     all steps at once
//        db_x = sum over t and n of da_t,  db_h = sum over t and n of du_t
//
// A vector of one step is a row here and a column in lstm.hpp and gru.hpp: a_t W here is W^T a_t
// there. A and dA hold the a_t and da_t of all steps, one below the other.
// Sequences of a batch are independent between (1) and (4), and so are the two directions of a
// layer. A thread therefore takes about 32 sequences in one direction through all their steps and
// waits for no other thread. U is packed once and stays in the thread's cache. H of (4) needs no
// copy, because it is y shifted by one step, forward or backward.
// Notation: docs/math/notation.md.
#pragma once

#include <algorithm>
#include <span>
#include <string_view>
#include <vector>

#include <glimpse/autograd/variable.hpp>
#include <glimpse/core/parallel.hpp>
#include <glimpse/simd/gemm.hpp>
#include <glimpse/simd/packed.hpp>
#include <glimpse/simd/reduce.hpp>

namespace glimpse::inline v0 {

/// The weights of one direction of a recurrent layer with G gates and H cells.
template <class T>
struct RecurrentWeights {
  Variable<T> w_x, w_h;  // W: (G H, I), U: (G H, H)
  Variable<T> b_x, b_h;  // (G H)
};

namespace kernel {

/// Extents of a recurrent layer: T steps, batch N, I inputs, H cells, and the lengths.
struct Sequence {
  Index steps = 0, batch = 0, input = 0, hidden = 0, gates = 0;
  std::vector<Index> lengths;  // empty: every sequence has full length

  Index width() const { return gates * hidden; }
  /// Distance between rows of gates, in elements. Padded, because rows a multiple of 4 KB apart
  /// would compete for the same few cache lines.
  template <class T>
  Index gate_row() const {
    return width() + (width() * static_cast<Index>(sizeof(T)) % 4096 ? 0 : 16);
  }
  bool within_length(Index t, Index row) const {
    return lengths.empty() || t < lengths[static_cast<std::size_t>(row)];
  }
};

/// One direction of a layer: its weights and its output.
template <class T>
struct Direction {
  Tensor<T> w_x, w_h, b_x, b_h;
  Tensor<T> y;  // (T, N, directions x H); this direction owns H columns from `column`
  Index column = 0;
  bool reverse = false;

  /// Time of the k-th step that runs.
  Index step(Index k, Index steps) const { return reverse ? steps - 1 - k : k; }
  /// Distance between sequences in y, in elements.
  Index y_row() const { return y.size(2); }
  /// The state of sequence n at time t, in y or in its gradient.
  template <class U>
  U* state(U* values, Index t, Index n) const {
    return values + (t * y.size(1) + n) * y_row() + column;
  }
};

/// Sequences [begin, end) of a batch, in one direction. number: index of the block in its
/// direction.
struct SequenceBlock {
  std::size_t direction;
  Index number, begin, end;
  Index rows() const { return end - begin; }
};

inline constexpr Index block_rows = 32;  // fixed: sums must not depend on the threads
inline Index sequence_blocks(Index batch) { return (batch + block_rows - 1) / block_rows; }

/// Calls f(SequenceBlock) for all sequences of all directions, in parallel. cost: of one sequence.
template <class F>
void for_each_block(Index directions, Index batch, Index cost, F&& f) {
  const Index blocks = sequence_blocks(batch);
  parallel_blocks(directions * blocks, 1, cost * std::min(block_rows, batch),
                  [&](Index task, Index) {
                    const Index i = task % blocks;
                    f(SequenceBlock{static_cast<std::size_t>(task / blocks), i, i * batch / blocks,
                                    (i + 1) * batch / blocks});
                  });
}

/// Checks the operands of a recurrent layer with `gates` gates. Throws ShapeError if shapes do not
/// fit, ValueError if a length is outside [0, T].
template <class T>
Sequence sequence_of(std::string_view op, Index gates, const Tensor<T>& x,
                     std::span<const RecurrentWeights<T>> weights, std::span<const Index> lengths) {
  require(x.rank() == 3, op, "wants input (steps, batch, features)", x);
  const Index hidden = weights[0].w_h.rank() == 2 ? weights[0].w_h.size(1) : 0;
  const Shape bias{gates * hidden}, square{gates * hidden, hidden};
  for (const RecurrentWeights<T>& w : weights) {
    require(w.w_h.rank() == 2 && w.w_h.shape() == square, op,
            "wants recurrent weights (gates x H, H)", w.w_h.value());
    if (!(w.w_x.shape() == Shape{gates * hidden, x.size(2)}))
      fail<ShapeError>(op, "input weights ", w.w_x.value(), " do not fit input ", x,
                       " and recurrent weights ", w.w_h.value());
    require(w.b_x.shape() == bias && w.b_h.shape() == bias, op, "wants a bias for every gate",
            w.b_x.value(), w.b_h.value());
  }
  if (!lengths.empty() && static_cast<Index>(lengths.size()) != x.size(1))
    fail<ShapeError>(op, lengths.size(), " lengths for a batch of ", x.size(1));
  for (const Index length : lengths)
    if (length < 0 || length > x.size(0))
      fail<ValueError>(op, "length ", length, " outside [0, ", x.size(0), "]");
  return {x.size(0), x.size(1), x.size(2), hidden, gates, {lengths.begin(), lengths.end()}};
}

/// (1): a (T, N, gate_row) = X W^T + b; the first `width` elements of a row are used.
/// both_biases: adds b_h too, if the state's part of the sums does not need it separately.
template <class T>
Tensor<T> input_product(const Sequence& s, const Tensor<T>& x, const Direction<T>& run,
                        bool both_biases) {
  Tensor<T> a({s.steps, s.batch, s.gate_row<T>()}), bias = run.b_x;
  if (both_biases) {
    bias = bias.clone();
    simd::add<T>(s.width(), bias.data(), run.b_h.data());
  }
  simd::gemm<T>(simd::Trans::no, simd::Trans::yes, s.steps * s.batch, s.width(), s.input, T(1),
                x.data(), s.input, run.w_x.data(), s.input, T(0), a.data(), a.size(2),
                {.column_bias = bias.data()});
  return a;
}

/// A matrix (out, in) that every step multiplies by. Packed once if steps have more than 8 rows.
/// With fewer rows a step reads the matrix about once (skinny_gemm.hpp), and packing would not pay.
template <class T>
class PackedWeights {
 public:
  /// w: contiguous. transposed: y = x w^T, for forward; otherwise y = x w.
  PackedWeights(const Tensor<T>& w, bool transposed, Index rows)
      : w_(w), columns_(w.size(1)), n_(w.size(transposed ? 0 : 1)), k_(w.size(transposed ? 1 : 0)),
        trans_(transposed ? simd::Trans::yes : simd::Trans::no) {
    constexpr Index few = 8;
    if (rows > few) packed_ = simd::pack_b<T>(trans_, n_, k_, w_.data(), columns_);
  }

  /// (2) or (3): y (rows, n) = x (rows, k) op(w) + beta y + bias; bias may be null.
  void multiply(Index rows, const T* x, Index x_row, T beta, T* y, Index y_row,
                const T* bias = nullptr) const {
    const simd::Epilogue<T> with_bias{.column_bias = bias};
    if (packed_.empty())
      simd::gemm<T>(simd::Trans::no, trans_, rows, n_, k_, T(1), x, x_row, w_.data(), columns_,
                    beta, y, y_row, with_bias);
    else
      simd::gemm<T>(simd::Trans::no, rows, T(1), x, x_row, packed_, beta, y, y_row, with_bias);
  }

 private:
  Tensor<T> w_;
  Index columns_, n_, k_;
  simd::Trans trans_;
  simd::PackedB<T> packed_;
};

/// The gradients of one direction from which (4) is computed.
template <class T>
struct GateGradients {
  Tensor<T> da, da_h;  // (T, N, gate_row): of the input's part of the sums, of the state's
  Tensor<T> db, db_h;  // (blocks, width): sums over the steps and sequences of each block
};

/// dw (width, k) += da^T (width, rows) x (rows, k). da_row, x_row: distance between rows.
template <class T>
void weight_gradient(Index width, Index k, Index rows, const T* da, Index da_row, const T* x,
                     Index x_row, Gradients<T>& d, std::size_t input) {
  if (!d.wants(input)) return;
  const T beta = d.first(input) ? T(0) : T(1);
  Tensor<T>& dw = d.first(input) ? d.fresh(input) : d[input];
  simd::gemm<T>(simd::Trans::yes, simd::Trans::no, width, k, rows, T(1), da, da_row, x, x_row, beta,
                dw.data(), k);
}

/// db += the rows of `parts`, first to last.
template <class T>
void bias_gradient(const Tensor<T>& parts, Gradients<T>& d, std::size_t input) {
  if (!d.wants(input)) return;
  const Matrix<const T> rows = rows_of(parts);
  T* const db = d[input].data();
  parallel_blocks(rows.cols(), 256, rows.rows(), [&](Index begin, Index end) {
    for (Index r = 0; r < rows.rows(); ++r) simd::add<T>(end - begin, db + begin, &rows(r, begin));
  });
}

/// (4) for inputs {x, w_x, w_h, b_x, b_h, and four more for the second direction}.
template <class T>
void sequence_backward(const Sequence& s, const Tensor<T>& x,
                       std::span<const Direction<T>> directions,
                       std::span<const GateGradients<T>> gates, Gradients<T>& d) {
  const Index width = s.width(), rows = s.steps * s.batch;
  for (std::size_t i = 0; i < directions.size(); ++i) {
    const Direction<T>& run = directions[i];
    const GateGradients<T>& g = gates[i];
    const Index row = g.da.size(2);
    const std::size_t weights = 1 + 4 * i;
    if (d.wants(0)) {
      const T beta = d.first(0) ? T(0) : T(1);
      Tensor<T>& dx = d.first(0) ? d.fresh(0) : d[0];
      simd::gemm<T>(simd::Trans::no, simd::Trans::no, rows, s.input, width, T(1), g.da.data(), row,
                    run.w_x.data(), s.input, beta, dx.data(), s.input);
    }
    weight_gradient<T>(width, s.input, rows, g.da.data(), row, x.data(), s.input, d, weights);
    // Step k pairs with the state of step k - 1: two windows of T - 1 steps, shifted by one step.
    const Index ahead = run.reverse ? 0 : 1, behind = run.reverse ? 1 : 0;
    weight_gradient<T>(width, s.hidden, rows - s.batch, g.da_h.data() + ahead * s.batch * row, row,
                       run.y.data() + run.column + behind * s.batch * run.y_row(), run.y_row(), d,
                       weights + 1);
    bias_gradient<T>(g.db, d, weights + 2);
    bias_gradient<T>(g.db_h, d, weights + 3);
  }
}

/// A recurrent layer in one direction, or in two side by side. Cell defines the steps:
///   Cell(s, x, direction)                       computes (1); allocates what backward needs
///   forward(s, direction, u, block)             all steps of a block's sequences, into direction.y
///   gradients(s)                                allocates the gradients of the sums
///   backward(s, direction, u, block, dy, g)     fills them, last step first
/// reverse: for each direction, true if it runs from the last step of each sequence to the first.
template <class Cell, class T>
Variable<T> recurrent_layer(std::string_view op, const Variable<T>& x,
                            std::span<const RecurrentWeights<T>> weights,
                            std::initializer_list<bool> reverse, std::span<const Index> lengths) {
  const Tensor<T> xv = x.value().contiguous();
  const Sequence s = sequence_of(op, Cell::gates, xv, weights, lengths);
  const Index cost = s.steps * s.width() * s.hidden / 64 + 1;  // of one sequence
  Tensor<T> y({s.steps, s.batch, std::ssize(weights) * s.hidden});
  std::vector<Variable<T>> inputs{x};
  std::vector<Direction<T>> runs;
  std::vector<Cell> cells;
  std::vector<PackedWeights<T>> u;
  for (const RecurrentWeights<T>& w : weights) {
    inputs.insert(inputs.end(), {w.w_x, w.w_h, w.b_x, w.b_h});
    const Index i = std::ssize(runs);
    runs.push_back({w.w_x.value().contiguous(), w.w_h.value().contiguous(),
                    w.b_x.value().contiguous(), w.b_h.value().contiguous(), y, i * s.hidden,
                    reverse.begin()[i]});
    cells.push_back(Cell(s, xv, runs.back()));
    u.push_back(PackedWeights<T>(runs.back().w_h, true, s.batch));
  }
  for_each_block(std::ssize(runs), s.batch, cost, [&](const SequenceBlock& block) {
    cells[block.direction].forward(s, runs[block.direction], u[block.direction], block);
  });
  return record(op, y, inputs, [s, cost, xv, runs, cells](const Tensor<T>& dy, Gradients<T>& d) {
    std::vector<GateGradients<T>> gates;
    std::vector<PackedWeights<T>> back;
    for (std::size_t i = 0; i < runs.size(); ++i) {
      gates.push_back(cells[i].gradients(s));
      back.push_back(PackedWeights<T>(runs[i].w_h, false, s.batch));
    }
    for_each_block(std::ssize(runs), s.batch, cost, [&](const SequenceBlock& block) {
      cells[block.direction].backward(s, runs[block.direction], back[block.direction], block,
                                      dy.data(), gates[block.direction]);
    });
    sequence_backward<T>(s, xv, runs, gates, d);
  });
}

}  // namespace kernel
}  // namespace glimpse::inline v0
