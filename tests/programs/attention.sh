#!/usr/bin/env bash
# Runs the programs of the general attention models for a short time, and checks that each has learned something.
# The script creates their data: a dictionary in which letters always sound the same, and digits as pairs of tones.
set -u
. "$(dirname "${BASH_SOURCE[0]}")/setup.bash"

# wants NAME VALUE TEST LIMIT: compares a number with awk; the number must be present
wants() {
  if [ -n "$2" ] && awk -v a="$2" -v b="$4" "BEGIN { exit !(a $3 b) }"; then
    echo "ok   $1: $2 $3 $4"
  else
    echo "FAIL $1: '$2' is not $3 $4"
    bad=1
  fi
}
number() { sed -n "s/$1.*/\1/p" log | tail -n 1; }  # what \(...\) matches in the last such line

translate_dates --steps 700 --out dates.png >log 2>&1 || { cat log; bad=1; }
wants "dates exact, %" "$(number '^\([0-9.]*\) % of [0-9]* unseen dates')" ">" 70
[ -s dates.png ] || { echo "FAIL no dates.png"; bad=1; }

# 1500 words of 3 to 6 letters out of eight; q is silent before a vowel, so that context counts.
awk 'BEGIN { srand(3); split("a k m n o q s t", l); split("AA K M N OW Z S T", p)
  for (w = 0; w < 1500; ++w) { n = 3 + int(4 * rand()); word = ""; said = ""
    for (i = 1; i <= n; ++i) x[i] = 1 + int(8 * rand())
    for (i = 1; i <= n; ++i) { word = word l[x[i]]; if (x[i] != 6 || i == n || (x[i + 1] != 1 && x[i + 1] != 5)) said = said " " p[x[i]] }
    print word said } }' >toy.dict
spell_to_sound --dictionary toy.dict --steps 240 --batch 32 --beam 2 --word tomato --out sounds.png >log 2>&1 || { cat log; bad=1; }
wants "phoneme error, %" "$(number '.*greedy: word error [0-9.]* %, phoneme error \([0-9.]*\) %')" "<" 15
refuses --word spell_to_sound --dictionary toy.dict --word 42
refuses --date translate_dates --date ""
refuses no_such.dict spell_to_sound --dictionary no_such.dict
echo nothing >empty.dict
refuses empty.dict spell_to_sound --dictionary empty.dict

# Sounds of 0.3 s, 8 bits, 8000 a second: digit d has tones of its own, take n its own phase.
mkdir tones
for digit in 0 1 2 3 4 5 6 7 8 9; do
  for take in 0 4 5 6; do
    {
      printf 'RIFF\204\011\000\000WAVEfmt \020\000\000\000\001\000\001\000\100\037\000\000\100\037\000\000\001\000\010\000data\140\011\000\000'
      LC_ALL=C awk -v d=$digit -v n=$take 'BEGIN { for (i = 0; i < 2400; ++i) { t = i / 8000
        printf "%c", 128 + int(50 * sin(6.2832 * (400 + 90 * d) * t + n) + 50 * sin(6.2832 * (1400 + 200 * d) * t)) } }'
    } >"tones/${digit}_machine_$take.wav"
  done
done
spoken_digits --data tones --attention location --steps 200 --batch 8 --digits 2 --tests 20 --out digits.png --wav string.wav >log 2>&1 || { cat log; bad=1; }
wants "digit error of recordings alone, %" "$(number '.*each alone *\([0-9.]*\) %')" "<" 25
[ -s digits.png ] && [ -s string.wav ] || { echo "FAIL no digits.png or string.wav"; bad=1; }
refuses no_such_folder spoken_digits --data no_such_folder
mkdir empty && refuses empty spoken_digits --data empty
mkdir mulaw && sed 's/fmt \(....\)\x01/fmt \1\x07/' tones/0_machine_0.wav >mulaw/0_machine_0.wav
refuses "only PCM" spoken_digits --data mulaw

describe_scene --steps 120 --tests 20 --out scene.png >log 2>&1 || { cat log; bad=1; }
wants "loss of scenes" "$(number '.*steps, loss \([0-9.]*\),')" "<" 2.2
[ -s scene.png ] || { echo "FAIL no scene.png"; bad=1; }

read_curved --steps 50 --tests 10 --out curved.png >log 2>&1 || { cat log; bad=1; }
for reader in srn plane rare; do
  wants "loss of $reader" "$(number "^$reader .*steps, loss \\([0-9.]*\\),")" "<" 3.2
done
[ -s curved.png ] || { echo "FAIL no curved.png"; bad=1; }
exit $bad
