// The rig's checks, in this program as in test_rig.
#include "../rig/checks.cpp"
