// read_words: reads pictures of words.
//
//   read_words picture.jpg other.png                 one line a picture: path, text, confidence,
//                                                    tab-separated
//   read_words --visualize panels picture.jpg        and panels/picture.png: where the reader
//                                                    looked, letter by letter
//   read_words --lexicon words.txt picture.jpg       only these words
//   read_words --rotations sideways.jpg              tries the four turns; a column tells which
//                                                    (else only tall pictures are turned)
//   read_words - < picture.jpg                       the picture comes on standard input
#include <algorithm>
#include <cctype>
#include <cstdio>
#include <filesystem>
#include <iostream>
#include <iterator>
#include <set>
#include <system_error>

#include <nlohmann/json.hpp>

#include <glimpse/data/load_picture.hpp>
#include <glimpse/models/read.hpp>
#include <glimpse/train/model_file.hpp>
#include <glimpse/viz/view_of.hpp>

#include "program.hpp"
#include "reading_options.hpp"

namespace {

using namespace glimpse;
namespace fs = std::filesystem;

/// Pictures named on the command line; a folder stands for the pictures in it.
std::vector<std::string> pictures_of(const std::vector<std::string>& names) {
  std::vector<std::string> paths;
  for (const std::string& name : names) {
    std::error_code unknown;  // then it is told where the picture is read
    if (name == "-" || !fs::is_directory(name, unknown)) {
      paths.push_back(name);
      continue;
    }
    std::set<std::string> inside;
    for (const fs::directory_entry& entry : fs::directory_iterator(name)) {
      std::string end = entry.path().extension().string();
      for (char& c : end) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
      if (entry.is_regular_file(unknown) &&
          (end == ".png" || end == ".jpg" || end == ".jpeg" || end == ".bmp"))
        inside.insert(entry.path().string());
    }
    if (inside.empty()) fail<IoError>("folder", name, " holds no picture");
    paths.insert(paths.end(), inside.begin(), inside.end());
  }
  return paths;
}

/// The panel's file: the picture's name in `folder`, numbered where two pictures have the same.
std::string panel_path(const std::string& folder, const std::string& picture,
                       std::set<std::string>& taken) {
  const std::string stem = fs::path(picture).stem().string();
  std::string name = stem;
  for (int n = 2; !taken.insert(name).second; ++n) name = stem + "_" + std::to_string(n);
  return (fs::path(folder) / (name + ".png")).string();
}

/// The picture in a file, or on standard input where the path is "-".
Picture picture_at(const std::string& path) {
  if (path != "-") return load_picture(path);
  const std::string bytes{std::istreambuf_iterator<char>(std::cin), {}};
  return picture_of(decode_image(bytes, 1, "standard input"));
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Reads pictures of words: one line a picture, path, text, confidence.",
               "read_words");
  std::string weights = default_weights(), model_name, panels;
  ReadingOptions reading;
  std::vector<std::string> names;
  bool json = false;
  int threads = 0;
  app.add_option("--weights", weights, "weights file")->capture_default_str();
  app.add_option("--model", model_name, "the model that the weights must be of")
      ->check(CLI::IsMember({"rare", "srn", "crnn"}));
  reading.add_to(app);
  app.add_option("--visualize", panels, "folder for a panel of every picture");
  app.add_flag("--json", json, "one JSON object a line, with every character's confidence");
  app.add_option("--threads", threads, "threads (default: all cores)")->check(CLI::PositiveNumber);
  app.add_option("pictures", names, "pictures, folders of them, or - for standard input")
      ->required();

  return run_program(app, argc, argv, [&] {
    if (threads > 0) set_num_threads(threads);
    const std::vector<std::string> paths = pictures_of(names);
    Reader<float> model = load_reader(weights, model_name);
    reading.apply(app, model.charset());
    if (!panels.empty()) fs::create_directories(panels);
    std::set<std::string> taken;
    int failures = 0;
    for (const std::string& path : paths) {
      try {
        const Picture picture = picture_at(path);
        const Reading r = read(model, picture, reading.options);
        if (json) {
          nlohmann::ordered_json line{{"path", path},
                                      {"text", r.text},
                                      {"confidence", r.confidence},
                                      {"character_confidence", r.character_confidence},
                                      {"turned", 90 * r.quarters}};
          if (reading.options.lexicon) line["ties"] = r.ties;
          std::vector<std::vector<float>> points;
          for (Index i = 0; r.fiducials.defined() && i < r.fiducials.size(0); ++i)
            points.push_back({r.fiducials(i, 0), r.fiducials(i, 1)});
          line["fiducials"] = points;
          std::printf("%s\n",
                      line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace).c_str());
        } else {
          std::printf("%s\t%s\t%.4f", path.c_str(), r.text.c_str(), r.confidence);
          if (reading.rotations) std::printf("\t%d", static_cast<int>(90 * r.quarters));
          std::printf("\n");
        }
        std::fflush(stdout);
        if (!panels.empty()) write_png(panel_path(panels, path, taken), draw(view_of(picture, r)));
      } catch (const Error& e) {  // one bad picture does not keep the others from being read
        std::fprintf(stderr, "read_words: %s\n", e.what());
        ++failures;
      }
    }
    return failures > 0 ? 1 : 0;
  });
}
