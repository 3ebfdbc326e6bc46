// lexicon options: how a program is told of the words that a reading may be.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdio>
#include <optional>
#include <string>

#include <glimpse/models/reading.hpp>
#include <glimpse/text/read_lexicon.hpp>

struct LexiconOptions {
  std::string file, mode;
  std::optional<glimpse::Lexicon> lexicon;

  void add_to(CLI::App& app) {
    app.add_option("--lexicon", file, "words to choose from, one a line")->check(CLI::ExistingFile);
    app.add_option("--lexicon-mode", mode,
                   "posterior: the likeliest of all; edit: the nearest to what is read without; "
                   "tree: by a beam along their beginnings (default: posterior up to 1000 words, "
                   "of crnn 10000, then tree)")
        ->check(CLI::IsMember({"posterior", "edit", "tree"}));
  }

  /// Reads the file where one is named, and tells on standard error what of it could not be used.
  void apply(const CLI::App& app, const glimpse::Charset& charset, glimpse::ReadOptions& options) {
    using glimpse::LexiconMode;
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
};
