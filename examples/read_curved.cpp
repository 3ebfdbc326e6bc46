// read_curved: compares three readers on curved and slanted words, with the same budget of CPU time
// each.
//
//   srn     image --> convolutions --> columns --> BLSTMs --> attention over columns
//   plane   image --> convolutions --> map --> attention over all its positions
//   rare    image --> fiducial points --> thin-plate spline --> straightened image --> srn
//
// A column of a curved word contains parts of several letters above each other. srn has to separate
// them. plane can attend to one letter at a time. rare straightens the word first. The words have a
// plain appearance, so only the shape of the line is hard. A third each is straight, slanted and
// curved. The test words come from other random streams.
//
//   read_curved --minutes 6 --threads 1 --fonts /usr/share/fonts/truetype/dejavu --out curved.png
//
// docs/models.md has the accuracy of this command. In the first two minutes no reader gets a word
// right, because the attention must be learned first.
#include <algorithm>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include <glimpse/data/load_image.hpp>
#include <glimpse/data/prepare.hpp>
#include <glimpse/data/synth.hpp>
#include <glimpse/io/image.hpp>
#include <glimpse/models/image_captioner.hpp>
#include <glimpse/models/read.hpp>
#include <glimpse/train/train_loop.hpp>
#include <glimpse/viz/reading.hpp>

#include "program.hpp"

using namespace glimpse;

namespace {

constexpr Index height = 64, width = 160;  // of the input images of all three

const Charset charset("abcdefghijklmnopqrstuvwxyz0123456789");

struct Word {
  GrayImage image;
  std::string label;
};

/// Renders words of 3 to 6 letters in one style.
class Renderer {
 public:
  Renderer(const synth::Fonts& fonts, const synth::Recipe& recipe)
      : renderer_(fonts, synth::Words::built_in(), recipe) {}

  Word draw(std::uint64_t seed, std::uint64_t index) const {
    for (std::uint64_t attempt = 0;; ++attempt) {
      synth::WordSample s = renderer_.draw(seed, 16 * index + attempt);
      if ((s.label.size() >= 3 && s.label.size() <= 6) || attempt == 15)
        return {std::move(s.image), s.label.substr(0, 12)};
    }
  }

