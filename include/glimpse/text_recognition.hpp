// text recognition: readers of words in images, their weights, and reading. It needs nlohmann json
// (weights) and stb (images).
//
//   auto reader = glimpse::load_reader("compact.safetensors");
//   const glimpse::Reading word = glimpse::read(reader, glimpse::load_image("word.jpg"));
#pragma once

#include <glimpse/data/load_image.hpp>
#include <glimpse/models/crnn.hpp>
#include <glimpse/models/rare.hpp>
#include <glimpse/models/read.hpp>
#include <glimpse/models/read_many.hpp>
#include <glimpse/models/reader.hpp>
#include <glimpse/models/reading.hpp>
#include <glimpse/text/charset_names.hpp>
#include <glimpse/text/protocol.hpp>
#include <glimpse/train/model_file.hpp>
