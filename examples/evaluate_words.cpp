// evaluate_words: measures the accuracy of a reader on data sets of labeled images.
//
//   evaluate_words --weights weights.safetensors DATA...     DATA: a folder with labels.tsv, gt.txt,
//                                                            labels.csv or labels.jsonl, such a
//                                                            list, or an LMDB file
//   evaluate_words --image-lexicons DATA...                  each image has its own lexicon, from
//                                                            lexicon.tsv or from the LMDB file
//   evaluate_words --lexicon words.txt --among 50 DIR...     the word of the image among 49 others
//                                                            of the list, as in the benchmarks
//   evaluate_words --errors page DIR...                      page/index.html: the errors, and
//                                                            page/reliability.png: accuracy against
//                                                            confidence
//
//   evaluate_words --score all DIR...                        three accuracies: lower36 (lower case, a-z
//                                                            and 0-9, the field's protocol), alnum62
//                                                            (case counts), exact (punctuation, too)
//
// A word is correct if all characters that count are equal. 1-NED is one minus the normalized edit
// distance, so it gives credit for partly correct words.
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <optional>
#include <set>
#include <utility>

#include <glimpse/train/evaluate.hpp>
#include <glimpse/train/model_file.hpp>
#include <glimpse/viz/error_page.hpp>
#include <glimpse/viz/reliability.hpp>
#include <glimpse/viz/view_of.hpp>

#include "program.hpp"
#include "reading_options.hpp"

using namespace glimpse;

namespace {

/// Collects the data of the error page, and writes the page.
struct Findings {
  static constexpr std::size_t shown = 400;  // errors with an image on the page
  std::vector<ReadingError> errors;
  std::set<std::pair<double, std::size_t>> surest;  // (-confidence, number) of these
  Confusion confusion;
  std::vector<ScoredPrediction> predictions_scored;
  Protocol protocol = Protocol::lower36;

  void add(const LabeledFile& file, const GrayImage& image, const Reading& reading) {
    const bool right = normalize(reading.text, protocol) == normalize(file.label, protocol);
    predictions_scored.push_back({reading.confidence, right});
    confusion.add(reading.text, file.label);
    if (right) return;
    errors.push_back({file.path, view_of(image, reading)});
    errors.back().view.truth = file.label;
    surest.emplace(-reading.confidence, errors.size() - 1);
    if (surest.size() <= shown) return;
    ReadingView& out = errors[std::prev(surest.end())->second].view;  // only counted from here on
    out = ReadingView{.confidence = out.confidence};
    surest.erase(std::prev(surest.end()));
  }

  /// Fits the exponent on every second word and measures it on the others.
  void write(const std::string& folder) {
    std::filesystem::create_directories(folder);
    const std::string page = folder + "/index.html", diagram = folder + "/reliability.png";
    write_file(page, error_page("Wrongly read words (" + std::string(name(protocol)) + ")",
                                std::move(errors), static_cast<Index>(predictions_scored.size()),
                                confusion, shown));
    std::vector<ScoredPrediction> fitted, judged;
    for (std::size_t i = 0; i < predictions_scored.size(); ++i)
      (i % 2 ? fitted : judged).push_back(predictions_scored[i]);
    const double temperature = fit_temperature(fitted), before = calibration_error(judged);
    write_png(diagram, draw_reliability(judged, temperature));
    for (ScoredPrediction& t : judged) t.confidence = std::pow(t.confidence, temperature);
    std::printf("confidence: calibration error %.3f, and %.3f as confidence^%.2f\n%s, %s\n", before,
                calibration_error(judged), temperature, page.c_str(), diagram.c_str());
  }
};

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Measures the accuracy of a word reader on labeled images.", "evaluate_words");
  std::string weights = default_weights(), model_name, predictions, errors, score = "lower36";
  ReadingOptions reading;
  bool own_words = false;
  std::vector<std::string> folders;
  Index limit = 0, among = 0;
  std::uint64_t seed = 1;
  int threads = 0;
  app.add_option("--weights", weights, "weights file")->capture_default_str();
  app.add_option("--model", model_name, "expected model of the weights; another one is an error")
      ->check(CLI::IsMember({"rare", "srn", "crnn"}));
  reading.add_to(app);
  app.add_flag(
         "--image-lexicons", own_words,
         "use a separate lexicon for each image, from lexicon.tsv or the keys of the LMDB file")
      ->excludes("--lexicon");
  app.add_option("--among", among,
                 "number of words to choose from for each image: its own, and others of --lexicon")
      ->check(CLI::PositiveNumber)
      ->needs("--lexicon")
      ->excludes("--image-lexicons");
  app.add_option("--seed", seed, "seed of the random words of --among")->capture_default_str();
  app.add_option("--score", score,
                 "characters that count: lower36 (lower case, a-z and 0-9), alnum62 (case counts, "
                 "too), exact (every character), or all (all three)")
      ->check(CLI::IsMember({"lower36", "alnum62", "exact", "all"}))
      ->capture_default_str();
  app.add_option("--predictions", predictions,
                 "file to write: path, label, reading, confidence, tab-separated");
  app.add_option("--errors", errors, "folder for a page of the wrongly read words");
  app.add_option("--limit", limit, "most images of each data set, spread evenly");
  app.add_option("--threads", threads, "number of threads (default: all cores)")
      ->check(CLI::PositiveNumber);
  app.add_option("folders", folders, "folders, lists of labels or LMDB files")->required();

