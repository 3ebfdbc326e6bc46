// conv_layers: the convolutions of the recognizer for images of 32 x 100.
#pragma once

namespace bench {

struct ConvLayer {
  const char* name;
  long in, out, h, w, kernel, pad;
};

inline constexpr ConvLayer conv_layers[] = {
    {"1-64@32x100", 1, 64, 32, 100, 3, 1},     {"64-128@16x50", 64, 128, 16, 50, 3, 1},
    {"128-256@8x25", 128, 256, 8, 25, 3, 1},   {"256-256@8x25", 256, 256, 8, 25, 3, 1},
    {"256-512@4x26", 256, 512, 4, 26, 3, 1},   {"512-512@4x26", 512, 512, 4, 26, 3, 1},
    {"512-512k2@2x27", 512, 512, 2, 27, 2, 0},
};

}  // namespace bench
