// widen: starts a wide model from a narrow one that has been trained (Net2WiderNet).
//
//   unit j of a wide layer     is unit g(j) = j mod n of the narrow one: the same weights come in
//   a weight that leaves it    is the narrow one's times f_j; the f of all copies of a unit sum to 1
//
// The wide model computes what the narrow one does and learns on from there. f is drawn anew for
// every weight, so that the copies of a unit get gradients of their own and part.
// Source: Chen, Goodfellow, Shlens, "Net2Net: Accelerating Learning via Knowledge Transfer", 2016.
#pragma once

#include <string_view>
#include <vector>

#include <glimpse/models/reader.hpp>

namespace glimpse::inline v0 {

namespace detail {

/// The axis of a tensor along which units lie, and how many layers of equal width lie side by side
/// there: the gates of a cell, the two directions of a recurrent layer.
struct UnitAxis {
  Index axis = -1;  // -1: none
  Index parts = 1;
};
struct UnitAxes {
  UnitAxis out, in;  // units that the weights lead to, and that they come from
};

inline UnitAxes unit_axes(std::string_view name, Index rank, bool projected) {
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

/// For every place along an axis of the wide tensor the place in the narrow one, part by part.
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

  // Along the axis that weights come from, the copies share what was one weight.
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

/// Fills `wide` so that it reads as `narrow` does. Both have the same layers; every layer of `wide`
/// has at least as many units.
/// Throws ValueError where the layers differ, ShapeError where one would have to shrink.
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
