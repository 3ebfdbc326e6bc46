// describe_scene: trains Show, Attend and Tell to describe the objects in an image, word by word, and
// shows the attention of every word.
//
//   image --> convolutions --> 14 x 14 positions h_i
//   a_t = softmax(w^T tanh(W s_t-1 + V h_i + b)),   g_t = beta_t sum_i a_ti h_i
//   loss = -ln p(words) + lambda sum_i (1 - sum_t a_ti)^2
//
// The program renders the scenes: one to three colored objects on uneven backgrounds, named from left
// to right.
//   "a red house"   "a blue fish above a green tree"   "a red key , a yellow moon and a blue boat"
// --objects DIR uses the PNG files of a folder instead, for example an emoji set, on white or
// transparent background. The file name is the name of the object. Such objects have their own colors,
// so the sentences contain no colors.
//
//   describe_scene --weights scenes.safetensors --out scene.png
//
// docs/models.md has the accuracy and the effect of the receptive field and of --state-dropout. With
// the state, the decoder can predict a word from an earlier attention step, so the attention of this
// word may be anywhere. Nearly all errors are relations between two objects.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

#include <glimpse/io/image.hpp>
#include <glimpse/models/image_captioner.hpp>
#include <glimpse/train/train_loop.hpp>
#include <glimpse/viz/canvas.hpp>

#include "program.hpp"

using namespace glimpse;

namespace {

constexpr Index side = 56, positions = 14;

/// Whether a point of [-1, 1] x [-1, 1], y downwards, is inside an object.
struct Shape2 {
  std::string name;
  bool (*inside)(float x, float y);
};

float hypot2(float x, float y) { return x * x + y * y; }

const std::vector<Shape2> shapes = {
    {"house",
     [](float x, float y) {
       return y < -0.05f ? y > -0.95f && std::fabs(x) < (y + 0.95f) * 1.1f
                         : std::fabs(x) < 0.72f && y < 0.9f && !(std::fabs(x) < 0.2f && y > 0.3f);
     }},
    {"tree",
     [](float x, float y) {
       return y > 0.5f
                  ? std::fabs(x) < 0.16f && y < 0.95f
                  : y > -0.95f && std::fabs(x) < (y + 0.95f) * 0.5f - (y > -0.25f ? 0.14f : 0.0f);
     }},
    {"fish",
     [](float x, float y) {
       return (hypot2((x + 0.2f) / 0.72f, y / 0.45f) < 1 && hypot2(x + 0.6f, y + 0.1f) > 0.01f) ||
              (x > 0.4f && x < 0.95f && std::fabs(y) < (x - 0.3f) * 0.8f);
     }},
    {"boat",
     [](float x, float y) {
       return y > 0.35f
                  ? y < 0.85f && std::fabs(x) < 1.1f - y * 0.6f
                  : (x > -0.1f && x < 0.05f && y > -0.95f) ||
                        (x > 0.15f && x < 0.75f && y < 0.2f && y > -0.85f + (x - 0.15f) * 1.7f);
     }},
    {"moon",
     [](float x, float y) { return hypot2(x, y) < 0.85f && hypot2(x - 0.45f, y + 0.2f) > 0.5f; }},
    {"star",
     [](float x, float y) {
       const float turn = 1.25663706f, angle = std::atan2(x, -y), r = std::sqrt(hypot2(x, y));
       const float a = std::fabs(
           angle - turn * std::round(angle / turn));  // from the nearest point of the star
       return r * (std::cos(a) + 1.15f * std::sin(a) * 1.9f) < 0.95f;
     }},
    {"heart",
     [](float x, float y) {
       const float u = x * 1.2f, v = -y * 1.2f + 0.1f, q = u * u + v * v - 1;
       return q * q * q - u * u * v * v * v < 0;
     }},
    {"key",
     [](float x, float y) {
       const float r = hypot2(x + 0.5f, y);
       return (r < 0.2f && r > 0.05f) || (x > -0.1f && x < 0.95f && std::fabs(y) < 0.12f) ||
              (x > 0.45f && x < 0.6f && y > 0 && y < 0.45f) ||
              (x > 0.78f && x < 0.93f && y > 0 && y < 0.45f);
     }},
    {"cup",
     [](float x, float y) {
       const float r = hypot2((x - 0.5f), y + 0.05f);
       return (y > -0.7f && y < 0.8f && x > -0.75f && x < 0.45f) ||
              (r < 0.2f && r > 0.06f && x > 0.4f);
     }},
    {"arrow", [](float x, float y) {
       return x < 0.1f ? x > -0.95f && std::fabs(y) < 0.24f
                       : x < 0.95f && std::fabs(y) < (0.95f - x) * 0.95f;
     }}};

struct Paint {
  std::string name;
  double lightness, chroma, hue;
};
const std::vector<Paint> paints = {{"red", 0.58, 0.21, 27},    {"orange", 0.74, 0.16, 60},
                                   {"yellow", 0.9, 0.17, 102}, {"green", 0.62, 0.17, 145},
                                   {"blue", 0.55, 0.17, 258},  {"purple", 0.5, 0.19, 312}};

/// Images from a folder, with names.
struct Stickers {
  std::vector<std::string> names;
  std::vector<Tensor<float>> images;  // (3, h, w), white background
};

struct Thing {
  Index kind, paint;
  float x, y, size;  // center and half the side, in pixels
};

struct Scene {
  Tensor<float> image;  // (3, side, side)
  std::vector<Thing> things;
  std::vector<Index> words;
  std::vector<Index> owner;  // of each word: the object that a noun names, else -1
};

class World {
 public:
  explicit World(Stickers stickers) : stickers_(std::move(stickers)) {
    words_ = {"a", "an", ",", "and", "left", "of", "above", "below"};
    first_paint_ = std::ssize(words_);
    if (!own())
      for (const Paint& p : paints) words_.push_back(p.name);
    first_noun_ = std::ssize(words_);
    for (Index k = 0; k < kinds(); ++k)
      words_.push_back(own() ? stickers_.names[static_cast<std::size_t>(k)]
                             : shapes[static_cast<std::size_t>(k)].name);
  }

