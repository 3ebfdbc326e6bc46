#!/usr/bin/env bash
# run.sh find_package|add_subdirectory|plain_include|readme: creates a separate project that uses Glimpse in this
# way, builds tests/consumers/main.cpp there and runs it. ctest sets the variables used here.
set -eu
way=$1
rm -rf "$GLIMPSE_SCRATCH"
mkdir -p "$GLIMPSE_SCRATCH"
cd "$GLIMPSE_SCRATCH"
here=$GLIMPSE_ROOT/tests/consumers

case $way in
  readme)
    # The README shows the program as it is built here, to the letter.
    [[ $(<"$GLIMPSE_ROOT/README.md") == *"$(<"$here/main.cpp")"* ]]
    exit
    ;;
  plain_include)
    GLIMPSE_INCLUDE=$GLIMPSE_ROOT/include bash "$here/plain_include/build.sh"
    ./consumer
    exit
    ;;
  find_package)
    "$CMAKE" --install "$GLIMPSE_BUILD" --prefix "$PWD/prefix" >/dev/null
    options=(-DCMAKE_PREFIX_PATH="$PWD/prefix")
    ;;
  add_subdirectory)
    options=(-DGLIMPSE_ROOT="$GLIMPSE_ROOT")
    ;;
esac
"$CMAKE" -G Ninja -S "$here/$way" -B build -DCMAKE_CXX_COMPILER="$CXX" "${options[@]}"
"$CMAKE" --build build
build/consumer
