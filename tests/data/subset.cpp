// data/subset.hpp: splits of data sets.
#include <filesystem>
#include <fstream>
#include <set>

#include <glimpse/data/open_dataset.hpp>

#include "../catch.hpp"
#include "scratch.hpp"

using namespace glimpse;

TEST_CASE("subset: both parts together are the data set, and none is in both") {
  const std::filesystem::path scratch = scratch_path("subset");
  std::filesystem::create_directories(scratch);
  std::string labels;
  for (int i = 0; i < 200; ++i)
    labels += "images/word_" + std::to_string(i) + ".png\tword" + std::to_string(i) + "\n";
  std::ofstream(scratch / "labels.tsv") << labels;
  const std::string path = scratch.string();
  const auto training = open_dataset(path + "#training/5"), held = open_dataset(path + "#held-out/5");
  CHECK(training->size() + held->size() == 200);
  CHECK(held->size() > 20);
  CHECK(held->size() < 60);
  std::set<std::string> names;
  for (const auto& split : {training, held})
    for (Index i = 0; i < split->size(); ++i) {
      CHECK(names.insert(split->name(i)).second);
      const std::string name = split->name(i), label = split->label(i);
      CHECK(name.ends_with("word_" + label.substr(4) + ".png"));
    }
}

TEST_CASE("subset: the name decides, wherever the image is") {
  for (const char* name : {"word_1.jpg", "a.png", "image-000000001"})
    CHECK(SubsetDataset::is_held_out(name, 5) ==
          SubsetDataset::is_held_out(std::string("/some/folder/") + name, 5));
}

TEST_CASE("subset: a part that makes no sense is an error, other paths stay as they are") {
  CHECK(split_part("words").n == 0);
  CHECK(split_part("a#b").path == "a#b");
  CHECK(split_part("a#held-out/4").path == "a");
  CHECK(split_part("a#held-out/4").n == 4);
  CHECK(split_part("a#held-out/4").held_out);
  CHECK_FALSE(split_part("a#training/4").held_out);
  for (const char* wrong : {"a#held-out/", "a#held-out/1", "a#training/x", "a#training/-3"})
    CHECK_THROWS_AS(split_part(wrong), ValueError);
}
