// tensor: an n-dimensional array of numbers.
//
//   element (i_0, ..., i_r-1)  is  data[offset + sum_a i_a stride_a]
//
// A Tensor is a handle: copies and views share storage, and a const handle gives const access.
// Kernels take tensors, pointers or `Matrix` views. Kernels therefore cannot record on the tape.
#pragma once

#include <algorithm>
#include <cstring>
#include <initializer_list>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include <glimpse/core/error.hpp>
#include <glimpse/core/loops.hpp>
#include <glimpse/core/shape.hpp>
#include <glimpse/core/storage.hpp>

namespace glimpse::inline v0 {

/// An n-dimensional array of T (float, double, Index, bool, ...): a handle to shared storage.
template <class T>
class Tensor {
  static_assert(std::is_trivially_copyable_v<T>, "a tensor holds plain numbers");

 public:
  using value_type = T;

  /// A tensor without storage, `defined()` is false: an absent bias, or a gradient not yet
  /// computed.
  Tensor() = default;

  /// Dense tensor with uninitialized elements; prefer the factories below.
  /// Throws ShapeError if an extent is negative or if the shape is too large.
  explicit Tensor(const Shape& shape) : shape_(shape) {
    check_shape(shape);
    strides_ = row_major_strides(shape);  // after the check: these may overflow
    storage_ = Storage(static_cast<std::size_t>(shape.count()) * sizeof(T));
  }

  bool defined() const { return storage_.data() != nullptr; }
  const Shape& shape() const { return shape_; }
  const Shape& strides() const { return strides_; }
  Index rank() const { return shape_.rank(); }
  /// Number of elements.
  Index size() const { return defined() ? shape_.count() : 0; }
  /// Extent of one axis; a negative axis counts from the end.
  Index size(Index axis) const { return shape_[checked_axis("size", axis)]; }
  /// True if both handles use the same storage.
  bool shares(const Tensor& other) const { return storage_ == other.storage_; }
  /// True if no other handle uses this storage; it may then be overwritten.
  bool unique() const { return storage_.unique(); }

  bool is_contiguous() const {
    Index step = 1;
    for (Index i = rank() - 1; i >= 0; --i) {
      if (shape_[i] != 1 && strides_[i] != step) return shape_.count() == 0;
      step *= shape_[i];
    }
    return true;
  }

  /// First element of a contiguous tensor. Throws ShapeError for a strided view: call contiguous()
  /// first.
  T* data() { return check_contiguous(), raw(); }
  const T* data() const { return check_contiguous(), raw(); }
  /// First element of any view; move by `strides()`.
  T* raw() { return static_cast<T*>(storage_.data()) + offset_; }
  const T* raw() const { return static_cast<const T*>(storage_.data()) + offset_; }
  std::span<T> span() { return {data(), static_cast<std::size_t>(size())}; }
  std::span<const T> span() const { return {data(), static_cast<std::size_t>(size())}; }

  /// Element access. Checks the number of indices, not their values.
  template <class... I>
  T& operator()(I... indices) { return raw()[offset_of(indices...)]; }
  template <class... I>
  const T& operator()(I... indices) const { return raw()[offset_of(indices...)]; }

  /// The element of a tensor of size 1. Throws ShapeError for any other size.
  T item() const {
    if (size() != 1) fail<ShapeError>("item", "wants one element, got ", shape_);
    return *raw();
  }

  // ---- views: no elements are copied
  // -------------------------------------------------------------

