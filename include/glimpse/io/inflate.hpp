// inflate: decompresses the deflate format (RFC 1951) and computes zip's checksum.
//
//   a stream is blocks: stored, or Huffman codes for  bytes | end | copies (length, distance)
//   canonical codes: codes of one length count upwards; the first code of length n is twice the
//   number after the last of length n - 1, so the counts of each length define all codes
//   crc32 of zip: remainder of the message over the reflected polynomial 0xEDB88320
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <glimpse/core/error.hpp>

namespace glimpse::inline v0 {

/// Checksum of zip archives and PNG.
inline std::uint32_t crc32(std::string_view bytes) {
  static const std::array<std::uint32_t, 256> table = [] {
    std::array<std::uint32_t, 256> t{};
    for (std::uint32_t i = 0; i < 256; ++i) {
      std::uint32_t c = i;
      for (int k = 0; k < 8; ++k) c = (c & 1) ? 0xEDB88320u ^ (c >> 1) : c >> 1;
      t[i] = c;
    }
    return t;
  }();
  std::uint32_t crc = 0xFFFFFFFFu;
  for (const char byte : bytes)
    crc = table[(crc ^ static_cast<unsigned char>(byte)) & 0xFF] ^ (crc >> 8);
  return ~crc;
}

namespace detail {

class Inflater {
 public:
  Inflater(std::string_view packed, std::size_t size) : in_(packed), size_(size) {
    out_.reserve(size);
  }

  std::string run() {
    bool last = false;
    while (!last) {
      last = bits(1) != 0;
      switch (bits(2)) {
        case 0:
          stored();
          break;
        case 1:
          fixed();
          break;
        case 2:
          dynamic();
          break;
        default:
          broken("has a block of no known kind");
      }
    }
    if (out_.size() != size_) broken("ends too early");
    return std::move(out_);
  }

 private:
  struct Code {
    std::array<unsigned, 16> count{};
    std::vector<unsigned> symbols;  // by length, then by symbol

    explicit Code(std::span<const unsigned char> lengths) {
      for (const unsigned char n : lengths) ++count[n];
      count[0] = 0;
      unsigned left = 1;
      for (std::size_t n = 1; n < 16; ++n) {
        left *= 2;
        if (count[n] > left) broken("has an over-full code");
        left -= count[n];
      }
      for (unsigned n = 1; n < 16; ++n)
        for (std::size_t s = 0; s < lengths.size(); ++s)
          if (lengths[s] == n) symbols.push_back(static_cast<unsigned>(s));
    }
  };

  [[noreturn]] static void broken(const char* what) {
    fail<IoError>("inflate", "packed data ", what);
  }

  unsigned bits(unsigned n) {
    while (held_ < n) {
      if (at_ == in_.size()) broken("is truncated");
      buffer_ |= static_cast<std::uint32_t>(static_cast<unsigned char>(in_[at_++])) << held_;
      held_ += 8;
    }
    const unsigned value = buffer_ & ((1u << n) - 1);
    buffer_ >>= n, held_ -= n;
    return value;
  }

  unsigned symbol(const Code& code) {
    unsigned value = 0, first = 0, index = 0;
    for (std::size_t n = 1; n < 16; ++n) {
      value |= bits(1);
      if (value - first < code.count[n]) return code.symbols[index + value - first];
      index += code.count[n];
      first = (first + code.count[n]) << 1;
      value <<= 1;
    }
    broken("has a code of no symbol");
  }

  void put(std::string_view bytes) {
    if (bytes.size() > size_ - out_.size()) broken("is longer than it says");
    out_ += bytes;
  }

  void stored() {
    buffer_ = 0, held_ = 0;  // a stored block starts at a whole byte; drop the bits before it
    if (in_.size() - at_ < 4) broken("is truncated");
    const auto byte = [&](std::size_t i) {
      return static_cast<unsigned>(static_cast<unsigned char>(in_[at_ + i]));
    };
    const unsigned n = byte(0) | byte(1) << 8, check = byte(2) | byte(3) << 8;
    at_ += 4;
    if ((n ^ check) != 0xFFFF) broken("has a damaged block");
    if (in_.size() - at_ < n) broken("is truncated");
    put(in_.substr(at_, n));
    at_ += n;
  }

