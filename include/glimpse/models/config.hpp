// config: the sizes of the readers, from the published ones to those that two CPU cores train in an
// hour.
//
//   model  preset   localization                          convolutions       recurrent  parameters
//   rare   paper    64-128-256-512, 1024-1024-40          64-128-256-256-    256        18.46 M
//                                                         512-512-512
//   rare   large    64-128-256-512 normed, mean, 256-40   the same           256        10.83 M
//   rare   base     32-64-96-128 normed, 128-40           48-96-160-160-     192         4.17 M
//                                                         256-256-320
//   rare   compact  16-32-64-96 normed, 96-40             32-48-96-96-       128         1.73 M
//                                                         160-160-192
//   crnn   paper    none                                  as RARE's          256         8.33 M
//   crnn   base     none                                  as RARE's base     192         3.17 M
//   crnn   compact  none                                  as RARE's compact  128         1.27 M
//
// `srn` is RARE without its rectifier. CRNN and RARE's `large` have a linear layer between the two
// recurrent layers. RARE's `paper` has none, as in the article. `base` has the layers of `compact`,
// each 1.3 to 2 times as wide, because it can then start from trained weights of `compact`
// (train/widen.hpp).
// Sources: Shi et al. 2016 (RARE), Shi, Bai, Yao 2015 (CRNN).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <glimpse/core/error.hpp>
#include <glimpse/text/charset.hpp>

namespace glimpse::inline v0 {

/// The model: RARE, only its recognizer, or CRNN.
enum class ReaderModel { rare, srn, crnn };

inline std::string_view name(ReaderModel model) {
  return model == ReaderModel::rare ? "rare" : model == ReaderModel::srn ? "srn" : "crnn";
}

/// Initial fiducial points: along straight lines, along a slant, or along a sine wave.
enum class FiducialPattern { straight, slanted, sine };

struct ReaderConfig {
  ReaderModel model = ReaderModel::rare;
  std::string preset = "compact";
  std::string characters = "abcdefghijklmnopqrstuvwxyz0123456789";

  // images, in pixels
  Index height = 32;                            // of the rectified image
  std::vector<Index> widths = {100, 160, 240};  // of the same; longer words use wider ones
  Index columns = 26;      // frames at width 100: 26 (pooling pads across) or 24
  Index source_scale = 2;  // training images have this many times the height and width

  // rectifier
  Index fiducials = 20;
  FiducialPattern pattern = FiducialPattern::straight;
  double margin = 0.1;  // of the initial pattern, from the image's edges
  Index localization_height = 32, localization_width = 64;
  std::vector<Index> localization_channels = {16, 32, 64, 96};
  std::vector<Index> localization_hidden = {96};
  bool localization_norm = true;
  bool localization_mean = false;  // global average pooling before the hidden layers

  // encoder
  std::vector<Index> channels = {32, 48, 96, 96, 160, 160, 192};
  std::vector<Index> normed = {1, 2, 3, 4, 5, 6, 7};  // convolutions with batch norm, from 1
  Index recurrent = 128;                              // cells for each direction
  Index projection = 0;  // linear layer between the recurrent layers; 0: none

  // attention decoder (RARE, SRN)
  Index attention = 128;
  Index decoder = 128;
  Index max_length = 32;  // most characters of a reading

  /// Calls f(name, field) for every field, by the name in files and command lines.
  template <class F>
  void visit_fields(F&& f) {
    f("model", model), f("preset", preset), f("characters", characters), f("height", height);
    f("widths", widths), f("columns", columns), f("source_scale", source_scale);
    f("fiducials", fiducials), f("pattern", pattern), f("margin", margin);
    f("localization_height", localization_height), f("localization_width", localization_width);
    f("localization_channels", localization_channels);
    f("localization_hidden", localization_hidden), f("localization_norm", localization_norm);
    f("localization_mean", localization_mean), f("channels", channels), f("normed", normed);
    f("recurrent", recurrent), f("projection", projection), f("attention", attention);
    f("decoder", decoder), f("max_length", max_length);
  }

