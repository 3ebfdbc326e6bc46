// The operation tests' checks, in this program as in test_op_test.
#include "../op_test/checks.cpp"
