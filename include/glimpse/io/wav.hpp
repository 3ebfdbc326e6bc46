// wav: reads and writes sound files of plain samples (RIFF WAVE, PCM).
//
//   "RIFF" size "WAVE",  then chunks: name, size, bytes, padded to even
//   "fmt "  format (1: PCM; 0xFFFE: see the extension), channels, rate, ..., bits
//   "data"  samples, channel by channel in each frame, little-endian; 8 bits unsigned, else signed
//
// The mean of all channels is returned; samples are in [-1, 1). Does not read anything but PCM:
// other formats are an IoError.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include <glimpse/core/tensor.hpp>
#include <glimpse/io/file.hpp>

namespace glimpse::inline v0 {

/// One channel of sound.
struct Wave {
  Index rate = 0;         // samples per second
  Tensor<float> samples;  // (n)

  double seconds() const { return static_cast<double>(samples.size()) / static_cast<double>(rate); }
};

namespace detail {

/// Unsigned integer from `bytes` bytes at offset `at`, lowest byte first.
inline std::uint32_t little_endian(std::string_view file, std::size_t at, std::size_t bytes) {
  std::uint32_t v = 0;
  for (std::size_t i = 0; i < bytes; ++i)
    v |= static_cast<std::uint32_t>(static_cast<unsigned char>(file[at + i])) << (8 * i);
  return v;
}

}  // namespace detail

/// Decodes sound in memory. name: the path for error messages. Throws IoError for bytes that are
/// not a RIFF WAVE file, that are cut off, or that are not PCM of 8, 16, 24 or 32 bits.
inline Wave decode_wav(std::string_view file, const std::string& name = "memory") {
  using detail::little_endian;
  const auto refuse = [&](const auto&... why) { fail<IoError>("wav", "'", name, "' ", why...); };
  if (file.size() < 12 || file.substr(0, 4) != "RIFF" || file.substr(8, 4) != "WAVE")
    refuse("is no RIFF WAVE file");
  std::uint32_t format = 0, channels = 0, rate = 0, bits = 0;
  for (std::size_t at = 12; at + 8 <= file.size();) {
    const std::string_view kind = file.substr(at, 4);
    const std::size_t size = little_endian(file, at + 4, 4), body = at + 8;
    if (kind == "fmt ") {
      if (size < 16 || body + size > file.size()) refuse("is cut off in its format");
      format = little_endian(file, body, 2), channels = little_endian(file, body + 2, 2);
      rate = little_endian(file, body + 4, 4), bits = little_endian(file, body + 14, 2);
      if (format == 0xFFFE && size >= 26) format = little_endian(file, body + 24, 2);
    } else if (kind == "data") {
      if (format != 1) refuse("holds sound in format ", format, ", only PCM (format 1) is read");
      if (bits != 8 && bits != 16 && bits != 24 && bits != 32)
        refuse("holds samples of ", bits, " bits, read are 8, 16, 24 and 32");
      if (channels < 1 || channels > 64 || rate < 1)
        refuse("reports ", channels, " channels at ", rate, " samples a second");
      // A writer that was killed, or wrote to a pipe, leaves a size that is too large. The end of
      // the file then limits the data.
      const std::size_t bytes = bits / 8, frame = bytes * channels;
      const std::size_t count = std::min(size, file.size() - body) / frame;
      Wave wave{static_cast<Index>(rate), Tensor<float>(Shape{static_cast<Index>(count)})};
      const double full = std::ldexp(1.0, static_cast<int>(bits) - 1);
      for (std::size_t i = 0; i < count; ++i) {
        double sum = 0;
        for (std::size_t c = 0; c < channels; ++c) {
          const std::uint32_t u = little_endian(file, body + i * frame + c * bytes, bytes);
          const double low = bits == 8                               ? full
                             : u >= static_cast<std::uint32_t>(full) ? 2 * full
                                                                     : 0;
          sum += (static_cast<double>(u) - low) / full;
        }
        wave.samples(static_cast<Index>(i)) = static_cast<float>(sum / channels);
      }
      return wave;
    }
    if (size > file.size() - body) break;
    at = body + size + size % 2;
  }
  refuse("has no sound in it");
  return {};
}

/// Reads a sound file and decodes it with `decode_wav`. Throws IoError with the path.
inline Wave read_wav(const std::string& path) {
  return decode_wav(read_file(path, std::uintmax_t{1} << 31), path);
}

/// The bytes of a file of 16-bit samples. Samples outside [-1, 1) are clamped.
inline std::string encode_wav(const Wave& wave) {
  require(wave.samples.rank() == 1, "wav", "wants samples (n)", wave.samples);
  std::string file;
  const auto put = [&](std::uint32_t v, int bytes) {
    for (int i = 0; i < bytes; ++i)
      file += static_cast<char>(static_cast<unsigned char>(v >> (8 * i)));
  };
  const auto size = static_cast<std::uint32_t>(2 * wave.samples.size()),
             rate = static_cast<std::uint32_t>(wave.rate);
  file += "RIFF", put(36 + size, 4), file += "WAVEfmt ", put(16, 4);
  put(1, 2), put(1, 2), put(rate, 4), put(2 * rate, 4), put(2, 2), put(16, 2);
  file += "data", put(size, 4);
  for (Index i = 0; i < wave.samples.size(); ++i) {
    const double v =
        std::clamp(std::nearbyint(static_cast<double>(wave.samples(i)) * 32768), -32768.0, 32767.0);
    put(static_cast<std::uint32_t>(static_cast<std::int32_t>(v)), 2);
  }
  return file;
}

/// Writes 16-bit PCM. Throws IoError with the path.
inline void write_wav(const std::string& path, const Wave& wave) {
  write_file(path, encode_wav(wave));
}

}  // namespace glimpse::inline v0
