// synth: word images rendered with the fonts of this machine.
//
//   using namespace glimpse::synth;
//   const WordRenderer renderer(Fonts::load(), Words::from_file("words.txt"), Recipe{});
//   const WordSample sample = renderer.draw(seed, index);  // image, label and text
//
// A sample is a pure function of (seed, index).
#pragma once

#include <glimpse/data/synth/word_renderer.hpp>
