// image: reads and writes image files with stb_image and stb_image_write. Opt-in: no other header
// includes this one.
//
//   gray = 0.299 R + 0.587 G + 0.114 B;  transparency is composited on white: v alpha + (1 - alpha)
//
// Images are tensors (channels, height, width) in [0, 1]. The size is read from the file's header
// and checked before anything is decoded. JPEG, PNG and BMP are read, because photographs use them
// and because these decoders are the safer parts of stb_image. Releases of stb_image up to 2.27
// have known faults: Huffman tables of more than 256 codes, memory that is used before it is
// written, asserts on file contents. Files that cause them are rejected here. The orientation tag
// of a JPEG is applied, because telephones write it. stb is compiled here with internal linkage, so
// it does not conflict with another copy in the program.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

#include <glimpse/core/tensor.hpp>
#include <glimpse/io/file.hpp>
#include <glimpse/io/jpeg.hpp>

#if defined(STBI_INCLUDE_STB_IMAGE_H) || defined(INCLUDE_STB_IMAGE_WRITE_H)
#error "include <glimpse/io/image.hpp> before stb_image.h and stb_image_write.h"
#endif
#define STB_IMAGE_STATIC
#define STB_IMAGE_IMPLEMENTATION
#define STBI_NO_STDIO
#define STBI_ONLY_JPEG
#define STBI_ONLY_PNG
#define STBI_ONLY_BMP
#define STBI_MALLOC(size) std::calloc(1, size)
#define STBI_REALLOC(block, size) std::realloc(block, size)
#define STBI_FREE(block) std::free(block)
#define STBI_ASSERT(condition) ((void)0)
#define STB_IMAGE_WRITE_STATIC
#define STB_IMAGE_WRITE_IMPLEMENTATION
#define STBI_WRITE_NO_STDIO
#if defined(__GNUC__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wall"
#pragma GCC diagnostic ignored "-Wextra"
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wsign-conversion"
#pragma GCC diagnostic ignored "-Wshadow"
#pragma GCC diagnostic ignored "-Wpedantic"
#pragma GCC diagnostic ignored "-Wunused-function"
#pragma GCC diagnostic ignored "-Wunused-but-set-variable"
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"
#endif
#if __has_include(<stb/stb_image.h>)
#include <stb/stb_image.h>
#include <stb/stb_image_write.h>
#else
#include <stb_image.h>
#include <stb_image_write.h>
#endif
#if defined(__GNUC__)
#pragma GCC diagnostic pop
#endif
#undef STB_IMAGE_IMPLEMENTATION
#undef STB_IMAGE_WRITE_IMPLEMENTATION

