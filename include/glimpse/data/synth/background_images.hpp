// background images: photographs of surfaces, used as backgrounds. A window of a photograph
// replaces the generated background:
//
//   background(p) = level + contrast (photo(p) - mean of the window)
//
// The photograph gives the pattern. The recipe sets its level and its contrast.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <iterator>
#include <utility>
#include <vector>

#include <glimpse/core/random.hpp>
#include <glimpse/data/synth/resample.hpp>

namespace glimpse::inline v0::synth {

/// Gray photographs, one byte a pixel. Do not add any after the first draw.
class BackgroundImages {
 public:
  static constexpr Index side = 320;  // pixels of the shorter side after reduction

  /// Adds a photograph, reduced to `side`. Leaves out photographs under 64 pixels.
  void add(const GrayImage& background_image) {
    const Index least = std::min(background_image.height, background_image.width);
    if (least < 64) return;
    const double scale = std::min(1.0, static_cast<double>(side) / static_cast<double>(least));
    const auto reduced = [&](Index n) {
      return std::clamp<Index>(std::lround(static_cast<double>(n) * scale), 64, 4 * side);
    };
    const GrayImage small = scale < 1 ? resized(background_image, reduced(background_image.height),
                                                reduced(background_image.width))
                                      : background_image;
    Kept kept{small.height, small.width, {}};
    for (const float v : small.pixels)
      kept.pixels.push_back(static_cast<std::uint8_t>(std::clamp(v, 0.0f, 1.0f) * 255 + 0.5f));
    images_.push_back(std::move(kept));
  }

  /// Appends the photographs of another set and empties that set.
  void add(BackgroundImages&& more) {
    std::move(more.images_.begin(), more.images_.end(), std::back_inserter(images_));
    more.images_.clear();
  }

  Index size() const { return static_cast<Index>(images_.size()); }
  bool empty() const { return images_.empty(); }

  /// A window (height, width) of a photograph with mean 0: random position and scale, mirrored or
  /// not.
  GrayImage draw(Index height, Index width, const Random& stream) const {
    Random rng = stream;
    const Kept& background_image = images_[static_cast<std::size_t>(rng.uniform_int(size()))];
    const double h = static_cast<double>(height), w = static_cast<double>(width);
    const double most = std::min(static_cast<double>(background_image.height) / h,
                                 static_cast<double>(background_image.width) / w);
    const double step = std::min(most, std::exp(rng.uniform(-1.2, 0.7)));  // photo pixels a pixel
    const double left = rng.uniform(0, static_cast<double>(background_image.width) - step * w);
    const double top = rng.uniform(0, static_cast<double>(background_image.height) - step * h);
    const bool mirrored = rng.bernoulli(0.5);
    GrayImage window(height, width);
    double sum = 0;
    for (Index y = 0; y < height; ++y)
      for (Index x = 0; x < width; ++x) {
        const Index column = mirrored ? width - 1 - x : x;
        const float v =
            background_image.at(top + (static_cast<double>(y) + 0.5) * step - 0.5,
                                left + (static_cast<double>(column) + 0.5) * step - 0.5);
        window(y, x) = v;
        sum += static_cast<double>(v);
      }
    const auto mean = static_cast<float>(sum / (h * w));
    for (float& v : window.pixels) v -= mean;
    return window;
  }

 private:
  struct Kept {
    Index height, width;
    std::vector<std::uint8_t> pixels;

    float at(double y, double x) const {  // bilinear; borders repeat
      const double fy = std::clamp(y, 0.0, static_cast<double>(height - 1)),
                   fx = std::clamp(x, 0.0, static_cast<double>(width - 1));
      const Index y0 = static_cast<Index>(fy), x0 = static_cast<Index>(fx);
      const Index y1 = std::min(y0 + 1, height - 1), x1 = std::min(x0 + 1, width - 1);
      const auto ty = static_cast<float>(fy - static_cast<double>(y0)),
                 tx = static_cast<float>(fx - static_cast<double>(x0));
      const auto value = [&](Index r, Index c) {
        return static_cast<float>(pixels[static_cast<std::size_t>(r * width + c)]);
      };
      const float upper = value(y0, x0) + tx * (value(y0, x1) - value(y0, x0));
      const float lower = value(y1, x0) + tx * (value(y1, x1) - value(y1, x0));
      return (upper + ty * (lower - upper)) / 255;
    }
  };
  std::vector<Kept> images_;
};

}  // namespace glimpse::inline v0::synth
