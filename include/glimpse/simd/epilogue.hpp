// epilogue: bias and ReLU, applied to the result of a product while it is in cache.
//
//   (1)  c_ij = relu(c_ij + row_bias_i + column_bias_j)                   each part optional
//   (2)  y = relu(scale y + x + biases)                   over a block, x from another block
// Notation: docs/math/notation.md.
#pragma once

#include <glimpse/simd/dispatch.hpp>
#include <glimpse/simd/vec.hpp>

namespace glimpse::inline v0::simd {

/// Bias and ReLU of a product, equation (1). Null pointers: no bias.
template <class T>
struct Epilogue {
  const T* row_bias = nullptr;     // (m), one value for each row of C
  const T* column_bias = nullptr;  // (n), one value for each column of C
  bool relu = false;

  bool none() const { return row_bias == nullptr && column_bias == nullptr && !relu; }
};

namespace detail {

/// Arguments of equation (2).
template <class T>
struct EpilogueArgs {
  T* y;
  Index y_stride;
  const T* x;  // null: no x
  Index x_stride;
  Index rows, cols;
  T scale;  // 0: y is not read
  Epilogue<T> epilogue;
};

struct EpilogueKernel {
  template <int Bytes, class T>
  [[gnu::always_inline]] static inline void run(const EpilogueArgs<T>* f) {
    using V = Vec<T, Bytes>;
    for (Index i = 0; i < f->rows; ++i) {
      const T bias = f->epilogue.row_bias != nullptr ? f->epilogue.row_bias[i] : T(0);
      Index j = 0;
      for (; j + lanes<V> <= f->cols; j += lanes<V>) block<V>(*f, i, j, lanes<V>, bias);
      if (j < f->cols) block<V>(*f, i, j, f->cols - j, bias);
    }
  }

 private:
  template <class V>
  [[gnu::always_inline]] static inline void block(const EpilogueArgs<Scalar<V>>& f, Index i,
                                                  Index j, Index count, Scalar<V> bias) {
    using T = Scalar<V>;
    T* const out = f.y + i * f.y_stride + j;
    V v{}, u;
    if (f.scale != T(0)) {
      get(v, out, count);
      v *= f.scale;
    }
    if (f.x != nullptr) {
      get(u, f.x + i * f.x_stride + j, count);
      v += u;
    }
    v += bias;
    if (f.epilogue.column_bias != nullptr) {
      get(u, f.epilogue.column_bias + j, count);
      v += u;
    }
    if (f.epilogue.relu) v = v < T(0) ? V{} : v;  // NaN stays NaN
    if (count == lanes<V>) {
      store(out, v);
    } else {
      store_partial(out, v, count);
    }
  }

  template <class V>
  [[gnu::always_inline]] static inline void get(V& v, const Scalar<V>* p, Index count) {
    if (count == lanes<V>) {
      load(v, p);
    } else {
      load_partial(v, p, count);
    }
  }
};

template <class T>
Epilogue<T> shifted(Epilogue<T> e, Index i, Index j) {
  if (e.row_bias != nullptr) e.row_bias += i;
  if (e.column_bias != nullptr) e.column_bias += j;
  return e;
}

template <class T>
void apply_epilogue(const EpilogueArgs<T>& f) {
  dispatch<EpilogueKernel>(&f);
}

}  // namespace detail

}  // namespace glimpse::inline v0::simd
