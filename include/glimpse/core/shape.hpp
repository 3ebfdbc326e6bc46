// shape: the extents of a tensor, stored inline (no allocation), and the broadcasting rule.
//
//   broadcast: align the two shapes at their last axes; extents agree if equal, or if one is 1
//   row-major strides:  stride_r-1 = 1,  stride_a = stride_a+1 * extent_a+1
#pragma once

#include <array>
#include <cstddef>
#include <initializer_list>
#include <span>
#include <string>

namespace glimpse::inline v0 {

/// Signed type of all sizes and indices.
using Index = std::ptrdiff_t;

/// Maximum number of axes.
inline constexpr Index max_rank = 8;
/// Limit on elements and on bytes: more than any machine holds, and far below overflow of Index.
inline constexpr Index max_elements = Index{1} << (sizeof(Index) > 4 ? 46 : 30);

/// A list of up to `max_rank` extents. A scalar has rank 0 and one element.
class Shape {
 public:
  constexpr Shape() = default;
  constexpr Shape(std::initializer_list<Index> extents) {
    for (const Index e : extents) push_back(e);
  }
  constexpr explicit Shape(std::span<const Index> extents) {
    for (const Index e : extents) push_back(e);
  }

  constexpr Index rank() const { return rank_; }
  constexpr bool empty() const { return rank_ == 0; }

  /// Number of elements: the product of the extents.
  constexpr Index count() const {
    Index n = 1;
    for (Index i = 0; i < rank_; ++i) n *= extent_[static_cast<std::size_t>(i)];
    return n;
  }

  /// Extent of an axis; a negative axis counts from the end. The axis is not checked.
  constexpr Index operator[](Index axis) const { return extent_[at(axis)]; }
  constexpr Index& operator[](Index axis) { return extent_[at(axis)]; }

  constexpr const Index* begin() const { return extent_.data(); }
  constexpr const Index* end() const { return extent_.data() + rank_; }
  constexpr Index* begin() { return extent_.data(); }
  constexpr Index* end() { return extent_.data() + rank_; }

  /// Appends an extent. Beyond `max_rank` it is dropped and the shape is marked: tensors refuse it.
  constexpr void push_back(Index extent) {
    if (rank_ < max_rank) extent_[static_cast<std::size_t>(rank_++)] = extent;
    else overflow_ = true;
  }
  constexpr bool has_too_many_axes() const { return overflow_; }

  friend constexpr bool operator==(const Shape& a, const Shape& b) {
    if (a.rank_ != b.rank_ || a.overflow_ != b.overflow_) return false;
    for (Index i = 0; i < a.rank_; ++i)
      if (a[i] != b[i]) return false;
    return true;
  }

  /// Text such as "(8, 1, 32, 100)"; one axis: "(8,)".
  std::string str() const {
    std::string s = "(";
    for (Index i = 0; i < rank_; ++i) s += (i ? ", " : "") + std::to_string((*this)[i]);
    return s + (rank_ == 1 ? ",)" : ")");
  }

 private:
  constexpr std::size_t at(Index axis) const {
    return static_cast<std::size_t>(axis < 0 ? axis + rank_ : axis);
  }

  std::array<Index, static_cast<std::size_t>(max_rank)> extent_{};
  Index rank_ = 0;
  bool overflow_ = false;
};

/// Strides of a dense row-major tensor, in elements.
constexpr Shape row_major_strides(const Shape& shape) {
  Shape strides = shape;
  Index step = 1;
  for (Index i = shape.rank() - 1; i >= 0; --i) {
    strides[i] = step;
    step *= shape[i] > 0 ? shape[i] : 1;
  }
  return strides;
}

/// Sets `out` to the broadcast shape of a and b; returns false if they do not broadcast.
constexpr bool broadcast_into(const Shape& a, const Shape& b, Shape& out) {
  out = a.rank() >= b.rank() ? a : b;
  const Shape& small = a.rank() >= b.rank() ? b : a;
  for (Index i = 1; i <= small.rank(); ++i) {
    const Index x = out[-i], y = small[-i];
    if (x != y && x != 1 && y != 1) return false;
    out[-i] = x == 1 ? y : x;
  }
  return true;
}

}  // namespace glimpse::inline v0
