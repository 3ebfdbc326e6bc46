// A small network with every kind of member, for the tests of this folder.
#pragma once

#include <optional>
#include <vector>

#include <glimpse/nn/conv_block.hpp>
#include <glimpse/nn/dropout.hpp>
#include <glimpse/nn/linear.hpp>
#include <glimpse/nn/module.hpp>
#include <glimpse/ops/shape_ops.hpp>

template <class T>
struct SmallNet {
  std::vector<glimpse::ConvBlock<T>> blocks;
  glimpse::Dropout<T> dropout;
  std::optional<glimpse::Linear<T>> extra;  // stays empty
  glimpse::Linear<T> head;

  explicit SmallNet(std::uint64_t seed = 1) {
    glimpse::Random rng(seed);
    blocks.emplace_back(glimpse::Conv2dConfig{.in = 1, .out = 3, .padding = {1, 1}, .bias = false},
                        true, rng);
    blocks.emplace_back(glimpse::Conv2dConfig{.in = 3, .out = 2, .stride = {2, 2}}, false, rng);
    dropout = glimpse::Dropout<T>(0.25, rng);
    head = glimpse::Linear<T>(12, 4, rng);
  }

  glimpse::Variable<T> operator()(const glimpse::Variable<T>& x) {
    return head(dropout(flatten(blocks[1](blocks[0](x)), 1)));
  }

  template <class F>
  void visit(F&& f) {
    f("blocks", blocks);
    f("dropout", dropout);
    f("extra", extra);
    f("head", head);
  }
};

/// (2, 1, 5, 7), the same numbers every time.
template <class T>
glimpse::Variable<T> small_image() {
  glimpse::Random rng(77);
  glimpse::Tensor<T> x({2, 1, 5, 7});
  for (T& v : x.span()) v = static_cast<T>(rng.normal());
  return glimpse::constant(x);
}

template <class T>
double largest_difference(const glimpse::Tensor<T>& a, const glimpse::Tensor<T>& b) {
  if (!(a.shape() == b.shape())) return INFINITY;
  double largest = 0;
  const glimpse::Tensor<T> x = a.contiguous(), y = b.contiguous();
  for (glimpse::Index i = 0; i < x.size(); ++i) {
    const double difference = std::abs(static_cast<double>(x.data()[i] - y.data()[i]));
    largest = difference <= largest ? largest : difference;
  }
  return largest;
}
