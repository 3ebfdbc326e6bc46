// canvas: an RGB image with anti-aliased drawing.
//
//   coverage of a pixel = clamp(1/2 - d, 0, 1),  d: its center's distance from the edge, < 0 inside
//   pixel <- (1 - opacity coverage) pixel + opacity coverage color
//
// Coordinates are pixels from the top left corner. The center of pixel (i, j) is (j + 1/2, i +
// 1/2). Shapes are clipped at the border. The result is a tensor (3, height, width) in [0, 1].
#pragma once

#include <algorithm>
#include <cmath>
#include <span>
#include <string_view>
#include <vector>

#include <glimpse/core/tensor.hpp>
#include <glimpse/viz/color.hpp>
#include <glimpse/viz/font.hpp>

namespace glimpse::inline v0 {

enum class Align { left, center, right };

/// A point on a canvas, in pixels.
struct Spot {
  float x = 0, y = 0;
};

class Canvas {
 public:
  Canvas(Index width, Index height, Color background = ink::paper)
      : width_(width), height_(height) {
    if (width < 1 || height < 1)
      fail("canvas", "wants at least one pixel, got ", width, " x ", height);
    image_ = Tensor<float>(Shape{3, height, width});
    const float parts[] = {background.r, background.g, background.b};
    for (Index c = 0; c < 3; ++c) image_.select(0, c).fill(parts[c]);
  }

  Index width() const { return width_; }
  Index height() const { return height_; }
  /// (3, height, width); shares its storage with the canvas.
  const Tensor<float>& image() const { return image_; }
  Color at(Index x, Index y) const { return {image_(0, y, x), image_(1, y, x), image_(2, y, x)}; }

  /// Blends a color over one pixel.
  void blend(Index x, Index y, Color color, float opacity) {
    if (x < 0 || y < 0 || x >= width_ || y >= height_ || !(opacity > 0)) return;
    float* p = image_.data() + y * width_ + x;
    const Index plane = width_ * height_;
    p[0] += (color.r - p[0]) * opacity;
    p[plane] += (color.g - p[plane]) * opacity;
    p[2 * plane] += (color.b - p[2 * plane]) * opacity;
  }

  /// A filled rectangle; an edge between pixels covers them partly.
  void rectangle(float x0, float y0, float x1, float y1, Color color, float opacity = 1) {
    cover(x0, y0, x1, y1, color, opacity, [&](float x, float y) {
      const auto overlap = [](float low, float high, float center) {
        return std::clamp(std::min(high, center + 0.5f) - std::max(low, center - 0.5f), 0.0f, 1.0f);
      };
      return overlap(x0, x1, x) * overlap(y0, y1, y);
    });
  }

  /// A filled rectangle with round corners.
  void box(float x0, float y0, float x1, float y1, float radius, Color color, float opacity = 1) {
    cover(x0, y0, x1, y1, color, opacity,
          [&](float x, float y) { return coverage(box_distance(x, y, x0, y0, x1, y1, radius)); });
  }
  /// The outline of a rounded rectangle, `width` pixels wide, inside its edge.
  void frame(float x0, float y0, float x1, float y1, float radius, Color color, float width = 1,
             float opacity = 1) {
    cover(x0, y0, x1, y1, color, opacity, [&](float x, float y) {
      const float d = box_distance(x, y, x0, y0, x1, y1, radius);
      return std::min(coverage(d), coverage(-d - width));
    });
  }

  /// A line with round ends.
  void line(Spot a, Spot b, Color color, float width = 1, float opacity = 1) {
    const Spot both[] = {a, b};
    polyline(both, color, width, opacity);
  }

  /// Joined lines; overlaps are drawn only once.
  void polyline(std::span<const Spot> spots, Color color, float width = 1, float opacity = 1,
                bool closed = false) {
    if (spots.empty()) return;
    std::vector<detail::Stroke> strokes;
    const std::size_t n = spots.size();
    for (std::size_t i = 0; i + 1 < n; ++i)
      strokes.push_back({spots[i].x, spots[i].y, spots[i + 1].x, spots[i + 1].y});
    if (n == 1 || closed)
      strokes.push_back({spots[n - 1].x, spots[n - 1].y, spots[0].x, spots[0].y});
    pen(strokes, color, width, opacity);
  }

