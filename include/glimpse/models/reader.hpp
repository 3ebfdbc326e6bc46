// reader: one of the models that read words, chosen when the program runs.
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
  /// The model that the configuration names. Throws ValueError where it makes no sense.
  Reader(const ReaderConfig& c, Random& random) : model(made(c, random)) {}

  const ReaderConfig& config() const {
    return std::visit([](const auto& m) -> const ReaderConfig& { return m.config; }, model);
  }
  const Charset& charset() const {
    return std::visit([](const auto& m) -> const Charset& { return m.charset; }, model);
  }

  /// A number to make small; right: if given, receives how many words of the batch were right;
  /// fiducials: the points that straightened them, undefined where none did. See Rare::loss and
  /// Crnn::loss. Throws ValueError for label smoothing under CTC, which has no place for it.
  Variable<T> loss(const Variable<T>& image, Index width,
                   std::span<const std::vector<Index>> labels, T label_smoothing = 0,
                   Index* right = nullptr, Variable<T>* fiducials = nullptr) {
    if (Rare<T>* rare = std::get_if<Rare<T>>(&model))
      return rare->loss(image, width, labels, label_smoothing, right, fiducials);
    if (label_smoothing > 0) fail("crnn", "CTC knows no label smoothing");
    return std::get<Crnn<T>>(model).loss(image, width, labels, right);
  }

  /// Folds every batch norm into the convolution before it: for reading only.
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
