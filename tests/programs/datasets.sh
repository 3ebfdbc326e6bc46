#!/usr/bin/env bash
# Training on own data: folders, lists and LMDB files, broken and missing files in them, and characters outside the
# character set. Uses the commands of the README.
set -u
. "$(dirname "${BASH_SOURCE[0]}")/setup.bash"

works() {
  timeout 300 "$@" >out 2>err || complain "status $?: $*: $(cat err)"
}
prints() { grep -qF -- "$1" out err || complain "expected '$1': $(cat out err)"; }

train=(train_words --weights "$weights" --charset lower36 --steps 1 --batch 2)

# Every kind of list, with a weight each.
mkdir folder icdar json
for i in 0 1; do cp "${images[$i]}" folder/$i.png; cp "${images[$i]}" icdar/word_$i.png; done
printf '\xef\xbb\xbfpath\tword\r\n0.png\tone\t0.9\r1.png\tTwo\n' >folder/labels.tsv
printf 'word_0.png, "one"\r\nword_1.png, "two"\r\n' >icdar/gt.txt
printf 'image,text\n0.png,"one"\n1.png,two\n' >folder/more.csv
printf '{"image": "../folder/0.png", "text": "one"}\n' >json/labels.jsonl
works "${train[@]}" --out run --data folder=0.3 --data icdar --data folder/more.csv=0.7 --data json --valid icdar
prints "folder: 2 of 2 words to learn from"
prints "taken as headings"
prints "1 label learned with A-Z as a-z"
[ -e run/skipped.tsv ] && complain "skipped.tsv, and nothing was skipped"
works evaluate_words --weights "$weights" folder icdar folder/more.csv json
refuses "weight above 0" "${train[@]}" --out none --data folder=-1

# Missing and broken images: told before training, skipped, listed once; the run goes on and resumes.
mkdir holes
cp "${images[0]}" holes/a.png && echo "no image" >holes/broken.png
printf 'a.png\tone\nmissing.png\ttwo\nbroken.png\tthree\n' >holes/labels.tsv
holes=(train_words --weights "$weights" --charset lower36 --batch 2 --steps 3 --out run2 --data holes --valid holes)
works "${holes[@]}" --stop-after 2 --check
prints "missing.png"
prints "broken.png"
works "${holes[@]}" --resume
prints "(2 of 3 images not read)"
prints "2 images skipped, listed in run2/skipped.tsv"
[ "$(cut -f1 run2/skipped.tsv | sort)" = "$(printf 'holes/broken.png\nholes/missing.png')" ] || complain "skipped.tsv: $(cat run2/skipped.tsv)"

# A data set of which nothing is left is an error, before training.
mkdir none wordless
printf 'pics/a.png\thello\n' >none/labels.tsv
cp "${images[0]}" wordless/a.png && printf 'a.png\t!?\n' >wordless/labels.tsv
refuses none "${train[@]}" --out none1 --data none
refuses none "${train[@]}" --out none2 --data folder --valid none
refuses wordless "${train[@]}" --out none3 --data folder --valid wordless
refuses wordless "${train[@]}" --out none4 --data wordless
refuses wordless evaluate_words --weights "$weights" wordless
refuses none evaluate_words --weights "$weights" none

# Unknown characters; one character typed in two ways.
mkdir letters
for i in 0 1 2; do cp "${images[0]}" letters/$i.png; done
printf '0.png\tcaf\xc3\xa9\n1.png\tcafe\xcc\x81\n2.png\tbar\n' >letters/labels.tsv
works "${train[@]}" --out run3 --data letters
prints "'é' U+00E9 (2)"
prints "2 labels left out for them"
prints "letters: 1 of 3 words to learn from"
works "${train[@]}" --out run4 --data letters --unknown drop
prints "2 labels learned without them"
refuses "U+00E9" "${train[@]}" --out none5 --data letters --unknown error
works evaluate_words --weights "$weights" letters
prints "2 labels scored without characters that do not count"

# What is no list.
mkdir utf16 latin1 fifo
printf '\xff\xfea\0' >utf16/labels.tsv
printf 'a.png\tcaf\xe9\n' >latin1/labels.tsv
mkfifo fifo/labels.tsv
for folder in utf16 latin1 fifo; do
  refuses $folder evaluate_words --weights "$weights" $folder
  refuses $folder "${train[@]}" --out none6 --data $folder
done
refuses "no regular file" evaluate_words --weights "$weights" --lexicon fifo/labels.tsv json

# LMDB: what synthesize_words writes, and what python3-lmdb wrote.
if synthesize_words --lmdb drawn.mdb --count 2 >out 2>err; then
  works evaluate_words --weights "$weights" drawn.mdb
  works synthesize_words --lmdb drawn_folder --out drawn --count 3 --sheet 0
  works "${train[@]}" --out run5 --data drawn_folder=0.5 --data drawn.mdb --valid drawn_folder
  refuses already synthesize_words --lmdb drawn.mdb --count 2
  mkdir theirs && cp "$GLIMPSE_ROOT/tests/data/python_lmdb/data.mdb" theirs
  timeout 120 evaluate_words --weights "$weights" theirs >out 2>err
  [ $? -eq 1 ] || complain "a broken image shows in the status"
  prints "image-000000003"
  prints "1 of 5 entries left out"
  works "${train[@]}" --out run6 --data theirs --unknown drop --valid theirs
  prints "theirs/image-000000003"
  python=
  for p in python3 /usr/bin/python3; do $p -c 'import lmdb' 2>/dev/null && python=$p; done
  if [ -n "$python" ]; then
    $python - "${images[@]}" <<'END'
import os, sys, lmdb
env = lmdb.open("python", map_size=1 << 40)
with env.begin(write=True) as txn:
    for number, path in enumerate(sys.argv[1:], 1):
        txn.put(b"image-%09d" % number, open(path, "rb").read())
        txn.put(b"label-%09d" % number, os.path.basename(path)[:-4].split("_")[-1].encode())
        txn.put(b"lexicon-%09d" % number, b"word " + os.path.basename(path)[:-4].split("_")[-1].encode())
    txn.put(b"num-samples", str(len(sys.argv) - 1).encode())
END
    works evaluate_words --weights "$weights" --image-lexicons python
    prints "$(printf '%7d' ${#images[@]})"
    works "${train[@]}" --out run7 --data python --valid python
    rm python/lock.mdb && chmod 555 python
    works evaluate_words --weights "$weights" python
    chmod 755 python
  else
    echo "python3-lmdb is missing: a file that it writes now is not tried"
  fi
elif grep -q liblmdb err; then
  [ "$(wc -l <err)" -eq 1 ] || complain "wants one line"
  echo "built without liblmdb: $(cat err)"
else
  complain "synthesize_words --lmdb"
fi
[ $bad -eq 0 ] && echo "data sets: all as they should be"
exit $bad
