// spoken_digits: trains Chorowski's attention-based recognizer to transcribe strings of spoken digits,
// and shows the benefit of location-aware attention.
//
//   sound --> log-mel frames --> bidirectional GRUs --> h_i
//   e_ti = w^T tanh(W s_t-1 + V h_i + U (F * a_t-1)_i + b),   a_t = softmax(e_t)
//
// Recordings: the free spoken digit data set, files `{digit}_{speaker}_{n}.wav` in the folder of
// --data. The recordings with n from 0 to 4 are held out. Without --data the program uses Debian's
// asterisk-core-sounds-en-wav, which has one recording of each digit. The test then has the same
// recordings at other speeds and with other noise. Training strings have 1 to 8 digits of one speaker,
// joined with pauses, at varying speed and loudness, with noise.
//
// Two models have the same budget: one with location-aware attention, and one whose attention uses
// only the content. Both are then tested on strings three times longer than any in training.
//
//   spoken_digits --data fsdd --weights digits --out digits.png
//
// Measured (one Zen 4 core, batches of 16 strings, 2500 steps, 2:54 and 2:47 of CPU time):
//
//   digit error, %                                      location-aware   content only
//   each of the 300 held-out recordings by itself                  0.3             0.7
//   200 strings of 1 to 8 held-out recordings                      0.4             0.9
//   200 strings of 24                                              7.4            62.9
//   the same, attention limited to a window of 50 positions (2 s)  2.2            55.9
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

#include <glimpse/data/audio/mel.hpp>
#include <glimpse/io/image.hpp>
#include <glimpse/io/wav.hpp>
#include <glimpse/models/speech_recognizer.hpp>
#include <glimpse/text/metrics.hpp>
#include <glimpse/train/train_loop.hpp>
#include <glimpse/viz/canvas.hpp>

#include "program.hpp"

using namespace glimpse;

namespace {

constexpr Index rate = 8000;

/// The recordings of all digits by one speaker.
struct Speaker {
  std::string name;
  std::array<std::vector<Tensor<float>>, 10> digits;
};

struct Recordings {
  std::vector<Speaker> train, test;
  bool spare = false;  // from asterisk; the test has the same recordings
};

/// The sound at `rate`, at another speed. Interpolates linearly between samples.
Tensor<float> resampled(const Tensor<float>& x, double step) {
  const Index n = static_cast<Index>(static_cast<double>(x.size() - 1) / step);
  Tensor<float> y({std::max<Index>(n, 1)});
  for (Index i = 0; i < y.size(); ++i) {
    const double at = static_cast<double>(i) * step;
    const Index k = std::min(static_cast<Index>(at), x.size() - 1),
                next = std::min(k + 1, x.size() - 1);
    const float part = static_cast<float>(at - static_cast<double>(k));
    y(i) = x(k) + part * (x(next) - x(k));
  }
  return y;
}

Tensor<float> load(const std::filesystem::path& path) {
  const Wave w = read_wav(path.string());
  if (w.samples.size() < 2) fail<IoError>("wav", "'", path.string(), "' contains no sound");
  return w.rate == rate
             ? w.samples
             : resampled(w.samples, static_cast<double>(w.rate) / static_cast<double>(rate));
}

Speaker& speaker(std::vector<Speaker>& all, const std::string& name) {
  for (Speaker& s : all)
    if (s.name == name) return s;
  all.push_back({name, {}});
  return all.back();
}

Recordings find_recordings(const std::string& folder) {
  namespace fs = std::filesystem;
  Recordings r;
  if (!folder.empty()) {
    if (!fs::is_directory(folder)) fail<IoError>("recordings", "'", folder, "' is not a folder");
    std::vector<fs::path> files;
    for (const auto& entry : fs::directory_iterator(folder)) files.push_back(entry.path());
    std::sort(files.begin(), files.end());
    for (const fs::path& file : files) {
      const std::string name = file.stem().string();
      const std::size_t first = name.find('_'), last = name.rfind('_');
      if (file.extension() != ".wav" || first != 1 || last <= first || name[0] < '0' ||
          name[0] > '9')
        continue;
      const bool held_out = std::atoi(name.c_str() + last + 1) < 5;
      speaker(held_out ? r.test : r.train, name.substr(2, last - 2))
          .digits[static_cast<std::size_t>(name[0] - '0')]
          .push_back(load(file));
    }
    if (r.train.empty() || r.test.empty())
      fail<IoError>("recordings", "'", folder,
                    "' contains no files {digit}_{speaker}_{n}.wav with n below 5 and from 5 on");
  } else {
    for (const char* place : {"/usr/share/asterisk/sounds/en/digits",
                              "/usr/share/asterisk/sounds/en_US_f_Allison/digits"}) {
      if (!fs::is_directory(place) || r.spare) continue;
      for (Index d = 0; d < 10; ++d)
        speaker(r.train, "asterisk")
            .digits[static_cast<std::size_t>(d)]
            .push_back(load(fs::path(place) / (std::to_string(d) + ".wav")));
      r.test = r.train, r.spare = true;
    }
    if (!r.spare)
      fail<IoError>("recordings",
                    "not found; give a folder of {digit}_{speaker}_{n}.wav with --data, or install "
                    "Debian's asterisk-core-sounds-en-wav");
  }
  for (const auto* side : {&r.train, &r.test})
    for (const Speaker& s : *side)
      for (std::size_t d = 0; d < 10; ++d)
        if (s.digits[d].empty())
          fail<IoError>("recordings", "speaker ", s.name, " has no recording of digit ", d);
  return r;
}

/// A string of digits and its sound.
struct Utterance {
  std::vector<Index> digits;
  std::vector<std::array<Index, 2>> spans;  // of each digit, in samples
  Tensor<float> sound, frames;              // (n); log-mel (frames, bands), mean 0 and deviation 1
};

class Studio {
 public:
  explicit Studio(const std::vector<Speaker>& speakers)
      : speakers_(speakers), filters_(mel_filters(mel_)) {}

