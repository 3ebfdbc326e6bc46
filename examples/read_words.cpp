// read_words: reads images of words.
//
//   read_words image.jpg other.png                   prints one line per image: path, text,
//                                                    confidence, tab-separated; tabs, line breaks and
//                                                    backslashes are escaped as in C
//   read_words images                                reads every image in a folder, in batches, in
//                                                    the order of their names
//   read_words --visualize panels image.jpg          also writes panels/image.png: the attention
//                                                    of each character
//   read_words --lexicon words.txt image.jpg         reads only words of this list
//   read_words --rotations sideways.jpg              tries all four orientations and prints the best
//                                                    one in another column (default: rotates only
//                                                    tall images)
//   read_words --jsonl images                        prints one JSON object per line, with the
//                                                    confidence of each character
//   read_words - < image.jpg                         reads the image from standard input
//
// If an image cannot be read, the program prints one line on standard error, reads the others, and
// exits with 1.
#include <algorithm>
#include <cctype>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <iostream>
#include <set>
#include <system_error>

#include <nlohmann/json.hpp>

#include <glimpse/data/load_image.hpp>
#include <glimpse/io/lines.hpp>
#include <glimpse/models/read_many.hpp>
#include <glimpse/train/model_file.hpp>
#include <glimpse/viz/view_of.hpp>

#include "program.hpp"
#include "reading_options.hpp"

namespace {

using namespace glimpse;
namespace fs = std::filesystem;

/// Whether the name of a file is that of an image. macOS writes `._name` next to `name`.
bool is_image(const fs::path& file) {
  static const std::set<std::string> ends{".png", ".jpg", ".jpeg", ".jfif", ".bmp"};
  std::string end = file.extension().string();
  for (char& c : end) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return ends.count(end) > 0 && !file.filename().string().starts_with("._");
}

/// Images named on the command line. A folder means all images in it.
std::vector<std::string> images_of(const std::vector<std::string>& names) {
  std::vector<std::string> paths;
  for (const std::string& name : names) {
    std::error_code unknown;  // an error is reported when the image is read
    if (name == "-" || !fs::is_directory(name, unknown)) {
      paths.push_back(name);
      continue;
    }
    std::set<std::string> inside;
    for (const fs::directory_entry& entry : fs::directory_iterator(name))
      if (entry.is_regular_file(unknown) && is_image(entry.path()))
        inside.insert(entry.path().string());
    if (inside.empty())
      fail<IoError>("folder", name, " holds no image (png, jpg, jpeg, jfif, bmp)");
    paths.insert(paths.end(), inside.begin(), inside.end());
  }
  return paths;
}

/// The file of a panel: the name of the image in `folder`, with a number if two images have the same.
std::string panel_path(const std::string& folder, const std::string& image,
                       std::set<std::string>& taken) {
  const std::string stem = fs::path(image).stem().string();
  std::string name = stem;
  for (int n = 2; !taken.insert(name).second; ++n) name = stem + "_" + std::to_string(n);
  return (fs::path(folder) / (name + ".png")).string();
}

/// Limits for images of up to `megapixels`: any shape, and 4 bytes of file per pixel.
ImageLimits limits_for(Index megapixels) {
  ImageLimits limits;
  if (megapixels <= 0) return limits;
  limits.pixels = megapixels * 1'000'000;
  limits.extent = Index{1} << 24;
  limits.file_bytes =
      std::max<std::uintmax_t>(limits.file_bytes, 4 * static_cast<std::uintmax_t>(limits.pixels));
  return limits;
}

/// The image in a file, or on standard input if the path is "-".
GrayImage image_at(const std::string& path, const ImageLimits& limits) {
  if (path != "-") return gray_image_of(read_image(path, 1, limits));
  std::string bytes;
  for (char block[1 << 16]; std::cin.read(block, sizeof block), std::cin.gcount() > 0;) {
    bytes.append(block, static_cast<std::size_t>(std::cin.gcount()));
    if (bytes.size() > limits.file_bytes) break;  // decode_image reports it
  }
  return gray_image_of(decode_image(bytes, 1, "standard input", limits));
}

/// A reading as a line of JSON.
std::string json_line(const std::string& path, const Reading& r, bool with_ties) {
  nlohmann::ordered_json line{{"path", path},
                              {"text", r.text},
                              {"confidence", r.confidence},
                              {"character_confidence", r.character_confidence},
                              {"rotation", 90 * r.quarters}};
  if (with_ties) line["ties"] = r.ties;
  std::vector<std::vector<float>> points;
  for (Index i = 0; r.fiducials.defined() && i < r.fiducials.size(0); ++i)
    points.push_back({r.fiducials(i, 0), r.fiducials(i, 1)});
  line["fiducials"] = points;
  return line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Reads images of words. Prints one line per image: path, text, confidence.",
               "read_words");
  std::string weights = default_weights(), model_name, panels;
  ReadingOptions reading;
  std::vector<std::string> names;
  bool jsonl = false;
  int threads = 0;
  Index megapixels = 0;
  app.add_option("--weights", weights, "weights file")->capture_default_str();
  app.add_option("--model", model_name, "expected model of the weights; another one is an error")
      ->check(CLI::IsMember({"rare", "srn", "crnn"}));
  reading.add_to(app);
  app.add_option(
      "--visualize", panels,
      "folder for a panel of each image: fiducial points, straightened image, attention");
  app.add_flag("--jsonl", jsonl,
               "print one JSON object per line, with the confidence of each character");
  app.add_option("--max-megapixels", megapixels,
                 "largest image to read; a pixel needs 12 bytes of memory (default: 67)")
      ->check(CLI::Range(1, 1000));
  app.add_option("--threads", threads, "number of threads (default: all cores)")
      ->check(CLI::PositiveNumber);
  app.add_option("images", names, "images, folders of images, or - for standard input")->required();

