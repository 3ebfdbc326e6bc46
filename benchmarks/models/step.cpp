// step: whole training steps and whole readings. One case per process, so that the process's peak
// of memory belongs to the case.
//
//   step training|reading rare|crnn preset [batch] [width] [threads] [seconds]
//
// Images are 1 x 32 x width, words have 11 letters: 12 steps of the decoder. A training step is
// forward, loss, backward, clipping and an ADADELTA step. A reading is what `read` does, batch
// norms folded. The result goes to standard error as text, and to standard output as one row,
// separated by tabs:
//
//   model  preset  what  batch  width  threads  milliseconds (median)  images/s    peak MB
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <functional>
#include <string>
#include <vector>

#include <glimpse/models/crnn.hpp>
#include <glimpse/models/rare.hpp>
#include <glimpse/models/read.hpp>
#include <glimpse/optim/adadelta.hpp>
#include <glimpse/optim/clip.hpp>

#include "../timing.hpp"

using namespace glimpse;

namespace {

constexpr Index letters = 11;

struct Case {
  std::string what, model, preset;
  Index batch = 64, width = 100;
  int threads = 2;
  double seconds = 4;
};

using bench::median, bench::now;

/// Peak memory of the process, in MB.
double peak_megabytes() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("VmHWM:")) return std::atof(line.c_str() + 6) * 1024e-6;
  return 0;
}

/// Runs `f` twice unmeasured, then at least 3 times and for at least `seconds`. f returns the
/// milliseconds of each of its parts. Returns their medians.
std::vector<double> medians(double seconds, const std::function<std::vector<double>()>& f) {
  f(), f();
  std::vector<std::vector<double>> parts;
  const double start = now();
  for (int i = 0; i < 3 || now() - start < 1e3 * seconds; ++i) {
    const std::vector<double> times = f();
    parts.resize(times.size());
    for (std::size_t p = 0; p < times.size(); ++p) parts[p].push_back(times[p]);
  }
  std::vector<double> middle;
  for (const std::vector<double>& times : parts) middle.push_back(median(times));
  return middle;
}

void report(const Case& c, double ms) {
  const double rate = 1e3 * static_cast<double>(c.batch) / ms;
  std::fprintf(stderr, "%s %s, %s, batch %td, width %td, %d threads: %.2f ms, %.0f images/s\n",
               c.model.c_str(), c.preset.c_str(), c.what.c_str(), c.batch, c.width, c.threads, ms,
               rate);
  std::printf("%s\t%s\t%s\t%td\t%td\t%d\t%.4f\t%.3f\t%.1f\n", c.model.c_str(), c.preset.c_str(),
              c.what.c_str(), c.batch, c.width, c.threads, ms, rate, peak_megabytes());
}

template <class Model>
void train(const Case& c, Model& model, Random& random) {
  Tensor<float> images({c.batch, 1, 32, c.width});
  for (float& p : images.span()) p = static_cast<float>(random.uniform(-1, 1));
  std::vector<std::vector<Index>> labels(static_cast<std::size_t>(c.batch));
  for (auto& label : labels)
    for (Index i = 0; i < letters; ++i) label.push_back(random.uniform_int(36));
  Adadelta<float> optimizer(parameters(model));
  std::size_t fresh = 0;
  int steps = 0;
  const auto times = medians(c.seconds, [&] {
    if (steps++ == 2) fresh = MemoryCache::instance().fresh_blocks();
    const double t0 = now();
    optimizer.zero_grad();
    const Variable<float> loss = model.loss(constant(images), c.width, labels);
    const double t1 = now();
    loss.backward();
    const double t2 = now();
    optimizer.step(clip_scale(grad_norm(optimizer.parameters()), 5));
    const double t3 = now();
    return std::vector{t1 - t0, t2 - t1, t3 - t2, t3 - t0};
  });
  std::fprintf(stderr, "%td parameters; forward %.1f, backward %.1f, update %.1f ms\n",
               count_parameters(model), times[0], times[1], times[2]);
  std::fprintf(stderr, "tensors %.0f MB at most; %zu blocks asked of the system after 2 steps\n",
               static_cast<double>(MemoryCache::instance().peak()) * 1e-6,
               MemoryCache::instance().fresh_blocks() - fresh);
  report(c, times[3]);
}

template <class Model>
void read_words(const Case& c, Model& model, Random& random) {
  set_training(model, false);
  model.fold();
  std::vector<GrayImage> words(static_cast<std::size_t>(c.batch), GrayImage(32, c.width));
  for (GrayImage& word : words)
    for (float& p : word.pixels) p = static_cast<float>(random.uniform());
  const auto times = medians(c.seconds, [&] {
    const double t0 = now();
    const auto readings = read(model, std::span<const GrayImage>(words));
    const double t1 = now();
    if constexpr (requires { model.recognizer; })
      if (readings.back().text.size() != letters) fail("step", "read another length");
    return std::vector{t1 - t0};
  });
  report(c, times[0]);
}

template <class Model>
void run(const Case& c, Model model, Random& random) {
  // The end symbol can never win, so every word has the length max_length.
  if constexpr (requires { model.recognizer; }) {
    auto& bias = model.recognizer.decoder.output.bias.mutable_value();
    if (c.what == "reading") bias.data()[bias.size() - 1] = -1e9f;
  }
  if (c.what == "training") return train(c, model, random);
  read_words(c, model, random);
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc < 4) fail("step", "wants training or reading, rare or crnn, and a preset");
  Case c{.what = argv[1], .model = argv[2], .preset = argv[3]};
  if (argc > 4) c.batch = std::atol(argv[4]);
  if (argc > 5) c.width = std::atol(argv[5]);
  if (argc > 6) c.threads = std::atoi(argv[6]);
  if (argc > 7) c.seconds = std::atof(argv[7]);
  if (c.what != "training" && c.what != "reading")
    fail("step", "does training or reading, not '", c.what, "'");
  set_num_threads(c.threads);
  Random random(1);
  const auto sized = [&](ReaderConfig config) {
    config.widths = {c.width};
    config.max_length = letters;
    return config;
  };
  if (c.model == "rare")
    run(c, Rare<float>(sized(rare_config(c.preset)), random), random);
  else if (c.model == "crnn")
    run(c, Crnn<float>(sized(crnn_config(c.preset)), random), random);
  else
    fail("step", "knows rare and crnn, not '", c.model, "'");
} catch (const std::exception& e) {
  std::fprintf(stderr, "%s\n", e.what());
  return 1;
}
