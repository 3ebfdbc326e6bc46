// word step: one training step of a reader on a batch of words.
//
//   minimize   L = mean of -ln p(symbol | symbols before it, image)      RARE, SRN
//              L = mean of -ln p(word | image) / characters of a word    CRNN
//
// `fiducials` = w > 0 adds w times the fiducial loss. `rectifier_only` uses only the fiducial loss.
// A batch whose loss, gradient or running statistics are not finite changes nothing.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <glimpse/data/word_loader.hpp>
#include <glimpse/models/reader.hpp>
#include <glimpse/models/text_line_size.hpp>
#include <glimpse/optim/adadelta.hpp>
#include <glimpse/optim/adam.hpp>
#include <glimpse/optim/clip.hpp>
#include <glimpse/train/fiducial_loss.hpp>
#include <glimpse/train/train_options.hpp>

namespace glimpse::inline v0 {

/// The loader's options for a reader.
inline WordLoaderOptions loader_options(const ReaderConfig& c, const TrainOptions& options) {
  // The width follows from the fiducial points, which give the word's own line. Without a rectifier
  // or without points, it follows from the image's shape.
  const auto width_of = [c](const LabeledWord& word) {
    const GrayImage& image = word.image;
    const bool known = c.model == ReaderModel::rare && !word.fiducials.empty();
    return rectified_width(
        c, known ? text_line_size(std::span<const float>(word.fiducials), image.height, image.width)
                 : text_line_size(image));
  };
  return {.batch = options.batch,
          .image_height = c.source_scale * c.height,
          .image_scale = c.source_scale,
          .fiducials = c.fiducials,
          .width_of = width_of,
          .threads = options.loader_threads,
          .seed = options.seed};
}

/// The result of a step.
struct WordStep {
  double loss = 0;  // without the added fiducial loss, so that runs are comparable
  double gradient_norm = 0;
  Index right = 0;    // correct words of the batch, under teacher forcing
  bool taken = true;  // false: something was not finite, and nothing has changed
};

class WordLearner {
 public:
  /// Throws ValueError if the rectifier is to be trained and the model has none.
  WordLearner(Reader<float> model, const TrainOptions& options)
      : options_(options), model_(std::move(model)), optimizer_(made_optimizer()) {
    if ((options_.fiducials > 0 || options_.rectifier_only) && !rectifier())
      fail("train", name(model_.config().model), " has no rectifier to teach fiducial points to");
    set_training(model_, true);
    for (const NamedTensor<float>& b : buffers(model_))
      statistics_.emplace_back(b.tensor, b.tensor.clone());
  }

  WordStep step(const WordBatch& batch, double rate) {
    for (auto& [now, before] : statistics_) before.copy_from(now);
    std::visit([&](auto& o) { o.learning_rate = rate, o.zero_grad(); }, optimizer_);
    WordStep done;
    loss_of(batch, done).backward();
    done.gradient_norm = std::visit([](auto& o) { return grad_norm(o.parameters()); }, optimizer_);
    done.taken = std::isfinite(done.loss) && std::isfinite(done.gradient_norm) &&
                 std::all_of(statistics_.begin(), statistics_.end(), [](const auto& pair) {
                   const Tensor<float>& x = pair.first;
                   return std::all_of(x.data(), x.data() + x.size(),
                                      [](float v) { return std::isfinite(v); });
                 });
    if (done.taken)
      std::visit([&](auto& o) { o.step(clip_scale(done.gradient_norm, options_.clip_norm)); },
                 optimizer_);
    else
      for (auto& [now, before] : statistics_) now.copy_from(before);
    return done;
  }

  Reader<float>& model() { return model_; }

  /// The optimizer's state; see Optimizer::visit_state.
  template <class F>
  void visit_state(F&& f) {
    std::visit([&](auto& o) { o.visit_state(f); }, optimizer_);
  }

 private:
  using AnyOptimizer = std::variant<AdamW<float>, Adadelta<float>>;

  Rectifier<float>* rectifier() {
    Rare<float>* rare = std::get_if<Rare<float>>(&model_.model);
    return rare && rare->rectifier ? &*rare->rectifier : nullptr;
  }

  AnyOptimizer made_optimizer() {
    std::vector<LearningRateMultiplier> factors;
    if (rectifier() && !options_.rectifier_only)
      factors.push_back({"rectifier", options_.localization_lr_scale});
    if (options_.encoder_lr_scale != 1 && !options_.rectifier_only)
      factors.push_back({model_.config().model == ReaderModel::crnn ? "encoder"
                                                                    : "recognizer.encoder",
                         options_.encoder_lr_scale});
    const auto trained =
        rectifier() && options_.rectifier_only ? parameters(*rectifier()) : parameters(model_);
    if (options_.optimizer == TrainOptimizer::adadelta)
      return Adadelta<float>(trained, {.learning_rate = options_.learning_rate,
                                       .weight_decay = options_.weight_decay,
                                       .decay_vectors = false,
                                       .lr_multipliers = std::move(factors)});
    return AdamW<float>(trained, {.learning_rate = options_.learning_rate,
                                  .weight_decay = options_.weight_decay,
                                  .decay_vectors = false,
                                  .lr_multipliers = std::move(factors)});
  }

  Variable<float> loss_of(const WordBatch& batch, WordStep& done) {
    const Variable<float> images = constant(batch.images);
    if (options_.rectifier_only) {
      const Variable<float> off = fiducial_loss(rectifier()->locate(images), batch.fiducials);
      done.loss = static_cast<double>(off.item());
      return off;
    }
    Variable<float> points;
    const Variable<float> words =
        model_.loss(images, batch.width, batch.symbols,
                    static_cast<float>(options_.label_smoothing), &done.right, &points);
    done.loss = static_cast<double>(words.item());
    if (!(options_.fiducials > 0)) return words;
    return words + fiducial_loss(points, batch.fiducials) * options_.fiducials;
  }

  TrainOptions options_;
  Reader<float> model_;
  AnyOptimizer optimizer_;
  std::vector<std::pair<Tensor<float>, Tensor<float>>> statistics_;  // now, before the step
};

}  // namespace glimpse::inline v0
