// lexicon: the time to choose a word from a lexicon, by the lexicon's size and the mode.
//
//   bench_lexicon [words.txt] [weights of RARE] [images]       on one thread; rows of tabs:
//
//   model, mode, words, ms a word (from the frames, median), % right, ms to build the lexicon
//
// crnn: 26 random frames for each word of the lexicon: a true symbol or a blank has most of its
// frame's probability, one frame in six is noise. rare: the encoder's frames of the images, whose
// names end in their words (the true words are added to each lexicon). Without words.txt, words are
// generated.
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

#include <glimpse/data/load_image.hpp>
#include <glimpse/models/read.hpp>
#include <glimpse/text/read_lexicon.hpp>
#include <glimpse/train/model_file.hpp>

#include "../timing.hpp"

using namespace glimpse;

namespace {

using bench::median, bench::now;

std::vector<std::string> made_up_words(Index count) {
  const std::string vowels = "aeiou", consonants = "bcdfghklmnprstvw";
  Random random(1);
  std::vector<std::string> words;
  for (Index i = 0; i < count; ++i) {
    std::string word;
    for (Index n = 2 + random.uniform_int(5); n > 0; --n) {
      word += consonants[static_cast<std::size_t>(random.uniform_int(16))];
      word += vowels[static_cast<std::size_t>(random.uniform_int(5))];
      if (random.bernoulli(0.4))
        word += consonants[static_cast<std::size_t>(random.uniform_int(16))];
    }
    words.push_back(word);
  }
  return words;
}

/// Scores (26, 1, symbols) of a word whose letters are evenly spaced among blanks.
Tensor<float> drawn_frames(const std::vector<Index>& word, Index symbols, Random& random) {
  constexpr Index frames = 26;
  Tensor<float> scores({frames, 1, symbols});
  for (float& v : scores.span()) v = static_cast<float>(random.normal(0, 1));
  for (Index t = 0; t < frames; ++t) {
    const Index place = t * (2 * std::ssize(word) + 1) / frames;
    const Index symbol = place % 2 ? word[static_cast<std::size_t>(place / 2)] : symbols - 1;
    if (random.bernoulli(5.0 / 6)) scores(t, 0, symbol) += 7;
  }
  return scores;
}

struct Words {
  std::vector<std::string> list;  // in a random order with a fixed seed

  Lexicon first(Index count, const std::vector<std::string>& truths, const Charset& charset) const {
    std::vector<std::string> some = truths;
    const std::size_t rest = static_cast<std::size_t>(count) - std::min(some.size(), list.size());
    some.insert(some.end(), list.begin(),
                list.begin() + static_cast<std::ptrdiff_t>(std::min(rest, list.size())));
    return Lexicon(some, charset);
  }
};

void row(const char* model, LexiconMode mode, const Lexicon& lexicon, double build, double ms,
         double right) {
  const char* name = mode == LexiconMode::posterior ? "posterior"
                     : mode == LexiconMode::edit    ? "edit"
                                                    : "tree";
  std::printf("%s\t%s\t%lld\t%.3f\t%.1f\t%.1f\n", model, name,
              static_cast<long long>(lexicon.size()), ms, 100 * right, build);
  std::fflush(stdout);
}

constexpr LexiconMode modes[] = {LexiconMode::posterior, LexiconMode::edit, LexiconMode::tree};

void crnn_rows(const Words& words, const std::vector<Index>& sizes) {
  Random random(2);
  ReaderConfig config = crnn_config("compact");
  Crnn<float> model(config, random);
  for (const Index size : sizes) {
    const double start = now();
    const Lexicon lexicon = words.first(size, {}, model.charset);
    const double build = now() - start;
    for (const LexiconMode mode : modes) {
      Random draw(3);
      std::vector<double> times;
      Index right = 0;
      for (int i = 0; i < 40; ++i) {
        Index truth = draw.uniform_int(lexicon.size());
        while (std::ssize(lexicon.symbols(truth)) > 12) truth = draw.uniform_int(lexicon.size());
        const auto scores =
            constant(drawn_frames(lexicon.symbols(truth), model.config.symbols(), draw));
        Reading reading;
        Reading* const to[] = {&reading};
        const Lexicon* const from[] = {&lexicon};
        const double t0 = now();
        CtcWordDecoder<float>(model, scores).spell(to, from, {.lexicon_mode = mode});
        times.push_back(now() - t0);
        right += reading.text == lexicon.word(truth);
      }
      row("crnn", mode, lexicon, build, median(times), static_cast<double>(right) / 40);
    }
  }
}

void rare_rows(const Words& words, const std::vector<Index>& sizes, const std::string& weights,
               const std::string& folder) {
  Reader<float> reader = load_reader(weights, "rare");
  Rare<float>& model = std::get<Rare<float>>(reader.model);
  std::vector<std::string> truths;
  std::vector<Variable<float>> frames;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const std::string stem = entry.path().stem().string();
    truths.push_back(model.charset.fit(stem.substr(stem.find('_') + 1)));
    const GrayImage image = load_image(entry.path().string());
    const Index width = rectified_width(model.config, text_line_size(image));
    const auto seen = detail::sampler_image(model.config, standardized<float>(image), width);
    frames.push_back(model.recognizer.encoder(model.rectify(constant(seen), width).image).detach());
  }
  for (const Index size : sizes) {
    const double start = now();
    const Lexicon lexicon = words.first(size, truths, model.charset);
    const double build = now() - start;
    for (const LexiconMode mode : modes) {
      std::vector<double> times;
      Index right = 0;
      for (int round = 0; round < 3; ++round)
        for (std::size_t i = 0; i < truths.size(); ++i) {
          Reading reading;
          Reading* const to[] = {&reading};
          const Lexicon* const from[] = {&lexicon};
          const double t0 = now();
          AttentionWordDecoder<float>(model, frames[i]).spell(to, from, {.lexicon_mode = mode});
          if (round > 0) times.push_back(now() - t0);
          right += round > 0 && reading.text == truths[i];
        }
      row("rare", mode, lexicon, build, median(times),
          static_cast<double>(right) / static_cast<double>(times.size()));
    }
  }
}

}  // namespace

int main(int argc, char** argv) try {
  const ThreadScope one(1);
  const NoGrad no_grad;
  Words words;
  if (argc > 1) {
    words.list = read_lexicon(argv[1], Charset()).words();
  } else {
    words.list = made_up_words(100000);
  }
  Random random(9);
  for (std::size_t i = words.list.size(); i > 1; --i)
    std::swap(words.list[i - 1],
              words.list[static_cast<std::size_t>(random.uniform_int(static_cast<Index>(i)))]);
  std::vector<Index> sizes{50, 1000, 10000, 88172};
  std::printf("model\tmode\twords\tms a word\t%% right\tms to build\n");
  crnn_rows(words, sizes);
  if (argc > 3) rare_rows(words, sizes, argv[2], argv[3]);
} catch (const std::exception& e) {
  std::fprintf(stderr, "lexicon: %s\n", e.what());
  return 1;
}
