// One of two units that include every header of the library: see unit_b.cpp.
#include <everything.hpp>

int use_from_b();

int main() { return use_from_b(); }
