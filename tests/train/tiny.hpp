// tiny: a reader that trains in milliseconds, and words for it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>

#include <glimpse/data/word_loader.hpp>
#include <glimpse/io/image.hpp>
#include <glimpse/models/config.hpp>
#include <glimpse/train/train_options.hpp>

#include "scratch.hpp"

inline glimpse::ReaderConfig tiny() {
  glimpse::ReaderConfig c;
  c.widths = {32, 48};
  c.channels = {4, 8, 8, 8, 8, 8, 8};
  c.recurrent = c.attention = c.decoder = 8;
  c.localization_channels = {4, 4};
  c.localization_hidden = {8};
  c.localization_height = 16, c.localization_width = 16;
  return c;
}

inline glimpse::LabeledWord striped_word(std::uint64_t i) {
  glimpse::Random random(9, i);
  glimpse::LabeledWord word{glimpse::GrayImage(20, 30 + random.uniform_int(60)), {}};
  for (glimpse::Index n = 1 + random.uniform_int(3); n > 0; --n)
    word.symbols.push_back(random.uniform_int(36));
  for (float& p : word.image.pixels) p = static_cast<float>(random.uniform());
  for (glimpse::Index n = 0; n < 40; ++n)
    word.fiducials.push_back(static_cast<float>(random.uniform(-1, 1)));
  return word;
}

/// A short run in a new folder with this name.
inline glimpse::TrainOptions tiny_options(const std::string& out) {
  glimpse::TrainOptions o;
  o.out = scratch_path(out).string();
  std::filesystem::remove_all(o.out);
  o.steps = 24, o.batch = 4, o.log_every = 4;
  return o;
}

/// A folder of `count` labeled images, striped_word(first) and the following.
inline std::string tiny_folder(const std::string& name, std::uint64_t count,
                               std::uint64_t first = 1000) {
  const std::filesystem::path folder = scratch_path(name);
  std::filesystem::create_directories(folder);
  std::ofstream labels(folder / "labels.tsv");
  const glimpse::Charset charset;
  for (std::uint64_t i = 0; i < count; ++i) {
    const glimpse::LabeledWord word = striped_word(first + i);
    const std::string file = std::to_string(i) + ".png";
    glimpse::write_png((folder / file).string(),
                       glimpse::tensor<float>(std::span<const float>(word.image.pixels),
                                              {1, word.image.height, word.image.width}));
    labels << file << '\t' << charset.decode(word.symbols) << '\n';
  }
  return folder.string();
}
