// The products of compiled.hpp.
#define GLIMPSE_PRODUCTS
#include "compiled.hpp"
