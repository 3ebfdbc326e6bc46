#!/usr/bin/env bash
# Checks that an empty program with #include <glimpse/glimpse.hpp> takes at most twice the time to compile
# of one with #include <Eigen/Core>. Takes the best of five runs each. The runs alternate, so that both
# programs see the same load on the machine.
set -eu
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
compiler=${CXX:-g++}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
eigen=${EIGEN_INCLUDE_DIR:-/usr/include/eigen3}
echo '#include <glimpse/glimpse.hpp>
int main() {}' >"$folder/glimpse.cpp"
echo '#include <Eigen/Core>
int main() {}' >"$folder/eigen.cpp"

milliseconds() {  # milliseconds FILE
  local start end
  start=$(date +%s%N)
  "$compiler" -std=c++20 -O2 -Iinclude -isystem "$eigen" -c "$folder/$1" -o "$folder/out.o"
  end=$(date +%s%N)
  echo $(((end - start) / 1000000))
}

best_glimpse=1000000
best_eigen=1000000
for _ in 1 2 3 4 5; do
  t=$(milliseconds glimpse.cpp)
  [ "$t" -lt $best_glimpse ] && best_glimpse=$t
  t=$(milliseconds eigen.cpp)
  [ "$t" -lt $best_eigen ] && best_eigen=$t
done
echo "glimpse.hpp $best_glimpse ms, Eigen/Core $best_eigen ms, ratio $((best_glimpse * 100 / best_eigen)) %"
[ "$best_glimpse" -le $((2 * best_eigen)) ]
