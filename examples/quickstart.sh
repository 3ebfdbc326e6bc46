#!/usr/bin/env bash
# Reads the project's own images with the weights that came along, and draws a panel of each: the
# image with its fiducial points, the straightened image, and the attention of every character.
# Installs and builds what it needs first.
set -eu
cd "$(dirname "${BASH_SOURCE[0]}")/.."
jobs=${JOBS:-$(nproc)}
weights=examples/weights/compact.safetensors
panels=build/quickstart

stop() { echo "quickstart: $*" >&2; exit 1; }

bash .ci/need g++ cmake ninja-build libeigen3-dev libstb-dev libutf8proc-dev libcli11-dev nlohmann-json3-dev
for tool in cmake ninja; do
  command -v $tool >/dev/null || stop "$tool is missing"
done
[ -f $weights ] || stop "no weights at $weights"
shopt -s nullglob
images=(examples/images/*.png)
[ ${#images[@]} -gt 0 ] || stop "no images in examples/images"

echo "building read_words"
cmake --preset release -DGLIMPSE_BUILD_BENCHMARKS=OFF >/dev/null
cmake --build --preset release --parallel "$jobs" --target read_words

rm -rf $panels
mkdir -p $panels
echo
echo "image, text, confidence:"
build/release/bin/read_words --weights $weights --visualize $panels "${images[@]}"
drawn=($panels/*.png)
[ ${#drawn[@]} -gt 0 ] || stop "read_words drew no panels into $panels"
echo
echo "The panels show how each was read: ${#drawn[@]} images in $PWD/$panels"
