// widen: initializes a wide model with the weights of a trained narrow model (Net2WiderNet).
//
//   unit j of a wide layer     copies unit g(j) = j mod n of the narrow layer: same input weights
//   its output weights         are the narrow ones times f_j; over the copies of a unit f sums to 1
//
// At the start, the wide model computes the same function as the narrow one. f is random for every
// weight, so the copies of a unit get different gradients and become different.
// Source: Chen, Goodfellow, Shlens, "Net2Net: Accelerating Learning via Knowledge Transfer", 2016.
#pragma once

#include <string_view>
#include <vector>

#include <glimpse/models/reader.hpp>

namespace glimpse::inline v0 {

namespace detail {

/// The axis of a tensor that counts units, and the number of layers of equal width along this axis:
/// the gates of a cell, or the two directions of a recurrent layer.
struct UnitAxis {
  Index axis = -1;  // -1: none
  Index parts = 1;
};
struct UnitAxes {
  UnitAxis out, in;  // output units of the weights, and their input units
};

inline UnitAxes unit_axes(std::string_view name, Index rank, bool projected) {
  // Rows by the end of a parameter's name: {output axis, parts}, {input axis, parts}. Parts:
  //   decoder.*      3 gates of the GRU; frames have `frames` directions, side by side
  //   .*_x, .*_h     4 gates of the LSTM; the second layer reads both directions, unless
  //                  a projection is between
  //   all others     (out, in, ...): axis 0 and, for matrices and filters, axis 1
  const auto ends = [&](std::string_view end) { return name.ends_with(end); };
  const Index frames = 2;  // directions
  if (ends("decoder.score")) return {{}, {0, 1}};
  if (ends("decoder.symbol")) return {{1, 3}, {}};
  if (ends("decoder.w_h")) return {{0, 3}, {1, 1}};
  if (ends("decoder.glimpse.weight")) return {{0, 3}, {1, frames}};
  if (ends("decoder.glimpse.bias") || ends("decoder.b_h")) return {{0, 3}, {}};
  if (ends("decoder.key.weight") || ends("encoder.projection.weight")) return {{0, 1}, {1, frames}};
  if (ends(".bias_x") || ends(".bias_h")) return {{0, 4}, {}};
  if (ends(".weight_h")) return {{0, 4}, {1, 1}};
  if (ends(".weight_x"))
    return {{0, 4}, {1, name.find("second") != name.npos && !projected ? frames : 1}};
  if (name == "output.weight") return {{0, 1}, {1, frames}};  // CRNN's
  return {{0, 1}, rank > 1 ? UnitAxis{1, 1} : UnitAxis{}};
}

/// For every index along an axis of the wide tensor the index in the narrow one, part by part.
inline std::vector<Index> narrow_indices(Index narrow, Index wide, Index parts) {
  std::vector<Index> indices;
  for (Index j = 0; j < wide; ++j)
    indices.push_back(j / (wide / parts) * (narrow / parts) +
                      j % (wide / parts) % (narrow / parts));
  return indices;
}

template <class T>
void widen_tensor(std::string_view name, const Tensor<T>& narrow, Tensor<T> wide, bool projected,
                  Random& random) {
  const Index rank = narrow.rank();
  if (wide.rank() != rank) fail<ShapeError>("widen", "'", name, "' is ", narrow, ", then ", wide);
  const UnitAxes units = unit_axes(name, rank, projected);
  std::vector<std::vector<Index>> from(static_cast<std::size_t>(rank));
  for (Index a = 0; a < rank; ++a) {
    const Index n = narrow.size(a), w = wide.size(a);
    const Index parts = a == units.out.axis  ? units.out.parts
                        : a == units.in.axis ? units.in.parts
                                             : 1;
    const bool may_grow = a == units.out.axis || a == units.in.axis;
    if (w < n || (w > n && !may_grow) || n % parts || w % parts)
      fail<ShapeError>("widen", "'", name, "' is ", narrow, " and cannot grow to ", wide);
    from[static_cast<std::size_t>(a)] = narrow_indices(n, w, parts);
  }

  const Tensor<T> source = narrow.contiguous();
  std::vector<Index> at(static_cast<std::size_t>(rank), 0);
  T* const to = wide.data();
  for (Index i = 0; i < wide.size(); ++i) {
    Index j = 0;
    for (Index a = 0; a < rank; ++a)
      j = j * narrow.size(a) + from[static_cast<std::size_t>(a)]
                                   [static_cast<std::size_t>(at[static_cast<std::size_t>(a)])];
    to[i] = source.data()[j];
    for (Index a = rank; a-- > 0;) {
      auto& k = at[static_cast<std::size_t>(a)];
      if (++k < wide.size(a)) break;
      k = 0;
    }
  }
  if (units.in.axis < 0 || wide.size(units.in.axis) == narrow.size(units.in.axis)) return;

  // Along the input axis, the copies of a unit share the original weight.
  const auto& indices = from[static_cast<std::size_t>(units.in.axis)];
  std::vector<std::vector<Index>> copies(static_cast<std::size_t>(narrow.size(units.in.axis)));
  for (Index j = 0; j < std::ssize(indices); ++j)
    copies[static_cast<std::size_t>(indices[static_cast<std::size_t>(j)])].push_back(j);
  Index outer = 1, inner = 1;
  for (Index a = 0; a < units.in.axis; ++a) outer *= wide.size(a);
  for (Index a = units.in.axis + 1; a < rank; ++a) inner *= wide.size(a);
  const Index width = wide.size(units.in.axis);
  for (Index o = 0; o < outer; ++o)
    for (const std::vector<Index>& same : copies)
      for (Index i = 0; i < inner && same.size() > 1; ++i) {
        std::vector<double> share;
        double sum = 0;
        for (std::size_t c = 0; c < same.size(); ++c)
          sum += share.emplace_back(random.uniform(0.5, 1.5));
        for (std::size_t c = 0; c < same.size(); ++c) {
          T& w = to[(o * width + same[c]) * inner + i];
          w = static_cast<T>(static_cast<double>(w) * share[c] / sum);
        }
      }
}

}  // namespace detail

/// Initializes `wide` so that it computes the same function as `narrow`. Both have the same layers;
/// no layer of `wide` has fewer units. Throws ValueError if the layers differ, ShapeError if a
/// layer would shrink.
template <class T>
void widen(Reader<T>& narrow, Reader<T>& wide, Random& random) {
  const auto from = state_dict(narrow), to = state_dict(wide);
  bool same = from.size() == to.size() && narrow.config().characters == wide.config().characters;
  for (std::size_t i = 0; same && i < from.size(); ++i) same = from[i].name == to[i].name;
  if (!same) fail("widen", "the wide model has other layers or characters than the narrow one");
  for (std::size_t i = 0; i < from.size(); ++i)
    detail::widen_tensor(from[i].name, from[i].tensor, to[i].tensor, narrow.config().projection > 0,
                         random);
}

}  // namespace glimpse::inline v0
