// Defines the images group of compiled.hpp.
#define GLIMPSE_IMAGES
#include "compiled.hpp"
