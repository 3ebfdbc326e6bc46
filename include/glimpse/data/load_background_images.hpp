// load background images: reads photographs of surfaces, the backgrounds of synthetic words.
// Includes stb_image.
#pragma once

#include <algorithm>
#include <filesystem>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <glimpse/core/parallel.hpp>
#include <glimpse/core/random.hpp>
#include <glimpse/data/load_image.hpp>
#include <glimpse/data/synth/background_images.hpp>

namespace glimpse::inline v0 {

/// Up to `limit` JPEG, PNG and BMP files of the folders and their subfolders, chosen by a fixed
/// random draw. Left out: files whose name ends in _nm, _gm, _sm or _rm (maps of 3-D models, not
/// surfaces), unreadable files, and unreadable subfolders. Throws IoError if no folder is given,
/// one is missing, or no image remains.
inline synth::BackgroundImages load_background_images(const std::vector<std::string>& folders,
                                                      Index limit = 400) {
  namespace fs = std::filesystem;
  if (folders.empty()) fail<IoError>("background_images", "wants a folder");
  std::vector<std::string> files;
  for (const std::string& folder : folders) {
    std::error_code error;
    if (fs::directory_iterator(folder, error); error)
      fail<IoError>("background_images", "cannot open the folder ", folder);
    fs::recursive_directory_iterator entry(folder, fs::directory_options::skip_permission_denied,
                                           error);
    while (!error && entry != fs::recursive_directory_iterator()) {
      std::string extension = entry->path().extension().string();
      for (char& c : extension) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
      const std::string stem = entry->path().stem().string();
      const std::string end = stem.size() > 3 ? stem.substr(stem.size() - 3) : "";
      const bool image =
          extension == ".jpg" || extension == ".jpeg" || extension == ".png" || extension == ".bmp";
      const bool map = end == "_nm" || end == "_gm" || end == "_sm" || end == "_rm";
      if (image && !map) files.push_back(entry->path().string());
      entry.increment(error);
    }
    if (error)
      fail<IoError>("background_images", "cannot read all of ", folder, ": ", error.message());
  }
  std::sort(files.begin(), files.end());
  Random random(0x9407);
  for (Index i = static_cast<Index>(files.size()) - 1; i > 0; --i)
    std::swap(files[static_cast<std::size_t>(i)],
              files[static_cast<std::size_t>(random.uniform_int(i + 1))]);
  if (static_cast<Index>(files.size()) > limit) files.resize(static_cast<std::size_t>(limit));

  std::vector<synth::BackgroundImages> reduced(
      files.size());  // reduced one by one: all at full size need gigabytes
  parallel_for(static_cast<Index>(files.size()), 1'000'000, [&](Index i) {
    try {
      reduced[static_cast<std::size_t>(i)].add(load_image(files[static_cast<std::size_t>(i)]));
    } catch (const Error&) {  // unreadable files are left out
    }
  });
  synth::BackgroundImages photos;
  for (synth::BackgroundImages& one : reduced) photos.add(std::move(one));
  if (photos.empty()) fail<IoError>("background_images", "no usable image in ", folders.front());
  return photos;
}

}  // namespace glimpse::inline v0
