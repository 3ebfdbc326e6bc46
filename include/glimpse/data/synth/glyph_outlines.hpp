// glyph outlines: closed outlines in the text plane, and their coverage after a map to pixels.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include <glimpse/data/synth/geometry.hpp>
#include <glimpse/data/synth/raster.hpp>

namespace glimpse::inline v0::synth {

/// Closed outlines, one after the other: contour c ends before points[ends[c]].
struct GlyphOutlines {
  std::vector<Point> points;
  std::vector<std::uint32_t> ends;

  Box box() const { return box_of(points); }
  void add(std::span<const Point> outline) {
    points.insert(points.end(), outline.begin(), outline.end());
    ends.push_back(static_cast<std::uint32_t>(points.size()));
  }
  void move(float x, float y) {
    for (Point& p : points) p = {p.x + x, p.y + y};
  }
  template <class F>
  void each_contour(F&& f) {
    for (std::size_t c = 0, begin = 0; c < ends.size(); begin = ends[c++])
      f(std::span(points).subspan(begin, ends[c] - begin));
  }
};

/// Coverage (height, width) of outlines after a map to pixels. Each outline is first widened by
/// `amount`, in units of the plane.
inline GrayImage cover_of(GlyphOutlines outlines, const Map& to_pixels, Index height, Index width,
                          float amount = 0) {
  Raster raster(height, width);
  outlines.each_contour([&](std::span<Point> outline) {
    widen(outline, amount);
    for (Point& p : outline) p = to_pixels(p);
    raster.outline(outline);
  });
  return raster.cover();
}

/// Adds an upright rectangle in the plane, with ink inside.
inline void add_rectangle(GlyphOutlines& outlines, float left, float top, float right,
                          float bottom) {
  const Point corners[] = {{left, top}, {left, bottom}, {right, bottom}, {right, top}};
  outlines.add(corners);
}

}  // namespace glimpse::inline v0::synth