  bool own() const { return !stickers_.names.empty(); }
  Index kinds() const { return own() ? std::ssize(stickers_.names) : std::ssize(shapes); }
  Index vocabulary() const { return std::ssize(words_); }
  std::string sentence(const std::vector<Index>& words) const {
    std::string s;
    for (const Index w : words) s += (s.empty() ? "" : " ") + words_[static_cast<std::size_t>(w)];
    return s;
  }
  const std::string& word(Index w) const { return words_[static_cast<std::size_t>(w)]; }

  Scene draw(Random rng) const {
    Scene s;
    const Index count = 1 + rng.uniform_int(3);
    while (std::ssize(s.things) < count) {
      const float size = static_cast<float>(rng.uniform(7.5, 10.5));
      const Thing t{rng.uniform_int(kinds()), own() ? 0 : rng.uniform_int(std::ssize(paints)),
                    static_cast<float>(rng.uniform(size + 1, side - size - 1)),
                    static_cast<float>(rng.uniform(size + 1, side - size - 1)), size};
      const bool free = std::all_of(s.things.begin(), s.things.end(), [&](const Thing& o) {
        return std::max(std::fabs(t.x - o.x), std::fabs(t.y - o.y)) > t.size + o.size &&
               std::fabs(t.x - o.x) > 5 &&
               std::fabs(std::fabs(t.x - o.x) - std::fabs(t.y - o.y)) > 4;
      });
      if (free)
        s.things.push_back(t);
      else if (rng.bernoulli(0.05))
        s.things.clear();
    }
    std::sort(s.things.begin(), s.things.end(),
              [](const Thing& a, const Thing& b) { return a.x < b.x; });
    paint(s, rng.split(1));
    tell(s);
    return s;
  }

 private:
  Index number(const std::string& word) const {
    return std::find(words_.begin(), words_.end(), word) - words_.begin();
  }

  void tell(Scene& s) const {
    const auto say = [&](Index word, Index owner = -1) {
      s.words.push_back(word), s.owner.push_back(owner);
    };
    for (Index i = 0; i < std::ssize(s.things); ++i) {
      const Thing& t = s.things[static_cast<std::size_t>(i)];
      if (i > 0 && std::ssize(s.things) == 3) say(number(i == 1 ? "," : "and"));
      if (i > 0 && std::ssize(s.things) == 2) {
        const Thing& first = s.things[0];
        if (t.x - first.x > std::fabs(t.y - first.y))
          say(number("left")), say(number("of"));
        else
          say(number(first.y < t.y ? "above" : "below"));
      }
      const std::string& next = word(own() ? first_noun_ + t.kind : first_paint_ + t.paint);
      say(number(std::string("aeiou").find(next[0]) == std::string::npos ? "a" : "an"));
      if (!own()) say(first_paint_ + t.paint);
      say(first_noun_ + t.kind, i);
    }
  }

