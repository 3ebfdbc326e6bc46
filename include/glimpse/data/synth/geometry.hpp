// geometry: points, the projective maps of a synthetic word, and the curves of its baseline.
//
//   (1)  H (x, y) = (h0 x + h1 y + h2, h3 x + h4 y + h5) / (h6 x + h7 y + h8)
//   (2)  (A then B) = B A                   all maps become one matrix; outlines go through it once
//   (3)  view:  rotate the plane about its x axis (pitch) and y axis (yaw), camera at distance d:
//               (x, y, z) = R (x, y, 0),    (u, v) = (x, y) / (1 + z / d)
//   (4)  curve: the point at arc length s of the baseline and the angle of its tangent there
//
// Coordinates of the text plane: the unit is the height of a capital, y points down, and the
// baseline is y = 0. Source: Hartley and Zisserman 2004, chapter 2.
// Notation: docs/math/notation.md.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numbers>
#include <span>

namespace glimpse::inline v0::synth {

struct Point {
  float x = 0, y = 0;
};

/// The smallest upright rectangle around points; empty until it takes a point.
struct Box {
  float left = std::numeric_limits<float>::max(), top = left;
  float right = -std::numeric_limits<float>::max(), bottom = right;

  bool empty() const { return left > right; }
  float width() const { return right - left; }
  float height() const { return bottom - top; }
  void take(Point p) {
    left = std::min(left, p.x);
    right = std::max(right, p.x);
    top = std::min(top, p.y);
    bottom = std::max(bottom, p.y);
  }
  void take(const Box& b) {
    if (b.empty()) return;
    take(Point{b.left, b.top});
    take(Point{b.right, b.bottom});
  }
};

inline Box box_of(std::span<const Point> points) {
  Box box;
  for (const Point p : points) box.take(p);
  return box;
}

/// A projective map of the plane, equation (1).
class Map {
 public:
  Map() = default;

  static Map affine(double a, double b, double c, double d, double tx, double ty) {
    return Map({a, b, tx, c, d, ty, 0, 0, 1});
  }
  static Map shift(double x, double y) { return affine(1, 0, 0, 1, x, y); }
  static Map scale(double x, double y) { return affine(x, 0, 0, y, 0, 0); }
  static Map rotation(double angle) {
    return affine(std::cos(angle), -std::sin(angle), std::sin(angle), std::cos(angle), 0, 0);
  }
  /// Skews by two angles in radians: the first slants x with y, the second slants y with x.
  static Map skew(double x, double y) { return affine(1, -std::tan(x), std::tan(y), 1, 0, 0); }
  /// Equation (3). distance > 0, in units of the plane; angles in radians.
  static Map view(double pitch, double yaw, double distance) {
    const double cp = std::cos(pitch), sp = std::sin(pitch), cy = std::cos(yaw), sy = std::sin(yaw);
    return Map({cy, sy * sp, 0, 0, cp, 0, -sy / distance, cy * sp / distance, 1});
  }

  /// The product (2): this map first, then `next`.
  Map then(const Map& next) const {
    std::array<double, 9> r{};
    for (std::size_t i = 0; i < 3; ++i)
      for (std::size_t j = 0; j < 3; ++j)
        for (std::size_t k = 0; k < 3; ++k) r[i * 3 + j] += next.h_[i * 3 + k] * h_[k * 3 + j];
    return Map(r);
  }

  /// The inverse map, as adjugate over determinant; its sign keeps points in front of the camera.
  /// Requires an invertible map.
  Map inverse() const {
    std::array<double, 9> r{};
    for (std::size_t i = 0; i < 3; ++i)
      for (std::size_t j = 0; j < 3; ++j) {
        const std::size_t a = (j + 1) % 3 * 3, b = (j + 2) % 3 * 3;
        const std::size_t c = (i + 1) % 3, d = (i + 2) % 3;
        r[i * 3 + j] = h_[a + c] * h_[b + d] - h_[a + d] * h_[b + c];
      }
    const double determinant = h_[0] * r[0] + h_[1] * r[3] + h_[2] * r[6];
    for (double& v : r) v /= determinant;
    return Map(r);
  }

  Point operator()(Point p) const {
    const double x = static_cast<double>(p.x), y = static_cast<double>(p.y);
    const double w = 1.0 / std::max(h_[6] * x + h_[7] * y + h_[8], 1e-3);
    return {static_cast<float>((h_[0] * x + h_[1] * y + h_[2]) * w),
            static_cast<float>((h_[3] * x + h_[4] * y + h_[5]) * w)};
  }

 private:
  explicit Map(const std::array<double, 9>& h) : h_(h) {}
  std::array<double, 9> h_{1, 0, 0, 0, 1, 0, 0, 0, 1};
};

/// A baseline, equation (4). The text's length is the unit of bend and size, so 0 is straight.
struct Curve {
  enum class Kind { straight, arc, parabola, wave };
  Kind kind = Kind::straight;
  double length = 1;  // of the text
  double bend =
      0;  // arc: angle of the whole text; parabola: rise / length; wave: amplitude / length
  double periods = 1;   // wave
  double phase = 0;     // wave
  bool rotates = true;  // true: glyphs follow the tangent; false: they stay upright

  struct CurvePoint {
    double x, y, angle;
  };

  CurvePoint at(double s) const {
    const double t = s / length;  // -1/2 .. 1/2 along the text
    CurvePoint p{s, 0, 0};
    if (kind == Kind::arc && std::fabs(bend) > 1e-6) {
      const double radius = length / bend;
      p = {radius * std::sin(s / radius), radius * (1 - std::cos(s / radius)), s / radius};
    } else if (kind == Kind::parabola) {
      p = {s, 4 * bend * length * t * t, std::atan(8 * bend * t)};
    } else if (kind == Kind::wave) {
      const double turns = 2 * std::numbers::pi * periods;
      p = {s, bend * length * std::sin(turns * t + phase),
           std::atan(bend * turns * std::cos(turns * t + phase))};
    }
    if (!rotates) p.angle = 0;
    return p;
  }
};

}  // namespace glimpse::inline v0::synth
