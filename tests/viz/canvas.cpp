// viz/color.hpp, viz/font.hpp, viz/canvas.hpp: shapes cover the correct area, and nothing is drawn
// outside the image.
#include <cmath>
#include <limits>
#include <set>

#include <glimpse/core/random.hpp>
#include <glimpse/viz/canvas.hpp>

#include "../catch.hpp"

using namespace glimpse;

namespace {

constexpr Color black = rgb(0x000000), white = rgb(0xFFFFFF);

/// The amount of ink: the sum of the red channel, drawn white on black.
double ink_on(const Canvas& canvas) {
  double sum = 0;
  const Tensor<float> red = canvas.image().select(0, 0);
  for (const float v : red.span()) sum += static_cast<double>(v);
  return sum;
}

bool all_in_range(const Tensor<float>& image) {
  for (const float v : image.span())
    if (!(v >= -1e-6f && v <= 1 + 1e-6f)) return false;
  return true;
}

double lightness(const Color& c) {
  const auto linear = [](float v) {
    return v <= 0.04045f ? v / 12.92 : std::pow((v + 0.055) / 1.055, 2.4);
  };
  return 0.2126 * linear(c.r) + 0.7152 * linear(c.g) + 0.0722 * linear(c.b);
}

}  // namespace

TEST_CASE("color: the heat map grows lighter evenly and stays inside sRGB") {
  double before = -1;
  for (int i = 0; i <= 100; ++i) {
    const Color c = heat(i / 100.0);
    const double l = std::cbrt(lightness(c));
    CHECK(l > before);
    before = l;
    for (const float v : {c.r, c.g, c.b}) CHECK((v >= 0 && v <= 1));
  }
  CHECK(heat(-1) == heat(0));
  CHECK(heat(2) == heat(1));
  CHECK(heat(std::nan("")) == heat(0));
  const Color gray = oklch(0.5, 0, 0);
  CHECK(gray.r == Approx(gray.g).margin(1e-4));
  CHECK(gray.b == Approx(gray.g).margin(1e-4));
  CHECK(oklch(1, 0, 0).g == Approx(1).margin(1e-4));
}

TEST_CASE("color: neighboring categories differ") {
  for (Index i = 0; i < 32; ++i) {
    const Color a = category(i), b = category(i + 1);
    CHECK(std::fabs(a.r - b.r) + std::fabs(a.g - b.g) + std::fabs(a.b - b.b) > 0.15f);
  }
}

TEST_CASE("font: every character has its own shape, inside its cell") {
  std::set<std::uint64_t> shapes;
  for (char c = ' '; c <= '~'; ++c) {
    const Glyph g = glyph(c);
    shapes.insert(detail::font_dots[c - ' ']);
    CHECK((c == ' ' || !g.strokes.empty()));
    for (const detail::Stroke& s : g.strokes) {
      CHECK((s.x0 >= 0 && s.x1 >= 0 && s.x0 <= 4 && s.x1 <= 4 && s.y0 >= 0 && s.y1 <= 8));
      CHECK((s.x0 <= g.width && s.x1 <= g.width));
    }
    if (c >= '0' && c <= '9') CHECK(g.width == 4);
  }
  CHECK(shapes.size() == 95);
  CHECK(printable("caf\u00e9 \u4e2d") == "caf\x7F \x7F");
  CHECK(text_width("") == 0);
  CHECK(text_width("00") == Approx(10.0 / 6));
}

TEST_CASE("canvas: rectangles, circles and lines cover their area") {
  Canvas canvas(100, 80, black);
  CHECK(ink_on(canvas) == 0);
  canvas.rectangle(10.25f, 20.5f, 30.75f, 50.25f, white);
  CHECK(ink_on(canvas) == Approx(20.5 * 29.75));
  CHECK(canvas.at(20, 30) == white);
  CHECK(canvas.at(10, 30).r == Approx(0.75));

  Canvas disk(100, 80, black);
  disk.disk({50, 40}, 20, white);
  CHECK(ink_on(disk) == Approx(3.14159265 * 400).epsilon(0.005));
  Canvas ring(100, 80, black);
  ring.ring({50.3f, 40.6f}, 20, white, 3);
  CHECK(ink_on(ring) == Approx(2 * 3.14159265 * 20 * 3).epsilon(0.01));
  Canvas line(100, 80, black);
  line.line({10, 10}, {80, 60}, white, 4);
  CHECK(ink_on(line) == Approx(std::hypot(70, 50) * 4 + 3.14159265 * 4).epsilon(0.01));
  Canvas box(100, 80, black);
  box.box(10, 10, 70, 60, 8, white);
  CHECK(ink_on(box) == Approx(60 * 50 - (4 - 3.14159265) * 64).epsilon(0.003));
  Canvas frame(100, 80, black);
  frame.frame(10, 10, 70, 60, 0, white, 2);
  CHECK(ink_on(frame) == Approx(60 * 50 - 56 * 46).epsilon(0.01));
}