  Utterance record(std::vector<Index> digits, Random rng) const {
    Utterance u{std::move(digits), {}, {}, {}};
    std::vector<float> x;
    const auto pause = [&](double shortest, double longest) {
      x.resize(x.size() + static_cast<std::size_t>(rng.uniform(shortest, longest) *
                                                   static_cast<double>(rate)),
               0.0f);
    };
    const Speaker& who =
        speakers_[static_cast<std::size_t>(rng.uniform_int(std::ssize(speakers_)))];
    pause(0.05, 0.3);
    for (const Index d : u.digits) {
      const auto& takes = who.digits[static_cast<std::size_t>(d)];
      const Tensor<float> said =
          resampled(takes[static_cast<std::size_t>(rng.uniform_int(std::ssize(takes)))],
                    rng.uniform(0.9, 1.1));
      float peak = 1e-4f;
      for (const float v : said.span()) peak = std::max(peak, std::fabs(v));
      const float gain = static_cast<float>(rng.uniform(0.35, 1)) / peak;
      const Index begin = std::ssize(x);
      for (const float v : said.span()) x.push_back(gain * v);
      u.spans.push_back({begin, std::ssize(x)});
      pause(0.03, 0.35);
    }
    const double noise =
        std::pow(10, rng.uniform(-2.6, -1.6));  // relative to a loudest sample of 1
    u.sound = Tensor<float>(Shape{std::max<Index>(std::ssize(x), 2000)});
    for (Index i = 0; i < u.sound.size(); ++i)
      u.sound(i) =
          (i < std::ssize(x) ? x[static_cast<std::size_t>(i)] : 0.0f) +
          static_cast<float>(noise * (rng.uniform() + rng.uniform() + rng.uniform() - 1.5) * 2);
    u.frames = log_mel(u.sound, filters_, mel_);
    double sum = 0, squares = 0;
    for (const float v : u.frames.span())
      sum += static_cast<double>(v), squares += static_cast<double>(v) * static_cast<double>(v);
    const double mean = sum / static_cast<double>(u.frames.size()),
                 deviation =
                     std::sqrt(squares / static_cast<double>(u.frames.size()) - mean * mean) + 1e-3;
    for (float& v : u.frames.span())
      v = static_cast<float>((static_cast<double>(v) - mean) / deviation);
    return u;
  }
  Utterance record(Index count, Random rng) const {
    std::vector<Index> digits;
    for (Index i = 0; i < count; ++i) digits.push_back(rng.uniform_int(10));
    return record(std::move(digits), rng);
  }

