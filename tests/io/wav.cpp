#include <glimpse/io/wav.hpp>

#include <string>

#include "../catch.hpp"

using namespace glimpse;

namespace {

std::string number(std::uint32_t v, int bytes) {
  std::string s;
  for (int i = 0; i < bytes; ++i) s += static_cast<char>(static_cast<unsigned char>(v >> (8 * i)));
  return s;
}
/// A file of `format` with the given bytes of sound, after another chunk of odd size.
std::string file_of(std::uint32_t format, std::uint32_t channels, std::uint32_t bits,
                    const std::string& data) {
  const std::string body = "WAVEfmt " + number(16, 4) + number(format, 2) + number(channels, 2) +
                           number(16000, 4) + number(16000 * channels * bits / 8, 4) +
                           number(channels * bits / 8, 2) + number(bits, 2) + "LIST" +
                           number(3, 4) + "abc" + std::string(1, '\0') + "data" +
                           number(static_cast<std::uint32_t>(data.size()), 4) + data;
  return "RIFF" + number(static_cast<std::uint32_t>(body.size()), 4) + body;
}

}  // namespace

TEST_CASE("sound comes back as it was written", "[wav]") {
  const Wave wave{8000, tensor<float>({0, 0.5f, -0.5f, -1, 0.25f, 2})};
  const Wave back = decode_wav(encode_wav(wave));
  CHECK(back.rate == 8000);
  REQUIRE(back.samples.size() == 6);
  for (Index i = 0; i < 5; ++i) CHECK(back.samples(i) == wave.samples(i));
  CHECK(back.samples(5) == 32767.0f / 32768);  // clamped
  CHECK(back.seconds() == Approx(6.0 / 8000));
}

TEST_CASE("8, 16, 24 and 32 bits, and channels averaged", "[wav]") {
  const auto first = [](const std::string& file) { return decode_wav(file).samples(0); };
  CHECK(first(file_of(1, 1, 8, number(0xC0, 1))) == 0.5f);
  CHECK(first(file_of(1, 1, 16, number(0xC000, 2))) == -0.5f);
  CHECK(first(file_of(1, 1, 24, number(0x400000, 3))) == 0.5f);
  CHECK(first(file_of(1, 1, 32, number(0xC0000000u, 4))) == -0.5f);
  CHECK(first(file_of(1, 2, 16, number(0x4000, 2) + number(0, 2))) == 0.25f);
}

TEST_CASE("anything else is one clear error that names the file", "[wav]") {
  const auto message = [](const std::string& file) {
    try {
      decode_wav(file, "song.wav");
    } catch (const IoError& e) {
      const std::string what = e.what();
      CHECK(what.find("song.wav") != std::string::npos);
      CHECK(what.find('\n') == std::string::npos);
      return what;
    }
    return std::string("nothing thrown");
  };
  CHECK(message("").find("no RIFF") != std::string::npos);
  CHECK(message(file_of(3, 1, 32, number(0, 4))).find("only PCM") != std::string::npos);
  CHECK(message(file_of(7, 1, 8, number(0, 1))).find("format 7") != std::string::npos);
  CHECK(message(file_of(1, 1, 12, number(0, 4))).find("12 bits") != std::string::npos);
  CHECK(message(file_of(1, 0, 16, number(0, 4))).find("0 channels") != std::string::npos);
  CHECK(message(file_of(1, 1, 16, "").substr(0, 40)).find("no sound") != std::string::npos);
  const std::string whole = file_of(1, 1, 16, number(1, 2) + number(2, 2));
  for (std::size_t cut = 0; cut + 5 < whole.size(); ++cut)  // no crash, wherever the file is cut
    try {
      decode_wav(whole.substr(0, cut));
    } catch (const IoError&) {
    }
  CHECK(decode_wav(whole.substr(0, whole.size() - 2)).samples.size() == 1);
}
