// synthesize_words: writes synthetic words as PNG files, with their labels and a contact sheet.
//
//   synthesize_words --out words --count 200          words/images/*.png, words/labels.tsv, words/sheet.png
//   synthesize_words --out signs --charset ascii94    case and punctuation count
//   synthesize_words --out bent --count 50 --style curved --set blur=0 --words lexicon.txt
//   synthesize_words --lmdb words.mdb --count 5000    one LMDB file, or a folder that contains it
//
// The same seed and fonts give the same images on every machine and for any number of threads.
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <optional>

#include <glimpse/data/open_dataset.hpp>
#include <glimpse/io/image.hpp>

#include "charset_option.hpp"
#include "renderer_options.hpp"
#include "program.hpp"

using namespace glimpse;

namespace {

Tensor<float> as_tensor(const GrayImage& image) {
  Tensor<float> x = empty<float>({image.height, image.width});
  std::copy(image.pixels.begin(), image.pixels.end(), x.data());
  return x;
}

// Ten images a row, each fitted into a cell.
class Sheet {
 public:
  explicit Sheet(Index count)
      : page_((count + columns - 1) / columns * cell_height, columns * cell_width, 1.0f) {}

  void place(Index i, const GrayImage& image) {
    const double scale =
        std::min(static_cast<double>(cell_width - 4) / static_cast<double>(image.width),
                 static_cast<double>(cell_height - 4) / static_cast<double>(image.height));
    const GrayImage small =
        synth::resized(image, fitted(image.height, scale), fitted(image.width, scale));
    const Index top = i / columns * cell_height + (cell_height - small.height) / 2;
    const Index left = i % columns * cell_width + (cell_width - small.width) / 2;
    for (Index y = 0; y < small.height; ++y)
      std::copy(small.row(y).begin(), small.row(y).end(), page_.row(top + y).begin() + left);
  }
  const GrayImage& page() const { return page_; }

 private:
  static constexpr Index columns = 10, cell_width = 154, cell_height = 52;
  static Index fitted(Index extent, double scale) {
    return std::max<Index>(1, std::lround(static_cast<double>(extent) * scale));
  }
  GrayImage page_;
};

int run(int argc, char** argv) {
  CLI::App app(
      "Renders synthetic words with the fonts of this machine: PNG images, labels.tsv and a "
      "contact sheet.");
  std::string out, lmdb, charset = "lower36";
  Index count = 100, on_sheet = 200;
  std::uint64_t seed = 1;
  bool print_recipe = false;
  RendererOptions drawing;

  app.add_option("--out", out, "folder to write to; created if it does not exist");
  app.add_option(
      "--lmdb", lmdb,
      "LMDB data set to write, instead of --out or in addition: a file if the name ends in .mdb, "
      "else a folder");
  app.add_option("--count", count, "number of words")
      ->check(CLI::Range(1, 100'000'000))
      ->capture_default_str();
  app.add_option("--seed", seed, "seed of the images")->capture_default_str();
  app.add_option(
         "--charset", charset,
         "characters to render: digits, lower36, alnum62, ascii94, latin, or a UTF-8 file that "
         "lists each once")
      ->capture_default_str();
  drawing.add_to(app, "all");
  app.add_flag("--print-recipe", print_recipe, "print the recipe and render nothing");
  app.add_option("--sheet", on_sheet, "number of words on the contact sheet")
      ->check(CLI::Range(0, 2000))
      ->capture_default_str();
  return run_program(app, argc, argv, [&] {
    if (print_recipe) {
      std::cout << synth::to_string(drawing.recipe());
      return 0;
    }
    if (out.empty() && lmdb.empty())
      fail("--out", "expected --out DIR or --lmdb PATH to write to, got neither");
#if defined(GLIMPSE_LMDB) && GLIMPSE_LMDB
    std::optional<LmdbDatasetWriter> database;
    if (!lmdb.empty()) database.emplace(lmdb);
#else
    if (!lmdb.empty())
      fail("--lmdb", "expected a build with liblmdb, got one without; install liblmdb-dev and "
                     "build again");
#endif

    const auto renderer = drawing.renderer(Charset(characters_of(charset)));
    const std::filesystem::path folder(out);
    std::error_code error;
    if (!out.empty()) std::filesystem::create_directories(folder / "images", error);
    if (error) fail<IoError>("--out", "cannot create the folder ", out, ": ", error.message());

    std::ofstream labels;
    if (!out.empty()) labels.open(folder / "labels.tsv");
    Sheet sheet(std::min(count, on_sheet));
    const Index block = 256;
    for (Index begin = 0; begin < count; begin += block) {
      const Index n = std::min(block, count - begin);
      std::vector<synth::WordSample> samples(static_cast<std::size_t>(n));
      parallel_for(n, 1'000'000, [&](Index i) {
        samples[static_cast<std::size_t>(i)] =
            renderer->draw(seed, static_cast<std::uint64_t>(begin + i));
      });
      for (Index i = 0; i < n; ++i) {
        const synth::WordSample& sample = samples[static_cast<std::size_t>(i)];
#if defined(GLIMPSE_LMDB) && GLIMPSE_LMDB
        if (database) database->add(encode_png(as_tensor(sample.image)), sample.text);
#endif
        if (out.empty()) continue;
        char name[40];
        std::snprintf(name, sizeof name, "images/%07td.png", begin + i);
        write_png((folder / name).string(), as_tensor(sample.image));
        labels << name << '\t' << sample.text << '\n';
        if (begin + i < on_sheet) sheet.place(begin + i, sample.image);
      }
#if defined(GLIMPSE_LMDB) && GLIMPSE_LMDB
      if (database) database->commit();
#endif
    }
    if (!out.empty() && !labels.flush())
      fail<IoError>("--out", "cannot write ", (folder / "labels.tsv").string());
    if (!out.empty() && on_sheet > 0)
      write_png((folder / "sheet.png").string(), as_tensor(sheet.page()));
    std::cout << count << " words from " << renderer->fonts().size() << " faces in "
              << (out.empty()    ? lmdb
                  : lmdb.empty() ? out
                                 : out + " and " + lmdb)
              << '\n';
    return 0;
  });
}

}  // namespace

int main(int argc, char** argv) { return run(argc, argv); }