  const MelOptions& mel() const { return mel_; }

 private:
  const std::vector<Speaker>& speakers_;
  MelOptions mel_{};
  Tensor<float> filters_;
};

std::string written(const std::vector<Index>& digits) {
  std::string s;
  for (const Index d : digits) s += static_cast<char>('0' + d);
  return s;
}

struct Score {
  Index edits = 0, digits = 0, right = 0, strings = 0;
  double error() const {
    return 100 * static_cast<double>(edits) / static_cast<double>(std::max<Index>(digits, 1));
  }
};

Score test_on(SpeechRecognizer<float>& model, const std::vector<Utterance>& test,
              Index window = 0) {
  Score score;
  for (std::size_t at = 0; at < test.size(); at += 32) {
    std::vector<Tensor<float>> sounds;
    for (std::size_t i = at; i < std::min(at + 32, test.size()); ++i)
      sounds.push_back(test[i].frames);
    const auto readings = model.read(sounds, {.max_length = 40}, window);
    for (std::size_t i = 0; i < sounds.size(); ++i) {
      const Index e = edit_distance(readings[i].symbols, test[at + i].digits);
      score.edits += e, score.digits += std::ssize(test[at + i].digits), score.right += e == 0,
          ++score.strings;
    }
  }
  return score;
}

/// Draws the spectrogram, the predicted digits, and a row of attention weights for each symbol, with
/// the path through them.
void draw_path(const std::string& file, const Utterance& u, const SequenceReading<float>& location,
               const SequenceReading<float>* content, Index stack) {
  const Index frames = u.frames.size(0), bands = u.frames.size(1);
  const float left = 64, width = std::clamp(static_cast<float>(frames) * 1.6f, 560.0f, 1100.0f),
              high = 120, row = 15;
  const auto rows = [](const SequenceReading<float>& r) {
    return static_cast<float>(r.attention.size(0));
  };
  const float height =
      58 + high + 20 + 40 + row * rows(location) + (content ? 48 + row * rows(*content) : 0) + 16;
  Canvas canvas(static_cast<Index>(left + width + 20), static_cast<Index>(height));
  canvas.text({left, 26}, "spoken: " + written(u.digits), 11);
  Tensor<float> image({3, bands, frames});
  for (Index t = 0; t < frames; ++t)
    for (Index b = 0; b < bands; ++b) {
      const Color c = heat(static_cast<double>(u.frames(t, b) + 1.2f) / 4.2);
      image(0, bands - 1 - b, t) = c.r, image(1, bands - 1 - b, t) = c.g,
                              image(2, bands - 1 - b, t) = c.b;
    }
  float y = 58;
  canvas.image(left, y, width, high, image);
  const float samples = static_cast<float>(frames * 80);
  for (std::size_t i = 0; i < u.spans.size(); ++i) {
    const float a = left + width * static_cast<float>(u.spans[i][0]) / samples,
                b = left + width * static_cast<float>(u.spans[i][1]) / samples;
    canvas.text({(a + b) / 2, y - 8}, std::to_string(u.digits[i]), 8, ink::quiet, Align::center);
    canvas.line({a, y - 3}, {b, y - 3}, ink::line, 1.5f);
  }
  canvas.text({left - 10, y + high / 2 + 4}, "mel", 8, ink::quiet, Align::right);
  y += high + 20;
  const auto table = [&](const std::string& name, const SequenceReading<float>& r, Color color) {
    canvas.text({left, y + 16}, name + ": " + written(r.symbols), 9, ink::text);
    y += 30;
    std::vector<Spot> path;
    const float place = width * static_cast<float>(stack) / static_cast<float>(frames);
    for (Index t = 0; t < r.attention.size(0); ++t, y += row) {
      canvas.box(left, y + 1, left + width, y + row - 1, 2, ink::panel);
      Index best = 0;
      for (Index i = 0; i < r.attention.size(1) && static_cast<float>(i + 1) * place <= width + 1;
           ++i) {
        const float a = r.attention(t, i), x = left + place * static_cast<float>(i);
        if (a > r.attention(t, best)) best = i;
        canvas.rectangle(x, y + 1, x + place, y + row - 1, color, std::min(1.0f, 2.5f * a));
      }
      path.push_back({left + place * (static_cast<float>(best) + 0.5f), y + row / 2});
      canvas.text({left - 10, y + row - 4},
                  t < std::ssize(r.symbols) ? std::to_string(r.symbols[static_cast<std::size_t>(t)])
                                            : "end",
                  7, ink::text, Align::right);
    }
    canvas.polyline(path, ink::text, 1.2f, 0.5f);
    y += 14;
  };
  table("location-aware", location, ink::blue);
  if (content) table("content only", *content, ink::orange);
  write_png(file, canvas.image());
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Trains two models that transcribe strings of spoken digits.", "spoken_digits");
  LoopOptions loop{
      .steps = 2500, .learning_rate = 3e-3, .warmup_fraction = 0.15, .check_every = 1000};
  std::string data, out, weights, forms = "both", wav;
  Index batch = 16, most = 8, tests = 200;
  int threads = 0;
  std::uint64_t seed = 1;
  app.add_option("--data", data,
                 "folder of {digit}_{speaker}_{n}.wav (default: the sounds of asterisk)");
  app.add_option("--attention", forms, "models to train: location, content or both")
      ->check(CLI::IsMember({"location", "content", "both"}))
      ->capture_default_str();
  app.add_option("--steps", loop.steps, "training steps of each model")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  app.add_option("--minutes", loop.minutes,
                 "wall-clock budget of each model in minutes, instead of --steps")
      ->check(CLI::PositiveNumber);
  app.add_option("--batch", batch, "strings per step")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  app.add_option("--digits", most, "most digits of a training string")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  app.add_option("--tests", tests, "number of strings in each test")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  app.add_option("--learning-rate", loop.learning_rate, "peak learning rate")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  app.add_option("--weights", weights,
                 "name prefix of the two files for the weights; --resume continues from them");
  app.add_flag("--resume", loop.resume, "continue from --weights");
  app.add_option("--wav", wav, "file for the sound of the string in the image, WAV");
  app.add_option("--out", out, "image of the spectrogram and the attention to write, PNG");
  app.add_option("--threads", threads, "number of threads (default: all cores)")
      ->check(CLI::PositiveNumber);
  app.add_option("--seed", seed, "seed of weights and strings")->capture_default_str();
  return run_program(app, argc, argv, [&] {
    if (threads > 0) set_num_threads(threads);
    const Recordings recordings = find_recordings(data);
    if (recordings.spare)
      std::printf(
          "sounds of asterisk: one recording of each digit, so the test has the same recordings as "
          "the "
          "training\n");
    const Studio studio(recordings.train), hall(recordings.test);
    std::vector<Utterance> single, strings, triple;
    for (const Speaker& s : recordings.test) {  // every held-out recording by itself
      for (Index d = 0; d < 10; ++d)
        for (std::size_t take = 0; take < s.digits[static_cast<std::size_t>(d)].size(); ++take) {
          std::vector<Speaker> one{{s.name, {}}};
          one[0].digits[static_cast<std::size_t>(d)] = {
              s.digits[static_cast<std::size_t>(d)][take]};
          single.push_back(Studio(one).record(std::vector<Index>{d}, Random(55, single.size())));
        }
    }
    for (Index i = 0; i < tests; ++i) {
      strings.push_back(hall.record(1 + i % most, Random(56, static_cast<std::uint64_t>(i))));
      triple.push_back(hall.record(3 * most, Random(57, static_cast<std::uint64_t>(i))));
    }
    const Utterance shown = hall.record(
        std::vector<Index>{3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8, 9, 7, 9, 3}, Random(58, 1));

    std::vector<SequenceReading<float>> readings;
    SpeechRecognizerConfig config{.symbols = 10};
    for (const std::string form : {"location", "content"}) {
      if (forms != "both" && forms != form) continue;
      config.filters = form == "location" ? 10 : 0;
      Random rng(seed);
      SpeechRecognizer<float> model(config, rng);
      LoopOptions options = loop;
      if (!weights.empty()) options.checkpoint = weights + "." + form + ".safetensors";
      std::printf("%s: %td parameters\n", form.c_str(), count_parameters(model));
      const std::vector<Utterance> few(strings.begin(),
                                       strings.begin() + std::min<Index>(48, std::ssize(strings)));
      double before = 0;  // seconds of training before this run
      if (options.resume && std::filesystem::exists(options.checkpoint)) {
        const Checkpoint c = load_checkpoint(options.checkpoint);
        if (const Tensor<double>* x = c.find_exact("loop.seconds"); x && x->size() == 1)
          before = x->data()[0];
      }
      const auto start = std::chrono::steady_clock::now();
      const LoopResult result = train_loop(
          model, options,
          [&](Index step) {
            // Short strings first, because the model learns alignments there and then extends them.
            const double budget_exhausted =
                options.minutes > 0
                    ? (before +
                       std::chrono::duration<double>(std::chrono::steady_clock::now() - start)
                           .count()) /
                          60 / options.minutes
                    : static_cast<double>(step) / static_cast<double>(options.steps);
            const Index longest = std::clamp<Index>(
                2 + static_cast<Index>(budget_exhausted * 3 * static_cast<double>(most)), 1, most);
            Random draws(seed, static_cast<std::uint64_t>(step) + 1);
            const Index count = 1 + draws.uniform_int(longest);  // similar lengths in one batch
            std::vector<Tensor<float>> sounds;
            std::vector<std::vector<Index>> digits;
            for (Index i = 0; i < batch; ++i) {
              const Utterance u = studio.record(std::max<Index>(1, count - draws.uniform_int(2)),
                                                draws.split(static_cast<std::uint64_t>(i)));
              sounds.push_back(u.frames), digits.push_back(u.digits);
            }
            return model.loss(sounds, digits, {.label_smoothing = 0.02});
          },
          [&](Index step) {
            std::printf("step %td: digit error %.2f %% on %zu strings of held-out recordings\n",
                        step, test_on(model, few).error(), few.size());
            std::fflush(stdout);
          });
      std::printf("%s: %s\n", form.c_str(), result.text().c_str());
      const Score a = test_on(model, single), b = test_on(model, strings),
                  c = test_on(model, triple);
      std::printf("  held-out recordings, each alone   %6.2f %% digit error (%td)\n", a.error(),
                  a.digits);
      std::printf("  strings of 1 to %td                 %6.2f %%, %td of %td strings right\n",
                  most, b.error(), b.right, b.strings);
      std::printf("  strings of %td                      %6.2f %%, %td of %td strings right\n",
                  3 * most, c.error(), c.right, c.strings);
      const Score w = test_on(model, triple, 50);
      std::printf("  the same in a window of 50 positions %6.2f %%, %td of %td strings right\n",
                  w.error(), w.right, w.strings);
      std::fflush(stdout);
      const std::vector<Tensor<float>> one{shown.frames};
      readings.push_back(model.read(one, {.max_length = 40}).front());
    }
    if (!wav.empty()) write_wav(wav, {rate, shown.sound});
    if (!out.empty()) {
      draw_path(out, shown, readings.front(), readings.size() > 1 ? &readings.back() : nullptr,
                config.stack);
      std::printf("%s: %s, read as %s\n", out.c_str(), written(shown.digits).c_str(),
                  written(readings.front().symbols).c_str());
    }
    return 0;
  });
}
