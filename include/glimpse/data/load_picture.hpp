// load_picture: a file as a grey picture. Pulls in stb_image.
#pragma once

#include <string>

#include <glimpse/data/picture.hpp>
#include <glimpse/io/image.hpp>

namespace glimpse::inline v0 {

/// A grey tensor (1, H, W) or (H, W) as a picture.
inline Picture picture_of(const Tensor<float>& image) {
  const Tensor<float> dense = image.contiguous();
  Picture picture(dense.size(-2), dense.size(-1));
  std::copy_n(dense.data(), picture.size(), picture.pixels.begin());
  return picture;
}

/// A picture as a tensor (H, W).
inline Tensor<float> image_of(const Picture& picture) {
  return tensor<float>(std::span<const float>(picture.pixels), {picture.height, picture.width});
}

/// Reads a picture file in grey. Throws IoError with the path.
inline Picture load_picture(const std::string& path) { return picture_of(read_image(path, 1)); }

}  // namespace glimpse::inline v0
