// The pictures of compiled.hpp.
#define GLIMPSE_PICTURES
#include "compiled.hpp"