  void paint(Scene& s, Random rng) const {
    s.image = Tensor<float>(Shape{3, side, side});
    const Color a = oklch(rng.uniform(0.8, 0.98), rng.uniform(0, 0.03), rng.uniform(0, 360)),
                b = oklch(rng.uniform(0.8, 0.98), rng.uniform(0, 0.03), rng.uniform(0, 360));
    const double turn = rng.uniform(0, 6.28);
    Canvas canvas(side, side, a);
    for (Index y = 0; y < side; ++y)
      for (Index x = 0; x < side; ++x)
        canvas.blend(
            x, y, b,
            static_cast<float>(0.5 + (static_cast<double>(x) / side - 0.5) * std::cos(turn) +
                               (static_cast<double>(y) / side - 0.5) * std::sin(turn)));
    for (Index n = rng.uniform_int(5); n > 0; --n) {  // lines and spots that are not objects
      const auto at = [&] {
        return Spot{static_cast<float>(rng.uniform(0, side)),
                    static_cast<float>(rng.uniform(0, side))};
      };
      const Color c = oklch(rng.uniform(0.6, 0.9), 0.02, rng.uniform(0, 360));
      if (rng.bernoulli(0.5))
        canvas.line(at(), at(), c, static_cast<float>(rng.uniform(0.6, 1.6)), 0.5f);
      else
        canvas.disk(at(), static_cast<float>(rng.uniform(1, 3)), c, 0.5f);
    }
    for (const Thing& t : s.things) {
      if (own()) {
        stick(canvas, t);
        continue;
      }
      const Paint& p = paints[static_cast<std::size_t>(t.paint)];
      const Color c = oklch(p.lightness + rng.uniform(-0.04, 0.04),
                            p.chroma * rng.uniform(0.85, 1.05), p.hue + rng.uniform(-7, 7));
      const double lean = rng.uniform(-0.2, 0.2);
      const float cs = static_cast<float>(std::cos(lean)), sn = static_cast<float>(std::sin(lean));
      const auto inside = shapes[static_cast<std::size_t>(t.kind)].inside;
      for (Index y = static_cast<Index>(t.y - t.size * 1.3f);
           y <= static_cast<Index>(t.y + t.size * 1.3f); ++y)
        for (Index x = static_cast<Index>(t.x - t.size * 1.3f);
             x <= static_cast<Index>(t.x + t.size * 1.3f); ++x) {
          int hits = 0;
          for (int k = 0; k < 9; ++k) {
            const float u =
                (static_cast<float>(x) + (static_cast<float>(k % 3) + 0.5f) / 3 - t.x) / t.size;
            const float v =
                (static_cast<float>(y) + (static_cast<float>(k / 3) + 0.5f) / 3 - t.y) / t.size;
            hits += inside(cs * u + sn * v, cs * v - sn * u);
          }
          if (hits > 0) canvas.blend(x, y, c, static_cast<float>(hits) / 9);
        }
    }
    s.image.copy_from(canvas.image());
    const float noise = static_cast<float>(rng.uniform(0, 0.05));
    for (float& v : s.image.span()) v += noise * static_cast<float>(rng.uniform(-1, 1));
  }

  /// White pixels leave the background unchanged.
  void stick(Canvas& canvas, const Thing& t) const {
    Canvas card(side, side, {1, 1, 1});
    card.image(t.x - t.size, t.y - t.size, 2 * t.size, 2 * t.size,
               stickers_.images[static_cast<std::size_t>(t.kind)]);
    for (Index y = 0; y < side; ++y)
      for (Index x = 0; x < side; ++x) {
        const Color c = card.at(x, y), under = canvas.at(x, y);
        canvas.blend(x, y, {c.r * under.r, c.g * under.g, c.b * under.b}, 1);
      }
  }

