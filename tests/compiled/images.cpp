// The images of compiled.hpp.
#define GLIMPSE_IMAGES
#include "compiled.hpp"
