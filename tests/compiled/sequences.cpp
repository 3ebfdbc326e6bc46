// Defines the sequences group of compiled.hpp.
#define GLIMPSE_SEQUENCES
#include "compiled.hpp"