  void fixed() {
    std::array<unsigned char, 288> lengths{};
    for (std::size_t s = 0; s < 288; ++s) lengths[s] = s < 144 ? 8 : s < 256 ? 9 : s < 280 ? 7 : 8;
    std::array<unsigned char, 30> distances{};
    distances.fill(5);
    copy(Code(lengths), Code(distances));
  }

  void dynamic() {
    const unsigned literals = bits(5) + 257, distances = bits(5) + 1, count = bits(4) + 4;
    if (literals > 286 || distances > 30) broken("has too many codes");
    constexpr std::array<std::size_t, 19> order = {16, 17, 18, 0, 8,  7, 9,  6, 10, 5,
                                                   11, 4,  12, 3, 13, 2, 14, 1, 15};
    std::array<unsigned char, 19> head{};
    for (std::size_t i = 0; i < count; ++i) head[order[i]] = static_cast<unsigned char>(bits(3));
    const Code lengths_code(head);
    std::vector<unsigned char> lengths;
    while (lengths.size() < literals + distances) {
      const unsigned s = symbol(lengths_code);
      unsigned char value = static_cast<unsigned char>(s);
      unsigned repeat = 1;
      if (s == 16) {
        if (lengths.empty()) broken("repeats a length before the first");
        value = lengths.back(), repeat = 3 + bits(2);
      } else if (s == 17) {
        value = 0, repeat = 3 + bits(3);
      } else if (s == 18) {
        value = 0, repeat = 11 + bits(7);
      }
      if (lengths.size() + repeat > literals + distances) broken("has too many lengths");
      lengths.insert(lengths.end(), repeat, value);
    }
    const std::span<const unsigned char> all(lengths);
    copy(Code(all.first(literals)), Code(all.subspan(literals)));
  }

  /// The contents of a compressed block.
  void copy(const Code& literals, const Code& distances) {
    for (unsigned s = symbol(literals); s != 256; s = symbol(literals)) {
      if (s < 256) {
        const char byte = static_cast<char>(s);
        put({&byte, 1});
        continue;
      }
      if (s > 285) broken("has a length of no meaning");
      // Lengths 3 to 258 and distances 1 to 32768: step sizes double every four and every two
      // codes.
      const unsigned l = s - 257, more = l < 8 || l == 28 ? 0 : l / 4 - 1;
      const unsigned length = l == 28 ? 258
                              : l < 8 ? 3 + l
                                      : 3 + ((4 + l % 4) << more) + bits(more);
      const unsigned d = symbol(distances);
      if (d > 29) broken("has a distance of no meaning");
      const unsigned extra = d < 4 ? 0 : d / 2 - 1;
      const std::size_t distance = d < 4 ? 1 + d : 1 + ((2 + d % 2) << extra) + bits(extra);
      if (distance > out_.size()) broken("copies from before its start");
      if (length > size_ - out_.size()) broken("is longer than it says");
      for (unsigned i = 0; i < length; ++i) out_ += out_[out_.size() - distance];
    }
  }

  std::string_view in_;
  std::size_t size_, at_ = 0;
  std::string out_;
  std::uint32_t buffer_ = 0;
  unsigned held_ = 0;
};

}  // namespace detail

/// Decompresses a raw deflate stream that holds `size` bytes. Throws IoError for damaged data or
/// another size.
inline std::string inflate(std::string_view packed, std::size_t size) {
  // Deflate makes at most 258 bytes from two bits (1032 from a byte). A larger size is false and
  // would exhaust memory.
  if (size / 1040 > packed.size())
    fail<IoError>("inflate", packed.size(), " packed bytes cannot hold ", size);
  return detail::Inflater(packed, size).run();
}

}  // namespace glimpse::inline v0
