// The loader: the same stream for any number of threads and any starting position.
#include <cmath>
#include <filesystem>
#include <fstream>

#include <glimpse/data/folder.hpp>
#include <glimpse/data/word_loader.hpp>

#include "catch.hpp"
#include "scratch.hpp"

using namespace glimpse;

namespace {

LabeledWord numbered(std::uint64_t i) {
  Random random(1, i);
  LabeledWord word{GrayImage(10, 10 + random.uniform_int(60)), {static_cast<Index>(i)}};
  for (float& p : word.image.pixels) p = static_cast<float>(random.uniform());
  return word;
}

WordLoaderOptions options(int threads) {
  return {.batch = 4,
          .batches_per_chunk = 3,
          .image_height = 16,
          .image_scale = 1,
          .width_of =
              [](const LabeledWord& word) { return word.image.width > 40 ? Index{48} : Index{24}; },
          .threads = threads};
}

}  // namespace

TEST_CASE("batches have one width, hold every word once, and do not depend on threads", "[data]") {
  WordLoader one(numbered, options(1)), many(numbered, options(4));
  std::vector<char> seen(36, 0);
  for (int b = 0; b < 9; ++b) {
    const WordBatch x = one.next(), y = many.next();
    CHECK(x.width == y.width);
    CHECK(x.symbols == y.symbols);
    CHECK(x.images.shape() == Shape{4, 1, 16, x.width});
    CHECK(std::equal(x.images.span().begin(), x.images.span().end(), y.images.span().begin()));
    for (const auto& s : x.symbols) seen[static_cast<std::size_t>(s[0])]++;
  }
  for (const char times : seen) CHECK(times == 1);
}

TEST_CASE("a stream is entered where another left it", "[data]") {
  WordLoader whole(numbered, options(2));
  for (int b = 0; b < 5; ++b) whole.next();
  WordLoader entered(numbered, options(1), whole.position());
  for (int b = 0; b < 5; ++b) CHECK(whole.next().symbols == entered.next().symbols);
}

TEST_CASE("a word that cannot be made is reported when its turn comes", "[data]") {
  WordLoader loader([](std::uint64_t i) { return i == 14 ? throw IoError("word 14 is broken") : numbered(i); }, options(2));
  for (int b = 0; b < 3; ++b) CHECK_NOTHROW(loader.next());
  CHECK_THROWS_AS(loader.next(), IoError);
}

TEST_CASE("a prefetcher wants a thread", "[data]") {
  CHECK_THROWS_AS(Prefetcher<int>([](std::uint64_t) { return 1; }, 0, 1), ValueError);
}

TEST_CASE("what is known of fiducial points comes along", "[data]") {
  WordLoaderOptions o = options(1);
  o.fiducials = 4;
  WordLoader loader(
      [](std::uint64_t i) {
        LabeledWord word = numbered(i);
        if (i % 2 == 0) word.fiducials.assign(8, static_cast<float>(i));
        return word;
      },
      o);
  const WordBatch batch = loader.next();
  CHECK(batch.fiducials.shape() == Shape{4, 4, 2});
  for (Index n = 0; n < 4; ++n) {
    const Index i = batch.symbols[static_cast<std::size_t>(n)][0];
    const float first = batch.fiducials(n, 0, 0), last = batch.fiducials(n, 3, 1);
    if (i % 2 == 0)
      CHECK((first == static_cast<float>(i) && last == first));
    else
      CHECK((std::isnan(first) && std::isnan(last)));
  }
}

TEST_CASE("folders are read by their list, and say what is wrong with it", "[data]") {
  namespace fs = std::filesystem;
  const fs::path folder = scratch_path("folder");
  fs::remove_all(folder);
  CHECK_THROWS_AS(FolderDataset(folder.string()).files(), IoError);
  fs::create_directories(folder);
  CHECK_THROWS_AS(FolderDataset(folder.string()).files(), IoError);
  std::ofstream(folder / "gt.txt") << "a.png\tHello\r\n\nb.png\tTwo words\n";
  const auto files = FolderDataset(folder.string()).files();
  REQUIRE(files.size() == 2);
  CHECK(files[0].label == "Hello");
  CHECK(files[1].label == "Two words");
  std::ofstream(folder / "labels.tsv") << "\xEF\xBB\xBF" "a.png\tHello\n";
  CHECK(FolderDataset(folder.string()).files()[0].path == (folder / "a.png").string());
  fs::permissions(folder / "labels.tsv", fs::perms::none);
  if (!std::ifstream(folder / "labels.tsv"))  // root may read it anyway
    CHECK_THROWS_WITH(FolderDataset(folder.string()).files(), Catch::Contains("labels.tsv"));
  fs::permissions(folder / "labels.tsv", fs::perms::owner_all);
  std::ofstream(folder / "labels.tsv") << "a.png Hello\n";
  CHECK_THROWS_WITH(FolderDataset(folder.string()).files(), Catch::Contains("line 1"));
}
