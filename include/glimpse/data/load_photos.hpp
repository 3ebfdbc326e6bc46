// load_photos: photographs of surfaces from folders, for words to be drawn on. Pulls in stb_image.
#pragma once

#include <algorithm>
#include <filesystem>
#include <string>
#include <system_error>
#include <vector>

#include <glimpse/core/parallel.hpp>
#include <glimpse/core/random.hpp>
#include <glimpse/data/load_picture.hpp>
#include <glimpse/data/synth/photos.hpp>

namespace glimpse::inline v0 {

/// Up to `limit` JPEG, PNG and BMP files of the folders and all below them, chosen by a fixed draw.
/// Files whose name ends in _nm, _gm, _sm or _rm (maps of 3-D models, not surfaces) and files that
/// cannot be read are left out. Throws IoError where a folder is missing or nothing is left.
inline synth::Photos load_photos(const std::vector<std::string>& folders, Index limit = 400) {
  namespace fs = std::filesystem;
  std::vector<std::string> files;
  for (const std::string& folder : folders) {
    std::error_code error;
    fs::recursive_directory_iterator entry(folder, error);
    if (error) fail<IoError>("photos", "cannot open the folder ", folder);
    for (; entry != fs::recursive_directory_iterator(); entry.increment(error)) {
      std::string extension = entry->path().extension().string();
      for (char& c : extension) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
      const std::string stem = entry->path().stem().string();
      const std::string end = stem.size() > 3 ? stem.substr(stem.size() - 3) : "";
      const bool picture =
          extension == ".jpg" || extension == ".jpeg" || extension == ".png" || extension == ".bmp";
      const bool map = end == "_nm" || end == "_gm" || end == "_sm" || end == "_rm";
      if (picture && !map) files.push_back(entry->path().string());
      if (error) break;
    }
  }
  std::sort(files.begin(), files.end());
  Random random(0x9407);
  for (Index i = static_cast<Index>(files.size()) - 1; i > 0; --i)
    std::swap(files[static_cast<std::size_t>(i)],
              files[static_cast<std::size_t>(random.below(i + 1))]);
  if (static_cast<Index>(files.size()) > limit) files.resize(static_cast<std::size_t>(limit));

  std::vector<Picture> pictures(files.size());
  parallel_for(static_cast<Index>(files.size()), 1'000'000, [&](Index i) {
    try {
      pictures[static_cast<std::size_t>(i)] = load_picture(files[static_cast<std::size_t>(i)]);
    } catch (const Error&) {
      pictures[static_cast<std::size_t>(i)] = Picture();  // not readable: done without
    }
  });
  synth::Photos photos;
  for (const Picture& picture : pictures) photos.add(picture);
  if (photos.empty()) fail<IoError>("photos", "no usable picture in ", folders.front());
  return photos;
}

}  // namespace glimpse::inline v0