  /// Same elements, new shape; one extent may be -1 and is inferred. Copies only if this view is
  /// strided.
  /// Throws ShapeError if the number of elements differs.
  Tensor reshape(Shape shape) const {
    Index known = 1, unknown = -1;
    const Shape asked = shape;
    for (Index i = 0; i < shape.rank(); ++i) {
      if (shape[i] == -1 && unknown < 0) unknown = i;
      else known *= shape[i];
    }
    if (unknown >= 0) shape[unknown] = known > 0 ? shape_.count() / known : 0;
    check_shape(shape);
    if (shape.count() != shape_.count())
      fail<ShapeError>("reshape", "the ", shape_.count(), " elements of ", shape_, " do not fill ", asked);
    Tensor view = contiguous();
    view.shape_ = shape;
    view.strides_ = row_major_strides(shape);
    return view;
  }
  /// View of the elements [begin, end) of one axis; negative bounds count from the end.
  /// Throws ShapeError if the bounds are outside of the axis.
  Tensor slice(Index axis, Index begin, Index end) const {
    axis = checked_axis("slice", axis);
    const Index n = shape_[axis];
    const Index first = begin < 0 ? begin + n : begin, last = end < 0 ? end + n : end;
    if (first < 0 || last > n || first > last)
      fail<ShapeError>("slice", "[", begin, ", ", end, ") leaves axis ", axis, " of ", shape_);
    Tensor view = *this;
    view.offset_ += first * strides_[axis];
    view.shape_[axis] = last - first;
    return view;
  }
  /// View at one index of an axis; the axis is dropped. A negative index counts from the end.
  /// Throws ShapeError if the index is out of range.
  Tensor select(Index axis, Index index) const {
    axis = checked_axis("select", axis);
    const Index i = index < 0 ? index + shape_[axis] : index;
    if (i < 0 || i >= shape_[axis])
      fail<ShapeError>("select", "index ", index, " leaves axis ", axis, " of ", shape_);
    Tensor view = *this;
    view.offset_ += i * strides_[axis];
    view.shape_ = view.strides_ = Shape{};
    for (Index a = 0; a < rank(); ++a)
      if (a != axis) view.shape_.push_back(shape_[a]), view.strides_.push_back(strides_[a]);
    return view;
  }
  /// View with two axes exchanged.
  Tensor transpose(Index a, Index b) const {
    a = checked_axis("transpose", a), b = checked_axis("transpose", b);
    Tensor view = *this;
    std::swap(view.shape_[a], view.shape_[b]);
    std::swap(view.strides_[a], view.strides_[b]);
    return view;
  }
  /// View whose axis i is axis order[i] of this tensor; a negative axis counts from the end.
  /// Throws ShapeError if `order` is not a permutation of the axes.
  Tensor permute(const Shape& order) const {
    unsigned seen = 0;
    for (const Index a : order)
      if (a >= -rank() && a < rank()) seen |= 1u << (a < 0 ? a + rank() : a);
    if (order.rank() != rank() || seen != (1u << rank()) - 1)
      fail<ShapeError>("permute", order, " is no order of the axes of ", shape_);
    Tensor view = *this;
    for (Index i = 0; i < rank(); ++i) {
      view.shape_[i] = shape_[order[i]];
      view.strides_[i] = strides_[order[i]];
    }
    return view;
  }
  /// View that repeats axes of extent 1 (stride 0) and adds leading axes to get `shape`.
  /// Throws ShapeError if this shape does not broadcast to `shape`.
  Tensor broadcast_to(const Shape& shape) const {
    Shape joined;
    if (!broadcast_into(shape_, shape, joined) || !(joined == shape))
      fail<ShapeError>("broadcast_to", shape_, " does not broadcast to ", shape);
    Tensor view = *this;
    view.shape_ = view.strides_ = shape;
    for (Index i = 1; i <= shape.rank(); ++i)
      view.strides_[-i] = i <= rank() && (shape_[-i] != 1 || shape[-i] == 1) ? strides_[-i] : 0;
    return view;
  }

  // ---- elements
  // ----------------------------------------------------------------------------------

  /// This tensor if it is dense, otherwise a dense copy.
  Tensor contiguous() const { return is_contiguous() ? *this : clone(); }

  /// A dense copy with its own storage.
  Tensor clone() const {
    Tensor copy(shape_);
    copy.copy_from(*this);
    return copy;
  }

  /// Copies the elements of `source`, which broadcasts to this shape, into this view.
  void copy_from(const Tensor& source) {
    if (is_contiguous() && source.is_contiguous() && shape_ == source.shape_) {
      if (size() > 0 && raw() != source.raw())
        std::memmove(raw(), source.raw(), static_cast<std::size_t>(size()) * sizeof(T));
      return;
    }
    const Tensor from = source.broadcast_to(shape_);
    detail::copy_strided(shape_, raw(), strides_, from.raw(), from.strides_);
  }

  void fill(T value) {
    if (is_contiguous()) {
      const T zero{};
      if (size() > 0 && std::memcmp(&value, &zero, sizeof(T)) == 0)
        std::memset(raw(), 0, static_cast<std::size_t>(size()) * sizeof(T));
      else
        std::fill_n(raw(), size(), value);
      return;
    }
    const StridedLoop<1> loops = coalesce_dims<1>(shape_, {strides_});
    for_each_contiguous_run(loops, 1, [&](const std::array<Index, 1>& at, Index n) {
      for (Index i = 0; i < n; ++i) raw()[at[0] + i * loops.step(0)] = value;
    });
  }