  /// Strokes of a round pen.
  void pen(std::span<const detail::Stroke> strokes, Color color, float width, float opacity = 1) {
    // The strokes' coverages are combined by their maximum before any color is blended.
    float x0 = 1e9f, y0 = 1e9f, x1 = -1e9f, y1 = -1e9f;
    for (const detail::Stroke& s : strokes) {
      x0 = std::min({x0, s.x0, s.x1}), x1 = std::max({x1, s.x0, s.x1});
      y0 = std::min({y0, s.y0, s.y1}), y1 = std::max({y1, s.y0, s.y1});
    }
    const float r = width / 2;
    const Range area = clip(x0 - r, y0 - r, x1 + r, y1 + r);
    if (area.empty()) return;
    std::vector<float> mask(static_cast<std::size_t>((area.x1 - area.x0) * (area.y1 - area.y0)),
                            0.0f);
    for (const detail::Stroke& s : strokes) {
      const float dx = s.x1 - s.x0, dy = s.y1 - s.y0, length2 = dx * dx + dy * dy;
      const Range part = clip(std::min(s.x0, s.x1) - r, std::min(s.y0, s.y1) - r,
                              std::max(s.x0, s.x1) + r, std::max(s.y0, s.y1) + r);
      for (Index j = part.y0; j < part.y1; ++j)
        for (Index i = part.x0; i < part.x1; ++i) {
          const float px = static_cast<float>(i) + 0.5f - s.x0,
                      py = static_cast<float>(j) + 0.5f - s.y0;
          const float t =
              length2 > 0 ? std::clamp((px * dx + py * dy) / length2, 0.0f, 1.0f) : 0.0f;
          const float d = std::hypot(px - t * dx, py - t * dy) - r;
          float& m =
              mask[static_cast<std::size_t>((j - area.y0) * (area.x1 - area.x0) + i - area.x0)];
          m = std::max(m, coverage(d) * std::min(1.0f, width));
        }
    }
    const float* m = mask.data();
    for (Index j = area.y0; j < area.y1; ++j)
      for (Index i = area.x0; i < area.x1; ++i) blend(i, j, color, opacity * *m++);
  }

  /// A filled circle.
  void disk(Spot c, float radius, Color color, float opacity = 1) {
    cover(c.x - radius, c.y - radius, c.x + radius, c.y + radius, color, opacity,
          [&](float x, float y) { return coverage(std::hypot(x - c.x, y - c.y) - radius); });
  }
  /// The outline of a circle.
  void ring(Spot c, float radius, Color color, float width = 1, float opacity = 1) {
    const float r = radius + width / 2;
    cover(c.x - r, c.y - r, c.x + r, c.y + r, color, opacity, [&](float x, float y) {
      return coverage(std::fabs(std::hypot(x - c.x, y - c.y) - radius) - width / 2);
    });
  }

  /// An image (H, W), (1, H, W) or (3, H, W) in [0, 1], scaled to a rectangle: bilinear when
  /// growing, averaged when shrinking.
  void image(float x0, float y0, float width, float height, const Tensor<float>& source,
             float opacity = 1) {
    const Tensor<float> p =
        source.rank() == 2 ? source.reshape({1, source.size(0), source.size(1)}) : source;
    require(p.rank() == 3 && (p.size(0) == 1 || p.size(0) == 3) && p.size() > 0, "image",
            "wants (height, width), (1, height, width) or (3, height, width)", source);
    const Range area = clip(x0, y0, x0 + width, y0 + height);
    const Index c1 = p.size(0) == 3 ? 1 : 0, c2 = p.size(0) == 3 ? 2 : 0;
    std::vector<Tap> rows, columns;
    for (Index j = area.y0; j < area.y1; ++j) rows.push_back(tap(j, y0, height, p.size(1)));
    for (Index i = area.x0; i < area.x1; ++i) columns.push_back(tap(i, x0, width, p.size(2)));
    for (Index j = area.y0; j < area.y1; ++j)
      for (Index i = area.x0; i < area.x1; ++i) {
        const Tap &v = rows[static_cast<std::size_t>(j - area.y0)],
                  &u = columns[static_cast<std::size_t>(i - area.x0)];
        float sum[3] = {}, weight = 0;
        for (Index y = v.begin; y < v.end; ++y)
          for (Index x = u.begin; x < u.end; ++x) {
            const float w = v.weight(y) * u.weight(x);
            sum[0] += w * p(0, y, x), sum[1] += w * p(c1, y, x), sum[2] += w * p(c2, y, x),
                weight += w;
          }
        const float in = v.inside * u.inside;
        if (weight > 0)
          blend(i, j, {sum[0] / weight, sum[1] / weight, sum[2] / weight}, opacity * in);
      }
  }

