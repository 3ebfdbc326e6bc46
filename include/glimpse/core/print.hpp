// print: tensors as readable text.
//
//   float (2, 3)
//   [[ 1.0000, -2.5000,  0.0000],
//    [12.0000,  3.2500, -0.1250]]
//
// All numbers have one width and one format: integers if all values are integers, else a fixed
// number of digits, else an exponent if magnitudes differ too much. Long axes show only their ends.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <iosfwd>
#include <string>
#include <type_traits>
#include <vector>

#include <glimpse/core/tensor.hpp>

namespace glimpse::inline v0 {

/// How to_string prints a tensor.
struct PrintOptions {
  int digits = 4;      // digits after the decimal point
  Index whole = 1000;  // tensors up to this number of elements are printed in full
  Index edge = 3;      // of larger tensors, the number of indices printed at each end of an axis
};

namespace detail {

template <class T>
const char* type_name() {
  if constexpr (std::is_same_v<T, float>)
    return "float";
  else if constexpr (std::is_same_v<T, double>)
    return "double";
  else if constexpr (std::is_same_v<T, Index>)
    return "Index";
  else if constexpr (std::is_same_v<T, std::uint8_t>)
    return "uint8";
  else if constexpr (std::is_same_v<T, bool>)
    return "bool";
  else if constexpr (std::is_same_v<T, std::int32_t>)
    return "int32";
  else
    return "number";
}

template <class T>
class Printer {
 public:
  Printer(const Tensor<T>& x, const PrintOptions& options)
      : x_(x),
        edge_(x.size() > options.whole ? std::max<Index>(options.edge, 1) : x.size()),
        digits_(options.digits) {
    std::vector<T> shown;
    collect(x_, shown);
    choose_form(shown);
    for (const T v : shown) width_ = std::max(width_, number(v).size());
  }

  std::string text() const {
    std::string out = std::string(type_name<T>()) + " " + x_.shape().str() + "\n";
    block(out, x_, 1);
    return out;
  }

 private:
  enum class Form { whole, fixed, exponent };

  bool elided(Index n) const { return n > 2 * edge_; }

  void collect(const Tensor<T>& x, std::vector<T>& shown) const {
    if (x.size() == 0) return;
    if (x.rank() == 0) return shown.push_back(x.item());
    const Index n = x.size(0);
    for (Index i = 0; i < n; ++i) {
      if (elided(n) && i == edge_) i = n - edge_;
      collect(x.select(0, i), shown);
    }
  }

  /// Integers if all values are. Otherwise fixed digits, unless the largest value has too many
  /// digits before the point or the smallest shows as zero.
  void choose_form(const std::vector<T>& shown) {
    if constexpr (std::is_floating_point_v<T>) {
      bool whole = true;
      double largest = 0, smallest = INFINITY;
      for (const T value : shown) {
        const double v = std::fabs(static_cast<double>(value));
        if (!std::isfinite(v)) continue;
        whole = whole && v == std::floor(v);
        if (v > 0) largest = std::max(largest, v), smallest = std::min(smallest, v);
      }
      const double least = std::pow(10.0, -digits_);
      const bool apart =
          largest >= 1e6 || largest < 10 * least || (largest >= 1e3 && smallest < least);
      form_ = whole && largest < 1e7 ? Form::whole
              : largest > 0 && apart ? Form::exponent
                                     : Form::fixed;
    }
  }

  std::string number(T v) const {
    if constexpr (std::is_floating_point_v<T>) {
      char text[512];
      const double d = static_cast<double>(v);
      if (form_ == Form::whole)
        std::snprintf(text, sizeof text, "%.0f", d);
      else
        std::snprintf(text, sizeof text, form_ == Form::exponent ? "%.*e" : "%.*f", digits_, d);
      return text;
    } else {
      return std::to_string(+v);
    }
  }

  void block(std::string& out, const Tensor<T>& x, std::size_t indent) const {
    if (x.rank() == 0) {
      const std::string s = x.size() == 1 ? number(x.item()) : "";
      out += std::string(width_ - std::min(width_, s.size()), ' ') + s;
      return;
    }
    const Index n = x.size(0);
    const std::string next = x.rank() == 1
                                 ? ", "
                                 : "," + std::string(static_cast<std::size_t>(x.rank() - 1), '\n') +
                                       std::string(indent, ' ');
    out += '[';
    if (x.size() > 0) {
      for (Index i = 0; i < n; ++i) {
        if (i > 0) out += next;
        if (elided(n) && i == edge_) {
          out += "..." + next;
          i = n - edge_;
        }
        block(out, x.select(0, i), indent + 1);
      }
    }
    out += ']';
  }

  const Tensor<T>& x_;
  Index edge_;
  int digits_;
  std::size_t width_ = 0;
  Form form_ = Form::fixed;
};

}  // namespace detail

/// Element type, shape, and elements in aligned columns; "undefined tensor" if x has no storage.
template <class T>
std::string to_string(const Tensor<T>& x, const PrintOptions& options = {}) {
  if (!x.defined()) return "undefined tensor";
  return detail::Printer<T>(x, options).text();
}

/// Formats the value of a variable, or of any type with a tensor-valued value().
template <class V>
requires requires(const V& v) { v.value().strides(); }
std::string to_string(const V& v, const PrintOptions& options = {}) {
  return to_string(v.value(), options);
}

/// `std::cout << x`; the user includes <ostream>.
template <class T>
std::ostream& operator<<(std::ostream& out, const Tensor<T>& x) {
  return out << to_string(x);
}
template <class V>
requires requires(const V& v) { v.value().strides(); }
std::ostream& operator<<(std::ostream& out, const V& v) { return out << to_string(v); }

}  // namespace glimpse::inline v0
