// reading_options: the options for reading: rotations of the image, beam width, lexicon.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdio>
#include <optional>
#include <string>

#include <glimpse/models/reading.hpp>
#include <glimpse/text/read_lexicon.hpp>

struct ReadingOptions {
  glimpse::ReadOptions options;
  std::optional<glimpse::Lexicon> lexicon;

  void add_to(CLI::App& app) {
    CLI::Option* all = app.add_flag(
        "--rotations", rotations,
        "try all four orientations of each image and keep the most confident reading (default: "
        "also try rotations by 90 and 270 degrees if an image is taller than 1.5 times its width, "
        "the upright reading is not confident, and the word has at least two characters)");
    app.add_flag("--upright", upright, "do not rotate images")->excludes(all);
    app.add_option("--beam", options.beam,
                   "beam width; 1 is greedy (default: 2, where a second hypothesis that is a "
                   "hundred times less likely is dropped; crnn 1; with a lexicon in tree mode 7, "
                   "crnn 64)")
        ->check(CLI::Range(1, 100));
    app.add_option("--lexicon", file, "file of allowed words, one a line")
        ->check(CLI::ExistingFile);
    app.add_option(
           "--lexicon-mode", mode,
           "posterior: the most probable word of the list; edit: the word nearest to the reading "
           "without a lexicon; tree: beam search along the prefixes of the words (default: "
           "posterior up to 1000 words, crnn up to 10000, above that tree)")
        ->check(CLI::IsMember({"posterior", "edit", "tree"}));
  }

  /// Fills `options`. Reads the lexicon if one is given. Reports on standard error the lines of it
  /// that cannot be used.
  void apply(const CLI::App& app, const glimpse::Charset& charset) {
    using glimpse::LexiconMode, glimpse::RotationPolicy;
    options.rotations = rotations ? RotationPolicy::all
                        : upright ? RotationPolicy::none
                                  : RotationPolicy::tall;
    options.lexicon_mode = mode == "posterior" ? LexiconMode::posterior
                           : mode == "edit"    ? LexiconMode::edit
                           : mode == "tree"    ? LexiconMode::tree
                                               : LexiconMode::automatic;
    if (file.empty()) return;
    lexicon.emplace(glimpse::read_lexicon(file, charset));
    const std::string remarks = lexicon->remarks();
    if (!remarks.empty())
      std::fprintf(stderr, "%s: %s: %s\n", app.get_name().c_str(), file.c_str(), remarks.c_str());
    options.lexicon = &*lexicon;
  }

  bool rotations = false, upright = false;
  std::string file, mode;
};