  /// Number of the decoder's classes: the characters and, last, the end of the word (attention) or
  /// the blank (CTC).
  Index symbols() const { return Charset(characters).symbols(); }

  /// Throws ValueError with the name of an invalid field.
  void check() const {
    const auto positive = [](std::string_view field, Index value, Index most = 8192) {
      if (value < 1) fail("config", field, " must be positive, is ", value);
      if (value > most) fail("config", field, " must be at most ", most, ", is ", value);
    };
    static_cast<void>(Charset(characters));  // throws its own error
    if (channels.size() != 7) fail("config", "channels wants 7 widths, has ", channels.size());
    if (widths.empty()) fail("config", "widths are missing");
    if (columns != 24 && columns != 26) fail("config", "columns must be 24 or 26, is ", columns);
    positive("fiducials", fiducials, 1000), positive("height", height, 1024);
    positive("localization_height", localization_height);
    positive("localization_width", localization_width);
    if (localization_channels.size() > 16)
      fail("config", "localization_channels has more than 16 layers, ",
           localization_channels.size());
    if (fiducials < 4 || fiducials % 2)
      fail("config", "fiducials must be even and at least 4, is ", fiducials);
    if (!(margin >= 0 && margin < 1)) fail("config", "margin must lie in [0, 1), is ", margin);
    if (height < 16 || height % 16) fail("config", "height must be a multiple of 16, is ", height);
    for (std::size_t i = 0; i < widths.size(); ++i)
      if (widths[i] < 16 || widths[i] > 8192 || (i > 0 && widths[i] <= widths[i - 1]))
        fail("config", "widths must grow from at least 16 to at most 8192");
    for (const Index c : channels) positive("channels", c);
    for (const Index c : localization_channels) positive("localization_channels", c);
    for (const Index c : localization_hidden) positive("localization_hidden", c);
    for (const Index n : normed)
      if (n < 1 || n > 7) fail("config", "normed counts convolutions from 1 to 7, has ", n);
    const Index shrink = Index{1} << localization_channels.size();
    if (localization_height < shrink || localization_width < shrink)
      fail("config", "localization image ", localization_height, " x ", localization_width,
           " vanishes in its pools");
    positive("source_scale", source_scale, 16), positive("recurrent", recurrent),
        positive("attention", attention);
    positive("decoder", decoder), positive("max_length", max_length);
    if (projection != 0) positive("projection", projection);
  }
};

/// RARE's presets of the table above. Throws ValueError for an unknown name.
inline ReaderConfig rare_config(std::string_view preset) {
  ReaderConfig c;
  if (preset == "compact") return c;
  if (preset != "base" && preset != "large" && preset != "paper")
    fail("config", "unknown preset '", preset, "'; there are paper, large, base and compact");
  c.preset = std::string(preset);
  if (preset == "base") {
    c.channels = {48, 96, 160, 160, 256, 256, 320};
    c.recurrent = c.attention = c.decoder = 192;
    c.localization_channels = {32, 64, 96, 128};
    c.localization_hidden = {128};
    return c;
  }
  c.channels = {64, 128, 256, 256, 512, 512, 512};
  c.normed = {3, 5, 7};
  c.recurrent = c.attention = c.decoder = 256;
  c.localization_width = 100;
  c.localization_channels = {64, 128, 256, 512};
  const bool large = preset == "large";
  c.localization_norm = c.localization_mean = large;
  c.localization_hidden = large ? std::vector<Index>{256} : std::vector<Index>{1024, 1024};
  c.projection = large ? 256 : 0;
  return c;
}

/// CRNN's presets of the table above. Training images have the final size, because nothing
/// rectifies them. Throws ValueError for an unknown name.
inline ReaderConfig crnn_config(std::string_view preset) {
  if (preset != "paper" && preset != "base" && preset != "compact")
    fail("config", "unknown preset '", preset, "' of crnn; there are paper, base and compact");
  ReaderConfig c = rare_config(preset);
  c.model = ReaderModel::crnn;
  c.source_scale = 1;
  c.projection = c.recurrent;
  return c;
}

}  // namespace glimpse::inline v0
