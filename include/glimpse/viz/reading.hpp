// reading: the reader's panel, a picture of how an image was read.
//
//   image with its fiducial points and their outline    |  the rectified image
//   the text and its confidence
//   the rectified image in its characters' colors, and below it one row of attention for each
//
// Column j of an attention row of n covers the pixels [j w / n, (j + 1) w / n) of the rectified
// image. All inputs are plain tensors, so this header depends on no model.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <string>
#include <vector>

#include <glimpse/text/charset.hpp>
#include <glimpse/viz/canvas.hpp>

namespace glimpse::inline v0 {

/// The contents of a panel. Undefined or empty parts are left out.
struct ReadingView {
  /// (H, W), (1, H, W) or (3, H, W) in [0, 1].
  Tensor<float> image = {};
  /// (K, 2) x, y in [-1, 1]: K / 2 along the top, then K / 2 along the bottom.
  Tensor<float> fiducials = {};
  /// (h, w) or (1, h, w).
  Tensor<float> rectified = {};
  /// (steps, columns); one step more than characters is the end of the word.
  Tensor<float> attention = {};
  /// UTF-8.
  std::string text = {};
  /// Of each character, and of the end if it has a row.
  std::vector<double> confidences = {};
  /// Of the whole word; if below 0, the product of `confidences`.
  double confidence = -1;
  /// The true text, if known.
  std::string truth = {};
};

namespace detail {

inline Index image_height(const Tensor<float>& p) { return p.size(-2); }
inline Index image_width(const Tensor<float>& p) { return p.size(-1); }

/// Attention row t at a position u in [0, 1) across the image, linear between the centers of the
/// columns.
inline float attention_at(const Tensor<float>& attention, Index t, float u) {
  const Index n = attention.size(1);
  const float position =
      std::clamp(u * static_cast<float>(n) - 0.5f, 0.0f, static_cast<float>(n - 1));
  const Index j = std::min<Index>(static_cast<Index>(position), n - 1),
              k = std::min<Index>(j + 1, n - 1);
  const float fraction = position - static_cast<float>(j);
  return attention(t, j) * (1 - fraction) + attention(t, k) * fraction;
}

inline std::string percent(double p) {
  char text[32];
  std::snprintf(text, sizeof text, p >= 0.9995 || p < 0.0005 ? "%.0f %%" : "%.1f %%", 100 * p);
  return text;
}

}  // namespace detail

/// An image in a frame, scaled to fit, with its fiducial points and their outline.
inline void draw_fiducials(Canvas& canvas, float x, float y, float width, float height,
                           const Tensor<float>& image, const Tensor<float>& fiducials) {
  canvas.image(x, y, width, height, image);
  canvas.frame(x - 1, y - 1, x + width + 1, y + height + 1, 1, ink::line);
  if (!fiducials.defined() || fiducials.size() == 0) return;
  require(fiducials.rank() == 2 && fiducials.size(1) == 2, "draw_fiducials", "wants points (K, 2)",
          fiducials);
  const Index k = fiducials.size(0), half = k / 2;
  const auto spot = [&](Index i) {
    return Spot{x + (fiducials(i, 0) + 1) / 2 * width, y + (fiducials(i, 1) + 1) / 2 * height};
  };
  std::vector<Spot> outline;
  for (Index i = 0; i < half; ++i) outline.push_back(spot(i));
  for (Index i = k - 1; i >= half; --i) outline.push_back(spot(i));
  canvas.polyline(outline, ink::paper, 4, 0.55f, true);
  canvas.polyline(outline, ink::blue, 1.8f, 0.95f, true);
  for (Index i = 0; i < k; ++i) {
    canvas.disk(spot(i), 4.6f, ink::paper);
    canvas.disk(spot(i), 3.3f, i < half ? ink::blue : ink::orange);
  }
}

/// Draws the panel. width: pixels, at least 480.  Returns (3, height, width) in [0, 1]; the
/// contents determine the height. Throws ShapeError if a tensor has another rank than ReadingView
/// says.
inline Tensor<float> draw(const ReadingView& view, Index width = 760) {
  width = std::max<Index>(width, 480);
  const bool shows_image = view.image.defined() && view.image.size() > 0;
  const bool shows_rectified = view.rectified.defined() && view.rectified.size() > 0;
  const bool shows_attention = view.attention.defined() && view.attention.size() > 0;
  if (shows_image)
    require(view.image.rank() >= 2, "reading", "wants an image (height, width)", view.image);
  if (shows_rectified)
    require(view.rectified.rank() >= 2, "reading", "wants an image (height, width)",
            view.rectified);
  if (shows_attention)
    require(view.attention.rank() == 2, "reading", "wants attention (steps, columns)",
            view.attention);
  const auto characters = utf8_characters(view.text);
  const Index letters = static_cast<Index>(characters.size());
  const Index steps = shows_attention ? std::min(view.attention.size(0), letters + 1) : 0;
  const float w = static_cast<float>(width), margin = 28, gap = 28, row = 26;

  // Sizes first, because the canvas is as high as its parts.
  struct Box {
    float width = 0, height = 0;
  };
  const auto fit = [](const Tensor<float>& p, float most_w, float most_h) {
    const float pw = static_cast<float>(detail::image_width(p)),
                ph = static_cast<float>(detail::image_height(p));
    const float scale = std::min({most_w / pw, most_h / ph, 8.0f});
    return Box{std::max(1.0f, pw * scale), std::max(1.0f, ph * scale)};
  };
  const float column = (w - 2 * margin - gap) / 2;
  const Box left =
      shows_image ? fit(view.image, shows_rectified ? column : w - 2 * margin, 280) : Box{};
  const Box right =
      shows_rectified ? fit(view.rectified, shows_image ? column : w - 2 * margin, 280) : Box{};
  const float images = std::max(left.height, right.height);
  const float text_at = images > 0 ? 50 + images + 60 : 60;
  const float strip_x = margin + 34, strip_w = w - margin - 112 - strip_x;
  const float strip_y = text_at + 48;
  const float strip_h = steps > 0 && shows_rectified
                            ? std::min(strip_w * right.height / std::max(right.width, 1.0f), 200.0f)
                            : 0;
  const float rows_y = strip_y + (strip_h > 0 ? strip_h + 12 : 0);
  const float bottom =
      steps > 0 ? rows_y + row * static_cast<float>(steps) + margin - 8 : text_at + margin;

  Canvas canvas(width, static_cast<Index>(std::ceil(bottom)));
  if (shows_image) {
    canvas.text({margin, 34}, "image", 9, ink::quiet);
    draw_fiducials(canvas, margin, 50 + (images - left.height) / 2, left.width, left.height,
                   view.image, view.fiducials);
  }
  if (shows_rectified) {
    const float x = shows_image ? margin + column + gap : margin;
    const bool straightened = view.fiducials.defined() && view.fiducials.size() > 0;
    canvas.text({x, 34}, straightened ? "straightened" : "resized", 9, ink::quiet);
    draw_fiducials(canvas, x, 50 + (images - right.height) / 2, right.width, right.height,
                   view.rectified, {});
  }

  // The text, each character in the color of its attention row.
  double product = 1;
  for (const double p : view.confidences) product *= p;
  const double confidence = view.confidence >= 0 ? view.confidence : product;
  const bool sure = view.confidence >= 0 || !view.confidences.empty();
  const std::string number = sure ? detail::percent(confidence) : "";
  const float space = w - 2 * margin - (sure ? 128.0f : 0.0f);
  const float size = std::min(26.0f, space / std::max(text_width(view.text), 0.1f));
  if (view.text.empty()) canvas.text({margin, text_at}, "(nothing read)", 18, ink::quiet);
  float x = margin;
  for (Index i = 0; i < letters; ++i) {
    const std::string_view c = characters[static_cast<std::size_t>(i)];
    canvas.text({x, text_at}, c, size, steps > 0 ? mix(category(i), ink::text, 0.25f) : ink::text,
                Align::left, 1.15f);
    x += (text_width(c) + 2.0f / 6) * size;
  }
  if (sure) {
    canvas.text({w - margin, text_at - 8}, number, 14, ink::text, Align::right);
    canvas.box(w - margin - 90, text_at, w - margin, text_at + 5, 2.5f, ink::line);
    const float fraction = static_cast<float>(std::clamp(confidence, 0.0, 1.0));
    if (fraction > 0.02f)
      canvas.box(w - margin - 90, text_at, w - margin - 90 + 90 * fraction, text_at + 5, 2.5f,
                 ink::blue);
  }
  if (!view.truth.empty() && view.truth != view.text)
    canvas.text({x + 16, text_at}, "truth: " + view.truth, 10, ink::orange);
  if (steps == 0) return canvas.image();

  std::vector<float> most(static_cast<std::size_t>(steps), 1e-6f);
  for (Index t = 0; t < steps; ++t)
    for (Index j = 0; j < view.attention.size(1); ++j)
      most[static_cast<std::size_t>(t)] =
          std::max(most[static_cast<std::size_t>(t)], view.attention(t, j));
  const Index strip_pixels = static_cast<Index>(strip_w);
  const auto position = [&](Index i) {
    return (static_cast<float>(i) + 0.5f) / static_cast<float>(strip_pixels);
  };

  if (strip_h > 0) {
    canvas.image(strip_x, strip_y, strip_w, strip_h, view.rectified);
    for (Index i = 0; i < strip_pixels;
         ++i) {  // each column in the color of its character
      Color sum;
      float weight = 0, strongest = 0;
      for (Index t = 0; t < std::min(steps, letters); ++t) {
        const float a = detail::attention_at(view.attention, t, position(i)) /
                        most[static_cast<std::size_t>(t)];
        const Color c = category(t);
        sum = {sum.r + a * c.r, sum.g + a * c.g, sum.b + a * c.b}, weight += a,
        strongest = std::max(strongest, a);
      }
      if (!(weight > 0)) continue;
      const float at = strip_x + static_cast<float>(i);
      canvas.rectangle(at, strip_y, at + 1, strip_y + strip_h,
                       {sum.r / weight, sum.g / weight, sum.b / weight},
                       0.5f * std::min(strongest, 1.0f));
    }
    canvas.frame(strip_x - 1, strip_y - 1, strip_x + strip_w + 1, strip_y + strip_h + 1, 1,
                 ink::line);
  }

  for (Index t = 0; t < steps; ++t) {
    const bool end = t >= letters;
    const float y = rows_y + row * static_cast<float>(t), height = row - 6;
    const Color color = end ? ink::quiet : category(t);
    const float middle = y + height / 2;
    if (end)
      canvas.text({strip_x - 10, middle + 4}, "end", 8, ink::quiet, Align::right);
    else
      canvas.text({strip_x - 18, middle + 6}, characters[static_cast<std::size_t>(t)], 13,
                  mix(color, ink::text, 0.25f), Align::center, 1.1f);
    canvas.box(strip_x, y, strip_x + strip_w, y + height, 3, ink::panel);
    for (Index i = 0; i < strip_pixels; ++i) {
      const float a =
          detail::attention_at(view.attention, t, position(i)) / most[static_cast<std::size_t>(t)];
      const float at = strip_x + static_cast<float>(i);
      canvas.rectangle(at, y, at + 1, y + height, color, std::clamp(a, 0.0f, 1.0f));
    }
    if (t < static_cast<Index>(view.confidences.size())) {
      const double p = view.confidences[static_cast<std::size_t>(t)];
      const float bar = strip_x + strip_w + 14,
                  fraction = static_cast<float>(std::clamp(p, 0.0, 1.0));
      canvas.box(bar, middle - 3, bar + 40, middle + 3, 3, ink::line);
      if (fraction > 0.03f) canvas.box(bar, middle - 3, bar + 40 * fraction, middle + 3, 3, color);
      canvas.text({w - margin, middle + 4}, detail::percent(p), 8, ink::quiet, Align::right);
    }
  }
  return canvas.image();
}

}  // namespace glimpse::inline v0
