// validation: how well a reader does on folders while it is trained.
//
//   accuracy   words read right, freely, of all folders together
//   loss       -ln p of a symbol under teacher forcing (a character, under CTC), of a sample:
//              the first 32 images of a folder, then one in four
//
// A label that holds characters which the reader does not know has no loss. A sample keeps the cost
// of the loss at about a quarter of that of reading.
#pragma once

#include <cmath>
#include <cstdio>
#include <filesystem>
#include <limits>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <glimpse/autograd/mode.hpp>
#include <glimpse/data/prepare.hpp>
#include <glimpse/models/word_extent.hpp>
#include <glimpse/train/evaluate.hpp>

namespace glimpse::inline v0 {

/// The mean loss of images that come one at a time; batches of one width are run when they are full.
class ValidationLoss {
 public:
  /// model: in evaluation mode.
  explicit ValidationLoss(Reader<float>& model) : model_(model) {}

  void add(const Picture& image, const std::string& label) {
    const ReaderConfig& c = model_.config();
    std::vector<Index> symbols;
    try {
      const std::string known = model_.charset().fit(label);
      if (known.empty() || utf8_characters(known).size() != utf8_characters(label).size()) return;
      symbols = model_.charset().encode(known);
    } catch (const ValueError&) {  // no UTF-8
      return;
    }
    const Index width = rectified_width(c, word_extent(image));
    Batch& batch = batches_[width];
    batch.images.push_back(
        resized(standardized(image), c.source_scale * c.height, c.source_scale * width));
    batch.symbols.push_back(std::move(symbols));
    if (batch.images.size() == 32) run(width, batch);
  }

  /// NaN where no image counted.
  double value() {
    for (auto& [width, batch] : batches_) run(width, batch);
    return count_ > 0 ? sum_ / count_ : std::numeric_limits<double>::quiet_NaN();
  }

 private:
  struct Batch {
    std::vector<Tensor<float>> images;  // (1, 1, height, width) of the source
    std::vector<std::vector<Index>> symbols;
  };

  void run(Index width, Batch& batch) {
    if (batch.images.empty()) return;
    const NoGrad no_grad;
    double symbols = 0;  // attention tells the end of the word, too
    for (const auto& label : batch.symbols)
      symbols +=
          static_cast<double>(label.size()) + (model_.config().model == ReaderModel::crnn ? 0 : 1);
    const Variable<float> images = constant(concatenate<float>(batch.images, 0));
    sum_ += symbols * static_cast<double>(model_.loss(images, width, batch.symbols).item());
    count_ += symbols;
    batch = {};
  }

  Reader<float>& model_;
  std::map<Index, Batch> batches_;
  double sum_ = 0, count_ = 0;
};

struct Validation {
  WordScore score;                                         // of all folders
  double loss = std::numeric_limits<double>::quiet_NaN();  // of all folders; NaN: not measured
  std::string text;                                        // a line of accuracies, folder by folder
};

/// Reads up to `limit` images of each folder. model: in evaluation mode, folded or not.
/// Throws IoError where a folder has no image that can be read.
inline Validation validate(Reader<float>& model, const std::vector<std::string>& folders,
                           Index limit) {
  Validation sum;
  ValidationLoss loss(model);
  for (const std::string& folder : folders) {
    Index count = 0;
    const Evaluation e =
        evaluate_folder(model, folder, limit, {},
                        [&](const LabelledFile& file, const Picture& image, const Reading&) {
                          if (count < 32 || count % 4 == 0) loss.add(image, file.label);
                          ++count;
                        });
    if (e.score.words == 0)
      fail<IoError>("validation", "expected images with labels that can be read, got none in ",
                    folder, e.broken.empty() ? "" : ": " + e.broken.front());
    sum.score.add(e.score);
    char part[80];
    std::snprintf(part, sizeof part, " %.1f %%", 100 * e.score.accuracy());
    const std::filesystem::path path(folder);
    sum.text += "  " + (path.has_filename() ? path : path.parent_path()).filename().string() + part;
    if (!e.broken.empty())
      sum.text += " (" + std::to_string(e.broken.size()) + " images cannot be read)";
  }
  sum.loss = loss.value();
  if (std::isfinite(sum.loss)) {
    char part[80];
    std::snprintf(part, sizeof part, "  loss %.4f", sum.loss);
    sum.text += part;
  }
  return sum;
}

}  // namespace glimpse::inline v0
