// train_words: trains a reader on synthetic words, on folders of images, or on a mixture.
//
//   train_words --config compact --minutes 60 --out run --words words.txt --valid ../photographs
//   train_words --config compact --minutes 60 --out run --words words.txt --resume        continues the run
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
  CLI::App app("Trains a word reader. Ctrl-C saves the run and stops; --resume continues it.",
               "train_words");
  TrainOptions options;
  std::string model = "rare", preset = "compact", weights, narrow, encoder, straightener, charset,
              pattern = "straight", optimizer = "adamw", unknown = "skip", score;
  RendererOptions drawing;
  std::vector<std::string> data;
  bool check = false, unchanged = false, find_rate = false;
  double share = -1, augmentation = 1, ema_decay = 0;
  int threads = 0;
  std::vector<Index> widths;
  CLI::Option* const model_option = app.add_option("--model", model,
                                                   "rare; srn: rare without the rectifier; crnn: "
                                                   "the same encoder with CTC (default: rare, or "
                                                   "the model of --weights or of the resumed run)")
                                        ->check(CLI::IsMember({"rare", "srn", "crnn"}));
  CLI::Option* const preset_option =
      app.add_option("--config", preset, "size: paper, large (not for crnn), base or compact")
          ->check(CLI::IsMember({"paper", "large", "base", "compact"}));
  app.add_option(
      "--charset", charset,
      "characters to read: digits, lower36 (a-z0-9), alnum62, ascii94 (printable ASCII "
      "without the space), latin (with accented letters), a UTF-8 file that lists each "
      "once, or from-labels (the characters in the labels of --data); default: lower36, or the "
      "characters of --weights");
  CLI::Option* const pattern_option =
      app.add_option("--pattern", pattern,
                     "start pattern of the fiducial points: straight, slanted or sine")
          ->check(CLI::IsMember({"straight", "slanted", "sine"}));
  app.add_option("--widths", widths,
                 "widths of straightened images in pixels, ascending (default: 100 160 240)");
  app.add_option("--out", options.out, "folder of the run")->capture_default_str();
  app.add_flag("--resume", options.resume, "continue the run in --out");
  app.add_option("--weights", weights,
                 "weights to start from, of the same configuration; characters that are also in "
                 "--charset keep their learned weights")
      ->check(CLI::ExistingFile);
  app.add_option("--widen", narrow,
                 "weights of a narrower model with the same layers, to widen and start from")
      ->check(CLI::ExistingFile)
      ->excludes("--weights");
  app.add_option("--encoder", encoder,
                 "weights of another model (for example crnn) whose encoder to start from; only "
                 "layers of the same shape are used")
      ->check(CLI::ExistingFile)
      ->excludes("--weights")
      ->excludes("--widen");
  app.add_option("--rectifier", straightener,
                 "weights of another rare model whose rectifier to start from")
      ->check(CLI::ExistingFile);
  app.add_option(
      "--data", data,
      "images to train on: folders with labels.tsv, gt.txt, labels.csv or labels.jsonl, such "
      "lists, or LMDB files; PATH=0.3 gives a data set a weight in the mixture");
  app.add_option(
         "--unknown", unknown,
         "labels of --data with characters outside the character set: skip omits the image, drop "
         "omits the characters, error stops the program")
      ->check(CLI::IsMember({"skip", "drop", "error"}))
      ->capture_default_str();
  app.add_flag("--check", check,
               "try to read every image of --data before training (default: 64 of each data set)");
  app.add_option("--data-share", share,
                 "share of the training images from --data (default: 1 without options for "
                 "synthetic words, else 0.5)")
      ->check(number_between(0, 1));
  app.add_option("--augment", augmentation,
                 "magnitude of the augmentation of --data: rotation, perspective, blur, "
                 "compression and others (0: none)")
      ->check(number_between(0, 2))
      ->expected(0, 1)
      ->default_str("1");
  app.add_flag("--no-augment", unchanged, "do not augment the images of --data")
      ->excludes("--augment");
  drawing.add_to(app, "training");
  app.add_option("--valid", options.validation, "data sets for validation, in the forms of --data");
  app.add_option("--valid-limit", options.validation_limit,
                 "most images of each data set in validation")
      ->check(whole_number(1))
      ->capture_default_str();
  app.add_option(
         "--score", score,
         "characters that count in validation: lower36, alnum62 or exact, as in evaluate_words "
         "(default: exact; lower36 if the character set has only a-z and 0-9)")
      ->check(CLI::IsMember({"lower36", "alnum62", "exact"}));
  app.add_option("--valid-every", options.validate_every,
                 "longest time between validations in seconds; a run also validates at the start "
                 "and at every tenth of the budget")
      ->check(number_from_0())
      ->capture_default_str();
  app.add_option(
         "--patience", options.patience,
         "stop after this number of validations in a row without a higher accuracy or a lower "
         "loss; 0: never")
      ->check(small_whole_number(0))
      ->capture_default_str();
  app.add_option("--save-every", options.save_every, "seconds between checkpoints")
      ->check(number_from_0())
      ->capture_default_str();
  app.add_option("--minutes", options.minutes, "budget in minutes")->check(positive_number());
  app.add_option("--steps", options.steps,
                 "budget in steps instead of --minutes; such a run is reproducible bit for bit")
      ->check(whole_number(1))
      ->excludes("--minutes");
  app.add_option("--stop-after", options.stop_after,
                 "stop after this number of steps of the budget; --resume continues")
      ->check(whole_number(0));
  app.add_option("--batch", options.batch, "words per step")
      ->check(small_whole_number(1))
      ->capture_default_str();
  app.add_option("--optimizer", optimizer,
                 "adamw with a one-cycle schedule, or adadelta at a constant rate (default 1, as "
                 "published)")
      ->check(CLI::IsMember({"adamw", "adadelta"}))
      ->capture_default_str();
  app.add_option("--learning-rate", options.learning_rate,
                 "peak of the one-cycle schedule, or the constant rate of adadelta")
      ->check(positive_number())
      ->capture_default_str();
  app.add_flag(
      "--find-learning-rate", find_rate,
      "do not train: try --steps (default 200) growing learning rates on a copy of the model, "
      "write the loss against the rate (learning_rate.png and .tsv in --out), and suggest a "
      "rate");
  app.add_option("--weight-decay", options.weight_decay, "weight decay (default with adadelta: 0)")
      ->check(number_from_0())
      ->capture_default_str();
  app.add_option("--localization-lr-scale", options.localization_lr_scale,
                 "factor on the learning rate of the localization network")
      ->check(number_from_0())
      ->capture_default_str();
  app.add_option(
         "--encoder-lr-scale", options.encoder_lr_scale,
         "factor on the learning rate of the encoder; use a factor below 1 to learn new characters "
         "without forgetting old ones")
      ->check(number_from_0())
      ->capture_default_str();
  app.add_option("--label-smoothing", options.label_smoothing,
                 "label smoothing: probability spread over all symbols")
      ->check(number_between(0, 0.5))
      ->capture_default_str();
  app.add_option("--fiducials", options.fiducials,
                 "weight of the loss on the true fiducial points of synthetic words (for example "
                 "10); 0: the rectifier learns only from the text labels, as published")
      ->check(number_from_0())
      ->capture_default_str();
  app.add_flag("--rectifier-only", options.rectifier_only,
               "train only the rectifier, on the true fiducial points of synthetic words");
  app.add_option(
         "--ema-decay", ema_decay,
         "decay k of the exponential moving average m of the weights w, m = k m + (1 - k) w, which "
         "is validated and saved; 0: no average (default: 0.999 with adadelta, 0 with one-cycle, "
         "unchanged with --resume)")
      ->check(number_between(0, 0.99999));
  app.add_option("--seed", options.seed, "seed of weights, words and order")
      ->check(whole_number(0))
      ->capture_default_str();
  app.add_option("--threads", threads, "number of threads for the network (default: all cores)")
      ->check(small_whole_number(1));
  app.add_option("--loader-threads", options.loader_threads, "number of threads that render words")
      ->check(small_whole_number(1))
      ->capture_default_str();

  return run_program(app, argc, argv, [&] {
    if (threads > 0) set_num_threads(threads);
    if (app.count("--ema-decay") > 0) options.ema_decay = ema_decay;
    if (find_rate && options.steps == 0) options.steps = 200;
    options.check();
    const std::string held = options.resume ? options.out + "/last.safetensors" : weights;
    Checkpoint trained;
    std::optional<ReaderConfig> before;
    if (!held.empty()) {  // keep the configuration of a trained model, unless an option changes it
      trained = load_checkpoint(held);
      before = config_from_text(trained.text("config"));
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
      fail("--label-smoothing", "expected 0 with crnn, because CTC has no label smoothing");
    std::vector<WeightedDataset> sets;
    for (const std::string& text : data) sets.push_back(open_weighted(text));
    if (charset == "from-labels")
      config.characters = characters_of_labels(sets);
    else if (!charset.empty())
      config.characters = characters_of(charset);
    // Validation must see every character that is learned, or the best weights are the first ones.
    const Charset lower36;
    options.protocol = !score.empty()                     ? protocol_named(score)
                       : lower36.knows(config.characters) ? Protocol::lower36
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
      fail("--find-learning-rate",
           "expected --weights to start from, got --resume; leave out --resume");
    if (!options.resume && !find_rate && std::filesystem::exists(options.out + "/last.safetensors"))
      fail<IoError>("--out", options.out,
                    " contains another run; continue it with --resume, or use another --out");
    Random random(options.seed);
    Reader<float> reader(config, random);
    if (!weights.empty() && !options.resume) {
      const Charset known(before->characters);
      const LoadedCharacters loaded = load_characters(reader, trained, known, "model");
      if (!(known == reader.charset())) std::printf("%s\n", describe(loaded).c_str());
    }
    trained = {};
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
           "expected --words or --fonts, too, because only synthetic words have known fiducial "
           "points");
    if (draws) {
      const auto renderer = drawing.renderer(reader.charset());
      std::printf("%lld faces\n", static_cast<long long>(renderer->fonts().size()));
      const WordSource synthetic =
          synthetic_words(renderer, reader.charset(), options.seed, config.fiducials);
      source = source ? mixed_words(synthetic, source, share < 0 ? 0.5 : share, options.seed)
                      : synthetic;
    }
    // The names of the training data, without their paths on this machine.
    for (const WeightedDataset& set : sets) options.data += dataset_name(set.path) + ", ";
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
        std::printf("no suggestion: the loss did not fall at any rate");
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
