// reading options: how a program is set to read: the rotations of an image, the beam, the words
// that a reading may be.
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
        "tries the four rotations of every image and keeps the one read most surely "
        "(default: of images taller than 1.5 times their width that are not read surely as "
        "they stand, both sides, for words of two characters or more)");
    app.add_flag("--upright", upright, "reads every image as it stands")->excludes(all);
    app.add_option(
           "--beam", options.beam,
           "hypotheses kept while decoding; 1 is greedy (default 2, the second dropped when it is a "
           "hundred times less likely; of crnn 1; along a lexicon's tree 7, of crnn 64)")
        ->check(CLI::Range(1, 100));
    app.add_option("--lexicon", file, "words to choose from, one a line")->check(CLI::ExistingFile);
    app.add_option("--lexicon-mode", mode,
                   "posterior: the likeliest of all; edit: the nearest to what is read without; "
                   "tree: by a beam along their beginnings (default: posterior up to 1000 words, "
                   "of crnn 10000, then tree)")
        ->check(CLI::IsMember({"posterior", "edit", "tree"}));
  }

  /// Fills `options`. Reads the lexicon where one is named, and tells on standard error what of it
  /// could not be used.
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