  return run_program(app, argc, argv, [&] {
    if (threads > 0) set_num_threads(threads);
    const std::vector<std::string> paths = images_of(names);
    Reader<float> model = load_reader(weights, model_name);
    reading.apply(app, model.charset());
    if (!panels.empty()) fs::create_directories(panels);
    const ImageLimits limits = limits_for(megapixels);
    std::set<std::string> taken;
    int failures = 0;
    // A bad image does not stop the reading of the others. It gives one line that names it.
    const auto complain = [&](const std::string& path, const std::string& reason) {
      const bool named = reason.find(path == "-" ? "standard input" : path) != std::string::npos;
      std::string line = named ? reason : "image: '" + path + "' " + reason;
      if (line.find("the limit") != std::string::npos) line += "; --max-megapixels raises them";
      std::fprintf(stderr, "read_words: %s\n", one_line(line).c_str());
      ++failures;
    };
    const auto load = [&](std::uint64_t i) { return image_at(paths[i], limits); };
    const auto emit = [&](std::uint64_t i, ImageRead&& one) {
      const std::string& path = paths[i];
      if (!one.ok()) return complain(path, one.error);
      const Reading& r = one.reading;
      if (jsonl) {
        std::printf("%s\n", json_line(path, r, reading.options.lexicon != nullptr).c_str());
      } else {
        std::printf("%s\t%s\t%.4f", one_column(path).c_str(), one_column(r.text).c_str(), r.confidence);
        if (reading.rotations) std::printf("\t%d", static_cast<int>(90 * r.quarters));
        std::printf("\n");
      }
      flush_output();
      if (panels.empty()) return;
      try {
        write_png(panel_path(panels, path, taken), draw(view_of(one.image, r)));
      } catch (const Error& e) {
        complain(path, e.what());
      }
    };
    read_many(model, paths.size(), load, emit, {.reading = reading.options});
    return failures > 0 ? 1 : 0;
  });
}
