// The second unit, with the headers in reverse. Where a header defined something that is not inline, the
// linker would find it in both, and the program would not be made.
#include <everything_reversed.hpp>

int use_from_b();
int use_from_b() { return 0; }
