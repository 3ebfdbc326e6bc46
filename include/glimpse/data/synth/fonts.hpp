// fonts: finds the faces of this machine, removes symbol fonts, and draws faces by weight.
//
//   (1)  weight_f = legibility^2 * style / sqrt(faces in the folder) / files of the same name
//
// By (1), a folder of forty faces weighs as much as six single faces. `style` makes thin and
// typewriter faces rare, as on signs.
// Notation: docs/math/notation.md.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <map>
#include <string>
#include <system_error>
#include <vector>

#include <glimpse/core/parallel.hpp>
#include <glimpse/core/random.hpp>
#include <glimpse/data/synth/font.hpp>
#include <glimpse/data/synth/legibility.hpp>
#include <glimpse/data/synth/split.hpp>

namespace glimpse::inline v0::synth {

/// Sources of faces.
struct FontOptions {
  std::vector<std::string> folders;  // searched with all subfolders; empty: the system's
  std::string table;                 // optional TSV with columns path, legibility, near_dup_of
  double min_legibility = 0.44;      // faces below are left out
  Split split = Split::all;             // of the families
  std::string characters = {};       // UTF-8: characters beyond ASCII to read too
};

namespace detail {

struct TableRow {
  double legibility = 1;
  bool duplicate = false;
};

inline std::map<std::string, TableRow> read_font_table(const std::string& path) {
  std::ifstream file(path);
  if (!file) fail<IoError>("fonts", "cannot open the table ", path);
  const auto split = [](const std::string& line) {
    std::vector<std::string> cells(1);
    for (const char c : line)
      if (c == '\t')
        cells.emplace_back();
      else if (c != '\r')
        cells.back() += c;
    return cells;
  };
  std::string line;
  std::getline(file, line);
  const std::vector<std::string> names = split(line);
  const auto column = [&](const char* name) {
    const auto at = std::find(names.begin(), names.end(), name);
    if (at == names.end()) fail<IoError>("fonts", path, " has no column ", name);
    return static_cast<std::size_t>(at - names.begin());
  };
  const std::size_t where = column("path"), how = column("legibility"),
                    twin = column("near_dup_of");
  std::map<std::string, TableRow> rows;
  while (std::getline(file, line)) {
    const std::vector<std::string> cells = split(line);
    if (cells.size() != names.size()) continue;
    rows[cells[where]] = {std::atof(cells[how].c_str()), cells[twin] != "-"};
  }
  return rows;
}

}  // namespace detail

/// The folders that hold the system's and the user's fonts.
inline std::vector<std::string> system_font_folders() {
  std::vector<std::string> folders = {"/usr/share/fonts", "/usr/local/share/fonts"};
  if (const char* home = std::getenv("HOME")) {
    folders.push_back(std::string(home) + "/.fonts");
    folders.push_back(std::string(home) + "/.local/share/fonts");
  }
  return folders;
}

/// All TTF, OTF and WOFF files under the folders, sorted. Unreadable subfolders are left out.
/// Throws IoError for a named folder that cannot be read.
inline std::vector<std::string> find_font_files(const std::vector<std::string>& folders) {
  namespace fs = std::filesystem;
  std::vector<std::string> files;
  for (const std::string& folder : folders.empty() ? system_font_folders() : folders) {
    std::error_code error;
    if (fs::directory_iterator(folder, error); error && !folders.empty())
      fail<IoError>("fonts", "cannot open the folder ", folder);
    if (error) continue;
    fs::recursive_directory_iterator entry(folder, fs::directory_options::skip_permission_denied,
                                           error);
    while (!error && entry != fs::recursive_directory_iterator()) {
      std::string extension = entry->path().extension().string();
      for (char& c : extension) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
      if (extension == ".ttf" || extension == ".otf" || extension == ".woff")
        files.push_back(entry->path().string());
      entry.increment(error);
    }
    if (error && !folders.empty())
      fail<IoError>("fonts", "cannot read all of ", folder, ": ", error.message());
  }
  std::sort(files.begin(), files.end());
  files.erase(std::unique(files.begin(), files.end()), files.end());
  return files;
}

/// The family of a face: the folder's name and the file's name up to a hyphen.
inline std::string family_of(const std::string& path) {
  const std::filesystem::path file(path);
  const std::string stem = file.stem().string();
  return file.parent_path().filename().string() + '/' + stem.substr(0, stem.find('-'));
}

/// The faces to render with: read once, then constant and shared by all threads.
class Fonts {
 public:
  /// Finds, reads, checks and weighs the faces. Damaged files and symbol fonts are left out and
  /// listed in skipped(). Throws IoError if no usable face is found.
  static Fonts load(const FontOptions& options = {});

  Index size() const { return static_cast<Index>(faces_.size()); }
  Index skipped() const { return skipped_; }
  const Face& operator[](Index i) const { return faces_[static_cast<std::size_t>(i)]; }

