// synth: word pictures from the fonts of this machine.
//
//   using namespace glimpse::synth;
//   const WordPainter painter(Fonts::load(), Words::from_file("words.txt"), Recipe{});
//   const WordSample sample = painter.draw(seed, index);  // picture, label and text
//
// A sample is a pure function of (seed, index).
#pragma once

#include <glimpse/data/synth/painter.hpp>
