// training: data sets, synthetic words, and the training of readers. It needs nlohmann json, stb and
// utf8proc, and liblmdb if the program is compiled with GLIMPSE_LMDB=1.
#pragma once

#include <glimpse/data/augment.hpp>
#include <glimpse/data/dataset_words.hpp>
#include <glimpse/data/load_background_images.hpp>
#include <glimpse/data/open_dataset.hpp>
#include <glimpse/data/synth.hpp>
#include <glimpse/data/word_sources.hpp>
#include <glimpse/text_recognition.hpp>
#include <glimpse/train/evaluate.hpp>
#include <glimpse/train/learning_rate_range.hpp>
#include <glimpse/train/load_characters.hpp>
#include <glimpse/train/load_submodule.hpp>
#include <glimpse/train/widen.hpp>
#include <glimpse/train/word_trainer.hpp>
