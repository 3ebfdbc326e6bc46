// spell_to_sound: learns the pronunciation of English words from their spelling. The model is the
// encoder-decoder of translate_dates with two layers of bidirectional GRUs. The data are the CMU
// Pronouncing Dictionary.
//
//   k n o w l e d g e   -->   N AA L AH JH
//
// Stress marks are dropped, as in the published comparisons. 39 sounds remain. A hash of its letters
// decides if a word is held out; one word in twenty is, with all its pronunciations. A word is correct
// if the prediction equals one of its pronunciations. The phoneme error is the edit distance to the
// nearest pronunciation, divided by the number of its sounds.
//
// The dictionary is `cmudict.dict` (--dictionary FILE), or that of Debian's package festlex-cmu.
//
//   spell_to_sound --dictionary cmudict.dict --weights sounds.safetensors --out sounds.png
//
// docs/models.md has the error rates with a beam of 4. Greedy decoding of the same model: 25.2 % of the
// words and 6.0 % of the phonemes are wrong. Published attention models: about 22 to 25 % and 5 to
// 5.5 %.
#include <algorithm>
#include <cctype>
#include <cstdio>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include <glimpse/io/image.hpp>
#include <glimpse/models/seq2seq.hpp>
#include <glimpse/text/metrics.hpp>
#include <glimpse/train/train_loop.hpp>
#include <glimpse/viz/alignment.hpp>

#include "program.hpp"

using namespace glimpse;