TEST_CASE("canvas: lines that cross or meet count once, opacity is kept") {
  Canvas once(60, 60, black), twice(60, 60, black);
  const Spot there[] = {{10, 10}, {50, 40}}, and_back[] = {{10, 10}, {50, 40}, {10, 10}};
  once.polyline(there, white, 3, 0.5f);
  twice.polyline(and_back, white, 3, 0.5f);
  CHECK(ink_on(once) == Approx(ink_on(twice)));
  CHECK(once.at(30, 25).r == Approx(0.5).epsilon(0.02));
}

TEST_CASE(
    "canvas: images are copied exactly at their own size and keep their mean when they shrink") {
  Random rng(1);
  Tensor<float> p(Shape{3, 20, 30});
  for (float& v : p.span()) v = static_cast<float>(rng.uniform());
  Canvas canvas(50, 40, white);
  canvas.image(5, 6, 30, 20, p);
  float most = 0;
  for (Index c = 0; c < 3; ++c)
    for (Index y = 0; y < 20; ++y)
      for (Index x = 0; x < 30; ++x)
        most = std::max(most, std::fabs(canvas.image()(c, y + 6, x + 5) - p(c, y, x)));
  CHECK(most < 1e-6f);
  CHECK(canvas.at(4, 10) == white);
  CHECK(canvas.at(35, 10) == white);

  Canvas small(10, 10, black);
  small.image(0, 0, 10, 10, ones<float>({200, 100}));
  CHECK(ink_on(small) == Approx(100));
  Canvas large(64, 64, black);
  large.image(0, 0, 64, 64, tensor<float>({0, 1, 0, 1}, {2, 2}));
  CHECK(ink_on(large) == Approx(64 * 32));
  CHECK(large.at(0, 5).r == 0);
  CHECK(large.at(63, 5).r == 1);
  CHECK_THROWS_AS(large.image(0, 0, 9, 9, ones<float>({2, 3, 3})), ShapeError);
  CHECK_THROWS_AS(large.image(0, 0, 9, 9, Tensor<float>(Shape{0, 3})), ShapeError);
}

TEST_CASE("canvas: text is placed where it is asked for, at any size") {
  for (const float size : {7.0f, 12.0f, 40.0f}) {
    for (const Align align : {Align::left, Align::center, Align::right}) {
      Canvas canvas(400, 100, black);
      canvas.text({200, 70}, "Hxh", size, white, align);
      Index left = 400, right = 0, top = 100, bottom = 0;
      for (Index y = 0; y < 100; ++y)
        for (Index x = 0; x < 400; ++x)
          if (canvas.at(x, y).r > 0.3f)
            left = std::min(left, x), right = std::max(right, x), top = std::min(top, y),
            bottom = std::max(bottom, y);
      const double width = static_cast<double>(text_width("Hxh") * size),
                   pen = static_cast<double>(size) / 6 + 1.5;
      const double start = align == Align::left     ? 200
                           : align == Align::center ? 200 - width / 2
                                                    : 200 - width;
      CHECK(std::fabs(static_cast<double>(left) - start) <= pen);
      CHECK(std::fabs(static_cast<double>(right) - start - width) <= pen);
      CHECK(std::fabs(static_cast<double>(top) - 70 + static_cast<double>(size)) <= pen);
      CHECK(std::fabs(static_cast<double>(bottom) - 70) <= pen);
    }
  }
}

TEST_CASE("canvas: what lies outside is cut off, and odd numbers do no harm") {
  Canvas canvas(20, 10);
  const float nan = std::nanf(""), inf = std::numeric_limits<float>::infinity();
  for (const float v : {-1e9f, -5.0f, 1e9f, nan, inf, -inf}) {
    canvas.rectangle(v, v, 5, 5, black);
    canvas.disk({v, 3}, 4, black);
    canvas.disk({3, 3}, v, black);
    canvas.line({v, 2}, {3, v}, black, 2);
    canvas.text({v, 5}, "far", 8);
    canvas.box(0, 0, v, 5, 2, black);
    canvas.image(v, 0, 5, 5, ones<float>({2, 2}));
    canvas.image(0, 0, v, 5, ones<float>({2, 2}));
  }
  CHECK(all_in_range(canvas.image()));
  CHECK_THROWS_AS(Canvas(0, 5), ValueError);
}