 private:
  synth::WordRenderer renderer_;
};

synth::Recipe straight() {
  synth::Recipe r = synth::Recipe::plain();
  r.crop = {1, 1};
  r.min_height = 40;
  return r;
}
synth::Recipe slanted() {
  synth::Recipe r = straight();
  r.rotation = {1, 2}, r.perspective = {1, 1.4}, r.skew = {0.5, 1.5};
  return r;
}
synth::Recipe curved() {
  synth::Recipe r = straight();
  r.curve = {1, 1.5}, r.rotation = {0.5, 1}, r.perspective = {0.5, 1};
  return r;
}

struct Batch {
  Variable<float> images;  // (N, 1, height, width), standardized
  std::vector<std::vector<Index>> labels;
};

Batch batch_of(const std::vector<Word>& words, std::size_t begin, std::size_t end) {
  Tensor<float> x({static_cast<Index>(end - begin), 1, height, width});
  Batch b;
  for (std::size_t i = begin; i < end; ++i) {
    x.select(0, static_cast<Index>(i - begin))
        .copy_from(resized(standardized(words[i].image), height, width).select(0, 0));
    b.labels.push_back(charset.encode(words[i].label));
  }
  b.images = constant(x);
  return b;
}

/// The share of words in which every symbol is the most probable one, given the true symbols before
/// it. These are the words that greedy reading gets right.
template <class Loss>
double accuracy(Loss&& loss, const std::vector<Word>& test) {
  const NoGrad no_grad;
  Index right = 0;
  for (std::size_t at = 0; at < test.size(); at += 50) {
    const Batch b = batch_of(test, at, std::min(at + 50, test.size()));
    Index of_these = 0;
    loss(b, &of_these);
    right += of_these;
  }
  return 100 * static_cast<double>(right) / static_cast<double>(test.size());
}

ReaderConfig small_reader(ReaderModel model) {
  ReaderConfig c;
  c.model = model, c.preset = "small", c.widths = {width / 2},
  c.characters = "abcdefghijklmnopqrstuvwxyz0123456789";
  c.channels = {16, 24, 32, 32, 48, 48, 64};
  c.recurrent = c.attention = 48, c.decoder = 64;
  c.localization_channels = {12, 16, 24, 32}, c.localization_hidden = {48};
  return c;
}

struct Column {
  std::string name;
  std::string time;
  double straight = 0, slanted = 0, curved = 0;
  std::vector<std::string> read;              // of the words in the image
  std::vector<Reading> readings;              // of rare only
  std::vector<Tensor<float>> attention_maps;  // of plane only: (symbols, positions)
};

/// For each word: the input with the points of rare, the image straightened by rare, the attention of
/// plane, and the three readings.
void draw_page(const std::string& file, const std::vector<Word>& shown,
               const std::vector<Column>& columns) {
  const float row = 112, wide = 236, gap = 18, text = 200;
  Canvas canvas(static_cast<Index>(3 * wide + 4 * gap + text),
                static_cast<Index>(40 + row * static_cast<float>(shown.size())));
  const char* heads[] = {"input, with points of rare", "straightened by rare",
                         "attention of plane"};
  for (int i = 0; i < 3; ++i)
    canvas.text({gap + static_cast<float>(i) * (wide + gap), 24}, heads[i], 9, ink::quiet);
  for (std::size_t k = 0; k < shown.size(); ++k) {
    const float y = 40 + row * static_cast<float>(k), h = 92;
    const Tensor<float> given = image_of(shown[k].image);
    Tensor<float> fiducials;
    for (const Column& c : columns) {
      if (c.name == "rare" && !c.readings.empty()) {
        fiducials = c.readings[k].fiducials;
        Tensor<float> r = c.readings[k].rectified.clone();
        for (float& v : r.span()) v = std::clamp(0.65f + 0.25f * v, 0.0f, 1.0f);
        canvas.image(2 * gap + wide, y + 0.1f * h, wide, wide * 32 / 80, r);
        canvas.frame(2 * gap + wide - 1, y + 0.1f * h - 1, 2 * gap + 2 * wide + 1,
                     y + 0.1f * h + wide * 32 / 80 + 1, 1, ink::line);
      }
      if (c.name == "plane" && !c.attention_maps.empty()) {
        const float x = 3 * gap + 2 * wide;
        canvas.image(x, y, wide, h, given, 0.45f);
        const Tensor<float>& a = c.attention_maps[k];
        std::vector<Spot> path;
        for (Index t = 0; t + 1 < a.size(0); ++t) {
          Index best = 0;
          for (Index i = 0; i < a.size(1); ++i) {
            const float px = x + wide * (static_cast<float>(i % 40) + 0.5f) / 40,
                        py = y + h * (static_cast<float>(i / 40) + 0.5f) / 8;
            if (a(t, i) > 0.02f)
              canvas.disk({px, py}, 7 * std::sqrt(std::min(a(t, i), 1.0f)) + 1, category(t), 0.6f);
            if (a(t, i) > a(t, best)) best = i;
          }
          path.push_back({x + wide * (static_cast<float>(best % 40) + 0.5f) / 40,
                          y + h * (static_cast<float>(best / 40) + 0.5f) / 8});
        }
        canvas.polyline(path, ink::text, 1.2f, 0.6f);
        canvas.frame(x - 1, y - 1, x + wide + 1, y + h + 1, 1, ink::line);
      }
    }
    draw_fiducials(canvas, gap, y, wide, h, given, fiducials);
    float line = y + 20;
    for (const Column& c : columns) {
      const bool ok = c.read[k] == shown[k].label;
      canvas.text({4 * gap + 3 * wide, line}, c.name, 9, ink::quiet);
      canvas.text({4 * gap + 3 * wide + 52, line}, c.read[k], 12, ok ? ink::blue : ink::orange);
      line += 28;
    }
  }
  write_png(file, canvas.image());
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app(
      "Trains three readers on curved and slanted words, with the same budget each, and compares "
      "them.",
      "read_curved");
  LoopOptions loop{.steps = 0, .learning_rate = 3e-3, .warmup_fraction = 0.15, .check_every = 500};
  std::string out, weights, only;
  std::vector<std::string> fonts;
  double minutes = 6;
  Index batch = 32, tests = 300, steps = 0;
  int threads = 0;
  std::uint64_t seed = 1;
  app.add_option("--minutes", minutes, "CPU time of each reader in minutes")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  app.add_option("--steps", steps, "number of steps of each reader, instead of --minutes")
      ->check(CLI::PositiveNumber);
  app.add_option("--only", only, "train only this reader: srn, plane or rare")
      ->check(CLI::IsMember({"srn", "plane", "rare"}));
  app.add_option("--batch", batch, "words per step")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  app.add_option("--tests", tests, "number of words in each test")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  app.add_option("--fonts", fonts, "folders of fonts (default: the fonts of the system)");
  app.add_option("--learning-rate", loop.learning_rate, "peak learning rate")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  app.add_option("--weights", weights,
                 "name prefix of the files for the weights; --resume continues from them");
  app.add_flag("--resume", loop.resume, "continue from --weights");
  app.add_option("--out", out, "image of six words and their readings to write, PNG");
  app.add_option("--threads", threads, "number of threads (default: all cores)")
      ->check(CLI::PositiveNumber);
  app.add_option("--seed", seed, "seed of weights and words")->capture_default_str();
  return run_program(app, argc, argv, [&] {
    if (threads > 0) set_num_threads(threads);
    if (steps > 0)
      loop.steps = steps;
    else
      loop.cpu_minutes = minutes;
    synth::FontOptions faces;
    faces.folders = fonts;
    const synth::Fonts type = synth::Fonts::load(faces);
    const Renderer on_line(type, straight()), on_slant(type, slanted()), on_curve(type, curved());
    const auto draw = [](const Renderer& p, Index count, std::uint64_t from) {
      std::vector<Word> words;
      for (Index i = 0; i < count; ++i)
        words.push_back(p.draw(from, static_cast<std::uint64_t>(i)));
      return words;
    };
    const std::vector<Word> lines = draw(on_line, tests, 9001),
                            slants = draw(on_slant, tests, 9002),
                            curves = draw(on_curve, tests, 9003), shown = draw(on_curve, 6, 9004);
    const auto lesson = [&](Index step) {
      std::vector<Word> words;
      for (Index i = 0; i < batch; ++i)
        words.push_back((i % 3 == 0   ? on_line
                         : i % 3 == 1 ? on_slant
                                      : on_curve)
                            .draw(seed, static_cast<std::uint64_t>(step * batch + i)));
      return batch_of(words, 0, words.size());
    };

    std::vector<Column> columns;
    const auto train = [&](auto& model, const std::string& name, auto&& loss) {
      std::printf("%s: %td parameters\n", name.c_str(), count_parameters(model));
      std::fflush(stdout);
      LoopOptions options = loop;
      if (!weights.empty()) options.checkpoint = weights + "." + name + ".safetensors";
      if (name == "rare") options.lr_multipliers = {{"rectifier", 0.3}};
      const std::vector<Word> few(curves.begin(), curves.begin() + std::min<Index>(100, tests));
      const LoopResult result = train_loop(
          model, options, [&](Index step) { return loss(lesson(step), nullptr); },
          [&](Index step) {
            std::printf("%s, step %td: %.1f %% of %zu curved words\n", name.c_str(), step,
                        accuracy(loss, few), few.size());
            std::fflush(stdout);
          });
      columns.push_back({name,
                         result.text(),
                         accuracy(loss, lines),
                         accuracy(loss, slants),
                         accuracy(loss, curves),
                         {},
                         {},
                         {}});
    };
    std::vector<GrayImage> images;
    for (const Word& w : shown) images.push_back(w.image);
    for (const std::string name : {"srn", "plane", "rare"}) {
      if (!only.empty() && only != name) continue;
      Random rng(seed);
      if (name == "plane") {
        ImageCaptioner<float> model(
            {.in = 1,
             .layers = {{16, 3, {2, 2}}, {24, 3, {2, 2}}, {48}, {48, 3, {2, 1}}, {64}, {64, 1}},
             .symbols = charset.symbols() - 1,
             .decoder = 96,
             .attention = 64},
            rng);
        train(model, name, [&](const Batch& b, Index* right) {
          return model.loss(b.images, b.labels, {}, right);
        });
        for (const auto& r :
             model.read(batch_of(shown, 0, shown.size()).images, {.max_length = 14}))
          columns.back().read.push_back(charset.decode(r.symbols)),
              columns.back().attention_maps.push_back(r.attention);
      } else {
        Rare<float> model(small_reader(name == "srn" ? ReaderModel::srn : ReaderModel::rare), rng);
        train(model, name, [&](const Batch& b, Index* right) {
          return model.loss(b.images, width / 2, b.labels, 0, right);
        });
        columns.back().readings = read(model, std::span<const GrayImage>(images));
        for (const Reading& r : columns.back().readings) columns.back().read.push_back(r.text);
      }
    }
    std::printf("\nwords correct, %% straight   slanted   curved   (%td words each)\n", tests);
    for (const Column& c : columns)
      std::printf("%-15s %8.1f  %8.1f  %7.1f   %s\n", c.name.c_str(), c.straight, c.slanted,
                  c.curved, c.time.c_str());
    if (!out.empty()) draw_page(out, shown, columns);
    return 0;
  });
}
