// reduce: sums, means, maxima and minima over any axes of a tensor.
//
//   y_k = sum_r x_(k, r)        k over the kept axes, r over the reduced ones
//
// Around one axis of n elements a dense tensor is (outer, n, inner). Sums go axis by axis, the last
// axis first: along rows if inner is 1, by columns otherwise. Partial sums cover fixed blocks and
// are added in double. The result does not depend on the number of threads, and small terms are not
// lost in large sums. Maxima move the reduced axes to the end and return the first of equal
// elements.
#pragma once

#include <utility>

#include <glimpse/core/parallel.hpp>
#include <glimpse/core/tensor.hpp>

namespace glimpse::inline v0 {

namespace detail {

/// y += x for n dense elements. The inner loop has 16 steps because compilers vectorize it then.
template <class T>
void add_run(T* __restrict y, const T* __restrict x, Index n) {
  Index i = 0;
  for (; i + 16 <= n; i += 16)
    for (Index k = 0; k < 16; ++k) y[i + k] += x[i + k];
  for (; i < n; ++i) y[i] += x[i];
}

template <class T>
double sum_run(const T* x, Index n) {
  constexpr Index block = 1024;
  double total = 0;
  for (Index begin = 0; begin < n; begin += block) {
    const Index end = std::min(n, begin + block);
    T lane[16] = {};
    Index i = begin;
    for (; i + 16 <= end; i += 16)
      for (Index k = 0; k < 16; ++k) lane[k] += x[i + k];
    double partial = 0;
    for (Index k = 0; k < 16; ++k) partial += static_cast<double>(lane[k]);
    for (; i < end; ++i) partial += static_cast<double>(x[i]);
    total += partial;
  }
  return total;
}

/// y (outer, inner) = sum of x (outer, n, inner) over the axis n.
template <class T>
void sum_axis(const T* x, Index outer, Index n, Index inner, T* y) {
  constexpr Index long_run = 65536;
  if (inner > 1) {
    constexpr Index width = 256;
    const Index strips = (inner + width - 1) / width;
    parallel_for(outer * strips, n * std::min(inner, width), [&](Index item) {
      const Index o = item / strips, c = item % strips * width;
      const Index w = std::min(width, inner - c);
      T* row = y + o * inner + c;
      std::fill_n(row, w, T(0));
      for (Index k = 0; k < n; ++k) add_run(row, x + (o * n + k) * inner + c, w);
    });
  } else if (outer == 1 && n > long_run) {
    std::vector<double> partial(static_cast<std::size_t>((n + long_run - 1) / long_run));
    parallel_blocks(n, long_run, 1, [&](Index begin, Index end) {
      partial[static_cast<std::size_t>(begin / long_run)] = sum_run(x + begin, end - begin);
    });
    double total = 0;
    for (const double p : partial) total += p;
    *y = static_cast<T>(total);
  } else {
    parallel_for(outer, n, [&](Index o) { y[o] = static_cast<T>(sum_run(x + o * n, n)); });
  }
}

/// One bit for each reduced axis; no axes means all axes.
/// Throws ShapeError if an axis does not exist or occurs twice.
inline unsigned axis_mask(std::string_view op, const Shape& shape, const Shape& axes) {
  unsigned mask = 0;
  if (axes.empty()) return (1u << shape.rank()) - 1;
  for (const Index axis : axes) {
    if (axis < -shape.rank() || axis >= shape.rank())
      fail<ShapeError>(op, shape, " has no axis ", axis);
    const unsigned bit = 1u << (axis < 0 ? axis + shape.rank() : axis);
    if (mask & bit) fail<ShapeError>(op, "axis ", axis, " of ", shape, " is named twice");
    mask |= bit;
  }
  return mask;
}

/// The shape without the masked axes, or with extent 1 in their place if `keepdim`.
inline Shape reduced_shape(const Shape& shape, unsigned mask, bool keepdim) {
  Shape out;
  for (Index a = 0; a < shape.rank(); ++a) {
    const bool reduced = mask >> a & 1;
    if (!reduced || keepdim) out.push_back(reduced ? 1 : shape[a]);
  }
  return out;
}

}  // namespace detail

/// Sum over `axes` (none: all axes). keepdim: reduced axes stay, with extent 1.
/// Throws ShapeError if an axis does not exist or occurs twice.
template <class T>
Tensor<T> sum(const Tensor<T>& x, const Shape& axes = {}, bool keepdim = false) {
  const unsigned mask = detail::axis_mask("sum", x.shape(), axes);
  Tensor<T> y = x.contiguous();
  Shape shape = x.shape();
  for (Index last = shape.rank() - 1; last >= 0; --last) {
    if (!(mask >> last & 1)) continue;
    Index first = last;  // adjacent reduced axes are summed in one pass
    while (first > 0 && (mask >> (first - 1) & 1)) --first;
    Index outer = 1, n = 1, inner = 1;
    for (Index a = 0; a < shape.rank(); ++a)
      (a < first ? outer : a <= last ? n : inner) *= shape[a];
    for (Index a = first; a <= last; ++a) shape[a] = 1;
    Tensor<T> s(shape);
    detail::sum_axis<T>(std::as_const(y).data(), outer, n, inner, s.data());
    y = s;
    last = first;
  }
  return y.reshape(detail::reduced_shape(x.shape(), mask, keepdim));
}

/// Mean over `axes` (none: all axes); NaN if there are no elements. Throws ShapeError as `sum`.
template <class T>
Tensor<T> mean(const Tensor<T>& x, const Shape& axes = {}, bool keepdim = false) {
  const unsigned mask = detail::axis_mask("mean", x.shape(), axes);
  Tensor<T> y = sum(x, axes, keepdim);
  if (y.shares(x)) y = y.clone();
  Index n = 1;
  for (Index a = 0; a < x.rank(); ++a)
    if (mask >> a & 1) n *= x.size(a);
  for (T& v : y.span()) v /= static_cast<T>(n);
  return y;
}

/// Moves the reduced axes of x to the end and joins them: dense, (kept extents..., reduced
/// elements).
/// Throws ShapeError if there are no elements to reduce.
template <class T>
Tensor<T> reduced_last(std::string_view op, const Tensor<T>& x, const Shape& axes) {
  const unsigned mask = detail::axis_mask(op, x.shape(), axes);
  Shape order, shape;
  Index n = 1;
  for (Index a = 0; a < x.rank(); ++a)
    if (!(mask >> a & 1)) order.push_back(a), shape.push_back(x.size(a));
  for (Index a = 0; a < x.rank(); ++a)
    if (mask >> a & 1) order.push_back(a), n *= x.size(a);
  if (n == 0) fail<ShapeError>(op, "over no elements of ", x.shape());
  shape.push_back(n);
  return x.permute(order).reshape(shape);
}

namespace detail {

/// Index of the best element of each row; the first one if several are equal. A NaN beats all.
template <class Better, class T>
Tensor<Index> best_in_rows(const Tensor<T>& rows) {
  Shape shape = rows.shape();
  const Index n = shape[-1];
  Tensor<Index> at(detail::reduced_shape(shape, 1u << (shape.rank() - 1), false));
  Index* const out = at.data();
  const T* const in = rows.data();
  parallel_for(at.size(), n, [&](Index r) {
    const T* x = in + r * n;
    Index best = 0;
    for (Index i = 1; i < n && x[best] == x[best]; ++i)
      if (Better{}(x[i], x[best]) || x[i] != x[i]) best = i;
    out[r] = best;
  });
  return at;
}

struct Larger {
  template <class T>
  bool operator()(T a, T b) const {
    return a > b;
  }
};
struct Smaller {
  template <class T>
  bool operator()(T a, T b) const {
    return a < b;
  }
};

template <class Better, class T>
Tensor<T> best_over(std::string_view op, const Tensor<T>& x, const Shape& axes, bool keepdim) {
  const Tensor<T> rows = reduced_last(op, x, axes);
  const Tensor<Index> at = best_in_rows<Better>(rows);
  Tensor<T> y(reduced_shape(x.shape(), axis_mask(op, x.shape(), axes), keepdim));
  const Index n = rows.size(-1);
  for (Index r = 0; r < y.size(); ++r) y.data()[r] = rows.data()[r * n + at.data()[r]];
  return y;
}

}  // namespace detail

/// Largest element over `axes` (none: all axes); NaN if any element is NaN.
/// Throws ShapeError if there are no elements to reduce.
template <class T>
Tensor<T> max(const Tensor<T>& x, const Shape& axes = {}, bool keepdim = false) {
  return detail::best_over<detail::Larger>("max", x, axes, keepdim);
}
/// Smallest element over `axes`; otherwise as max.
template <class T>
Tensor<T> min(const Tensor<T>& x, const Shape& axes = {}, bool keepdim = false) {
  return detail::best_over<detail::Smaller>("min", x, axes, keepdim);
}

/// Index of the largest (argmin: smallest) element along `axis`: the first of equals, or the first
/// NaN. The result has the shape of x without `axis`. Throws ShapeError if the axis is empty.
template <class T>
Tensor<Index> argmax(const Tensor<T>& x, Index axis = -1) {
  return detail::best_in_rows<detail::Larger>(reduced_last("argmax", x, Shape{axis}));
}
template <class T>
Tensor<Index> argmin(const Tensor<T>& x, Index axis = -1) {
  return detail::best_in_rows<detail::Smaller>(reduced_last("argmin", x, Shape{axis}));
}

}  // namespace glimpse::inline v0