 private:
  Index checked_axis(std::string_view op, Index axis) const {
    if (axis < -rank() || axis >= rank()) fail<ShapeError>(op, shape_, " has no axis ", axis);
    return axis < 0 ? axis + rank() : axis;
  }
  static void check_shape(const Shape& shape) {
    if (shape.has_too_many_axes()) fail<ShapeError>("tensor", "has more than ", max_rank, " axes");
    Index count = 1;
    for (const Index e : shape) {
      if (e < 0) fail<ShapeError>("tensor", "has a negative extent in ", shape);
      if (e > 0 && count > max_elements / e)
        fail<ShapeError>("tensor", shape, " is more than memory holds");
      count *= e;
    }
  }
  void check_contiguous() const {
    if (!is_contiguous()) fail<ShapeError>("data", "view ", shape_, " with strides ", strides_, " is not contiguous");
  }
  template <class... I>
  Index offset_of(I... indices) const {
    if (static_cast<Index>(sizeof...(I)) != rank())
      fail<ShapeError>("element", sizeof...(I), " indices into ", shape_);
    Index offset = 0, axis = 0;
    ((offset += static_cast<Index>(indices) * strides_[axis++]), ...);
    return offset;
  }
  Shape shape_, strides_;
  Index offset_ = 0;
  Storage storage_;
};

// ---- factories ---------------------------------------------------------------------------------

/// A dense tensor with uninitialized elements.
template <class T>
Tensor<T> empty(const Shape& shape) { return Tensor<T>(shape); }

/// A dense tensor with every element equal to `value`.
template <class T>
Tensor<T> full(const Shape& shape, std::type_identity_t<T> value) {
  Tensor<T> t(shape);
  t.fill(value);
  return t;
}
/// Dense tensors of zeros or ones; with the shape of x, uninitialized or zero.
template <class T>
Tensor<T> zeros(const Shape& shape) { return full<T>(shape, T(0)); }
template <class T>
Tensor<T> ones(const Shape& shape) { return full<T>(shape, T(1)); }
template <class T>
Tensor<T> empty_like(const Tensor<T>& x) { return Tensor<T>(x.shape()); }
template <class T>
Tensor<T> zeros_like(const Tensor<T>& x) { return zeros<T>(x.shape()); }

/// 0, 1, ..., n - 1.
template <class T>
Tensor<T> arange(Index n) {
  Tensor<T> t(Shape{n});
  for (Index i = 0; i < n; ++i) t.data()[i] = static_cast<T>(i);
  return t;
}

/// A tensor of the given values in row-major order; without a shape, a vector of them.
/// Throws ShapeError if the number of values differs from the shape's.
template <class T>
Tensor<T> tensor(std::span<const std::type_identity_t<T>> values, const Shape& shape) {
  if (static_cast<Index>(values.size()) != shape.count())
    fail<ShapeError>("tensor", values.size(), " numbers do not fill ", shape);
  Tensor<T> t(shape);
  std::copy(values.begin(), values.end(), t.data());
  return t;
}
template <class T>
Tensor<T> tensor(std::initializer_list<std::type_identity_t<T>> values, const Shape& shape) {
  return tensor<T>(std::span<const T>(values.begin(), values.size()), shape);
}
template <class T>
Tensor<T> tensor(std::initializer_list<std::type_identity_t<T>> values) {
  return tensor<T>(values, Shape{static_cast<Index>(values.size())});
}

/// The same values converted to element type To; the result is dense.
template <class To, class From>
Tensor<To> cast(const Tensor<From>& x) {
  const Tensor<From> dense = x.contiguous();
  Tensor<To> y(x.shape());
  for (Index i = 0; i < x.size(); ++i) y.data()[i] = static_cast<To>(dense.data()[i]);
  return y;
}

// ---- matrix views ------------------------------------------------------------------------------

/// A dense row-major matrix view; does not own its elements. T may be const.
template <class T>
class Matrix {
 public:
  Matrix(T* data, Index rows, Index cols) : data_(data), rows_(rows), cols_(cols) {}
  Matrix(const Matrix<std::remove_const_t<T>>& m) requires std::is_const_v<T>
      : Matrix(m.data(), m.rows(), m.cols()) {}

  Index rows() const { return rows_; }
  Index cols() const { return cols_; }
  T* data() const { return data_; }
  std::span<T> row(Index r) const { return {data_ + r * cols_, static_cast<std::size_t>(cols_)}; }
  T& operator()(Index r, Index c) const { return data_[r * cols_ + c]; }

 private:
  T* data_;
  Index rows_, cols_;
};

namespace detail {
inline Index row_count(const Shape& s) {
  Index rows = 1;
  for (Index i = 0; i + 1 < s.rank(); ++i) rows *= s[i];
  return rows;
}
}  // namespace detail

/// A contiguous tensor (..., C) as a matrix (R, C), where R is the product of the other extents.
template <class T>
Matrix<T> rows_of(Tensor<T>& x) {
  return {x.data(), detail::row_count(x.shape()), x.rank() > 0 ? x.size(-1) : 1};
}
template <class T>
Matrix<const T> rows_of(const Tensor<T>& x) {
  return {x.data(), detail::row_count(x.shape()), x.rank() > 0 ? x.size(-1) : 1};
}

}  // namespace glimpse::inline v0
