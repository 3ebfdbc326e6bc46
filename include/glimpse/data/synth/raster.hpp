// raster: fills outlines with exact pixel coverage. It uses no sample points, so there is no
// aliasing: one pass over the edges and one over the pixels.
//
//   (1)  every edge adds, to the pixels of the rows it crosses, the signed area between itself and
//        the right border of its pixel, and its signed height to all pixels right of it (as a
//        difference: only to the next pixel)
//   (2)  coverage(y, x) = clamp(sum_{x' <= x} area(y, x'), 0, 1)
//
// Outlines are oriented so that ink has positive area. Parts of a widened outline that are turned
// inside out count as 0; overlapping ink counts once. Source: the signed-area accumulation of font
// rasterizers (Catmull 1978; Levien 2016).
// Notation: docs/math/notation.md.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

#include <glimpse/data/gray_image.hpp>
#include <glimpse/data/synth/geometry.hpp>

namespace glimpse::inline v0::synth {

/// Collects closed outlines, then computes their coverage.
class Raster {
 public:
  Raster(Index height, Index width)
      : height_(height),
        width_(width),
        area_(static_cast<std::size_t>(height * (width + 2)), 0.0f) {}

  /// Adds one closed outline, in pixels.
  void outline(std::span<const Point> points) {
    for (std::size_t i = 0; i < points.size(); ++i)
      edge(points[i], points[i + 1 == points.size() ? 0 : i + 1]);
  }

  /// Coverage in [0, 1], (height, width), equation (2).
  GrayImage cover() const {
    GrayImage out(height_, width_);
    for (Index y = 0; y < height_; ++y) {
      const float* area = area_.data() + y * (width_ + 2);
      float* row = out.row(y).data();
      float sum = 0;
      for (Index x = 0; x < width_; ++x) {
        sum += area[x];
        row[x] = std::clamp(sum, 0.0f, 1.0f);
      }
    }
    return out;
  }

 private:
  void edge(Point a, Point b) {
    if (a.y == b.y) return;
    const float sign = a.y < b.y ? 1.0f : -1.0f;
    if (a.y > b.y) std::swap(a, b);
    const float bottom = static_cast<float>(height_);
    if (!(b.y > 0) || !(a.y < bottom)) return;
    const float slope = (b.x - a.x) / (b.y - a.y);
    float x = a.x;
    if (a.y < 0) {
      x -= a.y * slope;
      a.y = 0;
    }
    const float end = std::min(b.y, bottom);
    for (Index y = static_cast<Index>(a.y); y < height_ && static_cast<float>(y) < end; ++y) {
      const float top = std::max(static_cast<float>(y), a.y);
      const float next = std::min(static_cast<float>(y + 1), end);
      const float x_next = x + slope * (next - top);
      span(area_.data() + y * (width_ + 2), x, x_next, sign * (next - top));
      x = x_next;
    }
  }

  // Equation (1) for the part of an edge within one row: from x0 to x1, height d (signed).
  void span(float* row, float x0, float x1, float d) {
    const float right = static_cast<float>(width_);
    float l = std::clamp(std::min(x0, x1), 0.0f, right);
    float r = std::clamp(std::max(x0, x1), 0.0f, right);
    const Index first = static_cast<Index>(l);
    const Index last = static_cast<Index>(std::ceil(r));
    l -= static_cast<float>(first);
    r -= static_cast<float>(first);
    if (last <= first + 1) {  // within one pixel: a trapezoid
      const float beyond = d * 0.5f * (l + r);
      row[first] += d - beyond;
      row[first + 1] += beyond;
      return;
    }
    const float per = 1.0f / (r - l);  // height per pixel of width, as a share of d
    float before = 0;                  // share of the area right of the edge, up to the last pixel
    for (Index i = 0; first + i < last; ++i) {
      // Integral over pixel i of the share of the edge to the left of each point.
      const float p = static_cast<float>(i), from = std::max(l, p), to = std::min(r, p + 1.0f);
      const float a = (from - l) * per, b = (to - l) * per;
      const float share = 0.5f * (a + b) * (to - from) + b * (p + 1.0f - to);
      row[first + i] += d * (share - before);
      before = share;
    }
    row[last] += d * (1.0f - before);
  }

  Index height_, width_;
  std::vector<float> area_;  // (height, width + 2): differences along a row
};

/// Moves every point of a closed outline outwards by `amount` (inwards if negative), for bold faces
/// and borders. Ink has positive area in coordinates with y down. Corners are mitered up to twice
/// the amount.
inline void widen(std::span<Point> outline, float amount) {
  if (outline.size() < 3 || amount == 0) return;
  const auto direction = [](Point a, Point b) {
    const float x = b.x - a.x, y = b.y - a.y, length = std::sqrt(x * x + y * y);
    return length > 0 ? Point{x / length, y / length} : Point{0, 0};
  };
  const Point first = outline.front();
  Point previous = outline.back();
  for (std::size_t i = 0; i < outline.size(); ++i) {
    const Point here = outline[i], next = i + 1 < outline.size() ? outline[i + 1] : first;
    const Point in = direction(previous, here), out = direction(here, next);
    const Point normal{-(in.y + out.y), in.x + out.x};
    const float template_side = normal.x * normal.x + normal.y * normal.y;
    const float scale = amount * 2.0f / std::max(template_side, 1.0f);
    previous = here;
    outline[i] = {here.x + normal.x * scale, here.y + normal.y * scale};
  }
}

}  // namespace glimpse::inline v0::synth