namespace glimpse::inline v0 {

/// Limits on an image file, checked before decoding.
struct ImageLimits {
  std::uintmax_t file_bytes = std::uintmax_t{64} << 20;
  Index pixels = Index{1} << 26;  // 67 megapixels: 800 MB of floats in color
  Index extent = Index{1} << 15;  // of one side
};

namespace detail {

/// Rotates and mirrors an image upright, by its Exif orientation.
inline Tensor<float> upright(const Tensor<float>& x, int orientation) {
  const int o = orientation;
  const bool swaps = o >= 5, from_right = o == 2 || o == 3 || o == 7 || o == 8;
  const bool from_bottom = o == 3 || o == 4 || o == 6 || o == 7;
  if (o == 1) return x;
  const Index h = x.size(1), w = x.size(2);
  Tensor<float> y(Shape{x.size(0), swaps ? w : h, swaps ? h : w});
  for (Index c = 0; c < y.size(0); ++c)
    for (Index i = 0; i < y.size(1); ++i)
      for (Index j = 0; j < y.size(2); ++j) {
        const Index row = swaps ? j : i, col = swaps ? i : j;
        y(c, i, j) = x(c, from_bottom ? h - 1 - row : row, from_right ? w - 1 - col : col);
      }
  return y;
}

inline void append_bytes(void* to, void* data, int size) {
  static_cast<std::string*>(to)->append(static_cast<const char*>(data),
                                        static_cast<std::size_t>(size));
}

/// An image (H, W), (1, H, W) or (3, H, W) as interleaved bytes, values clamped to [0, 1].
struct ByteImage {
  ByteImage(const char* op, const Tensor<float>& image) {
    const Tensor<float> x =
        image.rank() == 2 ? image.reshape({1, image.size(0), image.size(1)}) : image;
    require(x.rank() == 3 && (x.size(0) == 1 || x.size(0) == 3) && x.size() > 0, op,
            "wants an image (height, width), (1, height, width) or (3, height, width)", image);
    channels = static_cast<int>(x.size(0));
    height = static_cast<int>(x.size(1)), width = static_cast<int>(x.size(2));
    bytes.resize(static_cast<std::size_t>(x.size()));
    std::size_t at = 0;
    for (Index i = 0; i < x.size(1); ++i)
      for (Index j = 0; j < x.size(2); ++j)
        for (Index c = 0; c < x.size(0); ++c) {
          const float v = x(c, i, j);
          bytes[at++] = static_cast<char>(
              static_cast<unsigned char>(v > 0 ? v < 1 ? v * 255.0f + 0.5f : 255.0f : 0.0f));
        }
  }
  int channels, height, width;
  std::string bytes;
};

}  // namespace detail

/// Decodes an image in memory. channels: 1 gray, 3 color. name: the path for error messages.
/// Returns (channels, height, width) in [0, 1]. Throws IoError for bytes that are empty, damaged,
/// of an unknown format, or that exceed `limits`.
inline Tensor<float> decode_image(std::string_view file, Index channels = 1,
                                  const std::string& name = "memory",
                                  const ImageLimits& limits = {}) {
  if (channels != 1 && channels != 3) fail("image", "is read with 1 or 3 channels, not ", channels);
  if (file.empty()) fail<IoError>("image", "'", name, "' is empty");
  if (file.size() > limits.file_bytes || file.size() > 0x7FFFFFFF)
    fail<IoError>("image", "'", name, "' has ", file.size(), " bytes, the limit is ",
                  limits.file_bytes);
  const auto* bytes = reinterpret_cast<const stbi_uc*>(file.data());
  const int size = static_cast<int>(file.size());
  int w = 0, h = 0, found = 0;
  if (file.starts_with("\xFF\xD8") && !detail::jpeg_tables_fit(file))
    fail<IoError>("image", "'", name, "' is damaged (bad Huffman table)");
  if (!stbi_info_from_memory(bytes, size, &w, &h, &found))
    fail<IoError>("image", "'", name, "' is no JPEG, PNG or BMP image, or is damaged (",
                  stbi_failure_reason(), ")");
  if (w <= 0 || h <= 0) fail<IoError>("image", "'", name, "' has no pixels");
  if (w > limits.extent || h > limits.extent || Index{w} * h > limits.pixels)
    fail<IoError>("image", "'", name, "' is ", w, " x ", h, " pixels, the limits are ",
                  limits.pixels, " pixels and ", limits.extent, " to a side");

  const std::unique_ptr<stbi_uc, void (*)(void*)> pixels(
      stbi_load_from_memory(bytes, size, &w, &h, &found, 0), &stbi_image_free);
  if (!pixels) fail<IoError>("image", "'", name, "' is damaged (", stbi_failure_reason(), ")");
  Tensor<float> x(Shape{channels, h, w});
  const Index plane = Index{w} * h;
  float* out = x.data();
  for (Index i = 0; i < plane; ++i) {
    const stbi_uc* p = pixels.get() + i * found;
    const bool color = found >= 3, alpha = found == 2 || found == 4;
    const float opacity = alpha ? static_cast<float>(p[found - 1]) / 255.0f : 1.0f;
    const auto value = [&](int c) {
      return static_cast<float>(p[c]) / 255.0f * opacity + (1.0f - opacity);
    };
    const float r = value(0), g = color ? value(1) : r, b = color ? value(2) : r;
    if (channels == 1) {
      out[i] = color ? 0.299f * r + 0.587f * g + 0.114f * b : r;
    } else {
      out[i] = r, out[i + plane] = g, out[i + 2 * plane] = b;
    }
  }
  return detail::upright(x, detail::exif_orientation(file));
}

/// Reads an image file and decodes it with `decode_image`. Returns (channels, height, width) in
/// [0, 1]. Throws IoError with the path, also if the file is missing.
inline Tensor<float> read_image(const std::string& path, Index channels = 1,
                                const ImageLimits& limits = {}) {
  return decode_image(read_file(path, limits.file_bytes), channels, path, limits);
}

/// The bytes of a PNG file from an image (H, W), (1, H, W) or (3, H, W), clamped to [0, 1].
inline std::string encode_png(const Tensor<float>& image) {
  detail::ByteImage encoded("encode_png", image);
  std::string file;
  if (!stbi_write_png_to_func(&detail::append_bytes, &file, encoded.width, encoded.height,
                              encoded.channels, encoded.bytes.data(),
                              encoded.width * encoded.channels))
    fail<IoError>("encode_png", "could not encode an image ", image);
  return file;
}

/// The bytes of a JPEG file from an image (H, W), (1, H, W) or (3, H, W), clamped to [0, 1].
/// quality: 1 to 100.
inline std::string encode_jpeg(const Tensor<float>& image, int quality = 90) {
  detail::ByteImage encoded("encode_jpeg", image);
  std::string file;
  if (!stbi_write_jpg_to_func(&detail::append_bytes, &file, encoded.width, encoded.height,
                              encoded.channels, encoded.bytes.data(), quality))
    fail<IoError>("encode_jpeg", "could not encode an image ", image);
  return file;
}

/// Writes an image (H, W), (1, H, W) or (3, H, W) as PNG. Throws IoError with the path, ShapeError
/// for any other shape.
inline void write_png(const std::string& path, const Tensor<float>& image) {
  write_file(path, encode_png(image));
}

/// Writes an image as JPEG, with the shapes and errors of `write_png`. quality: 1 to 100.
inline void write_jpeg(const std::string& path, const Tensor<float>& image, int quality = 90) {
  write_file(path, encode_jpeg(image, quality));
}

}  // namespace glimpse::inline v0
