// Defines the products group of compiled.hpp.
#define GLIMPSE_PRODUCTS
#include "compiled.hpp"
