// rare: rectifies a word, then recognizes it. Both parts are trained together, from images and
// texts.
//
//   image --> Rectifier --> straight word --> Recognizer --> symbols
//
// Source: Shi, Wang, Lyu, Yao, Bai, "Robust Scene Text Recognition with Automatic Rectification",
// CVPR 2016.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include <glimpse/models/recognizer.hpp>
#include <glimpse/models/rectifier.hpp>
#include <glimpse/nn/module.hpp>

namespace glimpse::inline v0 {

template <class T = float>
struct Rare {
  ReaderConfig config;
  Charset charset;
  std::optional<Rectifier<T>> rectifier;  // absent in `srn`
  Recognizer<T> recognizer;

  Rare() = default;
  /// Throws ValueError for an invalid configuration.
  Rare(const ReaderConfig& c, Random& random) : config((c.check(), c)), charset(c.characters) {
    if (c.model == ReaderModel::rare) rectifier.emplace(c, random);
    recognizer = Recognizer<T>(c, random);
    name_modules(*this);
  }

  /// images: (N, 1, H, W), standardized.  Returns the rectified words, height x width.
  Rectified<T> rectify(const Variable<T>& images, Index width) {
    if (rectifier) return (*rectifier)(images, width);
    return {resize_bilinear(images, config.height, width, true), Variable<T>()};
  }

  /// images: (n_i, 1, H_i, W_i), of different sizes.  Returns the fiducial points (N, K, 2) of all;
  /// undefined without a rectifier.
  Variable<T> locate(const std::vector<Variable<T>>& images) {
    return rectifier ? rectifier->locate(images) : Variable<T>();
  }

  /// points: the output of `locate` for these images.  Returns all words, rectified.
  Rectified<T> rectify(const std::vector<Variable<T>>& images, const Variable<T>& points,
                       Index width) {
    if (rectifier) return (*rectifier)(images, points, width);
    std::vector<Variable<T>> words;
    for (const Variable<T>& p : images) words.push_back(rectify(p, width).image);
    return {concatenate(words, 0), Variable<T>()};
  }

  /// Mean of -ln p over all symbols of the batch; see AttentionDecoder::loss. fiducials: if given,
  /// receives the points (N, K, 2); undefined without a rectifier.
  Variable<T> loss(const Variable<T>& images, Index width,
                   std::span<const std::vector<Index>> labels, T label_smoothing = 0,
                   Index* right = nullptr, Variable<T>* fiducials = nullptr) {
    const Rectified<T> words = rectify(images, width);
    if (fiducials) *fiducials = words.fiducials;
    return recognizer.loss(words.image, labels, label_smoothing, right);
  }

  /// Folds every batch norm into the convolution before it. For inference only.
  void fold() { glimpse::fold(*this); }

  template <class F>
  void visit(F&& f) {
    f("rectifier", rectifier), f("recognizer", recognizer);
  }
};

}  // namespace glimpse::inline v0
