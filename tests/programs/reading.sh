#!/usr/bin/env bash
# read_words in practice: folders, many images, unusual names, huge images, full disks, other working
# directories.
set -u
. "$(dirname "${BASH_SOURCE[0]}")/setup.bash"
refuses() {  # refuses STATUS WORD COMMAND...: one line on stderr that names WORD
  local wanted=$1 word=$2 status
  shift 2
  timeout 120 "$@" 2>err
  status=$?
  [ $status -eq "$wanted" ] || complain "status $status, not $wanted: $*"
  [ "$(wc -l <err)" -eq 1 ] && grep -qF -- "$word" err || complain "wants one line that names '$word': $* $(cat err)"
}

# A folder is read in the order of its names, whatever else lies in it, the same as one by one.
mkdir folder
for round in 1 2 3 4; do
  for image in "${images[@]}"; do cp "$image" "folder/${round}_$(basename "$image")"; done
done
cp "${images[0]}" folder/9_last.JFIF
echo "not an image" >folder/2_broken.png
echo "what macOS keeps" >folder/._1_curved_cinema.png
echo "notes" >folder/readme.txt
read_words --weights "$weights" folder >bulk 2>err && complain "a broken image, and status 0"
[ "$(wc -l <err)" -eq 1 ] && grep -q 2_broken.png err || complain "one line for one broken image: $(cat err)"
[ "$(wc -l <bulk)" -eq $((4 * ${#images[@]} + 1)) ] || complain "lines: $(wc -l <bulk)"
cut -f 1 bulk | LC_ALL=C sort -c || complain "out of order"
for image in folder/1_p*.png folder/9_last.JFIF; do read_words --weights "$weights" "$image"; done >alone
grep -E '^folder/(1_p|9_)' bulk >some
awk -F '\t' 'NR == FNR { t[$1] = $2; c[$1] = $3; next }
  $2 != t[$1] || $3 - c[$1] > 2e-4 || c[$1] - $3 > 2e-4 { print "alone " t[$1] " " c[$1] ", in bulk " $0; bad = 1 }
  END { exit bad || FNR != NR / 2 }' alone some || complain "read otherwise in bulk"

# JSON lines, panels, standard input.
read_words --weights "$weights" --jsonl --visualize panels "${images[@]}" >json 2>err || complain "jsonl: $(cat err)"
[ "$(grep -c '^{"path":.*"text":.*"confidence":.*"fiducials":.*}$' json)" -eq ${#images[@]} ] || complain "jsonl: $(head -n 2 json)"
[ "$(ls panels | wc -l)" -eq ${#images[@]} ] || complain "panels: $(ls panels)"
[ "$(read_words --weights "$weights" - <"${images[0]}" | cut -f 2)" = "$(read_words --weights "$weights" "${images[0]}" | cut -f 2)" ] ||
  complain "standard input is read otherwise"
refuses 1 "standard input" read_words --weights "$weights" - </dev/null

# A name is one column of one line whatever it holds.
name=$'a\tb\nc\\d.png'
cp "${images[0]}" "$name"
[ "$(read_words --weights "$weights" "$name" | cut -f 1)" = 'a\tb\nc\\d.png' ] || complain "escapes: $(read_words --weights "$weights" "$name")"
refuses 1 "missing" read_words --weights "$weights" $'missing\nimage.png'

# Standard output that takes nothing: one line, status 1, of every program.
if [ -w /dev/full ]; then
  for program in read_words evaluate_words train_words synthesize_words 01_tensors; do
    refuses 1 "standard output" "$program" --help >/dev/full
    refuses 1 "standard output" "$program" --help >&-
  done
  mkdir labeled && cp "${images[0]}" labeled/a.png && printf 'a.png\tword\n' >labeled/labels.tsv
  refuses 1 "standard output" evaluate_words --weights "$weights" labeled >/dev/full
  refuses 1 "standard output" read_words --weights "$weights" "${images[@]}" >/dev/full
  refuses 1 "standard output" read_words --weights "$weights" "${images[@]}" >&-
fi
read_words --weights "$weights" "${images[0]}" >out 2>&- || complain "standard error closed: status $?"
[ "$(wc -l <out)" -eq 1 ] || complain "standard error closed: $(cat out)"

# 69 megapixels, one bit each: a BMP of 8400 x 8200 (rows of 1052 bytes).
little() { printf "\\x$(printf %x $(($1 & 255)))\\x$(printf %x $(($1 >> 8 & 255)))\\x$(printf %x $(($1 >> 16 & 255)))\\x$(printf %x $(($1 >> 24 & 255)))"; }
bitmap() {  # bitmap WIDTH HEIGHT
  local bytes=$((($1 + 31) / 32 * 4 * $2))
  printf BM; little $((62 + bytes)); little 0; little 62; little 40; little "$1"; little "$2"
  printf '\x01\x00\x01\x00'; little 0; little $bytes; little 2835; little 2835; little 2; little 2
  little 0; little 16777215; head -c $bytes /dev/zero
}
bitmap 8400 8200 >huge.bmp
refuses 1 --max-megapixels read_words --weights "$weights" huge.bmp
refuses 2 max-megapixels read_words --weights "$weights" --max-megapixels 0 huge.bmp
# The same without the memory for it: named, and the others are read. (Where the limit can be set.)
bitmap 8000 8000 >large.bmp
if (ulimit -v 450000) 2>/dev/null; then
  (ulimit -v 450000; read_words --weights "$weights" --threads 1 "${images[0]}" large.bmp "${images[1]}") >out 2>err &&
    complain "out of memory, and status 0"
  [ "$(wc -l <out)" -eq 2 ] && [ "$(wc -l <err)" -eq 1 ] && grep -q large.bmp err ||
    complain "out of memory on one image: $(cat out err)"
fi

# The weights that ship are found from any folder, beside the program and in its prefix.
[ "$(cd / && read_words "${images[0]}" | wc -l)" -eq 1 ] || complain "no weights from another folder"
mkdir -p prefix/bin prefix/share/glimpse/weights beside
cp "$(command -v read_words)" prefix/bin && cp "$weights" prefix/share/glimpse/weights
cp "$(command -v read_words)" beside && cp "$weights" beside
for program in prefix/bin beside; do
  found=$(cd / && "$GLIMPSE_SCRATCH/$program/read_words" --help | grep -o '[^[]*compact.safetensors')
  case $found in
    *"$GLIMPSE_SCRATCH"/*) ;;
    *) complain "$program finds '$found'" ;;
  esac
done
exit $bad
