#!/usr/bin/env bash
# Images of --data are augmented by default. The run prints the augmentations.
set -eu
. "$(dirname "${BASH_SOURCE[0]}")/setup.bash"
synthesize_words --out my_words --count 6 --sheet 0 >/dev/null
train() { rm -rf run; train_words --config compact --model crnn --steps 2 --batch 2 --out run "$@"; }

# Trains with these options and prints the line about augmentation, if there is one.
printed() { train --data my_words "$@" 2>&1 | grep -o 'images of --data are augmented.*' || true; }
printed | grep -q 'share=0.7 .*rotation=0.6:1 ' || fail "does not augment by default"
printed --augment | grep -q 'rotation=0.6:1 ' || fail "--augment without a number is not 1"
printed --augment 0.5 | grep -q 'rotation=0.6:0.5 ' || fail "--augment 0.5 does not halve the strength"
[ -z "$(printed --no-augment)" ] || fail "--no-augment augments"
[ -z "$(printed --augment 0)" ] || fail "--augment 0 augments"
[ -z "$(train 2>&1 | grep augmented)" ] || fail "augments synthetic images"

# Without augmentation the loss is another.
loss() { train --data my_words "$@" 2>/dev/null | grep -o 'finished.*loss [0-9.]*'; }
augmented=$(loss | sed 's/.*loss//') again=$(loss | sed 's/.*loss//') plain=$(loss --no-augment | sed 's/.*loss//')
[ "$augmented" = "$again" ] || fail "the same command ends in other losses: $augmented, $again"
[ "$augmented" != "$plain" ] || fail "--no-augment changes nothing"

refuses() {
  local word=$1 status=0
  shift
  train --data my_words "$@" >out 2>err || status=$?
  [ $status -ne 0 ] && [ "$(wc -l <err)" -eq 1 ] && grep -q -- "$word" err ||
    fail "$* returns $status: $(cat err)"
}
refuses augment --augment 3
refuses augment --augment much
refuses augment --augment 0.5 --no-augment
