// load characters: initializes a reader with weights that were trained on another character set.
//
//   attention   decoder.symbol (symbols, 3H), decoder.output.weight (symbols, H) and .bias
//   CTC         output.weight (symbols, C) and .bias
//
//   row of c      <-  the trained row of c, if the trained set has c
//   row of 'A'    <-  the trained row of 'a', if the trained set has no 'A': its images were
//                     labeled 'a'; and the other way round
//   other rows    keep their initialization
//   last row      <-  the trained last row: the end of the word, or the blank
//
// All other tensors are copied. Rows are matched by character, never by index.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <glimpse/io/state.hpp>
#include <glimpse/models/reader.hpp>

namespace glimpse::inline v0 {

/// The initialization of the characters, each list as UTF-8 text.
struct LoadedCharacters {
  std::string kept;         // the trained set has them
  std::string other_case;   // initialized with the row of their other case
  std::string initialized;  // initialized at random
  std::string dropped;      // of the trained set, not in the new one
};

namespace detail {

/// The ASCII letter in its other case; empty for other characters.
inline std::string other_case(std::string_view c) {
  if (c.size() != 1) return {};
  const char x = c[0];
  if (x >= 'a' && x <= 'z') return std::string(1, static_cast<char>(x - 'a' + 'A'));
  if (x >= 'A' && x <= 'Z') return std::string(1, static_cast<char>(x - 'A' + 'a'));
  return {};
}

/// Whether the first axis of a parameter is the symbol.
inline bool rows_are_symbols(std::string_view name) {
  return name.ends_with("decoder.symbol") || name.ends_with("decoder.output.weight") ||
         name.ends_with("decoder.output.bias") || name == "output.weight" || name == "output.bias";
}

}  // namespace detail

/// Fills `to` from the model under `prefix` of a checkpoint with the characters `trained`. If
/// anything does not fit, nothing is written. Throws IoError as load_state does.
inline LoadedCharacters load_characters(Reader<float>& to, const Checkpoint& from,
                                        const Charset& trained, const std::string& prefix) {
  const Charset& wanted = to.charset();
  LoadedCharacters loaded;
  std::vector<Index> row;  // for every symbol of `to` the row of `from`; -1: none
  for (Index i = 0; i < wanted.count(); ++i) {
    const std::string c(wanted.character(i));
    Index at = trained.find(c);
    if (at >= 0) {
      loaded.kept += c;
    } else if (at = trained.find(detail::other_case(c)); at >= 0) {
      loaded.other_case += c;
    } else {
      loaded.initialized += c;
    }
    row.push_back(at);
  }
  row.push_back(trained.end());
  for (Index i = 0; i < trained.count(); ++i)
    if (wanted.find(trained.character(i)) < 0) loaded.dropped += trained.character(i);

  Checkpoint moved;  // the checkpoint with rows for the characters of `to`
  const auto mine = state_dict(to);
  for (const auto& [name, x] : from.tensors) {
    const std::string_view own =
        name.starts_with(prefix + ".") ? std::string_view(name).substr(prefix.size() + 1) : "";
    if (own.empty()) continue;
    if (!detail::rows_are_symbols(own) || x.size(0) != trained.symbols()) {
      moved.tensors.emplace_back(name, x);
      continue;
    }
    for (const auto& target : mine) {
      if (target.name != own) continue;
      Tensor<float> y = target.tensor.clone();
      if (y.rank() != x.rank() || (x.rank() > 1 && y.size(1) != x.size(1)))
        fail<IoError>("load_characters", "'", name, "' is ", x, " in the checkpoint, ", y,
                      " in the model");
      for (Index i = 0; i < wanted.symbols(); ++i)
        if (const Index r = row[static_cast<std::size_t>(i)]; r >= 0)
          y.select(0, i).copy_from(x.select(0, r));
      moved.tensors.emplace_back(name, y);
    }
  }
  moved.metadata = from.metadata;
  load_state(to, moved, prefix);
  return loaded;
}

/// The result in one line.
inline std::string describe(const LoadedCharacters& c) {
  const auto part = [](const std::string& characters, const char* what) {
    if (characters.empty()) return std::string();
    return ", " + std::to_string(utf8_characters(characters).size()) + " " + what + ": " +
           characters;
  };
  return std::to_string(utf8_characters(c.kept).size()) + " characters keep their rows" +
         part(c.other_case, "begin with those of their other case") +
         part(c.initialized, "begin at random") + part(c.dropped, "are no longer known");
}

}  // namespace glimpse::inline v0
