// train_words: teaches a reader from synthetic words, from folders of images, or from a mix.
//
//   train_words --config compact --minutes 60 --out run --words words.txt --valid ../photographs
//   train_words --config compact --minutes 60 --out run --words words.txt --resume        goes on where it stopped
#include <csignal>
#include <cstdio>
#include <filesystem>

#include <glimpse/data/augment.hpp>
#include <glimpse/data/dataset_words.hpp>
#include <glimpse/data/word_sources.hpp>
#include <glimpse/text/charset_names.hpp>
#include <glimpse/train/learning_rate_range.hpp>
#include <glimpse/train/load_characters.hpp>
#include <glimpse/train/load_submodule.hpp>
#include <glimpse/train/widen.hpp>
#include <glimpse/train/word_trainer.hpp>

#include "charset_option.hpp"
#include "number_options.hpp"
#include "renderer_options.hpp"
#include "program.hpp"

namespace {

volatile std::sig_atomic_t interrupted = 0;

}  // namespace

int main(int argc, char** argv) {
  using namespace glimpse;
  CLI::App app("Trains a word reader. Stops cleanly on Ctrl-C; --resume goes on.", "train_words");
  TrainOptions options;
  std::string model = "rare", preset = "compact", weights, narrow, encoder, straightener, charset,
              pattern = "straight", optimizer = "adamw", unknown = "skip", score;
  RendererOptions drawing;
  std::vector<std::string> data;
  bool check = false, unchanged = false, find_rate = false;
  double share = -1, augmentation = 1, ema_decay = 0;
  int threads = 0;
  std::vector<Index> widths;
  CLI::Option* const model_option =
      app.add_option("--model", model,
                     "rare; srn: its recognizer alone; crnn: the same encoder with CTC (default "
                     "rare, or what --weights or the run to resume holds)")
          ->check(CLI::IsMember({"rare", "srn", "crnn"}));
  CLI::Option* const preset_option =
      app.add_option("--config", preset, "paper, large (not of crnn), base or compact")
          ->check(CLI::IsMember({"paper", "large", "base", "compact"}));
  app.add_option("--charset", charset,
                 "characters to read: digits, lower36 (a-z0-9), alnum62, ascii94 (printable ASCII "
                 "but the space), latin (and accented letters), a UTF-8 file that holds each "
                 "once, or from-labels (what the labels of --data hold); default lower36, or what "
                 "--weights holds");
  CLI::Option* const pattern_option =
      app.add_option("--pattern", pattern, "where fiducials start: straight, slanted or sine")
      ->check(CLI::IsMember({"straight", "slanted", "sine"}));
  app.add_option("--widths", widths, "rectified widths, growing (default 100 160 240)");
  app.add_option("--out", options.out, "folder of the run")->capture_default_str();
  app.add_flag("--resume", options.resume, "go on with the run in --out");
  app.add_option("--weights", weights, "weights to start from, of the same configuration; characters that --charset "
                 "shares with them keep what was learned")
      ->check(CLI::ExistingFile);
  app.add_option("--widen", narrow, "weights of a narrower model of the same layers to start from")
      ->check(CLI::ExistingFile)
      ->excludes("--weights");
  app.add_option(
         "--encoder", encoder,
         "weights of another model (crnn, say) whose encoder to start from: the layers that "
         "have the same shape")
      ->check(CLI::ExistingFile)
      ->excludes("--weights")
      ->excludes("--widen");
  app.add_option("--rectifier", straightener,
                 "weights of another rare whose rectifier to start from")
      ->check(CLI::ExistingFile);
  app.add_option("--data", data,
                 "images to learn from: folders with labels.tsv, gt.txt, labels.csv or "
                 "labels.jsonl, such lists, or LMDB files; PATH=0.3 gives one a weight among them");
  app.add_option("--unknown", unknown,
                 "labels of --data with characters that the reader does not know: skip leaves them "
                 "out, drop leaves the characters out, error ends the program")
      ->check(CLI::IsMember({"skip", "drop", "error"}))
      ->capture_default_str();
  app.add_flag("--check", check,
               "tries to read every image of --data before training (default: 64 of each)");
  app.add_option(
         "--data-share", share,
         "share of the images that come from --data (default 1 where nothing is said of synthetic "
         "words, else 0.5)")
      ->check(number_between(0, 1));
  app.add_option("--augment", augmentation,
                 "strength of the changes to the images of --data: rotated, seen from the side, "
                 "blurred, compressed (0: none)")
      ->check(number_between(0, 2))
      ->expected(0, 1)
      ->default_str("1");
  app.add_flag("--no-augment", unchanged, "take the images of --data as they are")
      ->excludes("--augment");
  drawing.add_to(app, "training");
  app.add_option("--valid", options.validation, "data sets to validate on, as --data takes them");
  app.add_option("--valid-limit", options.validation_limit, "images of each in validation")
      ->check(whole_number(1))
      ->capture_default_str();
  app.add_option("--score", score,
                 "what counts in validation: lower36, alnum62 or exact, as evaluate_words has them "
                 "(default lower36; exact for a character set that is not ASCII)")
      ->check(CLI::IsMember({"lower36", "alnum62", "exact"}));
  app.add_option("--valid-every", options.validate_every,
                 "most seconds between validations, beside the start and every tenth of the budget")
      ->check(number_from_0())
      ->capture_default_str();
  app.add_option("--patience", options.patience,
                 "stop after so many validations in a row without a higher accuracy or a lower "
                 "loss; 0: never")
      ->check(small_whole_number(0))
      ->capture_default_str();
  app.add_option("--save-every", options.save_every, "seconds between checkpoints")
      ->check(number_from_0())
      ->capture_default_str();
  app.add_option("--minutes", options.minutes, "budget in minutes, or")->check(positive_number());
  app.add_option("--steps", options.steps,
                 "budget in steps, instead; such a run is reproducible bit for bit")
      ->check(whole_number(1))
      ->excludes("--minutes");
  app.add_option("--stop-after", options.stop_after,
                 "stop after so many steps of the budget, to be resumed")
      ->check(whole_number(0));
  app.add_option("--batch", options.batch, "words a step")
      ->check(small_whole_number(1))
      ->capture_default_str();
  app.add_option(
         "--optimizer", optimizer,
         "adamw with a one-cycle schedule, or adadelta at a constant rate (1, as published)")
      ->check(CLI::IsMember({"adamw", "adadelta"}))
      ->capture_default_str();
  app.add_option("--learning-rate", options.learning_rate, "peak of the one-cycle schedule")
      ->check(positive_number())
      ->capture_default_str();
  app.add_flag("--find-learning-rate", find_rate,
               "train nothing: try growing learning rates on a copy, --steps of them (200), draw "
               "the loss against them (learning_rate.png and .tsv in --out), and suggest one");
  app.add_option("--weight-decay", options.weight_decay, "of AdamW; of adadelta 0 where not said")
      ->check(number_from_0())
      ->capture_default_str();
  app.add_option("--localization-lr-scale", options.localization_lr_scale,
                 "learning rate of the localization network, relative")
      ->check(number_from_0())
      ->capture_default_str();
  app.add_option("--encoder-lr-scale", options.encoder_lr_scale,
                 "learning rate of the encoder, relative: below 1 to learn new characters without "
                 "losing old ones")
      ->check(number_from_0())
      ->capture_default_str();
  app.add_option("--label-smoothing", options.label_smoothing, "share spread over all symbols")
      ->check(number_between(0, 0.5))
      ->capture_default_str();
  app.add_option(
         "--fiducials", options.fiducials,
         "weight of the synthetic words' own fiducial points in what is learned, beside their "
         "letters (10, say); 0: the rectifier learns from letters alone, as published")
      ->check(number_from_0())
      ->capture_default_str();
  app.add_flag("--rectifier-only", options.rectifier_only,
               "teach the rectifier alone, the synthetic words' own fiducial points");
  app.add_option(
         "--ema-decay", ema_decay,
         "keep an exponential moving average of the weights, which takes this share of itself from "
         "step to step; 0: the weights themselves (default 0.999 at adadelta's constant rate, 0 "
         "under one-cycle, --resume: as before)")
      ->check(number_between(0, 0.99999));
  app.add_option("--seed", options.seed, "of weights, words and order")
      ->check(whole_number(0))
      ->capture_default_str();
  app.add_option("--threads", threads, "threads of the network (default: all cores)")
      ->check(small_whole_number(1));
  app.add_option("--loader-threads", options.loader_threads, "threads that draw words")
      ->check(small_whole_number(1))
      ->capture_default_str();

  return run_program(app, argc, argv, [&] {
    if (threads > 0) set_num_threads(threads);
    if (app.count("--ema-decay") > 0) options.ema_decay = ema_decay;
    if (find_rate && options.steps == 0) options.steps = 200;
    options.check();
    const std::string held = options.resume ? options.out + "/last.safetensors" : weights;
    std::optional<ReaderConfig> before;
    if (!held.empty()) {  // the configuration of a trained model holds, unless an option changes it
      before = config_from_text(load_checkpoint(held).text("config"));
      const auto agree = [&](const CLI::Option& option, std::string& now, std::string_view then) {
        if (option.count() == 0) now = then;
        if (now != then)
          fail<IoError>(option.get_name(), held, " holds '", then, "', not '", now, "'");
      };
      agree(*model_option, model, name(before->model));
      agree(*preset_option, preset, before->preset);
    }
    ReaderConfig config = before            ? *before
                          : model == "crnn" ? crnn_config(preset)
                                            : rare_config(preset);
    if (model == "srn") config.model = ReaderModel::srn;
    if (model == "crnn" && options.label_smoothing > 0)
      fail("--label-smoothing", "has no place in the CTC of crnn");
    std::vector<WeightedDataset> sets;
    for (const std::string& text : data) sets.push_back(open_weighted(text));
    if (charset == "from-labels")
      config.characters = characters_of_labels(sets);
    else if (!charset.empty())
      config.characters = characters_of(charset);
    const auto ascii = [](char c) { return static_cast<unsigned char>(c) < 0x80; };
    options.protocol = !score.empty() ? protocol_named(score)
                       : std::all_of(config.characters.begin(), config.characters.end(), ascii)
                           ? Protocol::lower36
                           : Protocol::exact;
    if (pattern_option->count() > 0)
      config.pattern = pattern == "sine"      ? FiducialPattern::sine
                       : pattern == "slanted" ? FiducialPattern::slanted
                                              : FiducialPattern::straight;
    if (!widths.empty()) config.widths = widths;
    if (optimizer == "adadelta") {
      options.optimizer = TrainOptimizer::adadelta;
      if (app.count("--learning-rate") == 0) options.learning_rate = 1;
      if (app.count("--weight-decay") == 0) options.weight_decay = 0;
    }
    if (find_rate && options.resume)
      fail("--find-learning-rate", "starts from --weights, not from a run: leave out --resume");
    if (!options.resume && !find_rate && std::filesystem::exists(options.out + "/last.safetensors"))
      fail<IoError>("--out", options.out,
                    " holds a run: --resume goes on with it; else name another");
    Random random(options.seed);
    Reader<float> reader(config, random);
    if (!weights.empty() && !options.resume) {
      const Charset trained(before->characters);
      const LoadedCharacters loaded =
          load_characters(reader, load_checkpoint(weights), trained, "model");
      if (!(trained == reader.charset())) std::printf("%s\n", describe(loaded).c_str());
    }
    if (!narrow.empty() && !options.resume) {
      Reader<float> from = model_from_checkpoint(load_checkpoint(narrow));
      widen(from, reader, random);
    }
    const auto start_with = [&](const char* part, const std::string& file) {
      if (file.empty() || options.resume) return;
      Reader<float> from = model_from_checkpoint(load_checkpoint(file));
      const auto [taken, all] = load_submodule(from, reader, part);
      std::printf("%td of %td tensors of the %s from %s\n", taken, all, part, file.c_str());
    };
    start_with("encoder", encoder);
    start_with("rectifier", straightener);

    WordSource source;
    const auto skipped =
        std::make_shared<SkippedImages>(options.out + "/skipped.tsv", options.resume);
    if (!data.empty()) {
      const LabelEncoder labels(reader.charset(), unknown == "drop"    ? UnknownCharacters::drop
                                                  : unknown == "error" ? UnknownCharacters::error
                                                                       : UnknownCharacters::skip);
      std::vector<UsableWords> usable;
      for (const WeightedDataset& set : sets)
        usable.push_back(usable_words(
            set.images, set.weight, set.path, labels, *skipped,
            [](const std::string& line) { std::printf("%s\n", line.c_str()); }, check ? -1 : 64));
      source = dataset_words(std::move(usable), labels, options.seed, skipped);
      if (augmentation > 0 && !unchanged) {
        const AugmentOptions changes = AugmentOptions{}.scaled(augmentation);
        std::printf("images of --data are augmented: %s\n", to_string(changes).c_str());
        source = augmented_words(std::move(source), changes, options.seed);
      }
    }
    const bool draws = data.empty() || drawing.given() || (share >= 0 && share < 1);
    if (!draws && (options.fiducials > 0 || options.rectifier_only))
      fail("--fiducials",
           "only synthetic words have known fiducial points: wants --words or --fonts, too");
    if (draws) {
      const auto renderer = drawing.renderer(reader.charset());
      std::printf("%lld faces of type\n", static_cast<long long>(renderer->fonts().size()));
      const WordSource drawn =
          drawn_words(renderer, reader.charset(), options.seed, config.fiducials);
      source = source ? mixed_words(drawn, source, share < 0 ? 0.5 : share, options.seed) : drawn;
    }
    // What is learned from, by name; where it is on this machine is left out.
    for (const std::string& text : data) options.data += base_name(text) + ", ";
    if (draws)
      options.data += "synthetic words of " +
                      (drawing.words.empty() ? "the built-in list" : base_name(drawing.words)) +
                      " in style " + drawing.style + ", ";
    if (draws && !data.empty())
      options.data += "share " + nlohmann::json(share < 0 ? 0.5 : share).dump() + " photographs, ";
    if (!data.empty() && augmentation > 0 && !unchanged)
      options.data += "augmentation " + nlohmann::json(augmentation).dump() + ", ";
    options.data.resize(options.data.size() - 2);
    std::printf("%s %s: %lld parameters; %s\n", preset.c_str(), model.c_str(),
                static_cast<long long>(count_parameters(reader)),
                describe(reader.charset()).c_str());
    if (find_rate) {
      const bool adadelta = options.optimizer == TrainOptimizer::adadelta;
      const RateRange found = learning_rate_range({.low = adadelta ? 1e-3 : 1e-6,
                                                   .high = adadelta ? 100.0 : 0.5,
                                                   .steps = static_cast<Index>(options.steps)},
                                                  reader, std::move(source), options);
      std::filesystem::create_directories(options.out);
      write_rate_range(found, options.out);
      if (found.suggestion > 0)
        std::printf("suggested: --learning-rate %.2g", found.suggestion);
      else
        std::printf("no suggestion: the loss fell at no rate");
      std::printf("; %td rates in %s/learning_rate.tsv\n", std::ssize(found.rates),
                  options.out.c_str());
      return 0;
    }

    WordTrainer trainer(std::move(reader), std::move(source), options);
    std::printf("glimpse %s\n%s", std::string(version).c_str(),
                training_text(trainer.options()).c_str());
    std::fflush(stdout);
    const auto stop = [](int) { interrupted = 1; };
    std::signal(SIGINT, stop), std::signal(SIGTERM, stop);
    if (std::signal(SIGHUP, stop) == SIG_IGN) std::signal(SIGHUP, SIG_IGN);  // nohup
    const TrainResult result = trainer.run([] { return interrupted != 0; });
    std::printf(
        "%s after %llu steps, %s: loss %.4f%s; run in %s\n",
        result.out_of_patience ? "finished early"
        : result.finished      ? "finished"
                               : "stopped",
        static_cast<unsigned long long>(result.steps), clock_text(result.seconds).c_str(),
        result.loss,
        options.validation.empty()
            ? ""
            : (", best on validation " + std::to_string(100 * result.best_accuracy) + " %").c_str(),
        options.out.c_str());
    if (skipped->count() > 0)
      std::printf("%lld images skipped, listed in %s\n", static_cast<long long>(skipped->count()),
                  skipped->file().c_str());
    return 0;
  });
}
