#!/usr/bin/env bash
# Reads the example images with the weights of the project. Draws a panel for each image: the image
# with its fiducial points, the straightened image, and the attention of every character. First
# installs the packages that it needs and builds read_words.
set -eu
cd "$(dirname "${BASH_SOURCE[0]}")/.."
jobs=${JOBS:-$(nproc)}
weights=examples/weights/compact.safetensors
panels=build/quickstart

stop() { echo "quickstart: $*" >&2; exit 1; }

bash .ci/need g++ cmake ninja-build libeigen3-dev libstb-dev libutf8proc-dev libcli11-dev nlohmann-json3-dev
for tool in cmake ninja; do
  command -v $tool >/dev/null || stop "expected $tool, got none; install it"
done
[ -f $weights ] || stop "expected weights at $weights, got none"
shopt -s nullglob
images=(examples/images/*.png)
[ ${#images[@]} -gt 0 ] || stop "expected images in examples/images, got none"

echo "building read_words"
cmake --preset release -DGLIMPSE_BUILD_BENCHMARKS=OFF >/dev/null
cmake --build --preset release --parallel "$jobs" --target read_words

rm -rf $panels
mkdir -p $panels
echo
echo "image, text, confidence:"
build/release/bin/read_words --weights $weights --visualize $panels "${images[@]}"
drawn=($panels/*.png)
[ ${#drawn[@]} -gt 0 ] || stop "expected panels in $panels, got none"
echo
echo "The panels show how each image was read: ${#drawn[@]} files in $PWD/$panels"
