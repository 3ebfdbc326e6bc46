#!/usr/bin/env bash
# Installs the packages that the tests need, builds everything and runs all tests. The last line counts
# the passed and the failed tests.
#   PRESET=dev|asan|clang|tsan   preset of the build (default: dev)
#   JOBS=n                       number of parallel jobs (default: all cores)
set -u
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
preset=${PRESET:-dev}
jobs=${JOBS:-$(nproc)}
start=$SECONDS

bash .ci/need g++ cmake ninja-build libeigen3-dev libstb-dev libutf8proc-dev liblmdb-dev python3 python3-lmdb \
  catch2 libbenchmark-dev libcli11-dev nlohmann-json3-dev fonts-dejavu-core
for tool in cmake ninja; do
  command -v $tool >/dev/null || { echo "tests/run.sh: expected $tool, got none; install it"; exit 1; }
done

echo "== configure ($preset)"
cmake --preset "$preset" >"/dev/null" || exit 1
echo "== build ($jobs at once)"
cmake --build --preset "$preset" --parallel "$jobs" || exit 1
echo "== test"
log=build/$preset/tests.log
ctest --preset "$preset" --parallel "$jobs" 2>&1 | tee "$log"
result=${PIPESTATUS[0]}

# "98% tests passed, 3 tests failed out of 150"
read -r failed total < <(sed -n 's/.*tests passed, \([0-9]*\) tests failed out of \([0-9]*\).*/\1 \2/p' "$log")
if [ -z "${total:-}" ]; then
  echo "tests/run.sh: expected tests to run, got none"
  exit 1
fi
echo "$((total - failed)) passed, $failed failed (preset $preset, $(((SECONDS - start) / 60)) min $(((SECONDS - start) % 60)) s)"
exit "$result"
