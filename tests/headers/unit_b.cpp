// The second unit, with the headers in reverse order. If a header defines something that is not
// inline, the linker finds it twice and the program fails to link.
#include <everything_reversed.hpp>

int use_from_b();
int use_from_b() { return 0; }
