#!/usr/bin/env bash
# Broken and missing files: each gives one line on stderr that names the file, and an exit status that
# is neither 0 nor a signal.
set -u
. "$(dirname "${BASH_SOURCE[0]}")/setup.bash"

: >empty.png
head -c 200 "${images[0]}" >cut.png
echo "not an image" >text.png
head -c 100000 "$weights" >cut.safetensors
printf '\377\377\377\377\377\377\377\377{}' >huge.safetensors
mkdir empty_folder no_images
printf 'missing.png\tword\n' >no_images/labels.tsv

for image in missing.png empty.png cut.png text.png; do
  refuses $image read_words --weights "$weights" $image
done
for file in missing.safetensors cut.safetensors huge.safetensors empty.png; do
  refuses $file read_words --weights $file "${images[0]}"
done
refuses missing.txt read_words --weights "$weights" --lexicon missing.txt "${images[0]}"
printf '\xc3\xa9\n\n' >wordless.txt
refuses wordless.txt read_words --weights "$weights" --lexicon wordless.txt "${images[0]}"
refuses lexicon-mode read_words --weights "$weights" --lexicon-mode best "${images[0]}"
refuses "'rare', not 'crnn'" read_words --weights "$weights" --model crnn "${images[0]}"
refuses "'rare', not 'srn'" evaluate_words --weights "$weights" --model srn no_images
refuses "'rare', not 'crnn'" train_words --steps 1 --out run --weights "$weights" --model crnn
refuses "'compact', not 'base'" train_words --steps 1 --out run --weights "$weights" --config base
refuses huge train_words --steps 1 --out run --config huge
refuses "other layers" train_words --steps 1 --out run --model crnn --widen "$weights"
refuses label-smoothing train_words --steps 1 --out run --model crnn --label-smoothing 0.1
refuses lexicon.tsv evaluate_words --weights "$weights" --image-lexicons no_images
refuses beam read_words --weights "$weights" --beam nought "${images[0]}"
refuses empty_folder evaluate_words --weights "$weights" empty_folder
refuses missing.png evaluate_words --weights "$weights" no_images
refuses no_such_folder evaluate_words --weights "$weights" no_images no_such_folder
refuses lexicon evaluate_words --weights "$weights" --image-lexicons --lexicon wordless.txt no_images
refuses no_such_folder evaluate_words --weights "$weights" no_such_folder
refuses steps train_words --steps many
refuses no_such_folder train_words --steps 1 --out run --data no_such_folder
refuses empty_folder train_words --steps 1 --out run --data empty_folder
refuses count synthesize_words --out drawn --count -5

mkdir good && cp "${images[0]}" good/a.png && printf 'a.png\tword\n' >good/labels.tsv
if [ -w /dev/full ]; then
  refuses /dev/full evaluate_words --weights "$weights" --predictions /dev/full good
fi

# A name too long for a file is one bad image, too.
long=$(printf '%0300d' 0)
if read_words --weights "$weights" "$long" "${images[0]}" >out 2>err || [ "$(wc -l <out)" -ne 1 ]; then
  echo "FAIL a name that is too long and a good image: $(cat out err)"
  bad=1
fi

# One bad image does not keep the others from being read, but it shows in the status.
if read_words --weights "$weights" text.png "${images[0]}" >out 2>err || [ "$(wc -l <out)" -ne 1 ]; then
  echo "FAIL one bad and one good image: $(cat out err)"
  bad=1
fi
exit $bad
