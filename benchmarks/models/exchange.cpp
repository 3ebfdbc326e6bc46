// exchange: writes a model's weights, inputs and outputs to one safetensors file, so that another
// engine can do the same work.
//
//   exchange FILE rare|crnn [batch]            RARE's large preset, or CRNN as published
//
//   model.*        every parameter and buffer, before the step
//   in.image       (N, 1, 32, 100), standardized          in.labels    (N, 11) symbol numbers
//   out.rectified  (N, 1, 32, 100), only RARE             out.frames   (T, N, C) of the encoder
//   out.logits     (12, N, symbols), teacher forcing; of CRNN (T, N, symbols)
//   out.loss       (1)                                    grad.*       gradient of every parameter
//   read.symbols   (N, 11), -1 after a word's end; read greedily after the step in evaluation mode,
//                  batch norms folded
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>
#include <vector>

#include <glimpse/io/safetensors.hpp>
#include <glimpse/models/crnn.hpp>
#include <glimpse/models/rare.hpp>
#include <glimpse/models/read.hpp>

using namespace glimpse;

namespace {

constexpr Index letters = 11, width = 100;

Tensor<float> numbers(const std::vector<std::vector<Index>>& words) {
  std::size_t longest = 1;
  for (const auto& word : words) longest = std::max(longest, word.size());
  Tensor<float> x = full<float>({std::ssize(words), static_cast<Index>(longest)}, -1);
  for (std::size_t i = 0; i < words.size(); ++i)
    for (std::size_t t = 0; t < words[i].size(); ++t)
      x.data()[i * longest + t] = static_cast<float>(words[i][t]);
  return x;
}

/// The scores of every step, each given the true previous symbol.
Tensor<float> teacher_forced(AttentionDecoder<float>& decoder, const Variable<float>& frames,
                             const std::vector<std::vector<Index>>& labels) {
  const auto memory = decoder.encode_memory(frames);
  Variable<float> state = decoder.start(frames.size(1));
  std::vector<Index> previous(labels.size(), decoder.end_symbol());
  std::vector<Variable<float>> scores;
  for (std::size_t t = 0; t <= static_cast<std::size_t>(letters); ++t) {
    state = decoder.step(memory, previous, state).state;
    scores.push_back(decoder.scores(state));
    for (std::size_t i = 0; i < labels.size() && t < labels[i].size(); ++i)
      previous[i] = labels[i][t];
  }
  return stack(scores, 0).value();
}

/// Adds the model's intermediate results and its loss.
void add_outputs(SafetensorsWriter& file, Rare<float>& model, const Variable<float>& images,
                 const std::vector<std::vector<Index>>& labels) {
  const Variable<float> straight = model.rectify(images, width).image;
  const Variable<float> frames = model.recognizer.encoder(straight);
  file.add("out.rectified", straight.value());
  file.add("out.frames", frames.value());
  file.add("out.logits", teacher_forced(model.recognizer.decoder, frames, labels));
}

void add_outputs(SafetensorsWriter& file, Crnn<float>& model, const Variable<float>& images,
                 const std::vector<std::vector<Index>>&) {
  const Variable<float> frames = model.encoder(images);
  file.add("out.frames", frames.value());
  file.add("out.logits", model.output(frames).value());
}

/// An image without noise, because the sampler's output and gradient are then smooth in the grid.
GrayImage smooth_image(Random& random) {
  GrayImage image(32, width);
  const double across = random.uniform(0.1, 0.5), down = random.uniform(0.1, 0.4),
               phase = random.uniform(0, 6), slant = random.uniform(-0.2, 0.2);
  for (Index y = 0; y < image.height; ++y)
    for (Index x = 0; x < image.width; ++x) {
      const double u = static_cast<double>(x), v = static_cast<double>(y);
      image(y, x) = static_cast<float>(
          0.5 + 0.25 * std::sin(across * u + slant * v + phase) * std::cos(down * v - phase) +
          0.2 * std::sin(0.013 * u * v / 3 + phase));
    }
  return image;
}

template <class Model>
void write(const std::string& path, const std::string& name, Model model, Index batch,
           Random& random) {
  std::vector<GrayImage> words;
  std::vector<std::vector<Index>> labels(static_cast<std::size_t>(batch));
  Tensor<float> images({batch, 1, 32, width});
  for (Index i = 0; i < batch; ++i) {
    words.push_back(smooth_image(random));
    images.slice(0, i, i + 1).copy_from(standardized<float>(words.back()));
    for (Index t = 0; t < letters; ++t)
      labels[static_cast<std::size_t>(i)].push_back(random.uniform_int(36));
  }

  SafetensorsWriter file;
  file.metadata["model"] = name;
  for (const auto& [key, x] : state_dict(model)) file.add("model." + key, x);
  file.add("in.picture", images);
  file.add("in.labels", numbers(labels));
  {
    // In training, batch norm updates its running statistics, so only the step itself may train.
    const NoGrad no_grad;
    Model twin = clone(model);
    add_outputs(file, twin, constant(images), labels);
  }
  const Variable<float> loss = model.loss(constant(images), width, labels);
  loss.backward();
  file.add("out.loss", loss.value().reshape({1}));
  for (const auto& [key, x] : parameters(model)) file.add("grad." + key, x.grad());

  set_training(model, false);
  model.fold();
  std::vector<std::vector<Index>> symbols;
  for (const Reading& reading : read(model, std::span<const GrayImage>(words)))
    symbols.push_back(model.charset.encode(reading.text));
  file.add("read.symbols", numbers(symbols));
  file.save(path);
}

/// RARE, changed from its initial state: its fiducial points move, so the layers before them have a
/// gradient, and words have the maximum length.
Rare<float> rare(Random& random) {
  ReaderConfig config = rare_config("large");
  config.max_length = letters;
  Rare<float> model(config, random);
  Variable<float>& last = model.rectifier->localization.last.weight;
  for (float& w : last.mutable_value().span()) w = static_cast<float>(random.normal(0, 0.02));
  auto& bias = model.recognizer.decoder.output.bias.mutable_value();
  bias.data()[bias.size() - 1] = -3;
  return model;
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc < 3) fail("exchange", "wants the name of the file to write, and rare or crnn");
  const std::string path = argv[1], name = argv[2];
  const Index batch = argc > 3 ? std::atol(argv[3]) : 16;
  Random random(7);
  if (name == "rare")
    write(path, name, rare(random), batch, random);
  else if (name == "crnn")
    write(path, name, Crnn<float>(crnn_config("paper"), random), batch, random);
  else
    fail("exchange", "knows rare and crnn, not '", name, "'");
} catch (const std::exception& e) {
  std::fprintf(stderr, "%s\n", e.what());
  return 1;
}
