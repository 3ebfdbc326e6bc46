#!/usr/bin/env bash
# synthesize_words renders the characters of --charset, and refuses invalid character sets.
set -eu
. "$(dirname "${BASH_SOURCE[0]}")/setup.bash"

synthesize_words --charset ascii94 --count 200 --sheet 0 --out signs >/dev/null || fail "ascii94"
[ "$(wc -l <signs/labels.tsv)" -eq 200 ] || fail "ascii94 has $(wc -l <signs/labels.tsv) labels"
cut -f 2 signs/labels.tsv | grep -q '[]<>@#%+=/(){}[]' || fail "ascii94 has no signs"

# DejaVu has these letters; of the list, one word is beyond the set.
printf '%s\n' ΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩΆΈΉΊΌΎΏΪΫ αβγδεζηθικλμνξοπρσςτυφχψωάέήίόύώϊϋΐΰ 0123456789 >greek.txt
printf '%s\n' δρόμος Αθήνα πλατεία hotel >el.txt
synthesize_words --charset greek.txt --words el.txt --count 40 --sheet 0 --out greek >/dev/null 2>err ||
  fail "greek: $(cat err)"
grep -q "1 lines of el.txt left out" err || fail "greek prints: $(cat err)"
cut -f 2 greek/labels.tsv | LC_ALL=C grep -q $'\xCE' || fail "greek has no Greek"
cut -f 2 greek/labels.tsv | LC_ALL=C grep -q '[A-Za-z]' && fail "greek has Latin letters"

printf 'aa' >twice.txt
synthesize_words --charset twice.txt --count 1 --out none >/dev/null 2>err && fail "a set with one character twice"
[ "$(wc -l <err)" -eq 1 ] || fail "twice: $(cat err)"
synthesize_words --charset no_such_set --count 1 --out none >/dev/null 2>err && fail "a set that is not there"
[ "$(wc -l <err)" -eq 1 ] || fail "no such set: $(cat err)"

# Weights of 36 characters go on with 94; a part of a data set is held out; three scores in one line.
train_words --weights "$weights" --charset latin --data 'signs#training/5' --valid 'signs#held-out/5' --steps 1 --batch 2 \
  --threads 1 --out run >out 2>&1 || fail "latin from trained weights: $(cat out)"
grep -q 'characters keep their rows.*begin at random' out || fail "kept characters: $(cat out)"
grep -q 'latin, 160 characters' out || fail "no name of the set: $(cat out)"
grep -q '^data signs#training/5, augmentation 1' out || fail "the data set has another name: $(cat out)"
grep -q 'signs#held-out/5 ' out || fail "the held-out part has no name: $(cat out)"
evaluate_words --weights run/last.safetensors --score all 'signs#held-out/5' >out || fail "--score all"
grep -q 'lower36 *alnum62 *exact' out || fail "three scores: $(cat out)"
train_words --charset from-labels --data greek --steps 1 --batch 2 --threads 1 --out labels >out 2>&1 ||
  fail "from-labels: $(cat out)"
grep -q 'characters of the labels: ' out || fail "characters of the labels: $(cat out)"
evaluate_words --weights labels/last.safetensors --score exact greek >out || fail "--score exact: $(cat out)"
evaluate_words --weights "$weights" 'signs#held-out/1' >out 2>&1 && fail "a part of one in one"
grep -q 'expected' out || fail "a part of one in one: $(cat out)"
