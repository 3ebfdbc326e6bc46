// Compiles the checks of tests/op_test for this program.
#include "../rig/checks.cpp"
