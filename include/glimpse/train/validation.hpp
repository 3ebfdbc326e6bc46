// validation: measures a reader on data sets during training.
//
//   accuracy   share of correct words under a protocol, in inference, of all sets together
//   loss       -ln p of a symbol under teacher forcing (a character, for CTC), of a sample:
//              the first 32 images of a set, then one in four
//
// A label with unknown characters has no loss. The sample limits the cost of the loss to about a
// quarter of that of reading.
#pragma once

#include <cmath>
#include <cstdio>
#include <limits>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <glimpse/autograd/mode.hpp>
#include <glimpse/data/prepare.hpp>
#include <glimpse/models/text_line_size.hpp>
#include <glimpse/text/label_encoder.hpp>
#include <glimpse/train/evaluate.hpp>

namespace glimpse::inline v0 {

/// The mean loss of images that are added one by one. A full batch of one width is computed at
/// once.
class ValidationLoss {
 public:
  /// model: in evaluation mode.
  explicit ValidationLoss(Reader<float>& model) : model_(model), labels_(model.charset()) {}

  void add(const GrayImage& image, const std::string& label) {
    const ReaderConfig& c = model_.config();
    std::vector<Index> symbols = labels_.encode(label);
    if (symbols.empty()) return;
    const Index width = rectified_width(c, text_line_size(image));
    Batch& batch = batches_[width];
    batch.images.push_back(
        resized(standardized(image), c.source_scale * c.height, c.source_scale * width));
    batch.symbols.push_back(std::move(symbols));
    if (batch.images.size() == 32) run(width, batch);
  }

  /// The mean loss per symbol; NaN without images.
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
    double symbols = 0;  // with attention, the end of the word counts too
    for (const auto& label : batch.symbols)
      symbols +=
          static_cast<double>(label.size()) + (model_.config().model == ReaderModel::crnn ? 0 : 1);
    const Variable<float> images = constant(concatenate<float>(batch.images, 0));
    sum_ += symbols * static_cast<double>(model_.loss(images, width, batch.symbols).item());
    count_ += symbols;
    batch = {};
  }

  Reader<float>& model_;
  LabelEncoder labels_;
  std::map<Index, Batch> batches_;
  double sum_ = 0, count_ = 0;
};

struct ValidationSet {
  std::string path;
  std::shared_ptr<const WordDataset> images;

  std::string name() const { return dataset_name(path); }
};

/// Opens data sets for validation. notes: receives a line for each kind of entry that is left out.
/// Throws IoError if a set has no readable image, or no label with a compared character.
inline std::vector<ValidationSet> open_validation(const std::vector<std::string>& paths, Index limit,
                                                  Protocol protocol,
                                                  std::vector<std::string>& notes) {
  std::vector<ValidationSet> sets;
  for (const std::string& path : paths) {
    const ValidationSet& set = sets.emplace_back(ValidationSet{path, open_dataset(path)});
    const auto note = [&](const std::string& line) { notes.push_back(set.name() + ": " + line); };
    for (const std::string& line : set.images->remarks()) note(line);
    if (const Index missing = check_evaluation(*set.images, path, limit, protocol);
        missing > 0)
      note(std::to_string(missing) + " of the images to validate on are missing");
    Index without = 0;
    for (Index i = 0; i < set.images->size(); ++i)
      without += normalize(set.images->label(i), protocol).empty();
    if (without > 0)
      note(std::to_string(without) + " of " + std::to_string(set.images->size()) +
           " words left out, no character of the label counts");
  }
  return sets;
}

struct Validation {
  WordScore score;                                         // of all sets
  double loss = std::numeric_limits<double>::quiet_NaN();  // of all sets; NaN: not measured
  std::string text;                                        // a line of accuracies, set by set
};

/// Reads up to `limit` images of each set. model: in evaluation mode, folded or not. Throws IoError
/// if a set has no readable image.
inline Validation validate(Reader<float>& model, const std::vector<ValidationSet>& sets, Index limit,
                           Protocol protocol) {
  Validation sum;
  ValidationLoss loss(model);
  for (const ValidationSet& set : sets) {
    Index count = 0;
    const Evaluation e =
        evaluate_dataset(model, *set.images, set.path, limit, {},
                         [&](const LabeledFile& file, const GrayImage& image, const Reading&) {
                           if (count < 32 || count % 4 == 0) loss.add(image, file.label);
                           ++count;
                         },
                         nullptr, protocol);
    sum.score.add(e.score());
    char part[80];
    std::snprintf(part, sizeof part, " %.1f %%", 100 * e.score().accuracy());
    sum.text += "  " + set.name() + part;
    if (!e.broken.empty())
      sum.text += " (" + std::to_string(e.broken.size()) + " of " +
                  std::to_string(e.score().words + std::ssize(e.broken)) + " images not read)";
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