namespace {

using Symbols = std::vector<Index>;

const std::vector<std::string> sounds = {"AA", "AE", "AH", "AO", "AW", "AY", "B",  "CH", "D",  "DH",
                                         "EH", "ER", "EY", "F",  "G",  "HH", "IH", "IY", "JH", "K",
                                         "L",  "M",  "N",  "NG", "OW", "OY", "P",  "R",  "S",  "SH",
                                         "T",  "TH", "UH", "UW", "V",  "W",  "Y",  "Z",  "ZH"};

/// Words, each with all its pronunciations.
using Dictionary = std::map<std::string, std::vector<Symbols>>;

/// The number of a sound, without its stress mark; -1 for anything else.
Index sound_number(std::string name) {
  for (char& c : name) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  while (!name.empty() && std::isdigit(static_cast<unsigned char>(name.back()))) name.pop_back();
  if (name == "AX") name = "AH";  // festlex-cmu has a separate symbol for the weak vowel
  const auto at = std::find(sounds.begin(), sounds.end(), name);
  return at == sounds.end() ? -1 : at - sounds.begin();
}

void enter(Dictionary& d, std::string word, const std::vector<std::string>& names) {
  for (char& c : word) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  Symbols said;
  for (const std::string& name : names) said.push_back(sound_number(name));
  const bool letters = std::all_of(word.begin(), word.end(),
                                   [](char c) { return (c >= 'a' && c <= 'z') || c == '\''; });
  if (word.empty() || !letters || said.empty() || *std::min_element(said.begin(), said.end()) < 0)
    return;
  auto& ways = d[word];
  if (std::find(ways.begin(), ways.end(), said) == ways.end()) ways.push_back(said);
}

std::vector<std::string> words_of(const std::string& line) {
  std::vector<std::string> words;
  std::string word;
  for (const char c : line + " ")
    if (std::isspace(static_cast<unsigned char>(c)) || c == '(' || c == ')' || c == '"') {
      if (!word.empty()) words.push_back(word);
      word.clear();
    } else {
      word += c;
    }
  return words;
}

/// Lines `word(2) S OW1 N D Z # note`, or Festival's `("word" nil (((s ow) 1) ((n d) 0)))`.
Dictionary read_dictionary(const std::string& path) {
  const std::string file = read_file(path);
  Dictionary d;
  for (std::size_t at = 0; at < file.size();) {
    const std::size_t end = std::min(file.find('\n', at), file.size());
    std::string line = file.substr(at, end - at);
    at = end + 1;
    if (line.empty() || line[0] == ';') continue;
    line = line.substr(0, line.find(" #"));
    const bool festival = line[0] == '(';
    std::vector<std::string> parts = words_of(line);
    if (parts.size() < 2) continue;
    const std::string word = parts[0].substr(0, parts[0].find('('));
    parts.erase(parts.begin());
    if (festival && !parts.empty()) parts.erase(parts.begin());  // part of speech
    if (!festival && std::isdigit(static_cast<unsigned char>(parts[0][0])))
      parts.erase(parts.begin());  // the 2 of word(2)
    if (festival)
      std::erase_if(parts, [](const std::string& p) {
        return std::isdigit(static_cast<unsigned char>(p[0]));
      });
    enter(d, word, parts);
  }
  if (d.size() < 1000)
    fail<IoError>("dictionary", "'", path, "' contains ", d.size(), " words with known sounds");
  return d;
}

/// The given file, or that of festlex-cmu.
std::string dictionary_path(const std::string& named) {
  if (!named.empty()) return named;
  for (const char* path : {"cmudict.dict", "/usr/share/festival/dicts/cmu/cmudict-0.4.out",
                           "/usr/share/festival/dicts/cmu/cmudict-0.4.scm"})
    if (std::filesystem::exists(path)) return path;
  fail<IoError>("dictionary",
                "not found; give cmudict.dict with --dictionary, or install Debian's festlex-cmu");
}

Symbols letters(const std::string& word) {
  Symbols s;
  for (const char c : word) s.push_back(c == '\'' ? 26 : c - 'a');
  return s;
}

std::string spoken(const Symbols& s) {
  std::string text;
  for (const Index i : s) text += (text.empty() ? "" : " ") + sounds[static_cast<std::size_t>(i)];
  return text;
}

/// FNV-1a, so that the same words are held out on every machine.
bool held_out(const std::string& word) {
  std::uint64_t h = 14695981039346656037ull;
  for (const char c : word) h = (h ^ static_cast<unsigned char>(c)) * 1099511628211ull;
  return (h >> 32) % 20 == 0;
}

struct Lesson {
  std::string word;
  Symbols from, to;
};

struct Errors {
  double words = 0, phonemes = 0;  // shares
};

Errors test_on(Seq2Seq<float>& model,
               const std::vector<std::pair<std::string, const std::vector<Symbols>*>>& test,
               Index width, Index shown) {
  Index wrong = 0, edits = 0, length = 0;
  for (std::size_t at = 0; at < test.size(); at += 128) {
    const std::size_t count = std::min<std::size_t>(128, test.size() - at);
    std::vector<Symbols> from;
    for (std::size_t i = 0; i < count; ++i) from.push_back(letters(test[at + i].first));
    const auto readings =
        model.read(from, {.width = width, .max_length = 30, .length_power = width > 1 ? 0.6 : 0.0});
    for (std::size_t i = 0; i < count; ++i) {
      const auto& ways = *test[at + i].second;
      Index best = 1000, sounds_of_best = 0;
      for (const Symbols& way : ways)
        if (const Index e = edit_distance(readings[i].symbols, way); e < best)
          best = e, sounds_of_best = std::ssize(way);
      wrong += best > 0, edits += best, length += sounds_of_best;
      if (best > 0 && shown-- > 0)
        std::printf("  %-16s %-34s should be %s\n", test[at + i].first.c_str(),
                    spoken(readings[i].symbols).c_str(), spoken(ways[0]).c_str());
    }
  }
  return {static_cast<double>(wrong) / static_cast<double>(test.size()),
          static_cast<double>(edits) / static_cast<double>(length)};
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app(
      "Trains a model that predicts the pronunciation of English words from their spelling.",
      "spell_to_sound");
  LoopOptions loop{.steps = 24000, .learning_rate = 2e-3, .check_every = 2000};
  std::string dictionary, out, word = "knowledge";
  Index batch = 64, beam = 4, words = 0;
  double dropout = 0.1, smoothing = 0.05, sampling = 0;
  int threads = 0;
  std::uint64_t seed = 1;
  app.add_option("--dictionary", dictionary,
                 "cmudict.dict, or a dictionary of Festival (default: that of festlex-cmu)");
  app.add_option("--steps", loop.steps, "training steps")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  app.add_option("--minutes", loop.minutes, "wall-clock budget in minutes, instead of --steps")
      ->check(CLI::PositiveNumber);
  app.add_option("--batch", batch, "words per step")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  app.add_option("--learning-rate", loop.learning_rate, "peak learning rate")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  app.add_option("--dropout", dropout, "dropout between layers and before the output layer")
      ->check(CLI::Range(0.0, 0.9))
      ->capture_default_str();
  app.add_option("--label-smoothing", smoothing,
                 "label smoothing: probability spread over all sounds")
      ->check(CLI::Range(0.0, 0.5))
      ->capture_default_str();
  app.add_option("--sampling", sampling,
                 "scheduled sampling: probability that the input is the model's own last sound")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  app.add_option("--words", words, "number of training words (0: all)")
      ->check(CLI::NonNegativeNumber);
  app.add_option("--beam", beam, "beam width of the final test")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  app.add_option("--weights", loop.checkpoint, "file for the weights; --resume continues from it");
  app.add_flag("--resume", loop.resume, "continue from --weights");
  app.add_option("--word", word, "word to show in the image")->capture_default_str();
  app.add_option("--out", out, "image of the attention weights to write, PNG");
  app.add_option("--threads", threads, "number of threads (default: all cores)")
      ->check(CLI::PositiveNumber);
  app.add_option("--seed", seed, "seed of weights and order")->capture_default_str();
  return run_program(app, argc, argv, [&] {
    if (threads > 0) set_num_threads(threads);
    if (word.empty() || word.find_first_not_of("abcdefghijklmnopqrstuvwxyz'") != word.npos)
      fail("--word", "expected letters a to z and '");
    const Dictionary d = read_dictionary(dictionary_path(dictionary));
    std::vector<Lesson> lessons;
    std::vector<std::pair<std::string, const std::vector<Symbols>*>> test;
    for (const auto& [w, ways] : d) {
      if (held_out(w)) {
        test.emplace_back(w, &ways);
      } else {
        for (const Symbols& way : ways) lessons.push_back({w, letters(w), way});
      }
    }
    // Each pass has its own order: shuffled, then sorted by length within blocks, so that the words
    // of a batch have similar lengths.
    if (words > 0 && words < std::ssize(lessons)) {
      Random pick(3);
      for (Index i = 0; i < words; ++i)
        std::swap(lessons[static_cast<std::size_t>(i)],
                  lessons[static_cast<std::size_t>(i + pick.uniform_int(std::ssize(lessons) - i))]);
      lessons.resize(static_cast<std::size_t>(words));
    }
    const Index a_pass = std::max<Index>(1, std::ssize(lessons) / batch);
    std::vector<std::size_t> order(lessons.size());
    Index pass = -1;
    const auto batch_of = [&](Index step) {
      if (step / a_pass != pass) {
        pass = step / a_pass;
        Random rng(seed, static_cast<std::uint64_t>(pass) + 1);
        for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
        const auto shuffle = [&](auto begin, Index n) {
          for (Index i = n - 1; i > 0; --i) std::swap(begin[i], begin[rng.uniform_int(i + 1)]);
        };
        shuffle(order.begin(), std::ssize(order));
        const auto shorter = [&](std::size_t a, std::size_t b) {
          return std::pair(lessons[a].from.size(), lessons[a].to.size()) <
                 std::pair(lessons[b].from.size(), lessons[b].to.size());
        };
        const Index stretch = 64 * batch;
        for (Index at = 0; at < std::ssize(order); at += stretch)
          std::sort(order.begin() + at, order.begin() + std::min(at + stretch, std::ssize(order)),
                    shorter);
        std::vector<std::size_t> turn(static_cast<std::size_t>(a_pass)), sorted = order;
        for (std::size_t i = 0; i < turn.size(); ++i) turn[i] = i;
        shuffle(turn.begin(), a_pass);
        for (std::size_t b = 0; b < turn.size(); ++b)
          std::copy_n(sorted.begin() + static_cast<Index>(turn[b]) * batch,
                      std::min<Index>(batch, std::ssize(order)),
                      order.begin() + static_cast<Index>(b) * batch);
      }
      std::pair<std::vector<Symbols>, std::vector<Symbols>> chosen;
      for (Index i = 0; i < std::min<Index>(batch, std::ssize(order)); ++i) {
        const Lesson& lesson = lessons[order[static_cast<std::size_t>(step % a_pass * batch + i)]];
        chosen.first.push_back(lesson.from), chosen.second.push_back(lesson.to);
      }
      return chosen;
    };

    Random rng(seed);
    Seq2Seq<float> model({.from = 27,
                          .to = std::ssize(sounds),
                          .embedding = 48,
                          .encoder = 128,
                          .layers = 2,
                          .decoder = 256,
                          .attention = 96,
                          .dropout = dropout},
                         rng);
    std::printf(
        "%zu training pronunciations, %zu held-out words; %td parameters, %td steps per pass\n",
        lessons.size(), test.size(), count_parameters(model), a_pass);
    std::fflush(stdout);
    std::vector<std::pair<std::string, const std::vector<Symbols>*>> some;
    for (std::size_t i = 0; i < test.size(); i += 8) some.push_back(test[i]);
    Random sampler(seed, 77);
    const LoopResult result = train_loop(
        model, loop,
        [&](Index step) {
          const auto [from, to] = batch_of(step);
          return model.loss(
              from, to, {.label_smoothing = smoothing, .sampling = sampling, .random = &sampler});
        },
        [&](Index step) {
          const Errors e = test_on(model, some, 1, 0);
          std::printf(
              "step %td: %.2f %% of held-out words wrong, %.2f %% of phonemes (an eighth of them, "
              "greedy)\n",
              step, 100 * e.words, 100 * e.phonemes);
          std::fflush(stdout);
        });
    std::printf("%s\n", result.text().c_str());
    const Errors greedy = test_on(model, test, 1, 8), searched = test_on(model, test, beam, 0);
    std::printf("all %zu held-out words, greedy: word error %.2f %%, phoneme error %.2f %%\n",
                test.size(), 100 * greedy.words, 100 * greedy.phonemes);
    std::printf("beam of %td: word error %.2f %%, phoneme error %.2f %%\n", beam,
                100 * searched.words, 100 * searched.phonemes);
    if (out.empty()) return 0;
    const std::vector<Symbols> one{letters(word)};
    const auto reading = model.read(one, {.width = beam, .max_length = 30}).front();
    AlignmentView view{.title = word + "  -->  " + spoken(reading.symbols),
                       .attention = reading.attention};
    for (const char c : word) view.from.emplace_back(1, c);
    for (const Index s : reading.symbols) view.to.push_back(sounds[static_cast<std::size_t>(s)]);
    view.to.push_back("end");
    write_png(out, draw(view, 30));
    std::printf("%s: %s\n", out.c_str(), view.title.c_str());
    return 0;
  });
}
