#!/usr/bin/env bash
# train_words apart from the training steps: options, one run per folder, stopping, resuming, the learning rate search.
set -u
. "$(dirname "${BASH_SOURCE[0]}")/setup.bash"
synthesize_words --out drawn --count 4 --sheet 0 >/dev/null || exit 1

refuses "--steps: expected a whole number from 1" train_words --out no --steps -1
refuses "--steps: expected a whole number from 1" train_words --out no --steps "$(printf '9%.0s' $(seq 309))"
for option in minutes learning-rate weight-decay label-smoothing fiducials ema-decay valid-every save-every data-share; do
  for number in nan -1 inf 1x; do
    refuses "--$option: expected a number" train_words --out no --$option $number
  done
done
refuses "validation set for patience" train_words --out no --steps 1 --patience 2
[ -e no ] && complain "a run that was refused left a folder"

# The effective options are printed and stored.
train_words --data drawn --steps 4 --stop-after 2 --batch 4 --seed 3 --out record >out 2>err || complain "does not train: $(cat err)"
grep -q "learning_rate 0.002" out && grep -q "seed 3" out && grep -q "^data drawn, augmentation 1" out ||
  complain "the options are not printed: $(cat out)"
head -c 20000 record/last.safetensors | grep -aq '\\"seed\\":3' || complain "the options are not stored"

# Other options on resuming are reported. A checkpoint that is a symbolic link stays one.
mkdir far && mv record/last.safetensors far/weights && ln -s ../far/weights record/last.safetensors
train_words --data drawn --steps 5 --batch 4 --seed 3 --learning-rate 0.001 --out record --resume >out 2>err || complain "does not resume: $(cat err)"
grep -q "steps was 4, is now 5" err && grep -q "learning_rate was 0.002, is now 0.001" err ||
  complain "changed options are not reported: $(cat err)"
[ -L record/last.safetensors ] || complain "the link to the checkpoint is gone"

# A second run in the folder of one at work is refused; a hang-up saves.
train_words --data drawn --steps 100000 --batch 4 --seed 3 --valid drawn --out long >long_out 2>long_err &
trainer=$!
for _ in $(seq 600); do
  [ -f long/best.safetensors ] && break  # validated at the start
  sleep 0.05
done
refuses "another run" train_words --data drawn --steps 4 --batch 4 --out long
kill -HUP $trainer
wait $trainer || complain "a hang-up ends with status $?"
[ -f long/last.safetensors ] || complain "a hang-up saves nothing"
head -n 2 long/log.tsv | tail -n 1 | grep -qP '^0\t0\.0\t\t\t8\.000e-05\t' ||
  complain "the validation at the start has no real numbers: $(cat long/log.tsv)"

# The learning rate search writes no weights.
train_words --data drawn --find-learning-rate --steps 12 --batch 4 --out range >out 2>err || complain "finds no rate: $(cat err)"
grep -Eq "suggested: --learning-rate|no suggestion" out || complain "suggests nothing: $(cat out)"
[ -s range/learning_rate.png ] && [ "$(wc -l <range/learning_rate.tsv)" -ge 11 ] || complain "no curve of rates"
[ -e range/last.safetensors ] && complain "the test of rates left weights"

# The commands of docs/training.md, with fewer steps.
ln -s drawn my_words && ln -s drawn my_other_words
sed -n '/^## A run and its options/,/^## The words/p' "$GLIMPSE_ROOT/docs/training.md" | sed -n '/^```sh/,/^```/p' | grep '^train_words' |
  sed 's/--steps [0-9]*/--steps 10 --batch 4/; s/--batch 16//; s/--out range/--out range2/' >commands
[ "$(wc -l <commands)" -eq 3 ] || complain "docs/training.md shows other commands: $(cat commands)"
while read -r command; do
  $command >out 2>err </dev/null || complain "$command: $(cat err)"
done <commands
[ -s run/log.tsv ] || complain "the run of the docs left no log"
exit $bad
