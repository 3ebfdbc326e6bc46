// rectifier: a spatial transformer that straightens a word.
//
//   small copy --> convolutions with pools --> linear layers --> tanh --> C: K fiducial points in
//   [-1, 1]
//   C --> thin-plate spline --> grid --> bilinear samples of the full image --> straight word
//
//   (1)  C = tanh(W f + b),  f: the last hidden layer
//   (2)  at the start W = 0 and b = atanh(min(max(C_0, -0.999), 0.999)) of the initial pattern C_0
//
// At the start, every image is therefore sampled by the initial pattern, because training does not
// converge from random points. With the default `margin` of 0.1 the straight pattern is the middle
// 90 % of the image, grid = 0.9 p'. With margin 0 it is the whole image, but tanh' is then 0.002
// and the points hardly move. The points are learned from the text labels. Synthetic words have
// true fiducial points, which can be supervised (fiducial_loss.hpp).
// Sources: Jaderberg et al. 2015 (spatial transformer); Shi et al. 2016; Bookstein 1989 (thin-plate
// spline).
// Notation: docs/math/notation.md.
#pragma once

#include <cmath>
#include <map>
#include <utility>
#include <vector>

#include <glimpse/models/config.hpp>
#include <glimpse/nn/conv_block.hpp>
#include <glimpse/nn/linear.hpp>
#include <glimpse/ops/activations.hpp>
#include <glimpse/ops/grid_sample.hpp>
#include <glimpse/ops/pool2d.hpp>
#include <glimpse/ops/resize_bilinear.hpp>
#include <glimpse/ops/shape_ops.hpp>
#include <glimpse/ops/tps_grid.hpp>

namespace glimpse::inline v0 {

/// The initial points (K, 2): K/2 from left to right along the word's top edge, K/2 along its
/// bottom.
template <class T>
Tensor<T> fiducial_start(const ReaderConfig& c) {
  const Index half = c.fiducials / 2;
  Tensor<T> points({c.fiducials, 2});
  for (Index i = 0; i < half; ++i) {
    const double s =
        -1 + 2 * static_cast<double>(i) / static_cast<double>(half - 1);  // along the word
    const double x = s * (1 - c.margin);
    double middle = 0, half_height = 1 - c.margin;
    if (c.pattern == FiducialPattern::slanted) middle = -0.3 * s, half_height *= 0.65;
    if (c.pattern == FiducialPattern::sine)
      middle = 0.3 * std::sin(3.14159265358979323846 * s), half_height *= 0.65;
    points(i, 0) = points(i + half, 0) = static_cast<T>(x);
    points(i, 1) = static_cast<T>(middle - half_height);
    points(i + half, 1) = static_cast<T>(middle + half_height);
  }
  return points;
}

/// The localization network: finds the fiducial points in a small copy of the image.
template <class T = float>
struct Localization {
  std::vector<ConvBlock<T>> conv;
  std::vector<Linear<T>> hidden;
  Linear<T> last;
  bool mean = false;

  Localization() = default;
  Localization(const ReaderConfig& c, Random& random) : mean(c.localization_mean) {
    Index in = 1, h = c.localization_height, w = c.localization_width;
    for (const Index out : c.localization_channels) {
      conv.emplace_back(Conv2dConfig{.in = in, .out = out, .kernel = {3, 3}, .padding = {1, 1}},
                        c.localization_norm, random);
      in = out, h /= 2, w /= 2;
    }
    Index features = mean ? in : in * h * w;
    for (const Index out : c.localization_hidden) {
      hidden.emplace_back(features, out, random);
      features = out;
    }
    last = Linear<T>(features, 2 * c.fiducials, random);
    last.weight.mutable_value().fill(T(0));  // (2)
    const Tensor<T> start = fiducial_start<T>(c);
    for (Index i = 0; i < start.size(); ++i) {
      const double p = std::min(std::max(static_cast<double>(start.data()[i]), -0.999), 0.999);
      last.bias.mutable_value().data()[i] = static_cast<T>(std::atanh(p));
    }
  }

  /// images: (N, 1, h, w).  Returns the fiducial points (N, K, 2), x before y.
  Variable<T> operator()(const Variable<T>& image) {
    Variable<T> x = image;
    for (ConvBlock<T>& block : conv) x = block.pooled(x, {.kernel = {2, 2}, .stride = {2, 2}});
    x = mean ? flatten(adaptive_average_pool2d(x, {1, 1}), 1) : flatten(x, 1);
    for (Linear<T>& layer : hidden) x = relu(layer(x));
    x = glimpse::tanh(last(x));  // (1)
    return reshape(x, {x.size(0), x.size(1) / 2, 2});
  }

  template <class F>
  void visit(F&& f) {
    f("conv", conv), f("hidden", hidden), f("last", last);
  }
};

/// The rectifier's results for a batch.
template <class T>
struct Rectified {
  Variable<T> image;      // (N, 1, height, width)
  Variable<T> fiducials;  // (N, K, 2)
};

template <class T = float>
struct Rectifier {
  Localization<T> localization;
  Index fiducials = 20, height = 32, small_height = 32, small_width = 64;
  std::map<Index, Tensor<T>> matrices;  // of each width; made on demand, never saved

  Rectifier() = default;
  Rectifier(const ReaderConfig& c, Random& random)
      : localization(c, random),
        fiducials(c.fiducials),
        height(c.height),
        small_height(c.localization_height),
        small_width(c.localization_width) {
    for (const Index w : c.widths) matrix(w);
  }

  /// images: (N, 1, H, W) of any size.  Returns the fiducial points (N, K, 2).
  Variable<T> locate(const Variable<T>& image) {
    return localization(resize_bilinear(image, small_height, small_width, true));
  }

  /// images: (N, 1, H, W) of any size.  Returns the rectified words, `width` pixels wide.
  Rectified<T> operator()(const Variable<T>& image, Index width) {
    const Variable<T> points = locate(image);
    const Variable<T> grid = tps_grid(points, matrix(width), height, width);
    return {grid_sample(image, grid, GridPadding::border), points};
  }

  /// images: (n_i, 1, H_i, W_i), of different sizes. They are located in one batch, because their
  /// small copies have one size.  Returns the fiducial points (N, K, 2) of all.
  Variable<T> locate(const std::vector<Variable<T>>& images) {
    std::vector<Variable<T>> small;
    for (const Variable<T>& p : images)
      small.push_back(resize_bilinear(p, small_height, small_width, true));
    return localization(concatenate(small, 0));
  }

  /// points: (N, K, 2) of all `images`, which are sampled one after another.  Returns all rectified
  /// words, `width` pixels wide.
  Rectified<T> operator()(const std::vector<Variable<T>>& images, const Variable<T>& points,
                          Index width) {
    const Variable<T> grids = tps_grid(points, matrix(width), height, width);
    std::vector<Variable<T>> words;
    Index n = 0;
    for (const Variable<T>& p : images) {
      const Variable<T> grid = slice(grids, 0, n, n + p.size(0));
      words.push_back(grid_sample(p, grid, GridPadding::border));
      n += p.size(0);
    }
    return {concatenate(words, 0), points};
  }

  template <class F>
  void visit(F&& f) {
    f("localization", localization);
  }

 private:
  const Tensor<T>& matrix(Index width) {
    Tensor<T>& m = matrices[width];
    if (!m.defined()) m = tps_matrix<T>(fiducials, height, width);
    return m;
  }
};

}  // namespace glimpse::inline v0