  /// A line of text. at: its left end, middle or right end on the baseline; size: height of the
  /// capitals in pixels; weight: width of the pen, in dots of the font.
  void text(Spot at, std::string_view line, float size, Color color = ink::text,
            Align align = Align::left, float weight = 1, float opacity = 1) {
    const float dot = size / 6, length = text_width(line) * size;
    float x = at.x - (align == Align::left ? 0 : align == Align::center ? length / 2 : length);
    const float pen_width = std::max(dot * weight, 1.15f);
    for (const char c : printable(line)) {
      Glyph g = glyph(c);
      for (detail::Stroke& s : g.strokes)
        s = {x + s.x0 * dot, at.y + (s.y0 - 6) * dot, x + s.x1 * dot, at.y + (s.y1 - 6) * dot};
      pen(g.strokes, color, pen_width, opacity);
      x += (g.width + 2) * dot;
    }
  }

 private:
  struct Range {
    Index x0, y0, x1, y1;
    bool empty() const { return x0 >= x1 || y0 >= y1; }
  };

  /// Weights of the source pixels of one target pixel, along one axis: a triangle as wide as the
  /// larger pixel.
  struct Tap {
    Index begin, end;
    float center, support, inside;
    float weight(Index i) const {
      return std::max(0.0f, 1 - std::fabs(static_cast<float>(i) + 0.5f - center) / support);
    }
  };
  static Tap tap(Index pixel, float start, float extent, Index source) {
    const float n = static_cast<float>(source), scale = n / extent;
    const float low = static_cast<float>(pixel);
    Tap t;
    t.inside = std::clamp(std::min(start + extent, low + 1) - std::max(start, low), 0.0f, 1.0f);
    t.support = std::max(scale, 1.0f);
    t.center = std::clamp((low + 0.5f - start) * scale, 0.5f, n - 0.5f);
    t.begin = std::max<Index>(0, static_cast<Index>(std::floor(t.center - t.support)));
    t.end = std::min<Index>(source, static_cast<Index>(std::ceil(t.center + t.support)) + 1);
    return t;
  }

  Range clip(float x0, float y0, float x1, float y1) const {
    const auto cut = [](float v, Index n) {
      return static_cast<Index>(std::clamp(std::isnan(v) ? 0.0f : v, 0.0f, static_cast<float>(n)));
    };
    return {cut(std::floor(x0) - 1, width_), cut(std::floor(y0) - 1, height_),
            cut(std::ceil(x1) + 1, width_), cut(std::ceil(y1) + 1, height_)};
  }

  template <class F>
  void cover(float x0, float y0, float x1, float y1, Color color, float opacity, F&& f) {
    const Range r = clip(x0, y0, x1, y1);
    for (Index j = r.y0; j < r.y1; ++j)
      for (Index i = r.x0; i < r.x1; ++i)
        blend(i, j, color, opacity * f(static_cast<float>(i) + 0.5f, static_cast<float>(j) + 0.5f));
  }

  static float coverage(float distance) { return std::clamp(0.5f - distance, 0.0f, 1.0f); }

  /// Distance from the edge of a rounded rectangle; below 0 inside.
  static float box_distance(float x, float y, float x0, float y0, float x1, float y1,
                            float radius) {
    radius = std::min({radius, (x1 - x0) / 2, (y1 - y0) / 2});
    const float dx = std::fabs(x - (x0 + x1) / 2) - (x1 - x0) / 2 + radius;
    const float dy = std::fabs(y - (y0 + y1) / 2) - (y1 - y0) / 2 + radius;
    return std::hypot(std::max(dx, 0.0f), std::max(dy, 0.0f)) + std::min(std::max(dx, dy), 0.0f) -
           radius;
  }

  Index width_, height_;
  Tensor<float> image_;
};

}  // namespace glimpse::inline v0
