#!/usr/bin/env bash
# A program that is given the headers and nothing else: no flags but the standard, no
# libraries. The compiler must not say a word, warnings that are on without being asked for included.
set -eu
words=$("${CXX:-g++}" -std=c++20 -O2 -I"$GLIMPSE_INCLUDE" "$(dirname "${BASH_SOURCE[0]}")/../main.cpp" -o consumer 2>&1) ||
  { echo "$words"; exit 1; }
[ -z "$words" ] || { echo "the compiler was not silent:"; echo "$words"; exit 1; }
