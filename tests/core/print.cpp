#include <glimpse/core/print.hpp>

#include <limits>
#include <sstream>

#include "../catch.hpp"

using namespace glimpse;

TEST_CASE("tensors print in columns", "[core]") {
  CHECK(to_string(tensor<float>({1, -2.5f, 0, 12, 3.25f, -0.125f}, {2, 3})) ==
        "float (2, 3)\n"
        "[[ 1.0000, -2.5000,  0.0000],\n"
        " [12.0000,  3.2500, -0.1250]]");
  CHECK(to_string(arange<double>(8).reshape({2, 2, 2})) ==
        "double (2, 2, 2)\n"
        "[[[0, 1],\n"
        "  [2, 3]],\n"
        "\n"
        " [[4, 5],\n"
        "  [6, 7]]]");
  CHECK(to_string(tensor<std::uint8_t>({7, 200})) == "uint8 (2,)\n[  7, 200]");
}

TEST_CASE("long axes show their ends", "[core]") {
  CHECK(to_string(arange<Index>(3000).reshape({30, 100}), {.edge = 1}) ==
        "Index (30, 100)\n"
        "[[   0, ...,   99],\n"
        " ...,\n"
        " [2900, ..., 2999]]");
  CHECK(to_string(arange<Index>(8), {.whole = 7, .edge = 2}) == "Index (8,)\n[0, 1, ..., 6, 7]");
  CHECK(to_string(arange<Index>(4), {.whole = 3, .edge = 2}) == "Index (4,)\n[0, 1, 2, 3]");
}

TEST_CASE("numbers far apart take an exponent", "[core]") {
  CHECK(to_string(tensor<float>({1e-8f, 1e9f})) == "float (2,)\n[1.0000e-08, 1.0000e+09]");
  CHECK(to_string(tensor<double>({0.5, std::numeric_limits<double>::infinity()}), {.digits = 2}) ==
        "double (2,)\n[0.50,  inf]");
}

TEST_CASE("nothing prints too", "[core]") {
  CHECK(to_string(zeros<float>({0, 3})) == "float (0, 3)\n[]");
  CHECK(to_string(full<float>({}, 2)) == "float ()\n2");
  CHECK(to_string(Tensor<float>()) == "undefined tensor");
}

TEST_CASE("streams take tensors", "[core]") {
  std::ostringstream out;
  out << tensor<float>({1, 2}) << ".";
  CHECK(out.str() == "float (2,)\n[1, 2].");
}
