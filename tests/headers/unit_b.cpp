// The second unit. Where a header defined something that is not inline, the linker would find it in
// both, and the program would not be made.
#include <everything.hpp>

int use_from_b();
int use_from_b() { return 0; }
