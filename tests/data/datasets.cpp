// Data sets: label lists in every form, LMDB, weights, and unreadable images.
#include <filesystem>
#include <fstream>
#include <thread>

#include <glimpse/data/dataset_words.hpp>
#include <glimpse/data/image_lexicons.hpp>
#include <glimpse/data/open_dataset.hpp>

#include "catch.hpp"
#include "scratch.hpp"

using namespace glimpse;
namespace fs = std::filesystem;

namespace {

fs::path fresh_folder(const std::string& name) {
  const fs::path folder = scratch_path(name);
  fs::remove_all(folder);
  fs::create_directories(folder);
  return folder;
}

void write(const fs::path& path, std::string_view bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

void draw(const fs::path& path, Index width = 20) {
  write_png(path.string(), full<float>({8, width}, 0.5f));
}

/// Entries of a list as "file=label", one after the other.
std::string entries(const fs::path& folder, const char* list, std::string_view bytes) {
  write(folder / list, bytes);
  std::string text;
  for (const LabeledFile& f : read_label_list((folder / list).string()).files)
    text += fs::relative(f.path, folder).string() + "=" + f.label + ";";
  return text;
}

using Strings = std::vector<std::string>;

}  // namespace

TEST_CASE("lists of labels are read in every form", "[data]") {
  const fs::path d = fresh_folder("forms");
  CHECK(entries(d, "labels.tsv", "a.png\thello\rb.png\tworld\r") == "a.png=hello;b.png=world;");
  CHECK(entries(d, "labels.tsv", "./a.png\thello\t0.9\n") == "a.png=hello;");
  CHECK(entries(d, "labels.tsv", "a.png\tTwo words \n\n  \nb.png\t\n") ==
        "a.png=Two words;b.png=;");
  CHECK(entries(d, "labels.tsv", "a.png\tcafe\xCC\x81\n") == "a.png=caf\xC3\xA9;");
  CHECK(entries(d, "labels.tsv", "x/../a.png\ta,b\n") == "a.png=a,b;");
  CHECK(entries(d, "gt.txt",
                "\xEF\xBB\xBFword_1.png, \"Genaxis Theatre\"\r\nword_2.png, \"[06]\"\r\n") ==
        "word_1.png=Genaxis Theatre;word_2.png=[06];");
  CHECK(entries(d, "gt.txt", "a.png, \"say \\\"hi\\\", \\\\o/\"\nb.png, \"\"\nc.png,plain\n") ==
        "a.png=say \"hi\", \\o/;b.png=;c.png=plain;");
  CHECK(entries(d, "gt.txt", "a.png\t\"quoted\"\n") == "a.png=\"quoted\";");
  CHECK(entries(d, "labels.csv", "a.png,hello\n\"b,c.png\",\"say \"\"hi\"\", you\"\n") ==
        "a.png=hello;b,c.png=say \"hi\", you;");
  CHECK(entries(d, "labels.csv", "a.png;hello, world\n") == "a.png=hello, world;");
  CHECK(entries(d, "labels.csv", "a.png, \"word\"\n") == "a.png=word;");
  CHECK(entries(d, "labels.jsonl",
                "{\"image\": \"a.png\", \"text\": \"caf\\u00e9 \\\"x\\\"\"}\n\n"
                "{\"file_name\": \"b.png\", \"label\": \"B\", \"more\": 1}\n") ==
        "a.png=caf\xC3\xA9 \"x\";b.png=B;");
}

TEST_CASE("headings are distinguished from an image", "[data]") {
  const fs::path d = fresh_folder("headings");
  CHECK(entries(d, "labels.csv", "image,text\na.png,hello\n") == "a.png=hello;");
  CHECK(entries(d, "labels.csv", "id,Words,Filename\n7,hello,a.png\n") == "a.png=hello;");
  CHECK(entries(d, "labels.tsv", "Bild\tWort\na.png\thello\n") == "a.png=hello;");
  CHECK(entries(d, "labels.tsv", "missing.png\thello\n") == "missing.png=hello;");
  draw(d / "image");  // a file with this name is an image
  CHECK(entries(d, "labels.tsv", "image\ttext\n") == "image=text;");
  write(d / "labels.tsv", "path\tword\na.png\thello\t0.5\n");
  const LabelList list = read_label_list((d / "labels.tsv").string());
  REQUIRE(list.remarks.size() == 2);
  CHECK(list.remarks[0].find("'path', 'word'") != std::string::npos);
  CHECK(list.remarks[1].find("beyond the second") != std::string::npos);
}

TEST_CASE("malformed lists are refused with file and line", "[data]") {
  const fs::path d = fresh_folder("malformed");
  const auto says = [&](const char* list, std::string_view bytes, const char* word) {
    write(d / list, bytes);
    CHECK_THROWS_WITH(read_label_list((d / list).string()),
                      Catch::Contains(word) && Catch::Contains(list));
  };
  says("labels.tsv", "a.png\tx\nb.png Hello\n", "line 2");
  says("labels.tsv", "a.png\tx\n\tHello\n", "line 2");
  says("labels.tsv", "a.png\tcaf\xE9\n", "line 1");
  says("labels.tsv", "\n\n", "got none");
  says("labels.tsv", "image\ttext\n", "got none");
  says("labels.csv", "a.png,x\nb.png,\"open\n", "line 2");
  says("labels.csv", "a.png\n", "line 1");
  says("labels.jsonl", "{\"image\": \"a.png\", \"text\": \"x\"}\n{\"image\": \n", "line 2");
  says("labels.jsonl", "[1, 2]\n", "line 1");
  says("labels.jsonl", "{\"image\": \"a.png\"}\n", "\"text\"");
  says("labels.jsonl", "{\"image\": \"a.png\", \"text\": 7}\n", "number");
  CHECK_THROWS_WITH(open_dataset((d / "nothing").string()), Catch::Contains("nothing"));
}

TEST_CASE("a folder's words: lexicons meet their images, whatever the spelling of the path",
          "[data]") {
  const fs::path d = fresh_folder("lexicons");
  draw(d / "a.png");
  write(d / "labels.tsv", "a.png\thello\nb.png\tworld\n");
  write(d / "lexicon.tsv", "\xEF\xBB\xBF./a.png\tjello, cello,\r");
  const auto set = open_dataset(d.string());
  CHECK(set->lexicons() == std::vector<Strings>{{"jello", "cello"}, {}});
  CHECK(ImageLexicons(*set, Charset()).find(set->name(0))->size() == 2);
  CHECK(set->has_image(0));
  CHECK_FALSE(set->has_image(1));
  CHECK(open_dataset((d / "labels.tsv").string())->name(0) == set->name(0));
  write(d / "lexicon.tsv", "c.png\tjello\n");
  CHECK_THROWS_WITH(set->lexicons(), Catch::Contains("lexicon.tsv"));
  fs::remove(d / "lexicon.tsv");
  CHECK_THROWS_WITH(set->lexicons(), Catch::Contains("lexicon.tsv"));
}

TEST_CASE("a broken image is replaced by the next draw, and listed once", "[data]") {
  const fs::path d = fresh_folder("broken"), e = fresh_folder("other");
  draw(d / "a.png", 10), draw(d / "b.png", 11), draw(e / "c.png", 12);
  write(d / "bad.png", "no image");
  write(d / "labels.tsv", "a.png\taa\nbad.png\tbad\nb.png\tbb\ngone.png\tgone\nx.png\t!\n");
  write(e / "labels.csv", "c.png,cc\n");
  const std::string list = (d / "out" / "skipped.tsv").string();
  const auto skipped = std::make_shared<SkippedImages>(list);
  Strings remarks;
  const auto tell = [&](const std::string& line) { remarks.push_back(line); };
  const LabelEncoder encoder{Charset()};
  const auto load = [&](const fs::path& path, double weight) {
    return usable_words(open_dataset(path.string()), weight, path.filename().string(), encoder,
                        *skipped, tell);
  };
  const UsableWords words = load(d, 1);
  CHECK(words.entries == std::vector<Index>{0, 1, 2});
  CHECK(skipped->count() == 2);  // bad.png does not decode, gone.png is missing
  CHECK(std::ssize(remarks) == 5);
  const WordSource source = dataset_words({words, load(e, 3)}, encoder, 7, skipped);
  Index other = 0;
  for (std::uint64_t i = 0; i < 400; ++i) {
    const LabeledWord word = source(i);
    other += word.image.width == 12;
    CHECK(word.image == source(i).image);
    CHECK(word.symbols.size() == 2);
  }
  CHECK(other > 270);  // three in four
  CHECK(other < 330);
  Index lines = 0;
  for (const std::string& line : read_lines(list)) {
    ++lines;
    CHECK(line.find('\t') != std::string::npos);
  }
  CHECK(lines == 2);
  SkippedImages again(list, true);
  CHECK(again.count() == 2);
  again.add((d / "bad.png").string(), "once more");
  CHECK(read_lines(list).size() == 2);
  CHECK(SkippedImages(list).count() == 0);
  CHECK_FALSE(fs::exists(list));
}

TEST_CASE("a data set of which nothing can be learned is refused", "[data]") {
  const fs::path d = fresh_folder("useless");
  SkippedImages skipped;
  const auto load = [&](UnknownCharacters unknown, Index sample) {
    return usable_words(
        open_dataset(d.string()), 1, "useless", LabelEncoder(Charset(), unknown), skipped,
        [](const std::string&) {}, sample);
  };
  write(d / "labels.tsv", "a.png\taa\n");
  CHECK_THROWS_WITH(load(UnknownCharacters::skip, 64), Catch::Contains("a.png"));
  write(d / "a.png", "");
  CHECK_THROWS_WITH(load(UnknownCharacters::skip, -1), Catch::Contains("a.png"));
  draw(d / "a.png");
  CHECK_NOTHROW(load(UnknownCharacters::skip, -1));
  write(d / "labels.tsv", "a.png\t!\n");
  CHECK_THROWS_WITH(load(UnknownCharacters::drop, 64), Catch::Contains("useless"));
  write(d / "labels.tsv", "a.png\taa\na.png\ta!\n");
  CHECK_THROWS_AS(load(UnknownCharacters::error, 64), ValueError);
  CHECK(load(UnknownCharacters::skip, 64).entries.size() == 1);
  CHECK(load(UnknownCharacters::drop, 64).entries.size() == 2);
}

TEST_CASE("a weight follows the path", "[data]") {
  using P = std::pair<std::string, double>;
  const fs::path d = fresh_folder("a=2");
  CHECK(split_weight("words=0.25") == P("words", 0.25));
  CHECK(split_weight("words") == P("words", 1));
  CHECK(split_weight("words=x") == P("words=x", 1));
  CHECK(split_weight(d.string()) == P(d.string(), 1));
  CHECK(split_weight(d.string() + "=3") == P(d.string(), 3));
  for (const char* text : {"w=0", "w=-1", "w=nan", "w=inf"})
    CHECK_THROWS_AS(split_weight(text), ValueError);
}

#if defined(GLIMPSE_LMDB) && GLIMPSE_LMDB

TEST_CASE("an LMDB file that python3-lmdb wrote", "[data]") {
  const fs::path d = fresh_folder("lmdb");
  fs::copy_file(fs::path(GLIMPSE_ROOT) / "tests/data/python_lmdb/data.mdb", d / "data.mdb");
  {
    const auto set = open_dataset(d.string());
    REQUIRE(set->size() == 4);
    CHECK(set->label(0) == "Hotel");
    CHECK(set->label(1) == "caf\xC3\xA9");
    CHECK(set->image(0).width == 30);
    CHECK(set->image(1).height == 12);
    CHECK(set->has_image(2));
    CHECK_THROWS_WITH(set->image(2), Catch::Contains("image-000000003"));
    CHECK(set->lexicons() ==
          std::vector<Strings>{{"Motel", "Hotel", "two words"}, {"caf\xC3\xA9", "bar"}, {}, {}});
    REQUIRE(set->remarks().size() == 1);
    CHECK(set->remarks()[0].find("1 of 5 entries left out") != std::string::npos);
    std::vector<std::thread> threads;
    std::vector<int> right(4);
    for (int t = 0; t < 4; ++t)
      threads.emplace_back([&, t] {
        for (Index i = 0; i < 200; ++i)
          right[static_cast<std::size_t>(t)] += set->image(i % 2).width == (i % 2 ? 40 : 30);
      });
    for (std::thread& t : threads) t.join();
    CHECK(right == std::vector<int>(4, 200));
  }
  fs::rename(d / "data.mdb", d / "words");  // only the file, recognized by its first bytes
  CHECK(open_dataset((d / "words").string())->size() == 4);
  fs::resize_file(d / "words", fs::file_size(d / "words") - 4096);
  CHECK_THROWS_WITH(open_dataset((d / "words").string()), Catch::Contains("cut"));
  write(d / "text.mdb", std::string(10000, 'x'));
  CHECK_THROWS_WITH(open_dataset((d / "text.mdb").string()), Catch::Contains("text.mdb"));
  write(d / "empty.mdb", "");
  CHECK_THROWS_AS(open_dataset((d / "empty.mdb").string()), IoError);
}

TEST_CASE("an LMDB file in a folder that is read-only is read without a lock", "[data]") {
  const fs::path d = fresh_folder("lmdb_locked");
  fs::copy_file(fs::path(GLIMPSE_ROOT) / "tests/data/python_lmdb/data.mdb", d / "data.mdb");
  fs::permissions(d, fs::perms::owner_read | fs::perms::owner_exec);
  CHECK(open_dataset(d.string())->size() == 4);
  fs::permissions(d, fs::perms::owner_all);
}

TEST_CASE("an LMDB data set is written and read again, and grows as needed", "[data]") {
  const fs::path d = fresh_folder("lmdb_written");
  const std::string path = (d / "words.mdb").string();
  const std::string image = encode_png(full<float>({8, 20}, 0.5f));
  {
    LmdbDatasetWriter out(path);
    for (int i = 0; i < 300; ++i) {
      out.add(image, "word " + std::to_string(i));
      if (i % 100 == 99) out.commit();
    }
    out.add(std::string(std::size_t{80} << 20, 'x'), "large");  // beyond the first size of the map
    out.commit();
  }
  const auto set = open_dataset(path);
  REQUIRE(set->size() == 301);
  CHECK(set->label(299) == "word 299");
  CHECK(set->image(123).width == 20);
  CHECK_THROWS_WITH(LmdbDatasetWriter(path), Catch::Contains("already"));
  CHECK_THROWS_AS(set->lexicons(), IoError);

  LmdbWriter other((d / "other").string());
  other.put("a", "b");
  other.commit();
  CHECK_THROWS_WITH(open_dataset((d / "other").string()), Catch::Contains("num-samples"));
  other.put("num-samples", "99999999999");
  other.commit();
  CHECK_THROWS_WITH(open_dataset((d / "other").string()), Catch::Contains("99999999999"));
}

#endif
