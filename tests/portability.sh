#!/usr/bin/env bash
# Checks Glimpse on other machines: compiles all headers for 64-bit ARM (NEON) and for WebAssembly
# SIMD, and runs tests of the kernels on an emulated ARM. If a compiler or the emulator is not
# installed, the script prints its name and skips its checks. All other checks must pass.
#
#   bash tests/portability.sh          (Debian: g++-aarch64-linux-gnu, qemu-user; emscripten)
set -u
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
warnings="-Wall -Wextra -Wconversion -Wshadow -Wpedantic -Werror"
failed=0

check() {  # check NAME COMMAND...
  local name=$1
  shift
  if "$@" > "$work/log" 2>&1; then
    echo "ok       $name"
  else
    cat "$work/log"
    echo "FAILED   $name"
    failed=$((failed + 1))
  fi
}

cat > "$work/all.cpp" <<'END'
#include <glimpse/glimpse.hpp>
float use(const float* a, const float* b, float* c) {
  using namespace glimpse;
  simd::gemm<float>(simd::Trans::no, simd::Trans::yes, 30, 40, 50, 1, a, 50, b, 50, 0, c, 40);
  const Variable<float> x = parameter(ones<float>({1, 4, 8, 8}));
  const Variable<float> w = parameter(ones<float>({4, 4, 3, 3}));
  sum(conv2d(x, w, Variable<float>{}, {.padding = {1, 1}})).backward();
  return c[0] + w.grad()(0, 0, 0, 0);
}
int main() {
  static float a[1500], b[2000], c[1200];
  a[0] = b[0] = 2;
  return use(a, b, c) == 4 + 49 ? 0 : 1;  // tap (0, 0) sees 7 x 7 pixels
}
END

arm=aarch64-linux-gnu-g++
if command -v $arm > /dev/null; then
  check "ARM: all headers" $arm -std=c++20 -O2 $warnings -Iinclude "$work/all.cpp" \
    -o "$work/all" -static
  emulator=$(command -v qemu-aarch64 || command -v qemu-aarch64-static || true)
  if [ -n "$emulator" ]; then
    check "ARM: all headers, run" "$emulator" "$work/all"
    # Catch2's header is that of this machine. Version 3 would need a library for ARM.
    if [ -e /usr/include/catch2/catch.hpp ]; then
      mkdir -p "$work/include" && ln -sfn /usr/include/catch2 "$work/include/catch2"
      # Does not run the tests of math and gemm, because an emulator needs minutes for their millions
      # of numbers and thousand shapes. The program above checks a product and a convolution.
      for test in map bfloat16; do
        check "ARM: tests/simd/$test.cpp, compiled" $arm -std=c++20 -O2 -Iinclude \
          -isystem "$work/include" "tests/simd/$test.cpp" tests/catch_main.cpp \
          -o "$work/$test" -static
        [ -e "$work/$test" ] && check "ARM: tests/simd/$test.cpp, run" "$emulator" "$work/$test"
      done
    fi
  else
    echo "skipped  ARM, run: no qemu-aarch64"
  fi
else
  echo "skipped  ARM: no $arm"
fi

if command -v em++ > /dev/null; then
  simd="-msimd128 -fwasm-exceptions"
  check "WebAssembly SIMD: all headers" em++ -std=c++20 -O2 $simd $warnings -Iinclude \
    -c "$work/all.cpp" -o "$work/all.o"
  # No optimization, because it needs acorn. One output file, because every version of Node can read it.
  check "WebAssembly SIMD: linked" em++ $simd -sSINGLE_FILE=1 "$work/all.o" -o "$work/all.js"
  if [ -e "$work/all.js" ] && command -v node > /dev/null; then
    check "WebAssembly SIMD: all headers, run" node "$work/all.js"
  fi
else
  echo "skipped  WebAssembly: no em++"
fi

[ "$failed" -eq 0 ]
