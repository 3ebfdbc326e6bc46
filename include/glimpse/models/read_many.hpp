// read_many: reads any number of images, in batches that are large enough for speed and bounded in
// memory.
//
//   loaders:  load(0), load(1), ...     in threads of their own, ahead of the reader
//   caller:   | batch of images | read | emit in order |  batch | read | emit | ...
//
// A batch ends at `batch` images or at `pixels` pixels, whichever comes first. The loaders hold as
// many images again. Small images are therefore read at the speed of the network, and huge images
// one by one. Within a batch, images of one rectified width go through the network together
// (read.hpp), which changes results only by rounding. An image that fails to load or to read is
// emitted with its error; the others are read.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <exception>
#include <functional>
#include <new>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <glimpse/core/memory_cache.hpp>
#include <glimpse/data/prefetch.hpp>
#include <glimpse/models/read.hpp>

namespace glimpse::inline v0 {

/// The result for one image.
struct ImageRead {
  GrayImage image;    // empty if loading failed
  Reading reading;    // empty after an error
  std::string error;  // why it was not read; empty on success
  bool ok() const { return error.empty(); }
};

struct ReadManyOptions {
  ReadOptions reading{};  // `lexicons` is ignored; see `lexicon`
  /// Words of image i, instead of `reading.lexicon`; nullptr: no lexicon for this image.
  std::function<const Lexicon*(std::uint64_t)> lexicon{};
  int loaders = 0;                // threads; 0: num_threads(), at most 4
  std::size_t batch = 256;        // images, at most
  Index pixels = Index{1} << 24;  // in a batch; 64 MB, and as much loaded ahead
};

namespace detail {

/// The message of an exception.
inline std::string reason_of(const std::exception& e) {
  if (dynamic_cast<const std::bad_alloc*>(&e)) return "out of memory";
  return e.what();
}

/// Reads the loaded images of a batch; one by one if the whole batch fails.
template <class T>
void read_batch(Reader<T>& model, std::span<ImageRead> batch, std::uint64_t first,
                const ReadManyOptions& options) {
  std::vector<GrayImage> images;
  std::vector<std::size_t> positions;
  std::vector<const Lexicon*> lexicons;
  for (std::size_t i = 0; i < batch.size(); ++i) {
    if (!batch[i].ok()) continue;
    images.push_back(std::move(batch[i].image));
    positions.push_back(i);
    if (options.lexicon) lexicons.push_back(options.lexicon(first + i));
  }
  const auto part = [&](std::size_t begin, std::size_t count) {
    ReadOptions now = options.reading;
    now.lexicons = std::span<const Lexicon* const>(lexicons);
    if (!lexicons.empty()) now.lexicons = now.lexicons.subspan(begin, count);
    std::vector<Reading> readings =
        read(model, std::span<const GrayImage>(images).subspan(begin, count), now);
    for (std::size_t i = 0; i < count; ++i)
      batch[positions[begin + i]].reading = std::move(readings[i]);
  };
  const auto alone = [&](std::size_t i) {
    try {
      part(i, 1);
    } catch (const std::exception& e) {
      batch[positions[i]].error = reason_of(e);
      MemoryCache::instance().clear();
    }
  };
  if (images.size() == 1) {
    alone(0);
  } else if (!images.empty()) {
    bool together = true;
    try {
      part(0, images.size());
    } catch (const std::exception&) {
      together = false;
      MemoryCache::instance().clear();
    }
    for (std::size_t i = 0; i < images.size() && !together; ++i) alone(i);
  }
  for (std::size_t i = 0; i < images.size(); ++i) batch[positions[i]].image = std::move(images[i]);
}

}  // namespace detail

/// Reads `count` images. The model must be in evaluation mode.
///   load(i)                  the Image i; called once each, from several threads at once
///   emit(i, ImageRead&&)     called once each, in order, from the caller's thread
/// Returns the seconds of reading, without the time of waiting for `load` and of `emit`. An error
/// of `load` becomes the image's error; an error of `emit` ends the reading.
template <class T, class Load, class Emit>
double read_many(Reader<T>& model, std::uint64_t count, Load&& load, Emit&& emit,
                 const ReadManyOptions& options = {}) {
  if (count == 0) return 0;
  if (options.batch < 1 || options.pixels < 1)
    fail("read_many", "expected a batch of at least 1 image and 1 pixel, got ", options.batch,
         " and ", options.pixels);
  const auto loaded = [&](std::uint64_t i) {
    ImageRead one;
    if (i >= count) return one;
    try {
      one.image = load(i);
      if (one.image.empty()) one.error = "the image is empty";
    } catch (const std::exception& e) {
      if (dynamic_cast<const std::bad_alloc*>(&e)) MemoryCache::instance().clear();
      one.error = detail::reason_of(e);
      if (one.error.empty()) one.error = "cannot be loaded";
    }
    return one;
  };
  const auto pixels_of = [](const ImageRead& one) {
    return static_cast<std::uint64_t>(one.image.size());
  };
  const std::uint64_t ahead = std::min<std::uint64_t>(options.batch, count);
  const int threads = options.loaders > 0 ? options.loaders : std::min(num_threads(), 4);
  Prefetcher<ImageRead> loader(
      loaded, static_cast<int>(std::min(static_cast<std::uint64_t>(threads), ahead)), ahead, 0,
      pixels_of, static_cast<std::uint64_t>(options.pixels));
  double seconds = 0;
  std::vector<ImageRead> batch;
  for (std::uint64_t first = 0; first < count; first += batch.size()) {
    batch.clear();
    Index pixels = 0;
    while (first + batch.size() < count && batch.size() < options.batch &&
           pixels < options.pixels) {
      batch.push_back(loader.next());
      pixels += batch.back().image.size();
    }
    const auto start = std::chrono::steady_clock::now();
    detail::read_batch(model, std::span(batch), first, options);
    seconds += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    for (std::size_t i = 0; i < batch.size(); ++i) emit(first + i, std::move(batch[i]));
  }
  return seconds;
}

}  // namespace glimpse::inline v0
