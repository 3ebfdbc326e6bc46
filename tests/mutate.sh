#!/usr/bin/env bash
# Breaks one term of one op at a time, in a copy, and sees that the rig goes red. Not part of the tests: some minutes.
#   bash tests/mutate.sh [part of a header's name]
# CXX and CXXFLAGS as usual. Ends non-zero where a mistake passed unseen, or where a line to break is gone.
set -u
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
root=$PWD
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
compile() { ${CXX:-g++} -std=c++20 ${CXXFLAGS:--O1} -I"$work/include" -I"$root" -I"$root/tests" \
  -DGLIMPSE_ROOT="\"$root\"" "$@"; }

cp -r include "$work/include"
main=$work/main.o
if echo '#include <catch2/catch_all.hpp>' | compile -x c++ -fsyntax-only - 2>/dev/null; then
  link=(-lCatch2Main -lCatch2)
  main=
else
  link=()
  compile -c tests/catch_main.cpp -o "$main" || exit 1
fi
compile -c tests/rig/checks.cpp -o "$work/checks.o" || exit 1

missed=0
# header | what is written there | what takes its place | the file with the rows
while IFS='|' read -r header term wrong rows; do
  [[ -z $header || $header != *"${1:-}"* ]] && continue
  text=$(cat "include/glimpse/ops/$header.hpp")
  if [[ $text != *"$term"* ]]; then
    echo "GONE    $header: $term"
    missed=1
    continue
  fi
  printf '%s\n' "${text/"$term"/"$wrong"}" >"$work/include/glimpse/ops/$header.hpp"
  if ! compile -c "tests/ops/$rows.cpp" -o "$work/rows.o" 2>"$work/errors"; then
    echo "BROKEN  $header: $term -> $wrong does not compile"
    missed=1
  elif ! compile $main "$work/checks.o" "$work/rows.o" "${link[@]}" -o "$work/rows"; then
    exit 1
  elif timeout 300 "$work/rows" >"$work/log" 2>&1; then
    echo "MISSED  $header: $term -> $wrong"
    missed=1
  else
    echo "seen    $header: $term -> $wrong ($(grep -oE '\) (reference|gradcheck|accumulation|alone|shared|poison|float|threads|isa|views|untouched|no_grad)$|^  (golden|nontrivial)$' \
      "$work/log" | tr -d ') ' | sort -u | tr '\n' ' ' | sed 's/ $//'))"
  fi
  printf '%s\n' "$text" >"$work/include/glimpse/ops/$header.hpp"
done <<'MUTATIONS'
softmax|dx = y * (dy - s);|dx = y * dy;|softmax
softmax|std::fill(weights + n|std::fill(weights + x.cols()|softmax
cross_entropy|dx(r, t) -= on * g;|dx(r, t) -= on * g * T(1.001);|cross_entropy
activations|dx = dy * (y - y * y);|dx = dy * (y + y * y);|activations
activations|T(3 * two_c * k)|T(2 * two_c * k)|activations
arithmetic|d.add(0, sum_to(dy, as));  // (2)|d.add(0, dy);|arithmetic
batch_norm|scale * sum[c]|0 * sum[c]|batch_norm
batch_norm|spread / count + eps|spread / (count - 1) + eps|batch_norm
layer_norm|(g - mean_g - (x|(g - (x|layer_norm
lstm|dc = dct * f;|dc = dct;|lstm
lstm|std::fill_n(yt + r * h, h, T(0))|std::fill_n(yt + r * h, 0, T(0))|lstm
gru|dr = dn * un * r * (1 - r)|dr = dn * r * (1 - r)|gru
gru|dh = dh * z;|dh = dh * (1 - z);|gru
additive_attention|w * (1 - u * u) * de|w * (1 - u) * de|additive_attention
grid_sample|slope = size / 2;|slope = size;|grid_sample
grid_sample|slope = 0;|slope = size / 2;|grid_sample
tps_grid|out[k] += static_cast<T>(sum[k]);|out[k] = static_cast<T>(sum[k]);|tps_grid
conv2d|d.fresh(0) : d[0]|d.fresh(0) : d.fresh(0)|conv2d
linear|T(add), dw.data()|T(0), dw.data()|linear
adaptive_pool2d|winner[k]] += dy[k];|winner[k]] = dy[k];|pool2d
average_pool2d|pdx[r * g.w + c] += share;|pdx[r * g.w + c] = share;|pool2d
resize_bilinear|+= w * share|= w * share|resize_bilinear
MUTATIONS
exit $missed
