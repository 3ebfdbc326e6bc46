// reader: one of the word readers, selected at run time.
#pragma once

#include <span>
#include <utility>
#include <variant>
#include <vector>

#include <glimpse/models/crnn.hpp>
#include <glimpse/models/rare.hpp>

namespace glimpse::inline v0 {

template <class T = float>
struct Reader {
  std::variant<Rare<T>, Crnn<T>> model;

  Reader() = default;
  Reader(Rare<T> rare) : model(std::move(rare)) {}
  Reader(Crnn<T> crnn) : model(std::move(crnn)) {}
  /// The model of the configuration. Throws ValueError for an invalid configuration.
  Reader(const ReaderConfig& c, Random& random) : model(made(c, random)) {}

  const ReaderConfig& config() const {
    return std::visit([](const auto& m) -> const ReaderConfig& { return m.config; }, model);
  }
  const Charset& charset() const {
    return std::visit([](const auto& m) -> const Charset& { return m.charset; }, model);
  }

  /// The training loss. right: if given, receives the number of correct words of the batch.
  /// fiducials: if given, receives the fiducial points (N, K, 2), undefined without a rectifier.
  /// See Rare::loss and Crnn::loss. Throws ValueError for label smoothing with CTC, which has no
  /// labels per frame.
  Variable<T> loss(const Variable<T>& image, Index width,
                   std::span<const std::vector<Index>> labels, T label_smoothing = 0,
                   Index* right = nullptr, Variable<T>* fiducials = nullptr) {
    if (Rare<T>* rare = std::get_if<Rare<T>>(&model))
      return rare->loss(image, width, labels, label_smoothing, right, fiducials);
    if (label_smoothing > 0) fail("crnn", "CTC knows no label smoothing");
    return std::get<Crnn<T>>(model).loss(image, width, labels, right);
  }

  /// Folds every batch norm into the convolution before it. For inference only.
  void fold() {
    std::visit([](auto& m) { m.fold(); }, model);
  }

  template <class F>
  void visit(F&& f) {
    std::visit([&](auto& m) { m.visit(f); }, model);
  }

 private:
  static std::variant<Rare<T>, Crnn<T>> made(const ReaderConfig& c, Random& random) {
    if (c.model == ReaderModel::crnn) return Crnn<T>(c, random);
    return Rare<T>(c, random);
  }
};

}  // namespace glimpse::inline v0