  Stickers stickers_;
  std::vector<std::string> words_;
  Index first_paint_ = 0, first_noun_ = 0;
};

Stickers load_stickers(const std::string& folder) {
  Stickers s;
  if (folder.empty()) return s;
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    if (entry.path().extension() == ".png") files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  for (const auto& file : files) {
    std::string name = file.stem().string();
    std::replace(name.begin(), name.end(), ' ', '-');
    s.names.push_back(name), s.images.push_back(read_image(file.string(), 3));
  }
  if (s.names.size() < 2)
    fail<IoError>("objects", "'", folder, "' contains fewer than two PNG files");
  return s;
}

/// Numbers around zero, for the convolutions.
Variable<float> batch_of(const std::vector<Scene>& scenes, std::size_t begin, std::size_t end) {
  Tensor<float> x({static_cast<Index>(end - begin), 3, side, side});
  for (std::size_t i = begin; i < end; ++i)
    x.select(0, static_cast<Index>(i - begin)).copy_from(scenes[i].image);
  for (float& v : x.span()) v = (v - 0.75f) * 4;
  return constant(x);
}

struct Result {
  double exact = 0, inside = 0;  // shares
};

/// The attention of a noun is inside if the center of its strongest position is in the square of its
/// object.
Result test_on(ImageCaptioner<float>& model, const World& world, const std::vector<Scene>& test,
               Index shown) {
  Index right = 0, nouns = 0, inside = 0;
  for (std::size_t at = 0; at < test.size(); at += 50) {
    const std::size_t end = std::min(at + 50, test.size());
    const auto readings = model.read(batch_of(test, at, end), {.max_length = 16});
    for (std::size_t i = at; i < end; ++i) {
      const auto& r = readings[i - at];
      const Scene& s = test[i];
      if (r.symbols != s.words) {
        if (shown-- > 0)
          std::printf("  %-48s should be %s\n", world.sentence(r.symbols).c_str(),
                      world.sentence(s.words).c_str());
        continue;
      }
      ++right;
      for (std::size_t t = 0; t < s.words.size(); ++t) {
        if (s.owner[t] < 0) continue;
        const Thing& thing = s.things[static_cast<std::size_t>(s.owner[t])];
        const float* row = r.attention.data() + static_cast<Index>(t) * positions * positions;
        const Index peak = std::max_element(row, row + positions * positions) - row;
        constexpr float step = static_cast<float>(side) / positions;
        const float x = (static_cast<float>(peak % positions) + 0.5f) * step,
                    y = (static_cast<float>(peak / positions) + 0.5f) * step;
        ++nouns, inside += std::max(std::fabs(x - thing.x), std::fabs(y - thing.y)) <= thing.size;
      }
    }
  }
  return {static_cast<double>(right) / static_cast<double>(test.size()),
          nouns > 0 ? static_cast<double>(inside) / static_cast<double>(nouns) : 0};
}

/// Draws the scene, then once more for each word, dark where the attention is low.
void draw_attention_maps(const std::string& file, const World& world, const Scene& s,
                         const SequenceReading<float>& r) {
  const float tile = 132, gap = 10;
  const Index panels = std::ssize(r.symbols) + 1, across = std::min<Index>(panels, 6),
              down = (panels + across - 1) / across;
  Canvas canvas(static_cast<Index>(gap + static_cast<float>(across) * (tile + gap)),
                static_cast<Index>(gap + static_cast<float>(down) * (tile + 34)));
  for (Index p = 0; p < panels; ++p) {
    const float x = gap + static_cast<float>(p % across) * (tile + gap),
                y = gap + static_cast<float>(p / across) * (tile + 34);
    canvas.image(x, y, tile, tile, s.image);
    if (p > 0) {
      const Index t = p - 1;
      float most = 1e-6f;
      for (Index i = 0; i < positions * positions; ++i) most = std::max(most, r.attention(t, i));
      Tensor<float> map({positions, positions});
      for (Index i = 0; i < positions * positions; ++i) map.data()[i] = r.attention(t, i) / most;
      Canvas light(static_cast<Index>(tile), static_cast<Index>(tile), {0, 0, 0});
      light.image(0, 0, tile, tile, map);
      for (Index j = 0; j < light.height(); ++j)
        for (Index i = 0; i < light.width(); ++i)
          canvas.blend(static_cast<Index>(x) + i, static_cast<Index>(y) + j, rgb(0x101522),
                       0.8f * (1 - light.at(i, j).r));
    }
    canvas.frame(x - 1, y - 1, x + tile + 1, y + tile + 1, 1, ink::line);
    canvas.text(
        {x + tile / 2, y + tile + 19},
        p == 0 ? std::string("the scene") : world.word(r.symbols[static_cast<std::size_t>(p - 1)]),
        10, p == 0 ? ink::quiet : ink::text, Align::center);
  }
  write_png(file, canvas.image());
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app(
      "Trains a model that describes the objects in an image, and shows the attention of every "
      "word.",
      "describe_scene");
  LoopOptions loop{
      .steps = 3500, .learning_rate = 3e-3, .warmup_fraction = 0.15, .check_every = 500};
  std::string objects, out;
  Index batch = 32, tests = 500;
  double coverage = 1e-4, dropout = 0.3, state_dropout = 0.5;
  int threads = 0;
  std::uint64_t seed = 1;
  app.add_option("--objects", objects,
                 "folder of PNG files to use as objects; the file name is the name of the object")
      ->check(CLI::ExistingDirectory);
  app.add_option("--steps", loop.steps, "training steps")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  app.add_option("--minutes", loop.minutes, "wall-clock budget in minutes, instead of --steps")
      ->check(CLI::PositiveNumber);
  app.add_option("--batch", batch, "scenes per step")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  app.add_option("--tests", tests, "number of unseen scenes in the test")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  app.add_option("--learning-rate", loop.learning_rate, "peak learning rate")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  app.add_option("--coverage", coverage, "weight of the doubly stochastic penalty")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  app.add_option(
         "--state-dropout", state_dropout,
         "probability that a word is predicted only from its own attention step, without the state")
      ->check(CLI::Range(0.0, 0.9))
      ->capture_default_str();
  app.add_option("--dropout", dropout, "dropout of state and glimpse before the output layer")
      ->check(CLI::Range(0.0, 0.9))
      ->capture_default_str();
  app.add_option("--weights", loop.checkpoint, "file for the weights; --resume continues from it");
  app.add_flag("--resume", loop.resume, "continue from --weights");
  app.add_option("--out", out,
                 "image of one scene with an attention map for each word to write, PNG");
  app.add_option("--threads", threads, "number of threads (default: all cores)")
      ->check(CLI::PositiveNumber);
  app.add_option("--seed", seed, "seed of weights and scenes")->capture_default_str();
  return run_program(app, argc, argv, [&] {
    if (threads > 0) set_num_threads(threads);
    const World world(load_stickers(objects));
    Random rng(seed);
    // The receptive field is 14 of 56 pixels, about one object, so the model must attend to an object
    // to name it.
    ImageCaptioner<float> model(
        {.layers = {{16, 3, {2, 2}}, {32}, {48, 3, {2, 2}}, {64, 1}, {64, 1}},
         .symbols = world.vocabulary(),
         .decoder = 96,
         .dropout = dropout,
         .state_dropout = state_dropout},
        rng);
    std::printf("%td parameters, %td objects, %td words\n", count_parameters(model), world.kinds(),
                world.vocabulary());
    std::vector<Scene> test, few;
    for (Index i = 0; i < tests; ++i)
      test.push_back(world.draw(Random(1000003, static_cast<std::uint64_t>(i))));
    few.assign(test.begin(), test.begin() + std::min<Index>(100, tests));
    const LoopResult result = train_loop(
        model, loop,
        [&](Index step) {
          std::vector<Scene> scenes;
          std::vector<std::vector<Index>> labels;
          for (Index i = 0; i < batch; ++i) {
            scenes.push_back(
                world.draw(Random(seed, static_cast<std::uint64_t>(step * batch + i) + 1)));
            labels.push_back(scenes.back().words);
          }
          return model.loss(batch_of(scenes, 0, scenes.size()), labels, {.coverage = coverage});
        },
        [&](Index step) {
          const Result r = test_on(model, world, few, 0);
          std::printf(
              "step %td: %.1f %% of %zu unseen scenes exact, attention of nouns inside %.1f %%\n",
              step, 100 * r.exact, few.size(), 100 * r.inside);
          std::fflush(stdout);
        });
    std::printf("%s\n", result.text().c_str());
    const Result r = test_on(model, world, test, 5);
    std::printf(
        "%.1f %% of %zu unseen scenes described exactly; %.1f %% of their nouns attend to their "
        "object\n",
        100 * r.exact, test.size(), 100 * r.inside);
    if (out.empty()) return 0;
    std::size_t best = 0;
    while (best + 1 < test.size() && test[best].words.size() < 11) ++best;
    const auto reading = model.read(batch_of(test, best, best + 1), {.max_length = 16}).front();
    draw_attention_maps(out, world, test[best], reading);
    std::printf("%s: %s\n", out.c_str(), world.sentence(reading.symbols).c_str());
    return 0;
  });
}