  /// A random face, by weight, that has every character of `text`; null if no face has them all.
  const Face* draw(Random& rng, std::string_view text) const {
    const std::string capitals = upper_case(text);
    const auto suits = [&](const Face& face) { return face.has(face.caps_only ? capitals : text); };
    for (int i = 0; i < 40; ++i) {
      const double at = rng.uniform() * sums_.back();
      const auto k = static_cast<std::size_t>(std::upper_bound(sums_.begin(), sums_.end(), at) -
                                              sums_.begin());
      const Face& face = faces_[std::min(k, faces_.size() - 1)];
      if (suits(face)) return &face;
    }
    return draw_rare(rng, suits);
  }
  /// The characters of a UTF-8 text that no face has.
  std::string lacking(std::string_view characters) const {
    std::string missing;
    for (const char32_t c : code_points(characters))
      if (std::none_of(faces_.begin(), faces_.end(), [&](const Face& f) { return f.has(c); }))
        missing += utf8(c);
    return missing;
  }

 private:
  // By weight, among the faces that fit.
  template <class F>
  const Face* draw_rare(Random& rng, F&& suits) const {
    std::vector<std::pair<double, const Face*>> few;
    double sum = 0;
    for (const Face& face : faces_)
      if (suits(face)) few.emplace_back(sum += face.weight, &face);
    const double at = rng.uniform() * sum;
    for (const auto& [end, face] : few)
      if (at < end || face == few.back().second) return face;
    return nullptr;
  }
  void weigh(const FontOptions& options);

  std::vector<Face> faces_;
  std::vector<double> sums_;  // running sums of the weights
  Index skipped_ = 0;
};

inline Fonts Fonts::load(const FontOptions& options) {
  std::vector<std::string> files = find_font_files(options.folders);
  std::erase_if(files,
                [&](const std::string& f) { return !in_split(options.split, family_of(f)); });
  std::vector<Face> faces(files.size());
  std::u32string characters = code_points(options.characters);
  std::sort(characters.begin(), characters.end());
  parallel_for(static_cast<Index>(files.size()), 1'000'000, [&](Index i) {
    const auto k = static_cast<std::size_t>(i);
    try {
      faces[k] = load_face(files[k], characters);
      faces[k].caps_only = faces[k].caps_only || detail::shapes_repeat(faces[k]);
    } catch (const std::exception&) {
      faces[k] = Face{};  // not usable; its path stays empty
    }
  });
  std::erase_if(faces, [](const Face& face) { return face.path.empty(); });
  Fonts fonts;
  fonts.faces_ = std::move(faces);
  fonts.weigh(options);
  fonts.skipped_ = static_cast<Index>(files.size()) - fonts.size();
  if (fonts.size() == 0) {
    std::string where;
    for (const std::string& folder :
         options.folders.empty() ? system_font_folders() : options.folders)
      where += (where.empty() ? "" : ", ") + folder;
    fail<IoError>("fonts", "no usable TTF or OTF face in ", where,
                  "; examples/install_fonts.sh installs some, or name a folder that has them");
  }
  return fonts;
}

inline void Fonts::weigh(const FontOptions& options) {
  judge_legibility(faces_);
  std::map<std::string, detail::TableRow> table;
  if (!options.table.empty()) table = detail::read_font_table(options.table);
  std::map<std::string, int> folder_size;
  for (Face& face : faces_) {
    const auto row = table.find(face.path);
    if (row != table.end()) face.legibility = row->second.legibility;
    if (row != table.end() && row->second.duplicate) face.legibility = 0;
  }
  std::erase_if(faces_, [&](const Face& face) { return face.legibility < options.min_legibility; });
  const auto folder = [](const Face& face) {
    return std::filesystem::path(face.path).parent_path().string();
  };
  const auto stem = [](const Face& face) {
    return std::filesystem::path(face.path).stem().string();
  };
  std::map<std::string, int> same_stem;
  for (const Face& face : faces_) ++folder_size[folder(face)], ++same_stem[stem(face)];
  for (Face& face : faces_) {
    const double d = face.density;
    const bool typewriter = std::fabs(face.glyph('I').advance - face.glyph('M').advance) < 0.01f;
    const double style = (d < 0.12  ? 0.1
                          : d < 0.2 ? 0.35
                          : d < 0.3 ? 0.8
                                    : 1.4) *
                         (typewriter ? 0.25 : 1);
    // (1)
    face.weight = face.legibility * face.legibility * style / std::sqrt(folder_size[folder(face)]) /
                  same_stem[stem(face)];
    sums_.push_back(face.weight + (sums_.empty() ? 0.0 : sums_.back()));
  }
}

}  // namespace glimpse::inline v0::synth
