// word loader: an endless stream of batches, made ahead of time while the network trains.
//
//   source(i) -> image and label, a pure function of i
//   chunk k   =  samples [k C, (k+1) C),  C = batch x batches a chunk,
//                sorted into batches by rectified width
//
// All images of a batch have one width, and every batch has exactly `batch` words. Words that do
// not fill a batch of their width join the next wider batch. The stream therefore depends only on
// the source and the sizes, not on threads, and a position (chunk, batch) resumes it exactly.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include <glimpse/core/random.hpp>
#include <glimpse/core/tensor.hpp>
#include <glimpse/data/gray_image.hpp>
#include <glimpse/data/prefetch.hpp>
#include <glimpse/data/prepare.hpp>

namespace glimpse::inline v0 {

/// One training word: its image and its symbols.
struct LabeledWord {
  GrayImage image;
  std::vector<Index> symbols;
  std::vector<float> fiducials = {};  // (K, 2) in [-1, 1], x before y; empty if unknown
};

/// Sample number i. Must return the same word for the same i, from any thread.
using WordSource = std::function<LabeledWord(std::uint64_t)>;

struct WordBatch {
  Tensor<float> images;                     // (N, 1, height, scaled width), standardized
  Index width = 0;                          // rectified width of all images
  std::vector<std::vector<Index>> symbols;  // N labels
  Tensor<float> fiducials;                  // (N, K, 2), NaN if unknown
};

struct WordLoaderOptions {
  Index batch = 64;
  Index batches_per_chunk = 8;
  Index image_height = 64;  // of the batch's images
  Index image_scale = 2;    // their width is this many times the rectified width
  Index fiducials = 20;     // K
  std::function<Index(const LabeledWord&)> width_of;  // rectified width of a word
  int threads = 1;
  std::uint64_t seed = 1;  // seed for the order of batches within a chunk
};

class WordLoader {
 public:
  struct Position {
    std::uint64_t chunk = 0, batch = 0;
  };

  WordLoader(WordSource source, WordLoaderOptions options)
      : WordLoader(std::move(source), std::move(options), Position{}) {}
  WordLoader(WordSource source, WordLoaderOptions options, Position start)
      : source_(std::move(source)),
        options_(std::move(options)),
        position_(start),
        chunks_([this](std::uint64_t k) { return make_chunk(k); }, std::max(1, options_.threads),
                static_cast<std::uint64_t>(std::max(1, options_.threads)) + 1, start.chunk) {}

  WordBatch next() {
    if (chunk_.empty()) chunk_ = chunks_.next();
    WordBatch batch = std::move(chunk_[position_.batch]);
    if (++position_.batch == chunk_.size()) position_ = {position_.chunk + 1, 0}, chunk_.clear();
    return batch;
  }

  /// Position of the next batch. Save it, and pass it to a new loader to resume.
  Position position() const { return position_; }

 private:
  std::vector<WordBatch> make_chunk(std::uint64_t k) const {
    const std::size_t batch = static_cast<std::size_t>(options_.batch);
    const std::size_t count = batch * static_cast<std::size_t>(options_.batches_per_chunk);
    std::vector<LabeledWord> words;
    std::vector<std::pair<Index, std::size_t>> order;  // by width, then by number
    for (std::size_t i = 0; i < count; ++i) {
      words.push_back(source_(k * count + i));
      order.emplace_back(options_.width_of(words.back()), i);
    }
    std::sort(order.begin(), order.end());
    std::vector<WordBatch> chunk;
    for (std::size_t begin = 0; begin < count; begin += batch) {
      WordBatch b;
      b.width = order[begin + batch - 1].first;  // the widest in the batch
      const Index h = options_.image_height, w = options_.image_scale * b.width;
      b.images = empty<float>({options_.batch, 1, h, w});
      b.fiducials = full<float>({options_.batch, options_.fiducials, 2},
                                std::numeric_limits<float>::quiet_NaN());
      for (std::size_t i = begin; i < begin + batch; ++i) {
        LabeledWord& word = words[order[i].second];
        Tensor<float> slot = b.images.select(0, static_cast<Index>(i - begin));
        slot.copy_from(resized(standardized(word.image), h, w).select(0, 0));
        b.symbols.push_back(std::move(word.symbols));
        const std::size_t numbers = static_cast<std::size_t>(2 * options_.fiducials);
        if (word.fiducials.size() == numbers)
          std::copy(word.fiducials.begin(), word.fiducials.end(),
                    b.fiducials.data() + (i - begin) * numbers);
      }
      chunk.push_back(std::move(b));
    }
    Random random(options_.seed, k);
    for (std::size_t i = chunk.size(); i > 1; --i)
      std::swap(chunk[i - 1],
                chunk[static_cast<std::size_t>(random.uniform_int(static_cast<Index>(i)))]);
    return chunk;
  }

  WordSource source_;
  WordLoaderOptions options_;
  Position position_;
  std::vector<WordBatch> chunk_;
  Prefetcher<std::vector<WordBatch>> chunks_;  // last: its threads use all of the above
};

}  // namespace glimpse::inline v0
