// The sequences of compiled.hpp.
#define GLIMPSE_SEQUENCES
#include "compiled.hpp"