  return run_program(app, argc, argv, [&] {
    if (threads > 0) set_num_threads(threads);
    std::vector<std::shared_ptr<const WordDataset>> sets;
    for (const std::string& folder : folders) {  // report missing data sets before reading any
      sets.push_back(open_dataset(folder));
      for (const std::string& line : sets.back()->remarks())
        std::fprintf(stderr, "evaluate_words: %s\n", line.c_str());
      if (own_words) (void)sets.back()->lexicons();
    }
    Reader<float> model = load_reader(weights, model_name);
    reading.apply(app, model.charset());
    std::ofstream out;
    if (!predictions.empty()) {
      out.open(predictions);
      if (!out) fail<IoError>("--predictions", "cannot write ", predictions);
    }
    const bool all = score == "all";
    const Protocol protocol = all ? Protocol::exact : protocol_named(score);
    std::printf("%-24s %7s", "folder", "words");
    if (all)
      std::printf(" %9s %9s %9s", "lower36", "alnum62", "exact");
    else
      std::printf(" %9s", "accuracy");
    std::printf(" %7s %8s\n", "1-NED", "ms/word");
    Evaluation sum{.protocol = protocol};
    Findings findings;
    findings.protocol = protocol;
    bool broken = false;
    for (const std::string& folder : folders) {
      const WordDataset& set = *sets[static_cast<std::size_t>(&folder - folders.data())];
      std::optional<ImageLexicons> own;
      if (own_words) own.emplace(set, model.charset());
      if (among > 0) own.emplace(set, reading.lexicon->words(), among, seed, model.charset());
      const Evaluation e = evaluate_dataset(
          model, set, folder, limit, reading.options,
          [&](const LabeledFile& file, const GrayImage& image, const Reading& r) {
            if (!errors.empty()) findings.add(file, image, r);
            if (out)
              out << one_column(file.path) << '\t' << one_column(file.label) << '\t'
                  << one_column(r.text) << '\t' << r.confidence << '\n';
          },
          own ? &*own : nullptr, protocol);
      if (e.free > 0)
        std::fprintf(stderr,
                     "evaluate_words: %s: %lld images without a lexicon, read without one\n",
                     folder.c_str(), static_cast<long long>(e.free));
      if (const std::string line = e.left_out(); !line.empty())
        std::fprintf(stderr, "evaluate_words: %s: %s\n", folder.c_str(), line.c_str());
      for (std::size_t i = 0; i < std::min<std::size_t>(10, e.broken.size()); ++i)
        std::fprintf(stderr, "evaluate_words: %s\n", e.broken[i].c_str());
      if (!e.broken.empty())
        std::fprintf(stderr, "evaluate_words: %s: %zu of %lld images could not be read\n",
                     folder.c_str(), e.broken.size(),
                     static_cast<long long>(e.score().words + std::ssize(e.broken)));
      broken = broken || !e.broken.empty();
      const auto row = [all](const std::string& name, const Evaluation& x, double ms) {
        std::printf("%-24s %7lld", name.c_str(), static_cast<long long>(x.score().words));
        if (all)
          for (const Protocol p : protocols) std::printf(" %8.2f%%", 100 * x.under(p).accuracy());
        else
          std::printf(" %8.2f%%", 100 * x.score().accuracy());
        std::printf(" %7.4f", x.score().one_minus_ned());
        if (ms > 0) std::printf(" %8.2f", ms);
        std::printf("\n");
      };
      row(dataset_name(folder), e,
          1000 * e.seconds / static_cast<double>(std::max<Index>(e.score().words, 1)));
      sum.add(e);
      if (folders.size() > 1 && &folder == &folders.back()) row("together", sum, 0);
      std::fflush(stdout);
    }
    if (!errors.empty()) findings.write(errors);
    if (!predictions.empty() && !out.flush())
      fail<IoError>("--predictions", "cannot write all of ", predictions);
    return broken ? 1 : 0;
  });
}
