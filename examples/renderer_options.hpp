// renderer_options: the options for rendering synthetic words.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdio>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <glimpse/data/load_background_images.hpp>
#include <glimpse/data/synth.hpp>

struct RendererOptions {
  std::vector<std::string> fonts, backgrounds, settings;
  std::string font_table, words, style = "all", split = "all";

  /// Adds the options to a program. `default_split` is the default of --split.
  void add_to(CLI::App& app, const std::string& default_split) {
    std::vector<std::string> names;
    for (const auto& [name, recipe] : styles()) names.push_back(name);
    split = default_split;
    app.add_option("--words", words,
                   "UTF-8 list of words to render, one a line (default: a small built-in list)")
        ->check(CLI::ExistingFile);
    app.add_option("--fonts", fonts,
                   "folders of TTF, OTF or WOFF files (default: the fonts of the system)");
    app.add_option("--font-table", font_table,
                   "TSV table of checked faces with the columns path, legibility, near_dup_of")
        ->check(CLI::ExistingFile);
    app.add_option("--backgrounds", backgrounds, "folders of background images")
        ->check(CLI::ExistingDirectory);
    app.add_option("--split", split,
                   "faces and words to use: all, training or held_out; one family of faces in "
                   "twenty and one word in twenty are held out")
        ->check(CLI::IsMember({"all", "training", "held_out"}))
        ->capture_default_str();
    app.add_option("--style", style, "style of the words")
        ->check(CLI::IsMember(names))
        ->capture_default_str();
    app.add_option("--set", settings,
                   "change a step of the recipe: name=probability or name=probability:magnitude");
  }

  /// Whether any of these options was given.
  bool given() const {
    return !fonts.empty() || !backgrounds.empty() || !settings.empty() || !font_table.empty() ||
           !words.empty() || style != "all";
  }

  glimpse::synth::Recipe recipe() const {
    glimpse::synth::Recipe recipe = styles().at(style);
    for (const std::string& setting : settings) glimpse::synth::change(recipe, setting);
    return recipe;
  }

  /// The renderer for a character set. Reports on standard error what it leaves out.
  std::shared_ptr<const glimpse::synth::WordRenderer> renderer(
      const glimpse::Charset& charset = glimpse::Charset()) const {
    using namespace glimpse;
    using synth::Split;
    const Split of = split == "training"   ? Split::training
                    : split == "held_out" ? Split::held_out
                                         : Split::all;
    synth::Fonts faces = synth::Fonts::load(
        {.folders = fonts, .table = font_table, .split = of, .characters = charset.text()});
    if (const std::string lacking = faces.lacking(charset.text()); !lacking.empty())
      std::fprintf(stderr, "fonts: no face has the characters %s\n", lacking.c_str());
    synth::Words list = words.empty() ? synth::Words::built_in(charset)
                                      : synth::Words::from_file(words, of, charset);
    if (list.left_out() > 0)
      std::fprintf(
          stderr,
          "words: %zu lines of %s left out: more than 24 characters, or letters, digits or "
          "spaces that are not in the character set\n",
          list.left_out(), words.c_str());
    return std::make_shared<const synth::WordRenderer>(
        std::move(faces), std::move(list), recipe(),
        backgrounds.empty() ? synth::BackgroundImages() : load_background_images(backgrounds));
  }

 private:
  static std::map<std::string, glimpse::synth::Recipe> styles() {
    using glimpse::synth::Recipe;
    return {{"all", Recipe{}},
            {"plain", Recipe::plain()},
            {"straight", Recipe::straight()},
            {"curved", Recipe::curved()},
            {"perspective", Recipe::perspective_only()}};
  }
};
